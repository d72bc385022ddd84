"""Every word of the rulebook, line by line: of each, the latest up to an edition counts."""

from __future__ import annotations

from pathlib import Path

from services.dispatch.domain.lines import SHAPES, Withdrawal, place_of
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.codec import encode
from shared.projections import Batch, Cursor, Projection, tables_of, upsert


def take_rulebook(batch: Batch, cursor: Cursor) -> None:
    """One row for every word."""
    rows = []
    for recorded in batch.events:
        kind, name = place_of(recorded.event)
        rows.append(
            {
                "kind": kind,
                "name": name,
                "position": recorded.position,
                "type": recorded.type,
                "version": OF_SHAPE[type(recorded.event)].version,
                "body": encode(recorded.event),
                "is_withdrawn": isinstance(recorded.event, Withdrawal),
            }
        )
    upsert(cursor, "lines", ["kind", "name", "position"], rows)


RULEBOOK = Projection(
    name="rulebook",
    service="dispatch",
    tables=tables_of(str(Path(__file__).parent), "rulebook"),
    handles=frozenset(OF_SHAPE[shape].name for shape in SHAPES),
    apply=take_rulebook,
    revision=2,
)
