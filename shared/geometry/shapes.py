"""Boundaries as events carry them, as shapely wants them, and as tables keep them; and what is measured on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import cos, radians

import numpy
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from shared.geometry.datum import Position

Ring = tuple[tuple[float, ...], ...]
Polygons = tuple[tuple[Ring, ...], ...]
"""Of each polygon the outer ring, then its holes; longitude and latitude, in degrees."""

DECIMALS = 7
"""Of a degree: a centimetre."""
METRES = 111_320.0
"""Of a degree of latitude."""


def shape_of(polygons: Sequence[Sequence[Sequence[Sequence[float]]]]) -> MultiPolygon:
    """The shape; nothing is checked but that every ring has four positions."""
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in polygons])


def place(lon: float, lat: float) -> BaseGeometry:
    """A position as a shape."""
    return shapely.Point(lon, lat)


def polygons_of(shape: BaseGeometry) -> Polygons:
    """What an event says of a Polygon or MultiPolygon; outer rings run against the clock, as RFC 7946 has it."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon) and not part.is_empty]
    return tuple(
        tuple(_ring(ring.coords) for ring in (turned.exterior, *turned.interiors))
        for turned in (shapely.orient_polygons(part) for part in parts)
    )


def _ring(positions: Sequence[Sequence[float]]) -> Ring:
    return tuple((round(one[0], DECIMALS), round(one[1], DECIMALS)) for one in positions)


def points_of(polygons: Polygons) -> int:
    """How many positions a boundary has."""
    return sum(len(ring) for rings in polygons for ring in rings)


def packed(polygons: Polygons) -> str:
    """As a column of the type bytea takes it."""
    return "\\x" + shapely.to_wkb(shape_of(polygons), hex=True)


def unpacked(kept: bytes | memoryview) -> BaseGeometry:
    """What `packed` made."""
    return shapely.from_wkb(bytes(kept))


def moved(shape: BaseGeometry, way: Callable[[Position], Position]) -> BaseGeometry:
    """Every position taken elsewhere: from one datum to another."""

    def each(positions: numpy.ndarray) -> numpy.ndarray:
        return numpy.array([way((lon, lat)) for lon, lat in positions.tolist()]).reshape(-1, 2)

    return shapely.transform(shape, each)


def in_metres(shape: BaseGeometry, latitude: float) -> BaseGeometry:
    """On a plane, in metres: right to a thousandth within a district at that latitude."""
    return shapely.transform(shape, partial(numpy.multiply, [METRES * cos(radians(latitude)), METRES]))


def in_degrees(shape: BaseGeometry, latitude: float) -> BaseGeometry:
    """Back from the plane."""
    return shapely.transform(shape, partial(numpy.multiply, [1 / METRES / cos(radians(latitude)), 1 / METRES]))


def square_metres(shape: BaseGeometry) -> float:
    """How large it is."""
    return 0.0 if shape.is_empty else float(in_metres(shape, _latitude(shape)).area)


def metres_between(shape: BaseGeometry, lon: float, lat: float) -> float:
    """From a point to the nearest part of the shape; 0 inside and on the edge."""
    return float(in_metres(shape, lat).distance(in_metres(shapely.Point(lon, lat), lat)))


def simplified(shape: BaseGeometry, metres: float) -> BaseGeometry:
    """With fewer positions, none further than that from where it was; it stays valid."""
    latitude = _latitude(shape)
    return in_degrees(in_metres(shape, latitude).simplify(metres, preserve_topology=True), latitude)


def simplified_together(shapes: Sequence[BaseGeometry], metres: float) -> list[BaseGeometry]:
    """Neighbours keep the edges that they share, where they share them exactly."""
    if not shapes:
        return []
    latitude = _latitude(shapes[0])
    flat = numpy.array([in_metres(shape, latitude) for shape in shapes], dtype=object)
    if shapely.coverage_is_valid(flat):
        thinned = shapely.coverage_simplify(flat, metres)
    else:
        thinned = shapely.simplify(flat, metres, preserve_topology=True)
    return [in_degrees(shape, latitude) for shape in thinned]


def _latitude(shape: BaseGeometry) -> float:
    _, south, _, north = shape.bounds
    return (south + north) / 2
