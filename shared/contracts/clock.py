"""Streams `clock-<case id>`, written by dispatch: every time limit of one issue, from its start to its stop.

Due instants are decided once and recorded; whatever moves one is an event that says why. Nothing is recomputed in
silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event
from shared.contracts.report import Urgency
from shared.contracts.shapes import Internal, Limit


class Stage(StrEnum):
    """What a clock measures: 受理 核实 立案 派遣 签收 处置 核查 回复 回访, and what is asked for beside the road."""

    ACCEPT = "accept"
    VERIFY = "verify"
    FILE = "file"
    DISPATCH = "dispatch"
    SIGN = "sign"
    HANDLE = "handle"
    CHECK = "check"
    REPLY = "reply"
    FEEDBACK = "feedback"
    DISPUTE = "dispute"
    WHISTLE = "whistle"
    RECEIPT = "receipt"
    REVIEW = "review"
    """Until the day on which a suspended case is looked at again."""

    @property
    def zh(self) -> str:
        return _NAMES[self]


_NAMES = {
    Stage.ACCEPT: "受理时限",
    Stage.VERIFY: "核实时限",
    Stage.FILE: "立案时限",
    Stage.DISPATCH: "派遣时限",
    Stage.SIGN: "签收时限",
    Stage.HANDLE: "处置时限",
    Stage.CHECK: "核查时限",
    Stage.REPLY: "回复时限",
    Stage.FEEDBACK: "回访时限",
    Stage.DISPUTE: "裁定时限",
    Stage.WHISTLE: "报到时限",
    Stage.RECEIPT: "外部回执时限",
    Stage.REVIEW: "挂账复核日",
}


class Rung(StrEnum):
    """The ladder of a clock: 预警 at 80 %, 超时, then 催办, 督办 and 提级督办."""

    WARNED = "warned"
    BREACHED = "breached"
    URGED = "urged"
    SUPERVISED = "supervised"
    RAISED = "raised"


@event("clock.started", "clock", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStarted:
    """A time limit begins."""

    clock_id: UUID
    case_id: UUID
    stage: Stage
    task_id: UUID | None
    department: str | None
    """Whose time it is, where it is a department's."""
    condition: str | None
    """The closing condition 结案条件 whose own limit it is; absent for the stage as a whole."""
    loop: str | None
    urgency: Urgency
    goes_on: bool
    """Whether it runs to the due instant that the task had before: a rework lends no new time."""
    started_at: datetime
    due_at: datetime
    warn_at: datetime | None
    """When most of the counted time has passed, 80 % by default; None where nobody is warned."""
    limit: Limit | None
    minutes: int
    """Counted minutes from the start to the due instant."""
    because: str
    calendar: str | None
    """Which versions of the calendar it was counted over, `2026/1`; None where no calendar counts."""
    day_and_night: bool
    """Whether every hour counts: an urgent limit, or the area is in emergency mode."""


@event("clock.paused", "clock", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPaused:
    """The limit stands still."""

    clock_id: UUID
    case_id: UUID
    paused_at: datetime
    minutes_left: int
    because: str


@event("clock.recomputed", "clock", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRecomputed:
    """The due instant moved: an extension, a resumption, a corrected calendar, an emergency that began or ended."""

    clock_id: UUID
    case_id: UUID
    stage: Stage
    task_id: UUID | None
    condition: str | None
    old_due_at: datetime
    due_at: datetime
    warn_at: datetime | None
    counted_from: datetime
    """The instant from which the time that was left is counted."""
    minutes: int
    """Counted minutes from there to the due instant."""
    minutes_used: int
    """Counted minutes that had been used by then."""
    because: str
    calendar: str | None
    day_and_night: bool


@event("clock.stopped", "clock", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStopped:
    """What was to be done in time was done, or is no longer to be done."""

    clock_id: UUID
    case_id: UUID
    stopped_at: datetime
    minutes: int
    """Counted minutes that were used."""
    on_time: bool
    fulfilled: bool
    """Whether it was done; False when it fell away (returned, merged, withdrawn, suspended for good)."""


@event("clock.warned", "clock", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWarned:
    """Four fifths of the time have passed (预警)."""

    clock_id: UUID
    case_id: UUID
    stage: Stage
    due_at: datetime
    department: str | None


@event("clock.breached", "clock", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBreached:
    """The time has run out (超时)."""

    clock_id: UUID
    case_id: UUID
    stage: Stage
    due_at: datetime
    department: str | None
    next_rung: Rung | None
    """Who is called upon next while nothing happens, and when."""
    next_at: datetime | None


@event("escalation.raised", "clock", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRaised:
    """An overdue issue goes up the area's own chain of posts: 催办, 督办, 提级督办."""

    escalation_id: UUID
    clock_id: UUID
    case_id: UUID
    rung: Rung
    stage: Stage
    department: str | None
    due_at: datetime
    """The due instant that passed."""
    target_area: str
    """The tier whose post is addressed."""
    target_post: str | None
    """The post; None when nobody at all stands in the chain, and the tier's own desk is addressed."""
    because: str
    next_rung: Rung | None
    """Who is called upon next while nothing happens, and when."""
    next_at: datetime | None
    on_shift: Internal[tuple[str, ...] | None] = None
    """Out of working hours: the accounts at the centre's desk, who alone were called; the rung comes again."""


@event("escalation.acknowledged", "clock", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationAcknowledged:
    """Whoever was addressed has taken notice."""

    escalation_id: UUID
    case_id: UUID
    words: str
