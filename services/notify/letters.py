"""A notice becomes a letter at the moment it is sent: text from the template and the log, address from the vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from services.notify import queries
from services.notify.domain import ERASED, INBOX, NO_CONTACT
from services.notify.templates import Templates
from shared.contracts.case import CaseClosed, CaseDispatched, CaseFiled, CaseRejected
from shared.contracts.envelope import Recorded
from shared.contracts.notice import NoticeRequested, RecipientKind
from shared.contracts.remedy import RemedyOpened, RemedyPlanned
from shared.contracts.report import ReportRejected, ReportSubmitted
from shared.kernel.errors import Unavailable
from shared.pages.formats import own
from shared.pages.words import word
from shared.ports import EventLog, Rows
from shared.security import links
from shared.security.sealing import Sealer

_IN_BOTH = ("because", "until")
"""Values that are sentences in both languages, `中文 / English`."""
_PLACES = ("area", "by")
"""Values that are paths of areas."""
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
        reached = self._reached(notice, rows)
        subject, body = self.words(notice, log, rows)
        return Letter(
            notice_id=notice.notice_id,
            template=notice.template,
            recipient=notice.recipient,
            about=notice.about,
            subject=subject,
            body=body,
            phone=reached.get("phone"),
            mail=reached.get("mail"),
            name=reached.get("name"),
        )

    def words(self, notice: NoticeRequested, log: EventLog, rows: Rows) -> tuple[str, str]:
        """Subject and body, without a look at where anybody is reached."""
        history = log.about(notice.about)
        match notice.recipient_kind:
            case RecipientKind.REPORTER:
                values = self._reporter_values(notice, history)
            case RecipientKind.DEPARTMENT:
                found = _department(notice, rows)
                name = found.name if self.language == "zh" else found.name_en
                values = _staff_values(notice, history) | {"department": name}
            case RecipientKind.POST | RecipientKind.PERSON:
                values = _staff_values(notice, history)
                values["post"] = _called(values.get("post", notice.recipient), self.language, rows)
        if notice.recipient_kind is not RecipientKind.REPORTER:
            values |= self._in_words(values, rows)
        return self._fill(notice, values, history, rows)

    def _in_words(self, values: Mapping[str, str], rows: Rows) -> dict[str, str]:
        """What was said in both languages in one of them, and places by their names."""
        said = {name: own(values[name], self.language) for name in _IN_BOTH if name in values}
        return said | {name: queries.area_name(rows, values[name]) for name in _PLACES if name in values}

    def _reached(self, notice: NoticeRequested, rows: Rows) -> dict[str, str]:
        """`phone`, `mail` and `name` as far as there are any; the name is how the gateway knows them."""
        match notice.recipient_kind:
            case RecipientKind.REPORTER:
                contact = self._contact(notice, rows)
                return {way: contact[key] for way, key in (("phone", "phone"), ("mail", "email")) if key in contact}
            case RecipientKind.DEPARTMENT:
                return _of_department(_department(notice, rows))
            case RecipientKind.POST:
                # The gateway knows them by the post and the area, and we keep no numbers of posts.
                return {"name": notice.recipient}
            case RecipientKind.PERSON:
                return {} if notice.channel == INBOX else self._colleague(notice, rows)

    def _colleague(self, notice: NoticeRequested, rows: Rows) -> dict[str, str]:
        """A colleague's contact in clear. Every reading is recorded by the function that hands it out."""
        found = rows.query("SELECT box, wrapped_key, contact FROM grid.sealed_contact(%s)", [notice.recipient])
        if not found:
            # They took it back in the meantime; the letter is in their inbox all the same.
            raise Undeliverable(NO_CONTACT)
        box = self.sealer.box(UUID(str(found[0]["box"])), bytes(found[0]["wrapped_key"]))
        return box.open("contact", bytes(found[0]["contact"]))

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


def _department(notice: NoticeRequested, rows: Rows) -> queries.Department:
    found = queries.department(rows, notice.recipient)
    if found is None:
        # It was named by an event that we may hear of before the department itself.
        raise Unavailable(f"we have not heard of department {notice.recipient} yet")
    return found


def _of_department(department: queries.Department) -> dict[str, str]:
    if department.contact is None:
        return {"name": department.code}
    return (
        {"mail": department.contact, "name": department.code}
        if "@" in department.contact
        else {"name": department.contact}
    )


def _called(post: str, language: str, rows: Rows) -> str:
    """`street_supervisor@530103.004` as people say it; an account as it is."""
    name, at, area = post.partition("@")
    if not at:
        return post
    place = queries.area_name(rows, area)
    return f"{place}{word(name, 'post', language)}" if language == "zh" else f"{word(name, 'post', language)}, {place}"


def _staff_values(notice: NoticeRequested, history: Sequence[Recorded[Any]]) -> dict[str, str]:
    values = {"number": "", "title": "", "because": "", "due": "—"} | notice.values
    for recorded in history:
        match recorded.event:
            case ReportSubmitted(number=number, title=title) | CaseFiled(number=number, title=title):
                values |= {"number": number, "title": title}
            case CaseDispatched(task_id=task_id, because=because, due_at=due_at) if str(task_id) == values.get(
                "task_id"
            ):
                values |= {"because": because, "due": civil(due_at)}
            case RemedyOpened(title=title):
                values |= {"title": title}
            case RemedyPlanned(plan=plan, due_at=due_at) if str(plan) == values.get("plan"):
                values |= {"due": civil(due_at)}
            case _:
                pass
    return values


def civil(instant: datetime | None) -> str:
    return "—" if instant is None else f"{instant.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}"
