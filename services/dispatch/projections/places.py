"""What places are called: pages name them to people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.projections import Batch, Cursor, Projection, tables_of, upsert

Row = dict[str, Any]


def take_places(batch: Batch, cursor: Cursor) -> None:
    """The latest name of each."""
    latest: dict[str, Row] = {}
    for recorded in batch.events:
        path: str = recorded.event.path
        named = {"path": path, "name": recorded.event.name, "tier": path.count(".") + 1}
        latest[path] = {**named, "position": recorded.position}
    upsert(cursor, "places", ["path"], list(latest.values()))


PLACES = Projection(
    name="places",
    service="dispatch",
    tables=tables_of(str(Path(__file__).parent), "places"),
    handles=frozenset({"area.created", "area.renamed"}),
    apply=take_places,
)
