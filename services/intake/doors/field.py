"""The doors for work in the field: batches, what was put right at once, and what is to be looked at."""

from __future__ import annotations

from collections import Counter

from services.intake import handlers, queries
from services.intake.field.batch import Batch, Sent
from services.intake.field.schemas import (
    FieldReportsAnswer,
    FieldReportsBody,
    LooksAnswer,
    LooksQuery,
    SelfHandledBody,
)
from services.intake.room import Room
from services.intake.schemas import ReportReceipt
from services.intake.telling import told_of
from shared.security.permission import require
from shared.web.call import Call, Reply
from shared.web.door import door

IN_THE_FIELD = ("grid_worker", "supervisor")
ASKING = (*IN_THE_FIELD, "acceptor", "duty_chief")
FIELD = "/api/v1/field/reports"
_MOST = 200


class FieldDoors(Room):
    """For grid workers and supervisors on their rounds."""

    @door(
        "POST",
        FIELD,
        summary="Send what was gathered without a network",
        body=FieldReportsBody,
        answer=FieldReportsAnswer,
        roles=IN_THE_FIELD,
        description="Safe to send again, in whole or in part: what is stored is answered, not stored twice.",
    )
    def field_reports(self, call: Call) -> Reply:
        """Each item is accepted, seen before, or invalid with where and why; none keeps another out."""
        sent = Sent(call.signed_in, call.at, call.body["sent_at"], call.traceparent)
        results = Batch(self.log, self.desk, sent).take(call.body["items"])
        counts = Counter(result["result"] for result in results)
        found = {name: counts[name] for name in ("accepted", "seen_before", "invalid")}
        call.note(**found)
        return Reply({**found, "items": results})

    @door(
        "POST",
        "/api/v1/reports/self-handled",
        summary="Found and put right at once",
        body=SelfHandledBody,
        answer=ReportReceipt,
        status=201,
        roles=IN_THE_FIELD,
    )
    def self_handled(self, call: Call) -> Reply:
        """就地解决: reported and done in one form, with photos of how it was and how it is."""
        told = told_of(self.rows, call.body, call.signed_in)
        done = handlers.Done(call.body["answer"], call.body["before"], call.body["after"])
        receipt = handlers.submit_self_handled(self.log, self.desk, told, done, call.cause())
        call.note(report_id=receipt.submitted.report_id, number=receipt.submitted.number)
        return Reply(handlers.receipt_body(self.desk, receipt))

    @door(
        "GET",
        "/api/v1/reports/verifications",
        summary="What is to be looked at",
        query=LooksQuery,
        answer=LooksAnswer,
        roles=ASKING,
    )
    def verifications(self, call: Call) -> Reply:
        """待核实: in the asker's area or a part of it, oldest first, without what somebody else was asked for."""
        asker = call.signed_in
        area = call.query["area"] or asker.area
        if area is not None:
            require(asker, area)
        account = None if call.query["all"] else asker.id
        return Reply({"reports": queries.to_look_at(self.rows, area, account, _MOST)})
