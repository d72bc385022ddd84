"""Streams `duty-<id>`, written by grid: a place that somebody has to be at (值守点), and who is there when.

A centre's desk, a checkpoint and a building's door are all duty posts. People are accounts, never names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event


class DutyKind(StrEnum):
    """What sort of place it is: 值班席, 卡点, 楼栋值守点."""

    DESK = "desk"
    CHECKPOINT = "checkpoint"
    BUILDING = "building"


@event("duty.post_opened", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPostOpened:
    """Somebody has to be there until it is closed (设岗)."""

    post_id: UUID
    area: str
    name: str
    kind: DutyKind
    since: datetime
    around_the_clock: bool
    """Day and night; otherwise in the planned shifts alone."""
    roll_call_minutes: int
    """Whoever is there says so at least this often."""
    takeover_minutes: int | None
    """Silent for this long, the tier above takes over; None where nobody does."""
    emergency: bool
    """Whether it is there for an emergency, and goes with it."""


@event("duty.post_closed", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPostClosed:
    """Nobody has to be there any more (撤岗)."""

    post_id: UUID
    reason: str


@event("shift.planned", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPlanned:
    """Somebody is to be there for a time (排班)."""

    post_id: UUID
    shift_id: UUID
    person: str
    starts_at: datetime
    ends_at: datetime


@event("shift.cancelled", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftCancelled:
    """They will not be there after all (撤班)."""

    post_id: UUID
    shift_id: UUID
    reason: str


@event("shift.answered", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftAnswered:
    """Whoever is on the shift says that they are there (点名)."""

    post_id: UUID
    shift_id: UUID
    at: datetime


@event("shift.handed_over", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftHandedOver:
    """What the next one has to know (交接班)."""

    post_id: UUID
    shift_id: UUID
    notes: str


@event("duty.silent", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class DutySilent:
    """Nobody has answered the roll-call (失联), with a shift planned or without."""

    post_id: UUID
    area: str
    since: datetime
    """The last sign of life, or since when somebody should have been there."""


@event("duty.taken_over", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class DutyTakenOver:
    """Silent for too long: the tier above does its work meanwhile (接管)."""

    post_id: UUID
    area: str
    by_area: str


@event("duty.given_back", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class DutyGivenBack:
    """It answers again, and does its own work (交还)."""

    post_id: UUID
    area: str


@event("duty.gap_found", "duty")
@dataclass(frozen=True, slots=True, kw_only=True)
class DutyGapFound:
    """Soon, or now, nobody is planned to be there (空岗)."""

    post_id: UUID
    area: str
    starts_at: datetime
    ends_at: datetime | None
    """When somebody is there again; None while nobody is planned for afterwards."""
