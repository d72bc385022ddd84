"""A service with one door that appends to the real log; run it with `python -m tests.support.tiny_log`."""

from __future__ import annotations

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

import sys

from shared.contracts.report import ReportSubmitted, Source, Urgency
from shared.entrypoints.providers import Log, Settings, Tables
from shared.entrypoints.runner import run
from shared.handling import begin
from shared.kernel.area import Area
from shared.kernel.ids import derived_id, new_id
from shared.web.door import ANYONE, Call, Reply, door
from shared.web.fields import Body, Text


class Told(Body):
    title = Text(longest=50, required=True)


class TinyLog:
    """Stores what it is told."""

    name = "intake"
    log = Log()
    rows = Tables()
    settings = Settings()

    @door("POST", "/api/v1/things", summary="Tell", body=Told, status=201, roles=ANYONE)
    def tell(self, call: Call) -> Reply:
        report = derived_id(call.idempotency_key) if call.idempotency_key else new_id()
        submitted = ReportSubmitted(
            report_id=report,
            number="20260503530103000001",
            source=next(iter(Source)),
            subject_id=None,
            issue_type="E-01-02",
            urgency=next(iter(Urgency)),
            title=call.body["title"],
            words=call.body["title"],
            place=None,
            point=None,
            external_number=None,
        )
        call.note(case_id=report)
        appended = begin(
            self.log, f"report-{report}", [submitted], call.cause(), area=Area("530103"), correlation_id=report
        )
        return Reply({"stream": appended.stream, "version": appended.version, "process": self.settings.process})


if __name__ == "__main__":
    sys.exit(run(lambda: TinyLog, "intake"))
