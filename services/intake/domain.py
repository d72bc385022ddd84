"""The rules of a report: what may happen to it, in which order, and what each thing leads to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import assert_never
from uuid import UUID

from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.report import (
    ReportAccepted,
    ReportMerged,
    ReportRejected,
    ReportSubmitted,
    ReportUnmerged,
    ReportVerificationRequested,
    ReportVerified,
    Source,
    Urgency,
)
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.case_states import State, target
from shared.kernel.errors import Forbidden, Refused
from shared.kernel.ids import derived_id
from shared.kernel.masking import mask

ReportEvent = (
    ReportSubmitted
    | ReportVerificationRequested
    | ReportVerified
    | ReportAccepted
    | ReportRejected
    | ReportMerged
    | ReportUnmerged
)

_AHEAD_OF_UTC = timedelta(hours=8)
CIVIL_TIME = timezone(_AHEAD_OF_UTC, "UTC+8")
"""The whole country lives by one clock; a tracking number carries its day."""

NEED_A_LOOK = frozenset({Source.RESIDENT, Source.MEDIA})
"""Sources that nobody of the city has seen with their own eyes."""

_ALLOWED_SOURCES: dict[str | None, frozenset[Source]] = {
    None: frozenset({Source.RESIDENT}),
    "grid_worker": frozenset({Source.GRID_WORKER}),
    "hotline": frozenset({Source.HOTLINE}),
    "window": frozenset({Source.WINDOW}),
    "acceptor": frozenset({Source.HOTLINE, Source.WINDOW, Source.MEDIA, Source.SUPERIOR}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody tells at the door, in their own words."""

    area: Area
    source: Source
    issue_type: str
    urgency: Urgency
    title: str
    words: str
    place: str | None
    point: Point | None
    name: str | None
    phone: str | None
    email: str | None
    external_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What has become of a report."""

    submitted: ReportSubmitted
    state: State
    accepted: bool = False
    found: bool | None = None
    """What somebody saw on site; None while nobody was there."""
    merged_into: UUID | None = None
    reason_code: str | None = None


def source_for(role: str | None, named: Source | None, external_number: str | None = None) -> Source:
    """Through which door somebody with this role (None: a resident) comes. Raises Forbidden for a door not theirs.

    A number of another system is believed from a desk only: it answers the first receipt, secret and all, to whoever
    tells it again.
    """
    if role is None and external_number is not None:
        raise Forbidden("only desks that are signed in report with a number of their own", where="external_number")
    allowed = _ALLOWED_SOURCES.get(role, frozenset())
    if named is None and len(allowed) == 1:
        return next(iter(allowed))
    if named is None or named not in allowed:
        said = named.value if named is not None else "no source"
        raise Forbidden(
            f"{role or 'a resident'} may not report with {said}",
            where="source",
            hint=f"allowed: {', '.join(sorted(allowed)) or 'none, use the account of the desk that reports'}",
        )
    return named


def external_report_id(source: Source, external_number: str) -> UUID:
    """The id of the report that another system knows by this number: told twice, it is the same report."""
    return derived_id("report", source.value, external_number)


def civil_day(at: datetime) -> date:
    """The day that people have at this instant."""
    return (at.astimezone(UTC) + _AHEAD_OF_UTC).date()


def tracking_number(day: date, district: str, sequence: int) -> str:
    """`20260503` + `530103` + `000042`: the civil day, the district, and the how-manieth."""
    return f"{day.year * 10_000 + day.month * 100 + day.day}{district}{sequence:06d}"


@dataclass(frozen=True, slots=True)
class Shown:
    """The words as anybody may read them."""

    title: str
    words: str
    place: str | None


def shown(told: Told) -> Shown:
    """Phones, identity numbers and the reporter's name are masked everywhere."""
    names = (told.name, *told.name.split()) if told.name else ()
    place = None if told.place is None else mask(told.place, *names)
    return Shown(mask(told.title, *names), mask(told.words, *names), place)


def is_personal(told: Told, masked: Shown) -> bool:
    """Whether there is anything to seal: a contact, or words that had to be masked."""
    return bool(told.name or told.phone or told.email) or masked != Shown(told.title, told.words, told.place)


def submit(told: Told, masked: Shown, report_id: UUID, number: str, subject_id: UUID | None) -> ReportSubmitted:
    """The fact, without the person."""
    return ReportSubmitted(
        report_id=report_id,
        number=number,
        source=told.source,
        subject_id=subject_id,
        issue_type=told.issue_type,
        urgency=told.urgency,
        title=masked.title,
        words=masked.words,
        place=masked.place,
        point=told.point,
        external_number=told.external_number,
    )


