"""A small map of where one case lies: its community among its neighbours, where the city has given their boundaries."""

from __future__ import annotations

from typing import Any

from shared.contracts.envelope import Recorded
from shared.contracts.shapes import Point
from shared.kernel.area import Area, Tier
from shared.ports import Rows

_SIZE = (480.0, 300.0)
_MARGIN = 36.0
_FAMILY = """
SELECT b.path, b.shape, a.name FROM boundaries b JOIN areas a ON a.path = b.path WHERE b.parent = %s ORDER BY b.path
"""


def point_of(history: list[Recorded[Any]]) -> Point | None:
    """Where it was seen, by what was said first."""
    said = (getattr(recorded.event, "point", None) for recorded in history)
    return next((point for point in said if isinstance(point, Point)), None)


def around(rows: Rows, area: Area, point: Point | None) -> dict[str, Any] | None:
    """The narrowest bounded area, down to the community, that the case lies in, with those beside it; None without."""
    for tier in (Tier.COMMUNITY, Tier.STREET):
        own = area.at(tier)
        if own is None or own.parent is None:
            continue
        family = {row["path"]: row for row in rows.query(_FAMILY, [own.parent.path])}
        if own.path in family:
            return _drawn(family, own, point)
    return None


def _drawn(family: dict[str, dict[str, Any]], own: Area, point: Point | None) -> dict[str, Any]:
    # A city without boundaries needs no geometry.
    from shared.geometry.picture import Frame, figures
    from shared.geometry.shapes import place, unpacked

    shapes = {path: unpacked(row["shape"]) for path, row in family.items()}
    shown = [shapes[own.path], *([] if point is None else [place(point.lon, point.lat)])]
    frame = Frame.around(shown, (_SIZE[0], _SIZE[0]), (_SIZE[1], _SIZE[1]), _MARGIN)
    drawn = dict(zip(shapes, figures(list(shapes.values()), frame), strict=True))
    return {
        "width": frame.width,
        "height": frame.height,
        "name": family[own.path]["name"],
        "own": drawn.pop(own.path).path,
        "others": [figure.path for figure in drawn.values()],
        "at": None if point is None else frame.place(point.lon, point.lat),
        "point": point,
    }
