"""When is it due, and why: limits in 工作日, 工作时 and 紧急工作时, counted over a working calendar.

- **工作时 working hours** are counted inside the working windows only; an hour that ends with a window is due then,
  not at the start of the next one.
- **工作日 working days**: the day of arrival does not count (始日不计入); due is the last working minute of the n-th
  working day after it. What comes after the cut-off hour, or on a day off, arrives on the next working day.
- **紧急工作时 urgent hours** never stop: nights, weekends and holidays count.

Every limit is also an amount of counted time, so that a clock can be paused and resumed: `budget` says how much is
left at an instant, `spend` where that much leads from another. Pausing and resuming at once changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from shared.kernel.errors import Invalid
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar, DayKind

MOST = 10_000
"""No limit is longer than this many of its units: some forty years of working days."""


class Unit(StrEnum):
    """What a limit counts in: 工作日, 工作时, and hours that never stop 紧急工作时."""

    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"
    URGENT_HOURS = "urgent_hours"

    @property
    def zh(self) -> str:
        return {"working_days": "工作日", "working_hours": "工作时", "urgent_hours": "紧急工作时"}[self.value]


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take: `Limit(5, Unit.WORKING_HOURS)` is 5 工作时."""

    amount: int
    unit: Unit

    @property
    def wording(self) -> Wording:
        unit = self.unit.value.replace("_", " ")
        return Wording(f"{self.amount} {self.unit.zh}", f"{self.amount} {unit if self.amount != 1 else unit[:-1]}")


@dataclass(frozen=True, slots=True)
class Due:
    """The instant by which something must be done, and how it was counted."""

    at: datetime
    """On the clocks of the city."""
    minutes: int
    """Counted minutes from the start to the due instant: working minutes, or plain ones for urgent hours."""
    because: Wording


def due(start: datetime, limit: Limit, calendar: Calendar) -> Due:
    """When a limit that starts at the instant (with its zone) runs out, and the sentence that explains it.

    Raises Invalid for a limit of nothing, of more than ten thousand units, or over a calendar without working days.
    """
    if not 0 < limit.amount <= MOST:
        raise Invalid(f"a limit is between 1 and {MOST}, not {limit.amount}", where="limit")
    if start.tzinfo is None:
        raise Invalid("the start of a limit needs its zone", where="start")
    at = _due_at(start, limit, calendar)
    return Due(
        at, int(counted(start, at, limit.unit, calendar) / timedelta(minutes=1)), _because(start, at, limit, calendar)
    )


def _due_at(start: datetime, limit: Limit, calendar: Calendar) -> datetime:
    if limit.unit is Unit.WORKING_DAYS:
        last = calendar.working_day_after(calendar.arrival_day(start), limit.amount)
        return calendar.local(calendar.windows(last)[-1][1])
    return spend(start, timedelta(hours=limit.amount), limit.unit, calendar)


def spend(start: datetime, amount: timedelta, unit: Unit, calendar: Calendar) -> datetime:
    """The instant at which that much counted time has passed since the start."""
    if unit is Unit.URGENT_HOURS:
        return calendar.local(start.astimezone(UTC) + amount)
    if amount <= timedelta():
        return calendar.local(start)
    left, first = amount, start.astimezone(UTC)
    for begin, end in calendar.windows_from(first):
        length = end - max(begin, first)
        if length >= left:
            return calendar.local(max(begin, first) + left)
        left -= length
    raise AssertionError("windows_from never ends without raising")


def counted(start: datetime, end: datetime, unit: Unit, calendar: Calendar) -> timedelta:
    """How much time counts between two instants; nothing when the end is not later."""
    if unit is Unit.URGENT_HOURS:
        return max(end.astimezone(UTC) - start.astimezone(UTC), timedelta())
    return working_time(start, end, calendar)


