"""Which day an instant belongs to: the city's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

CITY_ZONE = timezone(timedelta(hours=8))
"""China has one zone and no summer time, so a fixed offset is exact, and the same on every machine."""


def day_of(instant: datetime) -> str:
    """`2026-05-03`; days sort as texts. The instant needs a zone."""
    return _day(int(instant.timestamp() + 28800) // 86400)


def start_of(day: str) -> datetime:
    """The first instant of a day."""
    return datetime.fromisoformat(day).replace(tzinfo=CITY_ZONE).astimezone(UTC)


@lru_cache(maxsize=20_000)
def _day(number: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)).date().isoformat()
