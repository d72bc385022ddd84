"""Which areas a point lies in: the boundaries of a city in memory, asked in microseconds."""

from __future__ import annotations

from collections.abc import Iterable

import shapely
from shapely import STRtree

from shared.geometry.shapes import metres_between, unpacked


class Outlines:
    """Boundaries by area path, as the tables keep them. A point on an edge lies in both neighbours."""

    def __init__(self, found: Iterable[tuple[str, bytes | memoryview]]) -> None:
        self._shapes = {path: unpacked(kept) for path, kept in found}
        self._paths = list(self._shapes)
        shapes = list(self._shapes.values())
        # Prepared once, asked many times.
        shapely.prepare(shapes)
        self._tree = STRtree(shapes)

    def holding(self, lon: float, lat: float) -> list[str]:
        """The paths of every area that holds the point, the narrowest first; of two neighbours the first by code."""
        hits = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        return sorted((self._paths[hit] for hit in hits), key=lambda path: (-len(path), path))

    def metres_outside(self, path: str, lon: float, lat: float) -> float | None:
        """How far the point is from the area; 0 inside; None where the area has no boundary."""
        shape = self._shapes.get(path)
        return None if shape is None else metres_between(shape, lon, lat)
