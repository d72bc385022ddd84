"""The clocks of one issue: what each is after its events. History is not up for debate; a new event fails in mypy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from shared.contracts.clock import (
    ClockBreached,
    ClockPaused,
    ClockRecomputed,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    EscalationAcknowledged,
    EscalationRaised,
    Rung,
    Stage,
)
from shared.kernel.working_time import Unit

ClockEvent = (
    ClockStarted
    | ClockPaused
    | ClockRecomputed
    | ClockStopped
    | ClockWarned
    | ClockBreached
    | EscalationRaised
    | EscalationAcknowledged
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One time limit: how it was set, where it stands, and what was said about it."""

    started: ClockStarted
    due_at: datetime
    warn_at: datetime | None
    counted_from: datetime
    """From when the time that is left is counted: the start, or whatever moved it last."""
    minutes: int
    """Counted minutes from there to the due instant."""
    minutes_used: int = 0
    """Counted minutes that were used before."""
    because: str
    calendar: str | None
    day_and_night: bool
    paused: ClockPaused | None = None
    stopped: ClockStopped | None = None
    warned_for: datetime | None = None
    """The due instant that was warned of; another one is warned of anew."""
    breached_for: datetime | None = None
    next_rung: Rung | None = None
    next_at: datetime | None = None
    """Who is called upon next, and when; None before the breach and above the last rung."""
    raised: tuple[EscalationRaised, ...] = ()
    acknowledged: frozenset[UUID] = frozenset()

    @property
    def clock_id(self) -> UUID:
        return self.started.clock_id

    @property
    def stage(self) -> Stage:
        return self.started.stage

    @property
    def is_open(self) -> bool:
        return self.stopped is None

    @property
    def is_running(self) -> bool:
        return self.stopped is None and self.paused is None

    @property
    def is_breached(self) -> bool:
        """Whether the present due instant has been said to have passed."""
        return self.breached_for == self.due_at

    @property
    def is_warned(self) -> bool:
        return self.warned_for == self.due_at

    @property
    def counts_working_time(self) -> bool:
        """Whether a corrected calendar or an emergency moves it: its limit is in working time, and not a fixed day."""
        return self.started.limit is not None and self.started.limit.unit is not Unit.URGENT_HOURS

    @property
    def unit(self) -> Unit:
        """How its time is counted at the moment."""
        return Unit.URGENT_HOURS if self.day_and_night else Unit.WORKING_HOURS


@dataclass(frozen=True, slots=True)
class Book:
    """All clocks of one issue, in the order in which they were started."""

    clocks: Mapping[UUID, Clock] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[ClockEvent]) -> Book:
        """The book after these events of one clock stream, in their order."""
        clocks: dict[UUID, Clock] = {}
        for event in events:
            _take(clocks, event)
        return cls(clocks)

    def after(self, event: ClockEvent) -> Book:
        clocks = dict(self.clocks)
        _take(clocks, event)
        return Book(clocks)

    @property
    def running(self) -> tuple[Clock, ...]:
        return tuple(clock for clock in self.clocks.values() if clock.is_running)

    def last_of(self, stage: Stage) -> Clock | None:
        """The clock of the stage that was started last."""
        return next((clock for clock in reversed(list(self.clocks.values())) if clock.stage is stage), None)

    def due_of(self, task_id: UUID) -> Clock | None:
        """The last clock of a task as a whole, which says until when it is to be handled."""
        found = (clock for clock in reversed(list(self.clocks.values())) if clock.stage is Stage.HANDLE)
        return next(
            (clock for clock in found if clock.started.task_id == task_id and clock.started.condition is None), None
        )


def _take(clocks: dict[UUID, Clock], event: ClockEvent) -> None:
    if isinstance(event, ClockStarted):
        clocks[event.clock_id] = _started(event)
    elif isinstance(event, EscalationAcknowledged):
        for clock in clocks.values():
            if any(raised.escalation_id == event.escalation_id for raised in clock.raised):
                clocks[clock.clock_id] = replace(clock, acknowledged=clock.acknowledged | {event.escalation_id})
    elif (known := clocks.get(event.clock_id)) is not None:
        clocks[event.clock_id] = evolve(known, event)


def _started(event: ClockStarted) -> Clock:
    return Clock(
        started=event,
        due_at=event.due_at,
        warn_at=event.warn_at,
        counted_from=event.started_at,
        minutes=event.minutes,
        because=event.because,
        calendar=event.calendar,
        day_and_night=event.day_and_night,
    )


def evolve(
    clock: Clock,
    event: ClockPaused | ClockRecomputed | ClockStopped | ClockWarned | ClockBreached | EscalationRaised,
) -> Clock:
    """The clock after one of its events."""
    match event:
        case ClockPaused():
            return replace(clock, paused=event, minutes_used=clock.minutes_used + clock.minutes - event.minutes_left)
        case ClockRecomputed():
            return _moved(clock, event)
        case ClockStopped():
            return replace(clock, stopped=event, paused=None, next_rung=None, next_at=None)
        case ClockWarned(due_at=due_at):
            return replace(clock, warned_for=due_at)
        case ClockBreached(due_at=due_at, next_rung=next_rung, next_at=next_at):
            return replace(clock, breached_for=due_at, next_rung=next_rung, next_at=next_at)
        case EscalationRaised(next_rung=next_rung, next_at=next_at):
            return replace(clock, next_rung=next_rung, next_at=next_at, raised=(*clock.raised, event))
        case _:
            assert_never(event)


def _moved(clock: Clock, event: ClockRecomputed) -> Clock:
    moved = replace(
        clock,
        due_at=event.due_at,
        warn_at=event.warn_at,
        counted_from=event.counted_from,
        minutes=event.minutes,
        minutes_used=event.minutes_used,
        because=event.because,
        calendar=event.calendar,
        day_and_night=event.day_and_night,
        paused=None,
    )
    # Another due instant is another promise: the ladder begins anew when that one passes. The same one goes on.
    return moved if event.due_at == clock.due_at else replace(moved, next_rung=None, next_at=None)
