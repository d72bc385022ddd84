"""Schematic boundaries of Panlong for tests: cells around the centres of its communities, marked 示意, no facts."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from shapely import MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from shared.geometry.shapes import polygons_of

AREAS = Path(__file__).parents[2] / "deploy/reference/panlong/areas.csv"
SOURCE = "示意"


@cache
def panlong() -> dict[str, BaseGeometry]:
    """Path → shape of the district, its streets and its communities; neighbours share their edges exactly."""
    with AREAS.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["path"].count(".") == 2 and row["lat"]]
    return schematic({row["path"]: (float(row["lon"]), float(row["lat"])) for row in rows})


def schematic(centres: dict[str, tuple[float, float]]) -> dict[str, BaseGeometry]:
    """Cells around the centres of communities, and what they add up to further up."""
    points = MultiPoint(list(centres.values()))
    outline = points.convex_hull.buffer(0.012, quad_segs=4)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=outline))
    found: dict[str, BaseGeometry] = {}
    families: dict[str, list[BaseGeometry]] = defaultdict(list)
    for path, centre in centres.items():
        cell = next(one for one in cells if one.covers(Point(centre)))
        found[path] = shapely.set_precision(cell.intersection(outline), 1e-7)
        for end in (6, 10):
            families[path[:end]].append(found[path])
    return {path: shapely.union_all(parts) for path, parts in sorted(families.items())} | found


def feature(path: str, shape: BaseGeometry, **properties: Any) -> dict[str, Any]:
    """As a survey office writes it."""
    coordinates = polygons_of(shape)
    geometry = {"type": "MultiPolygon", "coordinates": coordinates}
    return {"type": "Feature", "properties": {"code": path.replace(".", ""), **properties}, "geometry": geometry}


def collection(shapes: dict[str, BaseGeometry]) -> dict[str, Any]:
    """A file's content."""
    return {"type": "FeatureCollection", "features": [feature(path, shape) for path, shape in shapes.items()]}
