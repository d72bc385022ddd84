"""What makes a working calendar wrong: weekends as holidays, swap days in the week, hours that run backwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deploy.reference.files import Entry, Fault, calendar_entries
from shared.contracts import catalogue
from shared.contracts.rulebook import CalendarPublished
from shared.kernel.errors import Invalid

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_WINDOW = re.compile(rf"({_CLOCK})-({_CLOCK}|24:00)")


def read_calendar(path: Path) -> CalendarPublished:
    """One year's calendar from its file. Raises Invalid with every fault."""
    catalogue.load()
    faults: list[Fault] = []
    entries = list(calendar_entries(path, faults))
    faults += [fault for entry in entries for fault in calendar_faults(entry)]
    if faults or not entries:
        said = "\n".join(str(fault) for fault in faults) or f"{path.name}: no calendar"
        raise Invalid(said, where=path.name)
    return entries[0].event


def calendar_faults(entry: Entry[CalendarPublished]) -> Iterator[Fault]:
    """Everything that is wrong with one year's calendar."""
    calendar = entry.event
    yield from _days(entry)
    yield from _hours(entry, "windows", calendar.windows)
    if calendar.half_days or calendar.half_day_windows:
        yield from _hours(entry, "half_day_windows", calendar.half_day_windows)
    if not re.fullmatch(_CLOCK, calendar.cutoff):
        yield entry.fault(f"the cutoff {calendar.cutoff!r} is no time", "Write it like 17:00")
    try:
        ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield entry.fault(f"there is no time zone {calendar.zone!r}", "Write it like Asia/Shanghai")


def _days(entry: Entry[CalendarPublished]) -> Iterator[Fault]:
    calendar = entry.event
    named = [*calendar.holidays, *calendar.swap_days, *calendar.half_days]
    for day, times in Counter(named).items():
        if times > 1:
            yield entry.fault(f"{day} is named {times} times", "A day is either a holiday, a swap day or a half day")
        if day.year != calendar.year:
            yield entry.fault(f"{day} does not lie in {calendar.year}", "Put it into the calendar of its year")
    for day in calendar.holidays:
        if _is_weekend(day):
            yield entry.fault(f"the holiday {day} is a weekend day", "Name only days that would be worked otherwise")
    for day in calendar.swap_days:
        if not _is_weekend(day):
            yield entry.fault(f"the swap day {day} is a working day anyway", "Name only weekend days that are worked")


def _is_weekend(day: date) -> bool:
    return day.isoweekday() > 5


def _hours(entry: Entry[CalendarPublished], name: str, windows: tuple[str, ...]) -> Iterator[Fault]:
    if not windows:
        yield entry.fault(f"{name} is empty", "Name the working hours, like 09:00-12:00")
    end = "00:00"
    for window in windows:
        match = _WINDOW.fullmatch(window)
        if match is None:
            yield entry.fault(f"{name}: {window!r} are no hours", "Write them like 09:00-12:00")
        elif match[1] >= match[2] or match[1] < end:
            yield entry.fault(f"{name}: {window} does not come after what is before it", "Put them in order")
        else:
            end = match[2]
