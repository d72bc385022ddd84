"""The rules of feedback: asked once for every closing, answered once, in time; reopening needs words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from shared.contracts.case import CaseClosed, CaseFiled, CaseSelfHandled
from shared.contracts.feedback import FeedbackInvited, FeedbackRecorded, Satisfaction
from shared.kernel.errors import Invalid, Refused
from shared.kernel.ids import derived_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording

FeedbackEvent = FeedbackInvited | FeedbackRecorded

OPEN_FOR = timedelta(days=15)
"""How long a reporter may answer, and with that reopen."""


class Standing(StrEnum):
    """What can be done with a link."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What has become of an invitation."""

    invited: FeedbackInvited
    recorded: FeedbackRecorded | None = None

    def standing(self, at: datetime) -> Standing:
        if self.recorded is not None:
            return Standing.ANSWERED
        return Standing.OPEN if at <= self.invited.expires_at else Standing.EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the reporter says."""

    resolved: bool
    satisfaction: Satisfaction
    words: str
    wants_reopening: bool


def evolve(feedback: Feedback | None, event: FeedbackEvent) -> Feedback:
    """The feedback after the event; history is not up for debate."""
    match event:
        case FeedbackInvited():
            return Feedback(invited=event)
        case FeedbackRecorded():
            if feedback is None:
                raise LookupError("feedback begins with feedback.invited")
            return replace(feedback, recorded=event)
        case _:
            assert_never(event)


def feedback_id(case_id: UUID, closing: int) -> UUID:
    """The id of the question about one closing of a case: asked twice, it is the same question."""
    return derived_id("feedback", case_id, closing)


def invite(filed: CaseFiled | CaseSelfHandled, closed: CaseClosed, at: datetime) -> tuple[FeedbackEvent, ...]:
    """Ask about this closing."""
    return (
        FeedbackInvited(
            feedback_id=feedback_id(closed.case_id, closed.attempt),
            case_id=closed.case_id,
            subject_id=filed.subject_id,
            number=filed.number,
            attempt=closed.attempt,
            expires_at=at + OPEN_FOR,
        ),
    )


def record(feedback: Feedback, verdict: Verdict, at: datetime) -> tuple[FeedbackEvent, ...]:
    """The reporter answers. Raises Refused for a second or a late answer, Invalid for a reopening without words or
    of what the reporter calls solved and satisfying."""
    standing = feedback.standing(at)
    if standing is Standing.ANSWERED:
        said = Wording("您已经评价过了，评价只能提交一次", "this was answered already; it can be answered once")
        raise Refused(str(said), rule="feedback.already_answered")
    if standing is Standing.EXPIRED:
        day = f"{feedback.invited.expires_at:%Y-%m-%d}"
        said = Wording(
            f"评价已于 {day} 截止，如问题仍在请重新上报", f"this closed on {day}; if it is still there, report it again"
        )
        raise Refused(str(said), rule="feedback.expired")
    if verdict.wants_reopening:
        _explain_reopening(verdict)
    return (
        FeedbackRecorded(
            feedback_id=feedback.invited.feedback_id,
            case_id=feedback.invited.case_id,
            resolved=verdict.resolved,
            satisfaction=verdict.satisfaction,
            words=mask(verdict.words.strip()),
            wants_reopening=verdict.wants_reopening,
        ),
    )


def _explain_reopening(verdict: Verdict) -> None:
    if not verdict.words.strip():
        said = Wording("要求重办请说明原因", "say in words why it should be reopened")
        raise Invalid(str(said), where="words")
    if verdict.resolved and verdict.satisfaction is not Satisfaction.UNSATISFIED:
        said = Wording("问题已解决且满意的案件不能要求重办", "what is solved, and not unsatisfying, is not reopened")
        raise Invalid(str(said), where="wants_reopening")
