"""Until when each check has to have its answer: the clock of the case's check, as dispatch keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.contracts.clock import ClockRecomputed, ClockStarted, Stage
from shared.projections import Batch, Cursor, Projection, tables_of, upsert


def apply(batch: Batch, cursor: Cursor) -> None:
    """One row per case: its latest clock of that stage."""
    for recorded in batch.events:
        event: Any = recorded.event
        if isinstance(event, ClockStarted) and event.stage is Stage.CHECK and event.condition is None:
            row = {"case_id": str(event.case_id), "clock_id": str(event.clock_id)}
            told = {"due_at": event.due_at, "warn_at": event.warn_at, "because": event.because}
            upsert(cursor, "check_times", ("case_id",), [{**row, **told}])
        elif isinstance(event, ClockRecomputed):
            cursor.execute(
                "UPDATE check_times SET due_at = %s, warn_at = %s, because = %s WHERE clock_id = %s",
                [event.due_at, event.warn_at, event.because, str(event.clock_id)],
            )


CHECK_TIMES = Projection(
    name="check_times",
    service="grid",
    tables=tables_of(str(Path(__file__).parent), "check_times"),
    handles=frozenset({"clock.started", "clock.recomputed"}),
    apply=apply,
)
