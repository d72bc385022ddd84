"""Flags to be looked at, and who closed how many cases when."""

from __future__ import annotations

from pathlib import Path

from shared.contracts.flag import FlagRaised
from shared.projections import Batch, Cursor, Projection, tables_of, upsert

_TABLES = str(Path(__file__).parent)


def take_flags(batch: Batch, cursor: Cursor) -> None:
    """One row per flag; what was found when somebody looked."""
    for recorded in batch.events:
        event = recorded.event
        if isinstance(event, FlagRaised):
            raised = {
                "flag_id": str(event.flag_id),
                "case_id": str(event.case_id),
                "area": recorded.area.path,
                "suspicion": event.suspicion.value,
                "because": event.because,
                "department": event.department,
                "raised_at": recorded.occurred_at,
            }
            upsert(cursor, "flags", ["flag_id"], [raised])
        else:
            cursor.execute(
                "UPDATE flags SET founded = %s, words = %s, settled_at = %s WHERE flag_id = %s",
                (event.founded, event.words, recorded.occurred_at, str(event.flag_id)),
            )


def take_closings(batch: Batch, cursor: Cursor) -> None:
    """The latest closing of every case, and by whom."""
    latest = {
        str(recorded.event.case_id): {"closed_by": recorded.actor.id, "closed_at": recorded.occurred_at}
        for recorded in batch.events
    }
    upsert(cursor, "closings", ["case_id"], [{"case_id": case_id, **row} for case_id, row in latest.items()])


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="flags",
        service="survey",
        tables=tables_of(_TABLES, "flags"),
        handles=frozenset({"flag.raised", "flag.settled"}),
        apply=take_flags,
    ),
    Projection(
        name="closings",
        service="survey",
        tables=tables_of(_TABLES, "closings"),
        handles=frozenset({"case.closed"}),
        apply=take_closings,
    ),
)