def working_time(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """The time between two instants that lies inside working windows."""
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    day, last_day = calendar.local(start).date(), calendar.local(end).date()
    total = _inside(day, first, last, calendar)
    day += timedelta(days=1)
    while day < last_day:
        # What is years late is counted in months, not in thousands of days.
        following = (day + timedelta(days=31)).replace(day=1)
        if day.day == 1 and following <= last_day:
            total, day = total + calendar.length_of_month(day.year, day.month), following
        else:
            total, day = total + calendar.length(day), day + timedelta(days=1)
    return total + _inside(day, first, last, calendar) if day == last_day else total


def _inside(day: date, first: datetime, last: datetime, calendar: Calendar) -> timedelta:
    """The worked time of one day that lies between two instants in UTC."""
    total = timedelta()
    for begin, end in calendar.windows(day):
        total += max(min(end, last) - max(begin, first), timedelta())
    return total


def working_minutes(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Whole working minutes between two instants."""
    return int(working_time(start, end, calendar) / timedelta(minutes=1))


def budget(due_at: datetime, at: datetime, unit: Unit, calendar: Calendar) -> timedelta:
    """How much counted time is left at the instant: what a paused clock keeps. Nothing when it has run out."""
    return counted(at, due_at, unit, calendar)


# --- the explanation --------------------------------------------------------------------------------------------

_OFF = {
    DayKind.WEEKEND: ("周末", "weekend"),
    DayKind.HOLIDAY: ("法定节假日", "holiday"),
    DayKind.SWAP: ("调休上班", "swap day"),
    DayKind.HALF: ("半日工作", "half day"),
}


def _because(start: datetime, at: datetime, limit: Limit, calendar: Calendar) -> Wording:
    begin, end = calendar.local(start), calendar.local(at)
    shown = begin.year != end.year
    started, stopped = _moment(begin, shown), _moment(end, shown)
    counting = _counting(begin, limit, calendar)
    basis = _basis(begin.date(), end.date(), limit, calendar)
    name, verb = limit.wording, "counts" if limit.amount == 1 else "count"
    return Wording(
        f"{stopped.zh} 前，因为 {name.zh}，从 {started.zh} 起算{counting.zh}{basis.zh}",
        f"due {stopped.en}, because {name.en} {verb} from {started.en}{counting.en}{basis.en}",
    )


def _counting(begin: datetime, limit: Limit, calendar: Calendar) -> Wording:
    """How the start was taken, where that needs a word."""
    if limit.unit is Unit.URGENT_HOURS:
        return Wording("，昼夜连续计算", ", day and night")
    if limit.unit is Unit.WORKING_HOURS:
        return Wording("", "")
    arrival = calendar.arrival_day(begin)
    if arrival == begin.date():
        return Wording("（始日不计入）", " (the day itself does not count)")
    day = _day(arrival)
    return Wording(
        f"（已过截止时点或非工作日，视为 {day.zh} 收到，始日不计入）",
        f" (after the cut-off or on a day off: received on {day.en}, which does not count)",
    )


def _basis(first: date, last: date, limit: Limit, calendar: Calendar) -> Wording:
    """What was not counted, which unusual days were, and which calendar says so."""
    if limit.unit is Unit.URGENT_HOURS:
        return Wording("", "")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    off, worked = _named(days, calendar, worked=False), _named(days, calendar, worked=True)
    zh = "，扣除非工作时段" + (f"、{'、'.join(part.zh for part in off)}" if off else "")
    en = "; not counted: hours outside work" + (f", {', '.join(part.en for part in off)}" if off else "")
    if worked:
        zh += f"；计入{'、'.join(part.zh for part in worked)}"
        en += f"; counted: {', '.join(part.en for part in worked)}"
    for year in sorted({day.year for day in days}):
        source = _source(year, calendar)
        zh, en = f"{zh}；{source.zh}", f"{en}; {source.en}"
    return Wording(zh, en)


def _source(year: int, calendar: Calendar) -> Wording:
    version = calendar.version(year)
    if version is None:
        return Wording(f"{year} 年日历未发布，按普通周末推算", f"calendar {year} unpublished, plain weekends")
    return Wording(f"{year} 年日历第 {version} 版", f"calendar {year} version {version}")


def _named(days: list[date], calendar: Calendar, *, worked: bool) -> list[Wording]:
    """The runs of days of one kind that are worth naming: weekends and holidays, or swap and half days.

    A stretch of many weeks says only how many weekend days it had.
    """
    runs = [(kind, list(run)) for kind, run in groupby(days, key=calendar.kind) if kind in _OFF]
    runs = [(kind, run) for kind, run in runs if kind.is_worked is worked]
    weekends = [run for kind, run in runs if kind is DayKind.WEEKEND]
    if len(weekends) <= _FEW:
        return [_run(kind, run) for kind, run in runs]
    count = sum(len(run) for run in weekends)
    others = [_run(kind, run) for kind, run in runs if kind is not DayKind.WEEKEND]
    return [Wording(f"周末 {count} 天", f"{count} weekend days"), *others]


def _run(kind: DayKind, days: list[date]) -> Wording:
    zh, en = _OFF[kind]
    first, last = _day(days[0]), _day(days[-1])
    if len(days) == 1:
        return Wording(f"{zh} {first.zh}", f"{en} {first.en}")
    return Wording(f"{zh} {first.zh}至 {last.zh}", f"{en} {first.en} to {last.en}")


_FEW = 4
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day(day: date) -> Wording:
    return Wording(f"{day.month} 月 {day.day} 日", f"{day.day} {_MONTHS[day.month - 1]}")


def _moment(at: datetime, with_year: bool) -> Wording:
    day = _day(at.date())
    zh, en = (f"{at.year} 年 {day.zh}", f"{day.en} {at.year}") if with_year else (day.zh, day.en)
    return Wording(f"{zh} {at:%H:%M}", f"{en} {at:%H:%M}")
