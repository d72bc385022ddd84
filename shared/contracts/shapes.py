"""What several events share: a point on the map, a time limit, and the mark of a field that stays inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from shared.kernel.working_time import Limit, Unit

__all__ = ["INTERNAL", "Internal", "Limit", "Point", "Unit"]

T = TypeVar("T")
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
