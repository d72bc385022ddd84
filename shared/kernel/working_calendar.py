"""The working calendar: which hours of which day are worked, as the city published them, year by year.

A day is one of: a working day, a swap day 调休 (a weekend day that is worked), a half day, a weekend, a holiday.
A year that nobody has published yet is not refused, because a case of 31 December still needs its due time: it is
taken with the hours of the newest published year and plain weekends, and every explanation says so.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from shared.kernel.errors import Invalid

_WINDOW = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})")
_MINUTES = 24 * 60
_LONGEST_CLOSURE = 400
"""Days that a search for the next working day looks ahead, so that a calendar without one ends in an error."""


class PublishedYear(Protocol):
    """What a calendar is made of: the fields of the event `calendar.published`."""

    @property
    def year(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def zone(self) -> str: ...
    @property
    def windows(self) -> tuple[str, ...]: ...
    @property
    def half_day_windows(self) -> tuple[str, ...]: ...
    @property
    def cutoff(self) -> str: ...
    @property
    def holidays(self) -> tuple[date, ...]: ...
    @property
    def swap_days(self) -> tuple[date, ...]: ...
    @property
    def half_days(self) -> tuple[date, ...]: ...


class DayKind(StrEnum):
    """What sort of day it is for those who work."""

    WORKING = "working"
    SWAP = "swap"
    HALF = "half"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"

    @property
    def is_worked(self) -> bool:
        return self in (DayKind.WORKING, DayKind.SWAP, DayKind.HALF)


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a day in minutes since midnight, the end not included: 08:00-12:00 is `Span(480, 720)`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Year:
    version: int
    windows: tuple[Span, ...]
    half_windows: tuple[Span, ...]
    cutoff: int
    holidays: frozenset[date]
    swap_days: frozenset[date]
    half_days: frozenset[date]


@dataclass(frozen=True, slots=True)
class _Day:
    kind: DayKind
    windows: tuple[tuple[datetime, datetime], ...]
    length: timedelta


@dataclass(frozen=True, slots=True)
class Calendar:
    """The published years together. Make one with `Calendar.of`, which refuses contradictions."""

    zone: ZoneInfo
    years: Mapping[int, _Year]
    _known: dict[date, _Day] = field(default_factory=dict, compare=False, repr=False)
    """Days that were worked out before: a few hundred of them serve every due time of a year."""
    _months: dict[tuple[int, int], timedelta] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, published: Iterable[PublishedYear]) -> Calendar:
        """Build it from published years; of one year's versions the highest counts, of zones the newest year's.

        Raises Invalid when there is no year, or when a window, time, zone or day in one makes no sense.
        """
        newest: dict[int, PublishedYear] = {}
        for found in published:
            if found.year not in newest or newest[found.year].version < found.version:
                newest[found.year] = found
        if not newest:
            raise Invalid("a working calendar needs at least one published year")
        return cls(_zone(newest[max(newest)].zone), {year: _read(found) for year, found in newest.items()})

    def is_published(self, day: date) -> bool:
        return day.year in self.years

    def version(self, year: int) -> int | None:
        """The version in force for the year; None when it is not published."""
        found = self.years.get(year)
        return None if found is None else found.version

    def kind(self, day: date) -> DayKind:
        return self._day(day).kind

    def windows(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The worked stretches of the day as instants in UTC, in order; none on a day off."""
        return self._day(day).windows

    def length(self, day: date) -> timedelta:
        """How long the day is worked."""
        return self._day(day).length

    def length_of_month(self, year: int, month: int) -> timedelta:
        """How long the whole month is worked."""
        if (year, month) not in self._months:
            days = (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))
            self._months[year, month] = sum(map(self.length, days), timedelta())
        return self._months[year, month]

    def windows_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The worked stretches that end after the instant, the first one possibly begun, without end."""
        day, empty = self.local(start).date(), 0
        while empty < _LONGEST_CLOSURE:
            windows = self.windows(day)
            empty = 0 if windows else empty + 1
            for begin, end in windows:
                if end > start:
                    yield begin, end
            day += timedelta(days=1)
        raise Invalid(f"the working calendar has no working day in the {_LONGEST_CLOSURE} days before {day}")

    def arrival_day(self, at: datetime) -> date:
        """The working day on which something that comes at this instant counts as received.

        That is the same day when it is worked and its cut-off hour (or its last working minute, if earlier) has not
        passed; otherwise the next working day.
        """
        local = self.local(at)
        day = local.date()
        windows = self.windows(day)
        if windows and at <= min(self._instant(day, self._rules(day).cutoff), windows[-1][1]):
            return day
        return self.working_day_after(day, 1)

    def working_day_after(self, day: date, count: int) -> date:
        """The count-th working day after the day, which does not count itself."""
        empty = 0
        while count:
            day += timedelta(days=1)
            if self.kind(day).is_worked:
                count, empty = count - 1, 0
            elif (empty := empty + 1) > _LONGEST_CLOSURE:
                raise Invalid(f"the working calendar has no working day in the {_LONGEST_CLOSURE} days before {day}")
        return day

    def local(self, at: datetime) -> datetime:
        """The instant on the clocks of the city."""
        return at.astimezone(self.zone)

    def _day(self, day: date) -> _Day:
        found = self._known.get(day)
        if found is None:
            rules = self._rules(day)
            kind = _kind(day, rules)
            spans = () if not kind.is_worked else rules.half_windows if kind is DayKind.HALF else rules.windows
            windows = tuple((self._instant(day, span.start), self._instant(day, span.end)) for span in spans)
            length = sum((end - begin for begin, end in windows), timedelta())
            found = self._known[day] = _Day(kind, windows, length)
        return found

    def _rules(self, day: date) -> _Year:
        found = self.years.get(day.year)
        if found is not None:
            return found
        pattern = self.years[max(self.years)]
        nothing: frozenset[date] = frozenset()
        return _Year(0, pattern.windows, pattern.half_windows, pattern.cutoff, nothing, nothing, nothing)

    def _instant(self, day: date, minute: int) -> datetime:
        if minute == _MINUTES:
            day, minute = day + timedelta(days=1), 0
        # In UTC, because a subtraction within one zone passes over a change of its clocks.
        return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=self.zone).astimezone(UTC)


def _kind(day: date, rules: _Year) -> DayKind:
    if day in rules.holidays:
        return DayKind.HOLIDAY
    if day in rules.half_days:
        return DayKind.HALF
    if day in rules.swap_days:
        return DayKind.SWAP
    return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKING


def _read(published: PublishedYear) -> _Year:
    where = f"calendar {published.year} version {published.version}"
    read = _Year(
        published.version,
        _spans(published.windows, f"{where}: windows"),
        _spans(published.half_day_windows, f"{where}: half_day_windows") if published.half_days else (),
        _minute(published.cutoff, f"{where}: cutoff"),
        frozenset(published.holidays),
        frozenset(published.swap_days),
        frozenset(published.half_days),
    )
    _refuse_contradictions(published.year, read, where)
    return read


def _refuse_contradictions(year: int, read: _Year, where: str) -> None:
    for day in sorted(read.holidays | read.swap_days | read.half_days):
        if day.year != year:
            raise Invalid(f"{day} lies in another year", where=where)
    for day in sorted(read.swap_days):
        if day.weekday() < 5:
            raise Invalid(f"{day} is no weekend day: only those become working days by a swap", where=where)
    for day in sorted(read.holidays & (read.swap_days | read.half_days)):
        raise Invalid(f"{day} cannot be a holiday and worked", where=where)
    for day in sorted(read.half_days - read.swap_days):
        if day.weekday() >= 5:
            raise Invalid(f"{day} is a weekend day: half of it can be worked only if it is a swap day", where=where)


def _spans(texts: tuple[str, ...], where: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for text in texts:
        match = _WINDOW.fullmatch(text)
        if match is None:
            raise Invalid(f"{text[:40]!r} is no window", where=where, hint="for example 09:00-12:00")
        start, end = _minute(text[:5], where), _minute(text[6:], where)
        if start >= end or (spans and spans[-1].end > start):
            raise Invalid(f"the windows {', '.join(texts)} overlap or run backwards", where=where)
        spans.append(Span(start, end))
    if not spans:
        raise Invalid("a working day needs at least one window", where=where)
    return tuple(spans)


def _minute(text: str, where: str) -> int:
    match = _TIME.fullmatch(text)
    minute = int(match[1]) * 60 + int(match[2]) if match else _MINUTES + 1
    if match is None or int(match[2]) > 59 or minute > _MINUTES:
        raise Invalid(f"{text[:40]!r} is no time of day", where=where, hint="for example 17:00")
    return minute


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Invalid(f"{name[:60]!r} is no time zone", where="zone", hint="for example Asia/Shanghai") from error
