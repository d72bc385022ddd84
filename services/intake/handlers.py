"""What people may do with a report: one function per command, each the same paragraph of load, decide, append."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake import domain
from services.intake.desk import Desk
from services.intake.domain import ReportEvent, Told, evolve
from services.intake.reasons import reason as reason_of
from services.intake.sources import must_look
from services.intake.vault import destroying, seal
from shared.contracts.envelope import Recorded
from shared.contracts.report import ReportSubmitted
from shared.contracts.subject import SubjectErased
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, NotFound, Refused
from shared.kernel.ids import new_id
from shared.kernel.masking import mask
from shared.ports import Appended, EventLog
from shared.security import links
from shared.security.permission import Asker, require


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did about it at once; references to photos of how it was and how it is."""

    answer: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw on site."""

    found: bool
    findings: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the reporter takes home."""

    submitted: ReportSubmitted
    at: datetime
    repeated: bool = False


def submit(log: EventLog, desk: Desk, told: Told, cause: Cause, report_id: UUID | None = None) -> Receipt:
    """Somebody tells of an issue.

    The same `Idempotency-Key`, the same number of the same other system, or the same id (`report_id`, where whoever
    tells has made it) answers the first receipt again. Raises Invalid for an unknown place, kind or photo, or when the
    key was used for something else.
    """
    return _begun(log, desk, told, cause, lambda submitted: (submitted,), report_id)


def submit_self_handled(  # one form, two facts
    log: EventLog, desk: Desk, told: Told, done: Done, cause: Cause, report_id: UUID | None = None
) -> Receipt:
    """Somebody tells of what they found and put right at once (就地解决): both facts are stored together.

    What is told twice is handled as `submit` does it. Raises Invalid like it.
    """
    desk.know_photos((*done.before, *done.after), "before, after")

    def both(submitted: ReportSubmitted) -> Iterable[ReportEvent]:
        handled = domain.self_handle(evolve(None, submitted), done.answer, done.before, done.after, cause.at)
        return (submitted, *handled)

    return _begun(log, desk, told, cause, both, report_id)


def _begun(  # what both ways of telling have in common
    log: EventLog,
    desk: Desk,
    told: Told,
    cause: Cause,
    facts: Callable[[ReportSubmitted], Iterable[ReportEvent]],
    known_id: UUID | None,
) -> Receipt:
    desk.know_area(told.area)
    desk.know_issue_type(told.issue_type)
    desk.know_photos(told.photos)
    masked = domain.shown(told)
    report_id = known_id or _report_id(told)
    subject_id = new_id() if domain.is_personal(told, masked) else None
    submitted = domain.submit(told, masked, report_id, desk.number(told.area, cause.at), subject_id)
    companions = () if subject_id is None else (seal(desk.sealer, told, subject_id, report_id, cause.at),)
    try:
        appended = begin(
            log,
            stream_of(report_id),
            facts(submitted),
            cause,
            area=told.area,
            correlation_id=report_id,
            companions=companions,
        )
    except Conflict:
        # The id is made from what the teller calls it: the report was told before, perhaps in other words.
        return _first_receipt(log, stream_of(report_id))
    if appended.repeated:
        return _first_receipt(log, appended.stream)
    return Receipt(submitted, cause.at)


def request_verification(
    log: EventLog, report_id: UUID, asker: Asker, cause: Cause, assignee: str | None = None
) -> Appended:
    """Ask somebody to look on site (核实): one account, or whoever serves the place."""
    founding(log, report_id, asker)
    return amend(log, stream_of(report_id), evolve, lambda report: domain.request_verification(report, assignee), cause)


def verify(log: EventLog, report_id: UUID, seen: Seen, asker: Asker, cause: Cause) -> Appended:
    """Record what was seen on site."""
    founding(log, report_id, asker)
    return amend(
        log,
        stream_of(report_id),
        evolve,
        lambda report: domain.verify(report, seen.found, seen.findings, seen.photos),
        cause,
    )


def accept(
    log: EventLog, needs_verification: Callable[[str], bool], report_id: UUID, asker: Asker, cause: Cause
) -> Appended:
    """Let the report become a case (受理). `needs_verification` knows for which issue types the city wants a look."""
    first = founding(log, report_id, asker)
    told = first.event
    look = must_look(told.source, needs_verification(told.issue_type))
    return amend(
        log, stream_of(report_id), evolve, lambda report: domain.accept(report, look, first.occurred_at), cause
    )


