"""A schematic map from nothing but the places of some points: each gets a tile, neighbours stay neighbours.

Cities that have imported no boundaries still get a map that can be read. Tiles are the Voronoi cells of the points
inside a rounded outline around them, evened out a little so that every tile can carry its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, hypot, pi, radians, sin, sqrt

Point = tuple[float, float]
WIDTH, HEIGHT = 1000.0, 600.0
_MARGIN = 112.0
_EVENED = 3
_GOLDEN = pi * (3 - sqrt(5))


@dataclass(frozen=True, slots=True)
class Tile:
    """One area's tile: its corners, and where its name goes."""

    corners: tuple[Point, ...]
    centre: Point
    width: float
    """How wide the tile is at its centre: what a name may take."""

    @property
    def path(self) -> str:
        """The corners as SVG wants them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.corners)


@lru_cache(maxsize=512)
def tiles(places: tuple[tuple[float, float] | None, ...]) -> tuple[Tile, ...]:
    """The tile of each place (latitude, longitude), in order. Places that are not known lie where there is room."""
    if not places:
        return ()
    points = _spread(_projected(places))
    outline = _outline(points)
    cells = _cells(points, outline)
    for _ in range(_EVENED if len(points) > 2 else 0):
        points = [_halfway(point, _centroid(cell)) for point, cell in zip(points, cells, strict=True)]
        cells = _cells(points, outline)
    return tuple(_tile(cell) for cell in cells)


def _tile(cell: list[Point]) -> Tile:
    centre = _centroid(cell)
    crossings = [
        x1 + (centre[1] - y1) * (x2 - x1) / (y2 - y1)
        for (x1, y1), (x2, y2) in zip(cell, [*cell[1:], cell[0]], strict=True)
        if (y1 <= centre[1] < y2) or (y2 <= centre[1] < y1)
    ]
    return Tile(tuple(cell), centre, max(crossings, default=0.0) - min(crossings, default=0.0))


def _projected(places: Sequence[tuple[float, float] | None]) -> list[Point]:
    """On a plane, north up; unknown places on a spiral, as seeds lie in a sunflower."""
    known = [place for place in places if place is not None]
    if len(set(known)) < 3 or len(known) < len(places):
        return [_on_spiral(n) for n in range(len(places))]
    shrink = cos(radians(sum(lat for lat, _ in known) / len(known)))
    return [(lon * shrink, -lat) for lat, lon in known]


def _on_spiral(n: int) -> Point:
    return (sqrt(n + 0.5) * cos(n * _GOLDEN), sqrt(n + 0.5) * sin(n * _GOLDEN) * 0.62)


def _spread(points: list[Point]) -> list[Point]:
    """Fitted into the picture; two points in one place are moved apart."""
    left, top = min(x for x, _ in points), min(y for _, y in points)
    wide = max(x for x, _ in points) - left or 1.0
    high = max(y for _, y in points) - top or 1.0
    inner_width, inner_height = WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN
    if len(points) == 1:
        return [(WIDTH / 2, HEIGHT / 2)]
    fitted = [(_MARGIN + (x - left) / wide * inner_width, _MARGIN + (y - top) / high * inner_height) for x, y in points]
    loose = 0.2 * sqrt(inner_width * inner_height / len(points))
    return [
        (
            _within(x + loose * _wobble(n) + n % 7 * 0.01, WIDTH),
            _within(y + loose * _wobble(n + 0.5) + n % 5 * 0.01, HEIGHT),
        )
        for n, (x, y) in enumerate(fitted)
    ]


def _within(at: float, size: float) -> float:
    return min(max(at, _MARGIN), size - _MARGIN)


def _wobble(n: float) -> float:
    """From -1 to 1, always the same for the same tile: a map drawn with a ruler looks like none."""
    return sin(n * 12.9898 + 4.1) * cos(n * 4.1414 + 1.7)


def _outline(points: list[Point]) -> list[Point]:
    """The hull of circles around the points: rounded, and as wide as the picture allows."""
    around = [
        (x + reach * cos(step * pi / 12), y + reach * sin(step * pi / 12))
        for n, (x, y) in enumerate(points)
        for reach in [_MARGIN * (0.78 + 0.18 * _wobble(n * 3))]
        for step in range(24)
    ]
    return _hull(around)


def _hull(points: list[Point]) -> list[Point]:
    ordered = sorted(set(points))

    def half(these: list[Point]) -> list[Point]:
        found: list[Point] = []
        for point in these:
            while len(found) > 1 and _turn(found[-2], found[-1], point) <= 0:
                found.pop()
            found.append(point)
        return found

    lower, upper = half(ordered), half(ordered[::-1])
    return lower[:-1] + upper[:-1]


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cells(points: list[Point], outline: list[Point]) -> list[list[Point]]:
    """Of each point what lies nearer to it than to any other, inside the outline."""
    cells = []
    for n, (x, y) in enumerate(points):
        cell = outline
        nearest = sorted(
            (other for m, other in enumerate(points) if m != n), key=lambda other: hypot(other[0] - x, other[1] - y)
        )
        for other in nearest:
            reach = max(hypot(corner[0] - x, corner[1] - y) for corner in cell)
            if hypot(other[0] - x, other[1] - y) > 2 * reach:
                break
            cell = _nearer(cell, (x, y), other) or cell
        cells.append(cell)
    return cells


def _nearer(cell: list[Point], own: Point, other: Point) -> list[Point]:
    """The part of the cell on the own side of the line halfway to the other point."""
    middle = ((own[0] + other[0]) / 2, (own[1] + other[1]) / 2)
    across = (other[0] - own[0], other[1] - own[1])

    def beyond(corner: Point) -> float:
        return (corner[0] - middle[0]) * across[0] + (corner[1] - middle[1]) * across[1]

    kept: list[Point] = []
    for here, there in zip(cell, [*cell[1:], cell[0]], strict=True):
        a, b = beyond(here), beyond(there)
        if a <= 0:
            kept.append(here)
        if (a < 0 < b) or (b < 0 < a):
            at = a / (a - b)
            kept.append((here[0] + at * (there[0] - here[0]), here[1] + at * (there[1] - here[1])))
    return kept


def _centroid(cell: Sequence[Point]) -> Point:
    area = x = y = 0.0
    for (x1, y1), (x2, y2) in zip(cell, [*cell[1:], cell[0]], strict=True):
        cross = x1 * y2 - x2 * y1
        area, x, y = area + cross, x + (x1 + x2) * cross, y + (y1 + y2) * cross
    return (x / (3 * area), y / (3 * area)) if area else cell[0]


def _halfway(a: Point, b: Point) -> Point:
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
