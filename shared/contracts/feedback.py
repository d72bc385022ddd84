"""Streams `feedback-<id>`, written by survey: the reporter is asked once per closing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event
from shared.contracts.shapes import Internal


class Satisfaction(StrEnum):
    """满意, 基本满意, 不满意."""

    SATISFIED = "satisfied"
    FAIRLY_SATISFIED = "fairly_satisfied"
    UNSATISFIED = "unsatisfied"


@event("feedback.invited", "feedback", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackInvited:
    """The reporter of a closed case is asked; the link's secret is derived, never stored."""

    feedback_id: UUID
    case_id: UUID
    subject_id: Internal[UUID | None]
    number: str
    attempt: int
    """The closing that is asked about."""
    expires_at: datetime


@event("feedback.recorded", "feedback", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRecorded:
    """The reporter answered. Words are masked."""

    feedback_id: UUID
    case_id: UUID
    resolved: bool
    satisfaction: Satisfaction
    words: str
    wants_reopening: bool
