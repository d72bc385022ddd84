"""Shapes that several events share: a point on the map, a time limit, how many of which kind."""

from __future__ import annotations

from dataclasses import dataclass

from shared.kernel.working_time import Limit, Unit

__all__ = ["Limit", "Point", "Unit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A position in WGS-84 degrees; accuracy in metres where the device told it."""

    lat: float
    lon: float
    accuracy: float | None = None
