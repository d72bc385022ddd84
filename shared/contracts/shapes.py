"""Shapes that several events share: a point on the map, a time limit, how many of which kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A position in WGS-84 degrees; accuracy in metres where the device told it."""

    lat: float
    lon: float
    accuracy: float | None = None


class Unit(StrEnum):
    """What a limit counts in: 工作日, 工作时, and hours that never stop 紧急工作时."""

    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"
    URGENT_HOURS = "urgent_hours"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take: `Limit(5, Unit.WORKING_HOURS)` is 5 工作时."""

    amount: int
    unit: Unit
