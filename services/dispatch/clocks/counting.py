"""Due instants: where a clock that starts leads, what is left of one that stands still, and where a moved one leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.dispatch.clocks.book import Clock
from services.dispatch.clocks.road import Begin
from services.dispatch.clocks.rules import Rules
from shared.contracts.clock import ClockPaused, ClockRecomputed, ClockStarted, ClockStopped, Stage
from shared.contracts.shapes import Limit
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import Unit, counted, due, spend

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a clock is set to: how its due instant came about."""

    due_at: datetime
    limit: Limit | None
    because: str
    day_and_night: bool = False


def start(begin: Begin, case_id: UUID, setting: Setting, rules: Rules, condition: str | None = None) -> ClockStarted:
    """A clock begins."""
    unit = Unit.URGENT_HOURS if setting.day_and_night else Unit.WORKING_HOURS
    total = counted(begin.at, setting.due_at, unit, rules.calendar)
    is_counted = setting.limit is not None and not setting.day_and_night
    return ClockStarted(
        clock_id=begin.clock_id(condition),
        case_id=case_id,
        stage=begin.stage,
        task_id=begin.task_id,
        department=begin.department,
        condition=condition,
        loop=None if begin.about.loop is None else begin.about.loop.value,
        urgency=begin.about.urgency,
        goes_on=begin.goes_on,
        started_at=begin.at,
        due_at=setting.due_at,
        warn_at=_warn_at(begin.at, total, unit, rules, rules.warn_percent(begin.stage, begin.about.urgency)),
        limit=setting.limit,
        minutes=int(total / _MINUTE),
        because=setting.because,
        calendar=versions(begin.at, setting.due_at, rules.calendar) if is_counted else None,
        day_and_night=setting.day_and_night,
    )


def by_limit(at: datetime, limit: Limit, rules: Rules) -> Setting:
    """What the limit says when it starts at the instant."""
    found = due(at, limit, rules.calendar)
    return Setting(found.at, limit, str(found.because), limit.unit is Unit.URGENT_HOURS)


def by_day(day: date, rules: Rules) -> Setting:
    """The last working minute of the day, or of the next working day when it is a day off."""
    calendar = rules.calendar
    worked = day if calendar.kind(day).is_worked else calendar.working_day_after(day, 1)
    said = Wording(f"{day} 复核", f"to be looked at again on {day}")
    return Setting(calendar.local(calendar.windows(worked)[-1][1]), None, str(said))


def as_before(clock: Clock) -> Setting:
    """A rework goes on with the time that the task had, and a dispatch taken back with the time there was for it."""
    said = _NO_NEW_TIME[clock.stage is Stage.DISPATCH]
    return Setting(clock.due_at, clock.started.limit, f"{said}: {clock.because}", clock.day_and_night)


_NO_NEW_TIME = {
    True: Wording("撤回派遣不另给时限，原时限继续", "taking a dispatch back lends no new time"),
    False: Wording("返工不另给时限，原时限继续", "a rework lends no new time"),
}


# --- standing still, and going on -------------------------------------------------------------------------------


def left(clock: Clock, at: datetime, rules: Rules) -> timedelta:
    """Counted time until the due instant; nothing when it has passed."""
    return counted(at, clock.due_at, clock.unit, rules.calendar)


def used(clock: Clock, at: datetime, rules: Rules) -> int:
    """Counted minutes that were used until the instant."""
    if clock.paused is not None:
        return clock.minutes_used
    return clock.minutes_used + int(counted(clock.counted_from, at, clock.unit, rules.calendar) / _MINUTE)


def pause(clock: Clock, at: datetime, because: str, rules: Rules) -> ClockPaused:
    """The clock stands still."""
    return ClockPaused(
        clock_id=clock.clock_id,
        case_id=clock.started.case_id,
        paused_at=at,
        minutes_left=int(left(clock, at, rules) / _MINUTE),
        because=because,
    )


