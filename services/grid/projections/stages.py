"""What is overdue at which stage: the clocks that run, and how many of them fall due on which day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.grid.domain.time import day_of
from services.grid.projections.counting import lineage
from shared.contracts.clock import ClockPaused, ClockRecomputed, ClockStarted
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert
from shared.projections.rows import as_json

_ADD = """
INSERT INTO stage_counts AS counted (area, stage, day, n)
SELECT area, stage, day, n FROM json_to_recordset(%s) AS given (area text, stage text, day text, n bigint)
ON CONFLICT (area, stage, day) DO UPDATE SET n = counted.n + excluded.n
"""
_FORGET = """
DELETE FROM stage_counts counted USING json_to_recordset(%s) AS given (area text, stage text, day text)
WHERE (counted.area, counted.stage, counted.day) = (given.area, given.stage, given.day) AND counted.n = 0
"""


@dataclass(slots=True)
class Clock:
    """A row of `stage_clocks`. One that stands still has no due instant; one that stopped has no row."""

    clock_id: str
    area: str
    stage: str
    due_at: datetime | None


def apply(batch: Batch, cursor: Cursor) -> None:
    """Bring the clocks forward, and the counts by exactly what changed in them."""
    before = _load(cursor, {str(recorded.event.clock_id) for recorded in batch.events})
    after = {clock_id: Clock(one.clock_id, one.area, one.stage, one.due_at) for clock_id, one in before.items()}
    for recorded in batch.events:
        event = recorded.event
        which = str(event.clock_id)
        if isinstance(event, ClockStarted):
            after[which] = Clock(which, recorded.area.path, event.stage.value, event.due_at)
        elif which not in after:
            continue
        elif isinstance(event, ClockPaused):
            after[which].due_at = None
        elif isinstance(event, ClockRecomputed):
            after[which].due_at = event.due_at
        else:
            del after[which]
    rows = [
        {"clock_id": one.clock_id, "area": one.area, "stage": one.stage, "due_at": one.due_at} for one in after.values()
    ]
    upsert(cursor, "stage_clocks", ("clock_id",), rows)
    gone = [clock_id for clock_id in before if clock_id not in after]
    if gone:
        cursor.execute("DELETE FROM stage_clocks WHERE clock_id = ANY (%s::uuid[])", [gone])
    _count(cursor, before, after)


def _load(cursor: Cursor, clock_ids: set[str]) -> dict[str, Clock]:
    rows = select(
        cursor,
        "SELECT clock_id::text, area, stage, due_at FROM stage_clocks WHERE clock_id = ANY (%s::uuid[])",
        [sorted(clock_ids)],
    )
    return {row["clock_id"]: Clock(**row) for row in rows}


def _count(cursor: Cursor, before: dict[str, Clock], after: dict[str, Clock]) -> None:
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for clocks, sign in ((before, -1), (after, 1)):
        for one in clocks.values():
            if one.due_at is not None:
                for area in lineage(one.area):
                    counts[area, one.stage, day_of(one.due_at)] += sign
    changed: list[dict[str, Any]] = [
        {"area": area, "stage": stage, "day": day, "n": n} for (area, stage, day), n in sorted(counts.items()) if n
    ]
    if changed:
        cursor.execute(_ADD, [as_json(changed)])
        # What has come down to nothing goes: a view would read past it for ever.
        cursor.execute(_FORGET, [as_json(changed)])


STAGES = Projection(
    name="stages",
    service="grid",
    tables=tables_of(str(Path(__file__).parent), "stages"),
    handles=frozenset({"clock.started", "clock.paused", "clock.recomputed", "clock.stopped"}),
    apply=apply,
)
