"""The clock facts that should be in the log, and are not yet.

What should be there follows from the issue's named events alone, one after the other; what is there already is
recognised by its id, which is made of the event that caused it. So it does not matter how often this is asked, who asks
first, or in which order the events were heard: everybody misses the same facts. A due instant that was decided once is
taken as it was decided; only a corrected calendar or an emergency move it, each by a fact of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, assert_never
from uuid import UUID

from services.dispatch.clocks import counting
from services.dispatch.clocks.book import Book, Clock, ClockEvent
from services.dispatch.clocks.counting import Setting
from services.dispatch.clocks.road import TASK, Begin, End, Extend, Hold, Movement, Release, movements
from services.dispatch.clocks.rules import Rules, Turn
from shared.contracts.clock import Stage
from shared.contracts.envelope import Recorded
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.ports import Happening

CATEGORY = "clock-"


@dataclass(slots=True)
class Running:
    """A clock that the road has begun and not ended."""

    clock_id: UUID
    stage: Stage
    task_id: UUID | None
    department: str | None
    condition: str | None
    is_held: bool = False

    def is_meant_by(self, end: End) -> bool:
        return (
            self.stage in end.stages
            and end.task_id in (None, self.task_id)
            and end.department in (None, self.department)
            and end.condition in (None, self.condition)
        )


def book_of(history: Iterable[Recorded[Any]]) -> Book:
    """The clocks of an issue as the log has them."""
    found = sorted((one for one in history if one.stream.startswith(CATEGORY)), key=lambda one: one.version)
    return Book.of(one.event for one in found)


def missing(history: Sequence[Recorded[Any]], rules: Rules, now: datetime) -> tuple[Happening, ...]:
    """What is to be appended to the issue's clock stream, given everything that the log has about the issue."""
    return draft(history, rules, now).facts_in_order


def draft(history: Sequence[Recorded[Any]], rules: Rules, now: datetime) -> Draft:
    """The clocks as they should be now, with the facts that are missing."""
    found = Draft(book_of(history), {one.event_id for one in history if one.stream.startswith(CATEGORY)}, rules)
    for movement in movements(history):
        found.take(movement, history[0].correlation_id)
    for one in history:
        found.area = one.area if not one.stream.startswith(CATEGORY) else found.area
    found.settle(now)
    return found


