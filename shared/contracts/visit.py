"""Streams `visit-<id>`, written by grid: somebody went to a household (走记办回评).

A household is a number of the building's own, never a name. When it happened is the time in the field, which may lie
hours before it was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event
from shared.contracts.feedback import Satisfaction
from shared.contracts.shapes import Point


class VisitOutcome(StrEnum):
    """What came of it: nothing to do, put right on the spot, reported as an issue, or an answer is owed."""

    NOTHING = "nothing"
    HANDLED = "handled"
    REPORTED = "reported"
    TO_ANSWER = "to_answer"


@event("visit.recorded", "visit")
@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecorded:
    """Somebody was at the door (走、记、办)."""

    visit_id: UUID
    area: str
    grid: str | None
    household: str
    """The household's number in its area, `3-1-201`; never a name."""
    met: bool
    """Whether somebody was at home."""
    outcome: VisitOutcome
    words: str
    """What was said, or found; phone and identity numbers are masked."""
    report_id: UUID | None
    """The report that came of it."""
    reply_due_at: datetime | None
    """Until when an answer is owed; None when none is."""
    point: Point | None
    client_id: str
    """The name that the device gave it."""
    facts: str
    """A hash of all that the device said: the same visit, sent again, is known by it."""


@event("visit.replied", "visit")
@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReplied:
    """The household has its answer (回)."""

    visit_id: UUID
    words: str
    on_time: bool


@event("visit.reply_overdue", "visit")
@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReplyOverdue:
    """The household waits for its answer longer than it was told."""

    visit_id: UUID
    due_at: datetime


@event("visit.rated", "visit")
@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRated:
    """What the household thinks of it (评)."""

    visit_id: UUID
    satisfaction: Satisfaction
    words: str
