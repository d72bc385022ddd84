"""Boundaries as a drawing: north up, in a frame, with a place inside each where its name goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

import numpy
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from shared.geometry.shapes import METRES, simplified_together

_FINEST = 1.2
"""Units of the picture: what is nearer is drawn as one point."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a part of the ground lies in a picture: longitude and latitude to x and y."""

    west: float
    north: float
    across: float
    """Units of the picture per degree of longitude."""
    down: float
    """Units of the picture per degree of latitude."""
    width: float
    height: float

    @classmethod
    def around(
        cls, shapes: Sequence[BaseGeometry], widths: tuple[float, float], heights: tuple[float, float], margin: float
    ) -> Frame:
        """All of the shapes in the middle of a picture that is as large as they need, within those bounds."""
        west, south, east, north = shapely.total_bounds(numpy.array(shapes, dtype=object)).tolist()
        narrow = cos(radians((south + north) / 2))
        wide, high = max((east - west) * narrow, 1e-9), max(north - south, 1e-9)
        scale = min((widths[1] - 2 * margin) / wide, (heights[1] - 2 * margin) / high)
        width = min(max(wide * scale + 2 * margin, widths[0]), widths[1])
        height = min(max(high * scale + 2 * margin, heights[0]), heights[1])
        left, top = (width - wide * scale) / 2, (height - high * scale) / 2
        return cls(west - left / (scale * narrow), north + top / scale, scale * narrow, scale, width, height)

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a position is in the picture."""
        return (lon - self.west) * self.across, (self.north - lat) * self.down

    @property
    def metres(self) -> float:
        """Metres on the ground that one unit of the picture stands for."""
        return METRES / self.down

    def drawn(self, shape: BaseGeometry) -> BaseGeometry:
        """The shape in the picture's units."""

        def each(positions: numpy.ndarray) -> numpy.ndarray:
            return (positions - [self.west, self.north]) * [self.across, -self.down]

        return shapely.transform(shape, each)


@dataclass(frozen=True, slots=True)
class Figure:
    """One area as it is drawn."""

    path: str
    """As an SVG path has it; holes by the rule evenodd."""
    centre: tuple[float, float]
    """As far inside as can be."""
    radius: float
    """Of the largest circle around the centre that fits."""
    width: float
    """How wide the area is at its centre: what a name may take."""


def figures(shapes: Sequence[BaseGeometry], frame: Frame) -> list[Figure]:
    """Each shape drawn in the frame, with no more points than can be seen."""
    thinned = simplified_together(shapes, _FINEST * frame.metres)
    return [_figure(frame.drawn(shape)) for shape in thinned]


def _figure(shape: BaseGeometry) -> Figure:
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon) and not part.is_empty]
    if not parts:
        # So narrow that nothing is left of it at this scale.
        x, y = (0.0, 0.0) if shape.is_empty else shape.centroid.coords[0]
        return Figure("", (x, y), 0.0, 0.0)
    largest = max(parts, key=lambda part: part.area)
    circle = shapely.maximum_inscribed_circle(largest, tolerance=max(0.5, largest.length / 500))
    (x, y), (touch_x, touch_y) = circle.coords[0], circle.coords[-1]
    radius = ((x - touch_x) ** 2 + (y - touch_y) ** 2) ** 0.5
    path = "".join(_ring(ring.coords) for part in parts for ring in (part.exterior, *part.interiors))
    return Figure(path, (x, y), radius, max(_width_at(largest, x, y), 2 * radius))


def _width_at(shape: Polygon, x: float, y: float) -> float:
    """Of the part of a level line through the point that lies inside: twice its shorter half."""
    left, _, right, _ = shape.bounds
    inside = shapely.intersection(shape, LineString([(left - 1, y), (right + 1, y)]))
    for part in shapely.get_parts(inside):
        start, _, end, _ = part.bounds
        if start <= x <= end:
            return float(2 * min(x - start, end - x))
    return 0.0


def _ring(positions: Sequence[Sequence[float]]) -> str:
    first, *others = [f"{x:.1f},{y:.1f}" for x, y in positions[:-1]]
    return f"M{first}L{' '.join(others)}Z"
