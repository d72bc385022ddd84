"""The only place that reads the wall clock; everything else is told the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""A function that answers the present instant, always with a zone."""


def utc_now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)
