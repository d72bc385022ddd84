"""A notice becomes a letter at the moment it is sent: text from the template and the log, address from the vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from services.notify import queries
from services.notify.domain import ERASED, NO_CONTACT
from services.notify.templates import Templates
from shared.contracts.case import CaseClosed, CaseDispatched, CaseFiled, CaseRejected
from shared.contracts.envelope import Recorded
from shared.contracts.notice import NoticeRequested, RecipientKind
from shared.contracts.report import ReportRejected, ReportSubmitted
from shared.kernel.errors import Unavailable
from shared.ports import EventLog, Rows
from shared.security import links
from shared.security.sealing import Sealer

CIVIL_TIME = timezone(timedelta(hours=8), "UTC+8")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to be sent. Lives in memory only: its address is never written down in clear."""

    notice_id: UUID
    template: str
    recipient: str
    about: UUID
    subject: str
    body: str
    phone: str | None
    mail: str | None
    name: str | None
    """How a gateway knows a department that has no number or mailbox."""


class Undeliverable(Exception):
    """Nobody can be reached, and trying again will not help; the text is the reason that is recorded."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Everything that letters are made with."""

    templates: Templates
    language: str
    sealer: Sealer
    link_key: bytes
    public_url: str
    sets: Mapping[str, Templates] = field(default_factory=dict)
    """What is said otherwise while an area is in an emergency that names the set."""

    def write(self, notice: NoticeRequested, log: EventLog, rows: Rows) -> Letter:
        """The letter. Raises Undeliverable when there is nobody to send it to."""
        if notice.recipient_kind is RecipientKind.DEPARTMENT:
            return self._to_department(notice, log, rows)
        if notice.recipient_kind is RecipientKind.POST:
            return self._to_post(notice, log, rows)
        contact = self._contact(notice, rows)
        history = log.about(notice.about)
        subject, body = self._fill(notice, self._reporter_values(notice, history), history, rows)
        return Letter(
            notice_id=notice.notice_id,
            template=notice.template,
            recipient=notice.recipient,
            about=notice.about,
            subject=subject,
            body=body,
            phone=contact.get("phone"),
            mail=contact.get("email"),
            name=None,
        )

    def _to_department(self, notice: NoticeRequested, log: EventLog, rows: Rows) -> Letter:
        department = queries.department(rows, notice.recipient)
        if department is None:
            # It was named by an event that we may hear of before the department itself.
            raise Unavailable(f"we have not heard of department {notice.recipient} yet")
        is_mail = department.contact is not None and "@" in department.contact
        name = department.name if self.language == "zh" else department.name_en
        history = log.about(notice.about)
        subject, body = self._fill(notice, _department_values(notice, history) | {"department": name}, history, rows)
        return Letter(
            notice_id=notice.notice_id,
            template=notice.template,
            recipient=notice.recipient,
            about=notice.about,
            subject=subject,
            body=body,
            phone=None,
            mail=department.contact if is_mail else None,
            name=department.code if is_mail or department.contact is None else department.contact,
        )

    def _to_post(self, notice: NoticeRequested, log: EventLog, rows: Rows) -> Letter:
        """To whoever holds the post: the gateway knows them by the post and the area, and we keep no numbers."""
        history = log.about(notice.about)
        values = _department_values(notice, history) | {"post": notice.recipient}
        subject, body = self._fill(notice, values, history, rows)
        return Letter(
            notice_id=notice.notice_id,
            template=notice.template,
            recipient=notice.recipient,
            about=notice.about,
            subject=subject,
            body=body,
            phone=None,
            mail=None,
            name=notice.recipient,
        )

    def _contact(self, notice: NoticeRequested, rows: Rows) -> dict[str, str]:
        """The reporter's contact in clear. Every reading is recorded by the function that hands it out."""
        subject = UUID(notice.recipient)
        found = rows.query("SELECT wrapped_key, contact, erased FROM intake.sealed_contact(%s)", [str(subject)])
        if not found:
            raise Undeliverable(NO_CONTACT)
        if found[0]["erased"]:
            raise Undeliverable(ERASED)
        return self.sealer.box(subject, bytes(found[0]["wrapped_key"])).open("contact", bytes(found[0]["contact"]))

    def _fill(
        self, notice: NoticeRequested, values: Mapping[str, str], history: Sequence[Recorded[Any]], rows: Rows
    ) -> tuple[str, str]:
        key = (notice.template, self.language)
        usual = self.templates[key]
        # Without sets there is nothing to ask for.
        chosen = queries.set_in_force(rows, history[-1].area) if self.sets and history else None
        return self.sets.get(chosen or "", {}).get(key, usual).fill(values)

    def _reporter_values(self, notice: NoticeRequested, history: Sequence[Recorded[Any]]) -> dict[str, str]:
        values = dict(notice.values)
        report = UUID(values["report_id"])
        secret = links.token(self.link_key, "report", report)
        values["tracking_url"] = f"{self.public_url}/api/v1/reports/{report}?secret={secret}"
        if "feedback_id" in values:
            feedback = UUID(values["feedback_id"])
            shown = links.token(self.link_key, "feedback", feedback)
            values["feedback_url"] = f"{self.public_url}/feedback/{feedback}?token={shown}"
        for recorded in history:
            match recorded.event:
                case CaseClosed(answer=answer):
                    values["answer"] = answer
                case ReportRejected(reason=reason) | CaseRejected(reason=reason):
                    values["reason"] = reason
                case _:
                    pass
        return values


def _department_values(notice: NoticeRequested, history: Sequence[Recorded[Any]]) -> dict[str, str]:
    values = {"number": "", "title": "", "because": "", "due": "—"} | notice.values
    for recorded in history:
        match recorded.event:
            case ReportSubmitted(number=number, title=title) | CaseFiled(number=number, title=title):
                values |= {"number": number, "title": title}
            case CaseDispatched(task_id=task_id, because=because, due_at=due_at) if str(task_id) == values.get(
                "task_id"
            ):
                values |= {"because": because, "due": civil(due_at)}
            case _:
                pass
    return values


def civil(instant: datetime | None) -> str:
    return "—" if instant is None else f"{instant.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}"
