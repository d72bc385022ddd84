"""A calendar version that an operator publishes for a running city, with its days off laid around today.

Nobody can tell a running city that it is another day. What can be told is which of the days around today are worked,
and in which zone the city lies: `wuji calendar publish`, as for any correction.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from deploy.local.places import PROJECT
from shared.kernel.clock import utc_now
from tests.support.stack import RunningStack

REFERENCE = PROJECT / "deploy/reference/panlong/calendar-2026.toml"
"""Worked from 9 to 12 and from 13 to 17."""
SATURDAY, SUNDAY = 5, 6
DAY = timedelta(days=1)


def is_weekend(day: date) -> bool:
    return day.weekday() in (SATURDAY, SUNDAY)


def days(first: date, last: date) -> list[date]:
    """All of them, the first and the last included."""
    return [first + n * DAY for n in range((last - first).days + 1)]


@dataclass(frozen=True)
class Zone:
    """A zone with whole hours, in which it is a wanted time of the day now."""

    hours: int
    """East of Greenwich."""

    @classmethod
    def in_which_it_is(cls, first_minute: int) -> Zone:
        """The zone in which it is now within an hour after this minute of the day."""
        now = utc_now().astimezone(UTC)
        late = -(-(first_minute - (now.hour * 60 + now.minute)) // 60)
        return cls(late if late <= 14 else late - 24)

    @property
    def name(self) -> str:
        """As the tz database writes it: with the sign turned round."""
        return f"Etc/GMT{-self.hours:+d}"

    def local(self, at: datetime) -> datetime:
        return at.astimezone(timezone(timedelta(hours=self.hours)))


@contextmanager
def published(
    stack: RunningStack, folder: Path, *, off: Iterable[date], worked: Iterable[date], zone: Zone | None = None
) -> Iterator[None]:
    """The days off and the days worked are so while the block runs; then the reference calendar holds again.

    Weekend days that are off and weekdays that are worked need no word, and are left out.
    """
    off, worked = list(off), list(worked)
    years = sorted({day.year for day in (*off, *worked)})
    for year in years:
        holidays = [day for day in off if day.year == year and not is_weekend(day)]
        swaps = [day for day in worked if day.year == year and is_weekend(day)]
        _publish(stack, folder, year, holidays, swaps, zone.name if zone else "Asia/Shanghai")
    try:
        yield
    finally:
        reference = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))
        for year in years:
            usual = reference if year == reference["year"] else {"holidays": [], "swap_days": []}
            _publish(stack, folder, year, usual["holidays"], usual["swap_days"], reference["zone"])


def _publish(stack: RunningStack, folder: Path, year: int, holidays: list[date], swaps: list[date], zone: str) -> None:
    stored = "SELECT coalesce(max((data ->> 'version')::int), 0) FROM es.events WHERE stream = %s"
    version = int(stack.rows(stored, [f"rulebook-calendar-{year}"])[0][0]) + 1
    file = folder / f"calendar-{year}-{version}.toml"
    file.write_text(
        f'year = {year}\nversion = {version}\nzone = "{zone}"\n'
        'windows = ["09:00-12:00", "13:00-17:00"]\nhalf_day_windows = ["09:00-12:00"]\ncutoff = "17:00"\n'
        f"holidays = [{', '.join(map(str, holidays))}]\nswap_days = [{', '.join(map(str, swaps))}]\nhalf_days = []\n",
        encoding="utf-8",
    )
    assert stack.json("calendar", "publish", str(file), "--commit")["published"]
