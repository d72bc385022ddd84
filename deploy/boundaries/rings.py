"""From a geometry as a file has it to closed rings of longitude and latitude in WGS-84; each fault by its name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.boundaries.faults import Fault
from deploy.local.words import say
from shared.geometry.datum import TO_WGS84, Position

Ring = list[Position]
_PAIR = re.compile(r"\s*(-?[\d.]+(?:[eE]-?\d+)?)\s*[, ]\s*(-?[\d.]+(?:[eE]-?\d+)?)\s*\Z")
_WKT = re.compile(r"\s*(?:SRID=\d+;)?\s*(MULTI)?POLYGON\s*(?:Z|M|ZM)?\s*\(", re.IGNORECASE)
_CHINA_LON, _CHINA_LAT = (73.0, 136.0), (3.0, 54.0)


@dataclass(slots=True)
class Read:
    """The polygons of one feature, each an outer ring and its holes, and what was put right on the way."""

    polygons: list[list[Ring]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(geometry: Any, datum: str, order: str) -> Read:
    """Rings in WGS-84. Raises Fault."""
    found = Read()
    for rings in _polygons(geometry):
        found.polygons.append([_closed(_positions(ring, order), found) for ring in rings])
    if not found.polygons:
        raise Fault("geometry.empty", say("没有坐标", "it has no positions"), say("补上边界", "give it a boundary"))
    _plausible([position for rings in found.polygons for ring in rings for position in ring], order)
    way = TO_WGS84[datum]
    found.polygons = [[[way(position) for position in ring] for ring in rings] for rings in found.polygons]
    return found


# --- forms --------------------------------------------------------------------------------------------------------


def _polygons(geometry: Any) -> Sequence[Any]:
    """Of each polygon its rings, unchecked."""
    if isinstance(geometry, str) and geometry:
        return _of_wkt(geometry) if _WKT.match(geometry) else _of_pairs(geometry)
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind in ("Polygon", "MultiPolygon"):
        coordinates = geometry.get("coordinates")
        polygons = [coordinates] if kind == "Polygon" else coordinates
        if isinstance(polygons, list) and all(isinstance(one, list) and one for one in polygons):
            return polygons
        raise Fault("geometry.empty", say("没有坐标", "it has no positions"), say("补上边界", "give it a boundary"))
    said = "空" if not geometry else kind or "?"
    raise Fault(
        "geometry.kind",
        say(f"要面（Polygon、MultiPolygon），不是 {said}", f"it must be a Polygon or MultiPolygon, not {kind}"),
        say("线先闭合成面；点不是边界", "close lines into polygons; a point is no boundary"),
    )


def _of_wkt(text: str) -> list[list[list[str]]]:
    """Rings out of POLYGON((…),(…)) and MULTIPOLYGON(((…)),((…)))."""
    inner = text[text.index("(") :]
    groups = re.findall(r"\(\s*(\([^()]*\)(?:\s*,\s*\([^()]*\))*)\s*\)", inner)
    found = [[ring.split(",") for ring in re.findall(r"\(([^()]*)\)", group)] for group in groups]
    if not found or inner.count("(") != inner.count(")"):
        raise Fault("geometry.text", say("WKT 不完整", "its WKT is broken"), say("重新导出", "export it again"))
    return [[[" ".join(pair.split()[:2]) for pair in ring] for ring in rings] for rings in found]


def _of_pairs(text: str) -> list[list[list[str]]]:
    """`lon,lat;lon,lat` with `|` between polygons, as map services answer it."""
    return [[part.split(";")] for part in text.split("|") if part.strip()]


# --- positions ----------------------------------------------------------------------------------------------------


def _positions(ring: Any, order: str) -> Ring:
    if not isinstance(ring, list):
        raise Fault(
            "ring.form", say("环不是坐标列表", "a ring is no list of positions"), say("重新导出", "export again")
        )
    found = [_position(one, number) for number, one in enumerate(ring, 1)]
    return [(lat, lon) for lon, lat in found] if order == "lat-lon" else found


def _position(one: Any, number: int) -> Position:
    if isinstance(one, str) and (matched := _PAIR.match(one)):
        one = [_number(matched[1]), _number(matched[2])]
    if isinstance(one, list) and len(one) >= 2 and all(_is_real(value) for value in one[:2]):
        # A height, where there is one, says nothing about a boundary.
        return float(one[0]), float(one[1])
    raise Fault(
        "position.number",
        say(f"第 {number} 个坐标不是两个数: {one!r:.60}", f"position {number} is not two numbers: {one!r:.60}"),
        say("改正或删去该点", "correct that position, or take it out"),
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _closed(ring: Ring, found: Read) -> Ring:
    if ring and ring[0] != ring[-1]:
        ring = [*ring, ring[0]]
        note = say("环没有闭合，已连到起点", "a ring was open: it is closed where it began")
        if note not in found.notes:
            found.notes.append(note)
    if len(set(ring)) < 3:
        raise Fault(
            "ring.short",
            say(f"环只有 {len(set(ring))} 个不同的点", f"a ring has {len(set(ring))} different positions"),
            say("一个环至少要 3 个点", "a ring needs at least 3"),
        )
    return ring


# --- order and unit -----------------------------------------------------------------------------------------------


def _plausible(positions: Sequence[Position], order: str) -> None:
    """Degrees, longitude first. Raises Fault naming what it seems to be instead."""
    west, east, south, north = _box(positions)
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 180:
        raise Fault(
            "position.metres",
            say(f"坐标像是米而不是度: {positions[0]}", f"the positions seem to be metres, not degrees: {positions[0]}"),
            say("先转换: ogr2ogr -t_srs EPSG:4326", "convert it first: ogr2ogr -t_srs EPSG:4326"),
        )
    swapped = _lies(west, east, _CHINA_LAT) and _lies(south, north, _CHINA_LON)
    if swapped or max(abs(south), abs(north)) > 90:
        other = "lon-lat" if order == "lat-lon" else "lat-lon"
        raise Fault(
            "position.order",
            say(f"经度和纬度的顺序反了: {positions[0]}", f"longitude and latitude are swapped: {positions[0]}"),
            say(f"加上 --order {other}", f"say --order {other}"),
        )


def _box(positions: Sequence[Position]) -> tuple[float, float, float, float]:
    lons, lats = [one[0] for one in positions], [one[1] for one in positions]
    return min(lons), max(lons), min(lats), max(lats)


def _lies(low: float, high: float, within: tuple[float, float]) -> bool:
    return within[0] <= low and high <= within[1]
