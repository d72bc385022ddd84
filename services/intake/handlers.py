"""What people may do with a report: one function per command, each the same paragraph of load, decide, append."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake import domain
from services.intake.desk import Desk
from services.intake.domain import Told, evolve
from services.intake.reasons import reason as reason_of
from services.intake.vault import destroying, seal
from shared.contracts.envelope import Recorded
from shared.contracts.report import ReportSubmitted
from shared.contracts.subject import SubjectErased
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.ids import new_id
from shared.ports import Appended, EventLog
from shared.security import links
from shared.security.permission import Asker, require


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the reporter takes home."""

    submitted: ReportSubmitted
    at: datetime
    repeated: bool = False


def submit(log: EventLog, desk: Desk, told: Told, cause: Cause) -> Receipt:
    """Somebody tells of an issue.

    The same `Idempotency-Key`, or the same number of the same other system, answers the first receipt again. Raises
    Invalid for an unknown place or kind, or when the key was used for something else.
    """
    desk.know_area(told.area)
    desk.know_issue_type(told.issue_type)
    masked = domain.shown(told)
    report_id = _report_id(told)
    subject_id = new_id() if domain.is_personal(told, masked) else None
    submitted = domain.submit(told, masked, report_id, desk.number(told.area, cause.at), subject_id)
    companions = () if subject_id is None else (seal(desk.sealer, told, subject_id, report_id, cause.at),)
    try:
        appended = begin(
            log,
            stream_of(report_id),
            (submitted,),
            cause,
            area=told.area,
            correlation_id=report_id,
            companions=companions,
        )
    except Conflict:
        # The id is made from the other system's number: the report was told before, perhaps in other words.
        return _first_receipt(log, stream_of(report_id))
    if appended.repeated:
        return _first_receipt(log, appended.stream)
    return Receipt(submitted, cause.at)


def request_verification(log: EventLog, report_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """Ask somebody to look on site (核实)."""
    founding(log, report_id, asker)
    return amend(log, stream_of(report_id), evolve, domain.request_verification, cause)


def verify(log: EventLog, report_id: UUID, found: bool, findings: str, asker: Asker, cause: Cause) -> Appended:
    """Record what was seen on site."""
    founding(log, report_id, asker)
    return amend(log, stream_of(report_id), evolve, lambda report: domain.verify(report, found, findings), cause)


def accept(
    log: EventLog, needs_verification: Callable[[str], bool], report_id: UUID, asker: Asker, cause: Cause
) -> Appended:
    """Let the report become a case (受理). `needs_verification` knows it by issue type."""
    first = founding(log, report_id, asker)
    must_look = needs_verification(first.event.issue_type)
    return amend(
        log, stream_of(report_id), evolve, lambda report: domain.accept(report, must_look, first.occurred_at), cause
    )


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
