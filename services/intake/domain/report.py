"""The life of a report: what may happen to it, in which order, and what each thing leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.report import (
    Earlier,
    ReportAccepted,
    ReportAppealed,
    ReportMerged,
    ReportRecurred,
    ReportRejected,
    ReportSelfHandled,
    ReportSubmitted,
    ReportUnmerged,
    ReportVerificationRequested,
    ReportVerified,
)
from shared.kernel.case_states import State, target
from shared.kernel.errors import Invalid, Refused

ReportEvent = (
    ReportSubmitted
    | ReportVerificationRequested
    | ReportVerified
    | ReportAccepted
    | ReportSelfHandled
    | ReportRejected
    | ReportAppealed
    | ReportMerged
    | ReportUnmerged
    | ReportRecurred
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What has become of a report."""

    submitted: ReportSubmitted
    state: State
    accepted: bool = False
    """Whether it is a case now, and no longer ours to decide on."""
    found: bool | None = None
    """What somebody saw on site; None while nobody was there."""
    merged_into: UUID | None = None
    reason_code: str | None = None
    appealed: bool = False
    assignee: str | None = None
    """Who was asked to look; None when it is whoever serves the place."""
    recurred: bool = False
    """Whether it was said that the issue had been closed in this place not long before."""


_CHANGES: dict[type, Callable[[Any], dict[str, Any]]] = {
    ReportVerificationRequested: lambda event: {"assignee": event.assignee},
    ReportVerified: lambda event: {"found": event.found},
    ReportAccepted: lambda _: {"accepted": True},
    ReportSelfHandled: lambda _: {"accepted": True},
    ReportRejected: lambda event: {"reason_code": event.reason_code},
    # What was seen before counts no more: somebody may have to look again.
    ReportAppealed: lambda _: {"appealed": True, "reason_code": None, "found": None, "assignee": None},
    ReportMerged: lambda event: {"merged_into": event.into},
    ReportUnmerged: lambda _: {"merged_into": None},
    ReportRecurred: lambda _: {"recurred": True},
}
"""What each event changes besides the state, which the table of states knows."""


def evolve(report: Report | None, event: ReportEvent) -> Report:
    """The report after the event; history is not up for debate."""
    if isinstance(event, ReportSubmitted):
        return Report(submitted=event, state=State.REPORTED)
    known = _known(report)
    state = target(known.state, OF_SHAPE[type(event)].name) or known.state
    return replace(known, state=state, **_CHANGES[type(event)](event))


def request_verification(report: Report, assignee: str | None = None) -> Iterable[ReportEvent]:
    """Somebody is to look on site. Asking the same person again changes nothing; asking another one does."""
    if report.state is State.VERIFYING and not report.accepted and assignee in (None, report.assignee):
        return ()
    _still_waiting(report, "report.verification_requested")
    return (ReportVerificationRequested(report_id=report.submitted.report_id, assignee=assignee),)


def verify(report: Report, found: bool, findings: str, photos: tuple[str, ...] = ()) -> Iterable[ReportEvent]:
    """Somebody was on site. A second look may say otherwise; the last word counts."""
    _still_waiting(report, "report.verified")
    told = report.submitted
    return (ReportVerified(report_id=told.report_id, found=found, findings=findings, photos=photos),)


def accept(report: Report, must_look: bool, reported_at: datetime) -> Iterable[ReportEvent]:
    """The report becomes a case. Accepting twice changes nothing."""
    if report.accepted:
        return ()
    _still_waiting(report, "case.filed")
    told = report.submitted
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


def self_handle(
    report: Report, answer: str, before: tuple[str, ...], after: tuple[str, ...], reported_at: datetime
) -> Iterable[ReportEvent]:
    """Whoever found it put it right at once (就地解决), and shows how it was and how it is."""
    _still_waiting(report, "case.self_handled")
    if same := sorted(set(before) & set(after)):
        raise Invalid("a photo cannot show both how it was and how it is", where="after", errors={"after": same})
    told = report.submitted
    return (
        ReportSelfHandled(
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
            answer=answer,
            before=before,
            after=after,
        ),
    )


def reject(report: Report, reason_code: str, reason: str) -> Iterable[ReportEvent]:
    """The report is not accepted, for a reason the reporter is told. The same reason again changes nothing."""
    if report.state is State.REJECTED and report.reason_code == reason_code:
        return ()
    _still_waiting(report, "report.rejected")
    return (ReportRejected(report_id=report.submitted.report_id, reason_code=reason_code, reason=reason),)


def appeal(report: Report, reason: str) -> Iterable[ReportEvent]:
    """The reporter does not accept the refusal (申诉): it waits again. Once; what is refused again stays refused."""
    if report.appealed and report.state is not State.REJECTED:
        return ()
    if report.appealed:
        raise Refused("this refusal was appealed against, and stands", rule="report.already_appealed")
    if report.state is not State.REJECTED:
        raise Refused("this report was not refused", rule="report.not_rejected")
    return (ReportAppealed(report_id=report.submitted.report_id, reason=reason),)


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


def recur(
    report: Report, earlier: tuple[Earlier, ...], series: UUID, within_days: int, reported_at: datetime
) -> Iterable[ReportEvent]:
    """The issue came back soon after it was closed (复发). It is said once, however often it is found out."""
    if report.recurred or not earlier:
        return ()
    told = report.submitted
    return (
        ReportRecurred(
            report_id=told.report_id,
            number=told.number,
            issue_type=told.issue_type,
            place=told.place,
            point=told.point,
            reported_at=reported_at,
            within_days=within_days,
            times=len(earlier),
            earlier=earlier,
            series=series,
        ),
    )


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