@dataclass(slots=True)
class Draft:
    """The book while it is brought up to date."""

    book: Book
    known: set[UUID]
    """Ids of the clock facts that the log has."""
    rules: Rules
    area: Area | None = None
    facts: list[Happening] = field(default_factory=list)
    running: dict[UUID, Running] = field(default_factory=dict)

    @property
    def facts_in_order(self) -> tuple[Happening, ...]:
        return tuple(self.facts)

    def take(self, movement: Movement, case_id: UUID) -> None:
        """What the movement means for the clocks."""
        match movement:
            case Begin():
                self._begin(movement, case_id)
            case End():
                self._end(movement)
            case Hold() | Release() | Extend():
                self._change(movement)
            case _:
                assert_never(movement)

    def settle(self, now: datetime) -> None:
        """A corrected calendar, an emergency that began or ended: what still runs is counted anew, and says so.

        Nothing becomes overdue by that alone, and what has run out stays as it is.
        """
        turn = None if self.area is None else self.rules.turn(self.area)
        for clock in self.book.running:
            if not clock.counts_working_time or clock.is_breached:
                continue
            if turn is not None and turn.is_on is not clock.day_and_night:
                self._change_pace(clock, turn, now)
            elif not clock.day_and_night and clock.due_at > now:
                self._recount(clock, now)

    # --- one movement -------------------------------------------------------------------------------------------

    def _begin(self, begin: Begin, case_id: UUID) -> None:
        was_known = begin.clock_id() in self.book.clocks
        for condition, setting in self._settings(begin):
            clock_id = begin.clock_id(condition)
            if clock_id not in self.book.clocks:
                # Which conditions a task has was decided when it began: none is added later.
                if was_known or setting is None:
                    continue
                started = counting.start(begin, case_id, setting, self.rules, condition)
                self._add(started, begin.at, derived_id("clock.started", clock_id))
            self.running[clock_id] = Running(clock_id, begin.stage, begin.task_id, begin.department, condition)

    def _settings(self, begin: Begin) -> Iterator[tuple[str | None, Setting | None]]:
        yield None, self._setting(begin)
        if begin.has_conditions:
            lines = {line.condition: line for line in self.rules.conditions(begin.stage, begin.about)}
            for line in lines.values():
                yield line.condition, counting.by_limit(begin.at, line.limit, self.rules)
            for condition in self._conditions_of(begin) - lines.keys():
                yield condition, None

    def _conditions_of(self, begin: Begin) -> set[str | None]:
        """The conditions that the task was begun with, whatever the rules say by now."""
        started = [clock.started for clock in self.book.clocks.values()]
        return {one.condition for one in started if one.task_id == begin.task_id and one.condition is not None}

    def _setting(self, begin: Begin) -> Setting | None:
        """How the due instant comes about; None when nothing limits the stage."""
        if begin.goes_on:
            before = self.book.last_of(begin.stage) if begin.task_id is None else self.book.due_of(begin.task_id)
            return None if before is None else counting.as_before(before)
        if begin.review_on is not None:
            return counting.by_day(begin.review_on, self.rules)
        if begin.given is not None:
            return self._given(begin)
        limit = self.rules.limit(begin.stage, begin.about)
        return None if limit is None else counting.by_limit(begin.at, limit, self.rules)

    def _given(self, begin: Begin) -> Setting | None:
        given = begin.given
        if given is None or given.due_at is None:
            return None
        limit = given.limit
        is_urgent = limit is not None and limit.unit.value == "urgent_hours"
        return Setting(given.due_at, limit, given.because, is_urgent)

    def _end(self, end: End) -> None:
        for running in [one for one in self.running.values() if one.is_meant_by(end)]:
            del self.running[running.clock_id]
            clock = self.book.clocks[running.clock_id]
            if clock.is_open:
                fact = counting.stop(clock, end.at, end.fulfilled, self.rules)
                self._add(fact, end.at, derived_id("clock.stopped", clock.clock_id))

    def _change(self, movement: Hold | Release | Extend) -> None:
        for running in self.running.values():
            if running.stage in TASK:
                self._change_one(running, self.book.clocks[running.clock_id], movement)

    def _change_one(self, running: Running, clock: Clock, movement: Hold | Release | Extend) -> None:
        kind = "clock.paused" if isinstance(movement, Hold) else "clock.recomputed"
        event_id = derived_id(kind, clock.clock_id, movement.cause)
        is_known = event_id in self.known
        match movement:
            case Hold(at=at, because=because):
                # Whether it is held is remembered along the road: in the book it may be held again, further on.
                if not running.is_held and not is_known and clock.is_running:
                    self._add(counting.pause(clock, at, because, self.rules), at, event_id)
                running.is_held = True
            case Release(at=at):
                if running.is_held and not is_known and clock.paused is not None:
                    due_at, because = self._resumed(clock, movement)
                    self._add(counting.move(clock, at, due_at, because, self.rules), at, event_id)
                running.is_held = False
            case Extend(at=at, task_id=task_id, due_at=due_at, because=because):
                if _is_whole(clock, task_id) and not is_known and clock.is_open:
                    self._add(counting.move(clock, at, due_at, because, self.rules), at, event_id)
                running.is_held = running.is_held and not _is_whole(clock, task_id)

    def _resumed(self, clock: Clock, release: Release) -> tuple[datetime, str]:
        for new in release.due:
            if _is_whole(clock, new.task_id):
                return new.due_at, new.because
        said = Wording("恢复后剩余时间继续计算", "what was left counts from the resumption")
        return counting.resumed_at(clock, release.at, self.rules), str(said)

    # --- what no event of the issue moves -----------------------------------------------------------------------

    def _change_pace(self, clock: Clock, turn: Turn, now: datetime) -> None:
        """From the turn on every hour counts, or only working hours again."""
        at = min(max(turn.at, clock.counted_from), now)
        if clock.due_at <= (now if turn.is_on else at):
            return
        due_at = counting.changed_pace(clock, at, turn.is_on, self.rules)
        if due_at <= now and turn.is_on:
            # We learnt of it late: nobody could know that the hours since then counted.
            at, due_at = now, counting.changed_pace(clock, now, turn.is_on, self.rules)
        fact = counting.move(clock, at, due_at, str(_PACE[turn.is_on]), self.rules, day_and_night=turn.is_on)
        self._add(fact, now, derived_id("clock.recomputed", clock.clock_id, "pace", turn.is_on, _utc(turn.at)))

    def _recount(self, clock: Clock, now: datetime) -> None:
        present = counting.versions(clock.counted_from, clock.due_at, self.rules.calendar)
        if clock.calendar == present:
            return
        found, because = counting.recount(clock, self.rules)
        due_at = found if found > now else clock.due_at
        fact = counting.move(clock, clock.counted_from, due_at, because, self.rules)
        event_id = derived_id("clock.recomputed", clock.clock_id, clock.calendar, fact.calendar, _utc(clock.due_at))
        self._add(fact, now, event_id)

    def _add(self, event: ClockEvent, at: datetime, event_id: UUID) -> None:
        self.facts.append(Happening(event, at, event_id))
        self.known.add(event_id)
        self.book = self.book.after(event)


_PACE = {
    True: Wording("应急状态，时限昼夜连续计算", "emergency mode: every hour counts"),
    False: Wording("应急状态解除，恢复工作时间计算", "the emergency is over: working hours count again"),
}


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _is_whole(clock: Clock, task_id: UUID) -> bool:
    return clock.stage is Stage.HANDLE and clock.started.task_id == task_id and clock.started.condition is None
