"""The ground for the map that a place is chosen on: outlines where the city gave them, else the places' centres.

One small GeoJSON document for streets and communities, simplified until it is small, and kept until a boundary changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.intake.places import BOUNDARIES
from shared.kernel.area import Area
from shared.ports import Rows

MOST_POINTS = 6_000
"""Of all outlines together: some 100 kB, a third of that on the wire."""
_FINEST = 10.0
"""Metres: nobody points more exactly on a map of a district."""
_DECIMALS = 5

_AREAS = """
SELECT a.path, a.name, a.tier, a.lat, a.lon, o.shape FROM intake.areas a LEFT JOIN intake.outlines o ON o.path = a.path
WHERE a.tier IN (2, 3) AND (%(within)s = '' OR left(a.path, length(%(within)s)) = %(within)s) ORDER BY a.path LIMIT 3000
"""


class PlaceMaps:
    """The documents of one process, by area and by how new the boundaries are."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], bytes] = {}

    def of(self, rows: Rows, within: Area | None) -> bytes:
        """A FeatureCollection of the streets and communities in the area, or of all."""
        # A new area without a boundary shows when a boundary changes or the process starts: streets are not made daily.
        standing = (*BOUNDARIES.standing(rows), "" if within is None else within.path)
        if standing not in self._kept:
            found = rows.query(_AREAS, {"within": "" if within is None else within.path})
            if len(self._kept) > 32:
                self._kept.clear()
            self._kept[standing] = orjson.dumps({"type": "FeatureCollection", "features": _features(found)})
        return self._kept[standing]


def _features(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    outlines = _outlines([row for row in found if row["shape"] is not None])
    features = []
    for row in found:
        geometry = outlines.get(row["path"]) or _centre(row)
        if geometry is not None:
            properties = {"path": row["path"], "name": row["name"], "tier": row["tier"]}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return features


def _centre(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["lat"] is None:
        return None
    return {"type": "Point", "coordinates": [round(row["lon"], _DECIMALS), round(row["lat"], _DECIMALS)]}


def _outlines(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    if not rows:
        return {}
    from shared.geometry.shapes import points_of, polygons_of, simplified_together, unpacked  # only where there are any

    tiers = [[row for row in rows if row["tier"] == tier] for tier in (2, 3)]
    metres, points = _FINEST / 2, MOST_POINTS + 1
    found: dict[str, Any] = {}
    while points > MOST_POINTS and metres < 200:
        metres *= 2
        found = {}
        for tier in tiers:
            shapes = simplified_together([unpacked(row["shape"]) for row in tier], metres)
            found |= {row["path"]: polygons_of(shape) for row, shape in zip(tier, shapes, strict=True)}
        points = sum(points_of(polygons) for polygons in found.values())
    return {path: {"type": "MultiPolygon", "coordinates": _rounded(polygons)} for path, polygons in found.items()}


def _rounded(value: Any) -> Any:
    return [_rounded(one) for one in value] if isinstance(value, tuple) else round(value, _DECIMALS)