def resumed_at(clock: Clock, at: datetime, rules: Rules) -> datetime:
    """Where the time leads that was left when the clock stood still. One that had run out stays run out."""
    paused_at = at if clock.paused is None else clock.paused.paused_at
    remaining = left(clock, paused_at, rules)
    has_stood = counted(paused_at, at, clock.unit, rules.calendar) > timedelta()
    return clock.due_at if not remaining or not has_stood else spend(at, remaining, clock.unit, rules.calendar)


def move(
    clock: Clock, at: datetime, due_at: datetime, because: str, rules: Rules, *, day_and_night: bool | None = None
) -> ClockRecomputed:
    """The due instant is another one from now on, and so is the moment of the warning."""
    always = clock.day_and_night if day_and_night is None else day_and_night
    unit = Unit.URGENT_HOURS if always else Unit.WORKING_HOURS
    total = counted(at, due_at, unit, rules.calendar)
    percent = rules.warn_percent(clock.stage, clock.started.urgency)
    is_counted = clock.counts_working_time and not always
    return ClockRecomputed(
        clock_id=clock.clock_id,
        case_id=clock.started.case_id,
        stage=clock.stage,
        task_id=clock.started.task_id,
        condition=clock.started.condition,
        old_due_at=clock.due_at,
        due_at=due_at,
        warn_at=_warn_at(at, total, unit, rules, percent),
        counted_from=at,
        minutes=int(total / _MINUTE),
        minutes_used=used(clock, at, rules),
        because=because,
        calendar=versions(at, due_at, rules.calendar) if is_counted else None,
        day_and_night=always,
    )


def stop(clock: Clock, at: datetime, fulfilled: bool, rules: Rules) -> ClockStopped:
    """What was to be done was done, or fell away."""
    # A clock that stands still is not late, however long it stood.
    measured = at if clock.paused is None else clock.paused.paused_at
    return ClockStopped(
        clock_id=clock.clock_id,
        case_id=clock.started.case_id,
        stopped_at=at,
        minutes=used(clock, at, rules),
        on_time=measured <= clock.due_at,
        fulfilled=fulfilled,
    )


# --- another calendar, another pace -----------------------------------------------------------------------------


def recount(clock: Clock, rules: Rules) -> tuple[datetime, str]:
    """Where the same limit leads over the present calendar, and why."""
    limit, present = clock.started.limit, versions(clock.counted_from, clock.due_at, rules.calendar)
    said = Wording(f"日历更正，按 {present} 重新计算", f"counted anew over calendar {present}")
    if clock.counted_from == clock.started.started_at and limit is not None and _is_plain(clock):
        plain = due(clock.counted_from, limit, rules.calendar)
        return plain.at, f"{said}: {plain.because}"
    found = spend(clock.counted_from, timedelta(minutes=clock.minutes), Unit.WORKING_HOURS, rules.calendar)
    # Minutes are whole: less than one apart is the same instant.
    return (clock.due_at if timedelta() <= clock.due_at - found < _MINUTE else found), str(said)


def _is_plain(clock: Clock) -> bool:
    """Whether nothing but its limit ever set it: a rework, for one, runs to the due instant of before."""
    return clock.minutes_used == 0 and not clock.started.goes_on


def changed_pace(clock: Clock, at: datetime, always: bool, rules: Rules) -> datetime:
    """Where the time that is left at the instant leads when from now on every hour counts, or only working hours."""
    unit = Unit.URGENT_HOURS if always else Unit.WORKING_HOURS
    return spend(at, left(clock, at, rules), unit, rules.calendar)


def versions(start: datetime, end: datetime, calendar: Calendar) -> str:
    """The calendars that a span was counted over: `2026/1`, or `2026/1 2027/-` where one is not published."""
    years = range(calendar.local(start).year, calendar.local(max(start, end)).year + 1)
    return " ".join(f"{year}/{calendar.version(year) or '-'}" for year in years)


def _warn_at(at: datetime, total: timedelta, unit: Unit, rules: Rules, percent: int) -> datetime | None:
    if percent == 0 or not total:
        return None
    return spend(at, total * percent / 100, unit, rules.calendar)
