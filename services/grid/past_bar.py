"""The bar over a page that shows a past moment: which one, and the ways on from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from services.grid.domain.time import CITY_ZONE
from services.grid.queries import past
from services.grid.queries.past import Moment
from shared.ports import Rows

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PastBar:
    """What the template needs of the moment."""

    then: Moment
    first: datetime
    """Nothing was recorded before."""
    now: datetime

    @property
    def query(self) -> str:
        """As every address on the page carries it on."""
        return asked(self.then.at)

    @property
    def local(self) -> datetime:
        """By the city's clock."""
        return self.then.at.astimezone(CITY_ZONE)

    @property
    def said(self) -> str:
        """The minute, as the slider says it too."""
        return f"{self.local:%Y-%m-%d %H:%M}"

    @property
    def earliest(self) -> datetime:
        """The first second that can be asked for, by the city's clock."""
        return (self.first.astimezone(CITY_ZONE) + timedelta(seconds=1)).replace(microsecond=0)

    @property
    def latest(self) -> datetime:
        """The last one."""
        return self.now.astimezone(CITY_ZONE).replace(microsecond=0)

    def step(self, hours: int) -> str | None:
        """The address's part for so many hours on or back; None where there is nothing."""
        there = self.then.at + hours * _HOUR
        return asked(there) if self.first <= there <= self.now else None

    @property
    def yesterday(self) -> str | None:
        """This time yesterday."""
        there = self.now - _DAY
        return asked(there) if there >= self.first else None


def asked(at: datetime) -> str:
    """`at=2026-05-03T09%3A00%3A00%2B08%3A00`."""
    return urlencode({"at": at.astimezone(CITY_ZONE).isoformat(timespec="seconds")})


def bar(rows: Rows, then: Moment | None, now: datetime) -> PastBar | None:
    """None for the present."""
    if then is None:
        return None
    return PastBar(then, past.since(rows) or then.at, now)


def way_back(rows: Rows, now: datetime) -> str | None:
    """Where looking back begins: this time yesterday, or the first moment that there is; None before anything was."""
    first = past.since(rows)
    return None if first is None else asked(max(first + timedelta(seconds=1), now - _DAY))


def nearest(rows: Rows, local: datetime, now: datetime) -> str:
    """The city's time of a form as part of an address: forms know no seconds, so what is just before the first moment,
    or just after now, is moved there."""
    at, first = local.replace(tzinfo=CITY_ZONE), past.since(rows)
    return asked(min(at if first is None else max(at, first + timedelta(seconds=1)), now))
