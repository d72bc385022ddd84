"""From rings to a shape that is sound: it does not cross itself, has an inside, and is no larger than the log wants."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from deploy.boundaries.faults import Fault
from deploy.boundaries.rings import Read
from deploy.local.words import say
from shared.geometry.shapes import points_of, polygons_of, shape_of, simplified, square_metres

MOST_POINTS = 5_000
"""Positions that the log keeps of one boundary: some 110 kB. More are thinned, no further than needed."""
FINEST, COARSEST = 0.25, 32.0
"""Metres: where thinning begins, and where it gives up."""
_MOST_MENDED = 0.01
"""The share of its surface that mending may change."""
_REASONS = (
    ("Ring Self-intersection", "ring.touches", "边界碰到自己", "the boundary touches itself"),
    ("Self-intersection", "ring.crosses", "边界自相交", "the boundary crosses itself"),
    ("Hole lies outside shell", "hole.outside", "洞在外环之外", "a hole lies outside of its outer ring"),
    ("Holes are nested", "hole.nested", "洞套着洞", "a hole lies in another hole"),
    ("Nested shells", "part.nested", "一块套着另一块", "one part lies in another part"),
    ("Interior is disconnected", "hole.cuts", "洞把面切断了", "a hole cuts the polygon in two"),
    ("Duplicate Rings", "ring.twice", "同一个环出现两次", "the same ring is there twice"),
)


@dataclass(slots=True)
class Sound:
    """A boundary that can be stored."""

    shape: BaseGeometry
    points: int
    tolerance: float = 0.0
    notes: list[str] = field(default_factory=list)


def sound(read: Read, *, repair: bool, metres: float) -> Sound:
    """The shape, mended and thinned where that was asked for or is needed. Raises Fault."""
    shape: BaseGeometry = shape_of(read.polygons)
    notes = list(read.notes)
    if square_metres(shape.convex_hull) < 1.0:
        raise Fault("shape.empty", say("面积为零", "it has no surface"), say("检查该要素", "look at that feature"))
    if not shape.is_valid:
        if not repair:
            _refuse(shape)
        shape = _mended(shape, notes)
    return _thinned(Sound(shape, _points(shape), notes=notes), metres)


def _points(shape: BaseGeometry) -> int:
    return points_of(polygons_of(shape))


def _refuse(shape: BaseGeometry) -> NoReturn:
    reason = shapely.is_valid_reason(shape)
    where = re.search(r"\[(\S+) (\S+?)\]", reason)
    at = f" ({float(where[1]):.6f}, {float(where[2]):.6f})" if where else ""
    rule, zh, en = next(
        ((rule, zh, en) for known, rule, zh, en in _REASONS if reason.startswith(known)),
        ("shape.wrong", f"面无效: {reason}", f"it is no valid polygon: {reason}"),
    )
    raise Fault(rule, say(zh + at, en + at), say("改正该处，或加 --repair", "mend it there, or say --repair"))


def _mended(shape: BaseGeometry, notes: list[str]) -> BaseGeometry:
    """With its crossings cut; refused where that changes what it is."""
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(mended) if isinstance(part, Polygon)]
    found = shapely.union_all(parts) if parts else MultiPolygon()
    before, after = square_metres(shapely.make_valid(shape)), square_metres(found)
    if after == 0 or abs(before - after) > _MOST_MENDED * before:
        _refuse(shape)
    notes.append(say("已修复自相交", "its crossings were mended"))
    return found


def _thinned(found: Sound, metres: float) -> Sound:
    tolerance = metres
    shape = simplified(found.shape, metres) if metres else found.shape
    while (points := _points(shape)) > MOST_POINTS:
        tolerance = max(FINEST, tolerance * 2)
        if tolerance > COARSEST:
            raise Fault(
                "shape.large",
                say(f"{found.points} 个点，太多了", f"{found.points} positions are too many"),
                say(f"先简化到 {MOST_POINTS} 点以内", f"simplify it to {MOST_POINTS} positions first"),
            )
        shape = simplified(found.shape, tolerance)
    if tolerance > 0:
        said = (f"由 {found.points} 点简化为 {points} 点，偏差不超过 {tolerance:g} 米",
                f"{found.points} positions thinned to {points}, none further off than {tolerance:g} m")  # fmt: skip
        found.notes.append(say(*said))
    return Sound(shape, points, tolerance, found.notes)
