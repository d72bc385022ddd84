"""What is known of the ground before a file comes in: the areas with their names and centres, and their boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry.base import BaseGeometry

from shared.geometry.shapes import unpacked
from shared.kernel.area import Area
from shared.ports import Rows


@dataclass(frozen=True, slots=True)
class Known:
    """One area."""

    area: Area
    name: str
    kind: str
    centre: tuple[float, float] | None
    """Longitude and latitude."""


@dataclass
class Ground:
    """The areas by path, and the boundaries that count now."""

    areas: dict[str, Known]
    shapes: dict[str, BaseGeometry] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    tolerances: dict[str, float] = field(default_factory=dict)

    def centre_near(self, area: Area) -> tuple[float, float] | None:
        """The centre of the area, or of the narrowest one around it that has one."""
        line = (self.areas.get(one.path) for one in reversed([*area.ancestors()]))
        return next((one.centre for one in line if one is not None and one.centre is not None), None)

    def children(self, path: str) -> list[Known]:
        """What lies directly in the area, by code."""
        parent = Area(path)
        return [one for one in self.areas.values() if one.area.parent == parent]


def of_tables(rows: Rows) -> Ground:
    """As grid has it."""
    known = rows.query("SELECT path, name, kind, lat, lon FROM areas ORDER BY path")
    found = Ground({row["path"]: _known(row) for row in known})
    for row in rows.query("SELECT path, source, tolerance, shape FROM boundaries ORDER BY path"):
        found.shapes[row["path"]] = unpacked(row["shape"])
        found.sources[row["path"]] = row["source"]
        found.tolerances[row["path"]] = row["tolerance"]
    return found


def of_events(created: Iterable[Any]) -> Ground:
    """As a folder of reference data has it, where nothing was started yet."""
    rows = (
        {"path": one.path, "name": one.name, "kind": one.kind}
        | ({"lat": None, "lon": None} if one.centre is None else {"lat": one.centre.lat, "lon": one.centre.lon})
        for one in created
    )
    return Ground({row["path"]: _known(row) for row in sorted(rows, key=lambda row: str(row["path"]))})


def _known(row: Mapping[str, Any]) -> Known:
    centre = None if row["lat"] is None else (float(row["lon"]), float(row["lat"]))
    return Known(Area(row["path"]), row["name"], row["kind"], centre)