def appeal(log: EventLog, desk: Desk, report_id: UUID, secret: str, reason: str, cause: Cause) -> Appended:
    """The reporter does not accept the refusal (申诉). Raises NotFound for whoever lacks the report's secret."""
    if not links.verify(desk.link_key, "report", report_id, secret):
        raise NotFound("there is no report with this number and secret")
    return amend(log, stream_of(report_id), evolve, lambda report: domain.appeal(report, mask(reason)), cause)


def reject(log: EventLog, report_id: UUID, code: str, words: str | None, asker: Asker, cause: Cause) -> Appended:
    """Refuse the report (不予受理) for a reason that the city knows, with words of one's own if wanted."""
    known = reason_of(code)
    founding(log, report_id, asker)
    said = known.zh if words is None else f"{known.zh}：{words}"
    return amend(log, stream_of(report_id), evolve, lambda report: domain.reject(report, code, said), cause)


def merge(log: EventLog, report_id: UUID, into: UUID, asker: Asker, cause: Cause) -> Appended:
    """Declare the report a duplicate of another (并案). Its reporter hears of the other's progress from now on."""
    founding(log, report_id, asker)
    founding(log, into, asker)
    other = fold(log.stream(stream_of(into)), evolve)
    if other is None:
        raise NotFound(f"there is no report {into}")
    return amend(log, stream_of(report_id), evolve, lambda report: domain.merge(report, other), cause)


def unmerge(log: EventLog, report_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """Take a merge back."""
    founding(log, report_id, asker)
    return amend(log, stream_of(report_id), evolve, domain.unmerge, cause)


def erase(log: EventLog, subject_id: UUID, area: Area, report_id: UUID, why: str, cause: Cause) -> Appended:
    """Erase a person: the fact is appended and the key destroyed in one transaction. Erasing twice changes nothing."""
    try:
        return begin(
            log,
            f"subject-{subject_id}",
            (SubjectErased(subject_id=subject_id, reason=why),),
            cause,
            area=area,
            correlation_id=report_id,
            companions=(destroying(subject_id, report_id, area, cause.at),),
        )
    except Conflict:
        history = log.stream(f"subject-{subject_id}")
        return Appended(
            f"subject-{subject_id}", len(history), tuple(known.event_id for known in history), repeated=True
        )


def founding(log: EventLog, report_id: UUID, asker: Asker) -> Recorded[ReportSubmitted]:
    """How the report came in, for somebody who serves its place. Raises NotFound, Forbidden."""
    history = log.stream(stream_of(report_id))
    if not history:
        raise NotFound(f"there is no report {report_id}")
    require(asker, history[0].area)
    return history[0]


def receipt_body(desk: Desk, receipt: Receipt) -> dict[str, Any]:
    """The receipt with the secret that shows the way to the report's progress."""
    submitted = receipt.submitted
    secret = links.token(desk.link_key, "report", submitted.report_id)
    return {
        "report_id": submitted.report_id,
        "number": submitted.number,
        "secret": secret,
        "tracking_url": f"{desk.public_url}/api/v1/reports/{submitted.report_id}?secret={secret}",
        "reported_at": receipt.at,
    }


def stream_of(report_id: UUID) -> str:
    return f"report-{report_id}"


def _report_id(told: Told) -> UUID:
    """New, unless another system numbers its reports: then the same for the same number."""
    if told.external_number is not None:
        return domain.external_report_id(told.source, told.external_number)
    return new_id()


def _first_receipt(log: EventLog, stream: str) -> Receipt:
    first: Recorded[ReportSubmitted] = log.stream(stream)[0]
    return Receipt(first.event, first.occurred_at, repeated=True)


def join(log: EventLog, report_id: UUID, into: UUID, cause: Cause) -> bool:
    """The reporter says themselves that theirs is the same as a neighbour's (+1); whether it could be done.

    Theirs goes on by itself when the other came to an end in the meantime.
    """
    other = fold(log.stream(stream_of(into)), evolve)
    if other is None:
        return False
    try:
        amend(log, stream_of(report_id), evolve, lambda report: domain.merge(report, other), cause)
    except Refused:
        return False
    return True
