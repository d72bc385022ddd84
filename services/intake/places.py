"""Finds the area of a place that another system describes in its own way: a point, a code, or words.

A point belongs to the narrowest area whose boundary holds it. Where the city has given no boundaries there are only
centres: there it belongs to the nearest centre of the narrowest tier that has one within reach. A boundary speaks for
all that lies in its area: a point outside of it is never brought into it by being near.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.intake.outlines import Boundaries
from shared.contracts.shapes import Point
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid
from shared.ports import Rows

REACH: dict[Tier, float] = {
    Tier.BUILDING: 60.0,
    Tier.GROUP: 250.0,
    Tier.COMMUNITY: 1_200.0,
    Tier.STREET: 4_000.0,
    Tier.DISTRICT: 15_000.0,
}
"""Metres from the centre within which a point is believed to lie in an area of that tier."""
_METRES_PER_DEGREE = 111_320.0

BOUNDARIES = Boundaries()
"""Those of this process."""

_NEAREST = """
SELECT path FROM intake.areas a
WHERE tier = %(tier)s AND lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s
  AND (%(within)s = '' OR left(path, length(%(within)s) + 1) = %(within)s || '.')
  AND NOT EXISTS (
    SELECT 1 FROM intake.outlines o
    WHERE (a.path = o.path OR left(a.path, length(o.path) + 1) = o.path || '.')
      AND o.path <> %(within)s AND left(%(within)s, length(o.path) + 1) <> o.path || '.'
  )
ORDER BY (lat - %(lat)s) ^ 2 + ((lon - %(lon)s) * %(narrow)s) ^ 2, path
LIMIT 1
"""
_NAMED = "SELECT path, name FROM intake.areas WHERE length(name) > 1 AND position(name IN %s) > 0"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as it was described; at least one of the three is given."""

    point: Point | None = None
    code: str | None = None
    """An area path or national code."""
    words: str | None = None
    names: tuple[str, str, str] = ("point", "area", "place")
    """What the sender calls the three, for errors."""


def locate(rows: Rows, spot: Spot) -> Area:
    """The area, as narrow as can be told. A code says more than a point, and a point more than words.

    Raises Invalid naming every way that was tried and led nowhere.
    """
    if spot.code is not None:
        return _of_code(rows, spot.code, spot.names[1])
    tried: dict[str, object] = {}
    if spot.point is not None:
        found = nearest(rows, spot.point)
        if found is not None:
            return found
        tried[spot.names[0]] = [f"{spot.point.lat}, {spot.point.lon} lies in no place that we serve"]
    if spot.words is not None:
        named = in_words(rows, spot.words)
        if isinstance(named, Area):
            return named
        tried[spot.names[2]] = [named]
    if not tried:
        tried["location"] = [f"give {spot.names[0]}, {spot.names[1]} or {spot.names[2]}"]
    raise Invalid("the place cannot be found", where=", ".join(tried), errors=tried)


def nearest(rows: Rows, point: Point) -> Area | None:
    """The narrowest area that holds the point; below it, and where there are no boundaries, the nearest centre's."""
    within = BOUNDARIES.narrowest(rows, point)
    narrow = max(0.01, math.cos(math.radians(point.lat)))
    for tier, metres in REACH.items():
        if within is not None and tier <= within.tier:
            break
        up = metres / _METRES_PER_DEGREE
        wide = up / narrow
        found = rows.query(
            _NEAREST,
            {
                "tier": int(tier),
                "south": point.lat - up,
                "north": point.lat + up,
                "west": point.lon - wide,
                "east": point.lon + wide,
                "lat": point.lat,
                "lon": point.lon,
                "narrow": narrow,
                "within": "" if within is None else within.path,
            },
        )
        if found:
            return Area(found[0]["path"])
    return within


def in_words(rows: Rows, words: str) -> Area | str:
    """The narrowest area that the words name, or why there is none.

    The same name may stand for several places: the one whose wider areas are named too is meant.
    """
    named = {row["path"] for row in rows.query(_NAMED, [words])}
    if not named:
        return "no area that we know is named in it; name the street or community 街道、社区"
    lines = {path: sum(1 for above in Area(path).ancestors() if above.path in named) for path in named}
    most = max(lines.values())
    best = sorted(path for path, line in lines.items() if line == most)
    deepest = max(Area(path).tier for path in best)
    best = [path for path in best if Area(path).tier == deepest]
    if len(best) > 1:
        return f"several areas have that name: {', '.join(best[:5])}; name the street too, or send the area's code"
    return Area(best[0])


def _of_code(rows: Rows, code: str, name: str) -> Area:
    try:
        area = Area.parse(code)
    except Invalid as error:
        raise Invalid(str(error), where=name, hint=error.hint, errors={name: [str(error)]}) from error
    if not rows.query("SELECT 1 AS known FROM intake.areas WHERE path = %s", [area.path]):
        raise Invalid(f"there is no area {area}", where=name, errors={name: [f"there is no area {area}"]})
    return area