def evolve(report: Report | None, event: ReportEvent) -> Report:
    """The report after the event; history is not up for debate."""
    if isinstance(event, ReportSubmitted):
        return Report(submitted=event, state=State.REPORTED)
    known = _known(report)
    moved = replace(known, state=target(known.state, OF_SHAPE[type(event)].name) or known.state)
    match event:
        case ReportVerificationRequested():
            return moved
        case ReportVerified(found=found):
            return replace(moved, found=found)
        case ReportAccepted():
            return replace(moved, accepted=True)
        case ReportRejected(reason_code=code):
            return replace(moved, reason_code=code)
        case ReportMerged(into=into):
            return replace(moved, merged_into=into)
        case ReportUnmerged():
            return replace(moved, merged_into=None)
        case _:
            assert_never(event)


def request_verification(report: Report) -> Iterable[ReportEvent]:
    """Somebody is to look on site. Asking again while they are on the way changes nothing."""
    if report.state is State.VERIFYING and not report.accepted:
        return ()
    _still_waiting(report, "report.verification_requested")
    return (ReportVerificationRequested(report_id=report.submitted.report_id),)


def verify(report: Report, found: bool, findings: str) -> Iterable[ReportEvent]:
    """Somebody was on site. A second look may say otherwise; the last word counts."""
    _still_waiting(report, "report.verified")
    return (ReportVerified(report_id=report.submitted.report_id, found=found, findings=findings),)


def accept(report: Report, needs_verification: bool, reported_at: datetime) -> Iterable[ReportEvent]:
    """The report becomes a case. Accepting twice changes nothing."""
    if report.accepted:
        return ()
    _still_waiting(report, "case.filed")
    told = report.submitted
    must_look = needs_verification and told.source in NEED_A_LOOK
    if report.found is None and (must_look or report.state is State.VERIFYING):
        raise Refused(
            "somebody has to look on site before this report is accepted",
            rule="report.needs_verification",
            hint="ask for a verification, and record what was found",
        )
    if report.found is False:
        raise Refused(
            "on site the issue was not found", rule="report.not_found_on_site", hint="reject it with a reason"
        )
    return (
        ReportAccepted(
            report_id=told.report_id,
            number=told.number,
            source=told.source,
            subject_id=told.subject_id,
            issue_type=told.issue_type,
            urgency=told.urgency,
            title=told.title,
            words=told.words,
            place=told.place,
            point=told.point,
            reported_at=reported_at,
        ),
    )


def reject(report: Report, reason_code: str, reason: str) -> Iterable[ReportEvent]:
    """The report is not accepted, for a reason the reporter is told. The same reason again changes nothing."""
    if report.state is State.REJECTED and report.reason_code == reason_code:
        return ()
    _still_waiting(report, "report.rejected")
    return (ReportRejected(report_id=report.submitted.report_id, reason_code=reason_code, reason=reason),)


def merge(report: Report, into: Report) -> Iterable[ReportEvent]:
    """The report is a duplicate of another, which goes on for both reporters."""
    if report.merged_into == into.submitted.report_id:
        return ()
    _still_waiting(report, "report.merged")
    if into.submitted.report_id == report.submitted.report_id:
        raise Refused("a report is no duplicate of itself", rule="report.merge_into_itself", where="into")
    if into.merged_into is not None:
        raise Refused(
            "the other report was merged itself",
            rule="report.merge_into_merged",
            where="into",
            hint=f"merge into {into.merged_into}",
        )
    if into.state is State.REJECTED:
        raise Refused("the other report was rejected", rule="report.merge_into_rejected", where="into")
    return (ReportMerged(report_id=report.submitted.report_id, into=into.submitted.report_id),)


def unmerge(report: Report) -> Iterable[ReportEvent]:
    """A merge was a mistake: the report waits again."""
    if report.merged_into is None:
        raise Refused("this report is not merged into another", rule="report.not_merged")
    return (ReportUnmerged(report_id=report.submitted.report_id, out_of=report.merged_into),)


def _known(report: Report | None) -> Report:
    if report is None:
        raise TypeError("a report's stream starts with report.submitted")
    return report


def _still_waiting(report: Report, event: str) -> None:
    """Refuse what the table of states has no move for, naming what stands in the way."""
    if report.accepted:
        raise Refused("this report was accepted: it is a case now", rule="report.already_accepted")
    if target(report.state, event) is None:
        raise Refused(_why_not(report.state), rule=_RULES.get(report.state, "report.not_being_verified"))


_RULES = {State.REJECTED: "report.already_rejected", State.MERGED: "report.already_merged"}


def _why_not(state: State) -> str:
    reasons: dict[State, str] = {
        State.REJECTED: "this report was rejected",
        State.MERGED: "this report was merged into another",
    }
    return reasons.get(state, "nobody was asked to look on site")
