"""Which area a point lies in, by the boundaries that the city has given: in memory, as new as the tables.

Reports without an area come one by one and at any time: each asks here, and nothing is read but whether a boundary
has changed since.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.contracts.area import AreaBounded
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.ports import Rows
from shared.projections import Batch, Cursor, Projection, tables_of, upsert

if TYPE_CHECKING:
    from shared.geometry.index import Outlines

LOOK_AGAIN = 2.0
"""Seconds for which the boundaries are taken to be as they were."""

_STANDING = "SELECT count(*) AS n, coalesce(max(position), 0) AS newest FROM intake.outlines"
_Standing = tuple[int, int]


class Boundaries:
    """The boundaries of one process."""

    def __init__(self) -> None:
        self._rows: Rows | None = None
        self._standing: _Standing = (0, 0)
        self._looked_at = -LOOK_AGAIN
        self._outlines: Outlines | None = None

    def narrowest(self, rows: Rows, point: Point) -> Area | None:
        """The narrowest bounded area that holds the point."""
        found = self._known(rows)
        held = [] if found is None else found.holding(point.lon, point.lat)
        return Area(held[0]) if held else None

    def metres_outside(self, rows: Rows, area: Area, point: Point) -> float | None:
        """How far the point lies from the area, or from the narrowest bounded one around it; None without any."""
        found = self._known(rows)
        if found is None:
            return None
        distances = (found.metres_outside(one.path, point.lon, point.lat) for one in reversed([*area.ancestors()]))
        return next((metres for metres in distances if metres is not None), None)

    def standing(self, rows: Rows) -> _Standing:
        """How many there are, and the newest one's position: what was made of them holds as long as that stands."""
        self._known(rows)
        return self._standing

    def _known(self, rows: Rows) -> Outlines | None:
        if rows is not self._rows:
            self._rows, self._standing, self._outlines, self._looked_at = rows, (0, 0), None, -LOOK_AGAIN
        if time.monotonic() - self._looked_at >= LOOK_AGAIN:
            (row,) = rows.query(_STANDING)
            standing = (row["n"], row["newest"])
            if standing != self._standing:
                self._outlines = _read(rows) if row["n"] else None
                self._standing = standing
            self._looked_at = time.monotonic()
        return self._outlines


def _read(rows: Rows) -> Outlines:
    from shared.geometry.index import Outlines  # a city without boundaries needs no geometry

    return Outlines((row["path"], row["shape"]) for row in rows.query("SELECT path, shape FROM intake.outlines"))


def _apply_outlines(batch: Batch, cursor: Cursor) -> None:
    from shared.geometry.shapes import packed  # only the projector packs shapes

    latest = {recorded.event.path: recorded for recorded in batch.events}
    bounded: list[Mapping[str, object]] = [
        {"path": path, "position": recorded.position, "shape": packed(recorded.event.polygons)}
        for path, recorded in latest.items()
        if isinstance(recorded.event, AreaBounded)
    ]
    upsert(cursor, "outlines", ("path",), bounded)
    gone = sorted(set(latest) - {str(row["path"]) for row in bounded})
    cursor.execute("DELETE FROM outlines WHERE path = ANY (%s)", [gone])


OUTLINES = Projection(
    "outlines",
    "intake",
    tables_of(__file__, "outlines"),
    frozenset({"area.bounded", "area.unbounded"}),
    _apply_outlines,
)
