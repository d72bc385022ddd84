"""Where each area ends, as the city says it: the latest word counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.contracts.area import AreaBounded
from shared.kernel.area import Area
from shared.projections import Batch, Cursor, Projection, tables_of, upsert


def _apply_boundaries(batch: Batch, cursor: Cursor) -> None:
    # Only the projector packs shapes; a service that draws none needs no geometry.
    from shared.geometry.shapes import packed, points_of

    latest = {recorded.event.path: recorded for recorded in batch.events}
    bounded: list[dict[str, Any]] = []
    for path, recorded in latest.items():
        event = recorded.event
        if isinstance(event, AreaBounded):
            parent = Area(path).parent
            bounded.append(
                {
                    "path": path,
                    "parent": None if parent is None else parent.path,
                    "source": event.source,
                    "tolerance": event.tolerance,
                    "points": points_of(event.polygons),
                    "position": recorded.position,
                    "shape": packed(event.polygons),
                }
            )
    upsert(cursor, "boundaries", ("path",), bounded)
    gone = sorted(set(latest) - {row["path"] for row in bounded})
    cursor.execute("DELETE FROM boundaries WHERE path = ANY (%s)", [gone])


BOUNDARIES = Projection(
    name="boundaries",
    service="grid",
    tables=tables_of(str(Path(__file__).parent), "boundaries"),
    handles=frozenset({"area.bounded", "area.unbounded"}),
    apply=_apply_boundaries,
)
