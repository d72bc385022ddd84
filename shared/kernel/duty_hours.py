"""When somebody is there: in the working hours of the calendar, and at a centre while its roster has a shift.

Whoever reminds people asks here first. A place is the path of an area: the shifts of a centre are its own, not those
of the centres above or below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.kernel.area import Area
from shared.kernel.working_calendar import Calendar


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody is at a centre's desk for a time."""

    person: str
    """The account, never a name."""
    starts_at: datetime
    ends_at: datetime

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Rosters:
    """The shifts of every centre, by the path of its area."""

    shifts: Mapping[str, tuple[Shift, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Iterable[tuple[str, Shift]]) -> Rosters:
        shifts: dict[str, list[Shift]] = {}
        for path, shift in found:
            shifts.setdefault(path, []).append(shift)
        return cls({path: tuple(sorted(own, key=lambda one: one.starts_at)) for path, own in shifts.items()})

    def on_shift(self, area: Area, at: datetime) -> tuple[str, ...]:
        """The accounts of those who are at the desk of this very area at the instant."""
        return tuple(dict.fromkeys(one.person for one in self.shifts.get(area.path, ()) if one.covers(at)))

    def staffed(self, at: datetime) -> tuple[str, ...]:
        """Paths of the areas whose desk has somebody at the instant."""
        return tuple(path for path, own in self.shifts.items() if any(one.covers(at) for one in own))

    def next_shift(self, area: Area, at: datetime) -> datetime | None:
        """From when on somebody is at the desk, the instant itself included; None when nobody is planned for."""
        starts = [max(one.starts_at, at) for one in self.shifts.get(area.path, ()) if one.ends_at > at]
        return min(starts) if starts else None


def is_on_duty(at: datetime, calendar: Calendar) -> bool:
    """Whether people work at the instant, by the calendar."""
    return any(begin <= at < end for begin, end in calendar.windows(calendar.local(at).date()))


def next_working_moment(at: datetime, calendar: Calendar) -> datetime:
    """The instant itself in working hours, else the beginning of the next ones."""
    begin, _ = next(calendar.windows_from(at))
    return max(begin, at)


def next_duty(at: datetime, calendar: Calendar, rosters: Rosters, area: Area | None) -> datetime:
    """The first instant at which somebody of the area may be told: working hours, or a shift at its desk."""
    working = next_working_moment(at, calendar)
    shift = None if area is None else rosters.next_shift(area, at)
    return working if shift is None else min(working, shift)
