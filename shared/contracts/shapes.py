"""What several events share: a point on the map, a time limit, and the mark of a field that stays inside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, TypeVar

from shared.kernel.working_time import Limit, Unit

__all__ = ["INTERNAL", "Internal", "Limit", "Point", "Unit"]

T = TypeVar("T")
_EARTH = 6_371_008.8
"""Metres: the mean radius."""
INTERNAL = "internal"
Internal = Annotated[T, INTERNAL]
"""A field of a public event that departments do not get, for example `subject_id: Internal[UUID | None]`.
It must be one that may be None: a body without it still satisfies the schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A position in WGS-84 degrees; accuracy in metres where the device told it."""

    lat: float
    lon: float
    accuracy: float | None = None

    def metres_to(self, other: Point) -> float:
        """The distance on a sphere of the earth's mean radius."""
        one, two = math.radians(self.lat), math.radians(other.lat)
        north, east = two - one, math.radians(other.lon - self.lon)
        chord = math.sin(north / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(east / 2) ** 2
        return 2 * _EARTH * math.asin(math.sqrt(min(1.0, chord)))
