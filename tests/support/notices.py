"""A log with somebody else's events in it, and the few tables notify looks into, for tests without a database."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.notify import templates
from services.notify.letters import Letter, Writer
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.contracts.notice import RecipientKind
from shared.contracts.report import ReportSubmitted, Source, Urgency
from shared.kernel.area import Area
from shared.kernel.ids import new_id
from shared.ports import Append, Happening
from shared.security.sealing import Sealer
from tests.support.memory import MemoryLog

AT = datetime(2026, 5, 3, 1, 30, tzinfo=UTC)
HERE = Area("530103.004.012.003.00007")
CHANNELS = dict.fromkeys(RecipientKind, "outbox")


def happened(log: MemoryLog, stream: str, event: object, about: UUID, origin: Origin = Origin.LIVE) -> Recorded[Any]:
    """Append one event, whoever owns the stream, and answer it as recorded."""
    log.append(
        Append(
            stream=stream,
            expected=len(log.stream(stream)),
            happenings=(Happening(event, AT),),
            area=HERE,
            actor=Actor("desk-1", "acceptor"),
            correlation_id=about,
            origin=origin,
        )
    )
    return log.stream(stream)[-1]


def reported(
    log: MemoryLog, *, subject_id: UUID | None = None, number: str = "20260503530103000017"
) -> ReportSubmitted:
    """A report in the log, of somebody who left a contact unless told otherwise."""
    report_id = new_id()
    submitted = ReportSubmitted(
        report_id=report_id,
        number=number,
        source=Source.RESIDENT,
        subject_id=subject_id,
        issue_type="E-01-02",
        urgency=Urgency.NORMAL,
        title="楼下飞线充电",
        words="没人管",
        place=None,
        point=None,
        external_number=None,
    )
    happened(log, f"report-{report_id}", submitted, report_id)
    return submitted


class NotifyRows:
    """Followers, departments, sealed contacts, and the attempts that were written down."""

    def __init__(self) -> None:
        self.followers: dict[UUID, list[dict[str, Any]]] = {}
        self.departments: dict[str, dict[str, Any]] = {}
        self.contacts: dict[UUID, dict[str, Any]] = {}
        self.places: dict[str, str] = {}
        """Area path → name."""
        self.colleagues: dict[str, dict[str, Any]] = {}
        self.attempts: list[dict[str, Any]] = []
        self.emergencies: dict[str, str | None] = {}
        """Area in emergency → the set of templates that is used there."""

    def query(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        if isinstance(parameters, Mapping):
            if "report_id" in parameters:
                return self.followers.get(UUID(parameters["report_id"]), [])
            self.attempts.append({"attempt": len(self.attempts) + 1, **parameters})
            return [{"attempt": len(self.attempts)}]
        if "area_names" in statement:
            return [{"name": self.places[parameters[0]]}] if parameters[0] in self.places else []
        if "emergencies" in statement:
            around = [path for path in reversed(parameters[0]) if path in self.emergencies]
            return [{"templates": self.emergencies[path]} for path in around[:1]]
        if "grid.sealed_contact" in statement:
            found = self.colleagues.get(parameters[0])
        elif "sealed_contact" in statement:
            found = self.contacts.get(UUID(parameters[0]))
        else:
            found = self.departments.get(parameters[0])
        return [] if found is None else [found]

    def execute(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> int:
        assert "UPDATE notify.deliveries" in statement
        assert isinstance(parameters, Mapping)
        self.attempts[parameters["attempt"] - 1].update(parameters)
        return 1

    def seal(self, sealer: Sealer, subject_id: UUID, **contact: str) -> None:
        """A subject who left this contact."""
        box = sealer.new_box(subject_id)
        sealed = {"wrapped_key": box.wrapped_key, "contact": box.seal("contact", contact), "erased": False}
        self.contacts[subject_id] = sealed

    def reach(self, sealer: Sealer, account: str, **contact: str) -> None:
        """A colleague who left this."""
        box_id = new_id()
        box = sealer.new_box(box_id)
        sealed = {"box": box_id, "wrapped_key": box.wrapped_key, "contact": box.seal("contact", contact)}
        self.colleagues[account] = sealed


def writer(language: str = "zh") -> Writer:
    """A writer with keys of its own."""
    key, sealer = os.urandom(32), Sealer(os.urandom(32))
    return Writer(templates.load(), language, sealer, key, "https://wuji.example", templates.load_sets())


def letter(**changes: Any) -> Letter:
    """A letter to a reporter with a phone and a mailbox."""
    values: dict[str, Any] = {
        "notice_id": new_id(),
        "template": "report_accepted",
        "recipient": "subject",
        "about": new_id(),
        "subject": "您的诉求已受理",
        "body": "您好！查看进度：https://wuji.example/…\n",
        "phone": "13888886666",
        "mail": "wang@example.cn",
        "name": None,
    }
    return Letter(**(values | changes))
