"""Visits, each on its day in the field: from them come the shares of households that were met."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.grid.domain.time import day_of
from shared.contracts.envelope import Recorded
from shared.contracts.visit import VisitRated, VisitRecorded, VisitReplied, VisitReplyOverdue
from shared.kernel.area import Area, Tier
from shared.projections import Batch, Cursor, Projection, tables_of, upsert

Row = dict[str, Any]


def apply(batch: Batch, cursor: Cursor) -> None:
    """New rows in one statement; what comes later to a visit, one by one."""
    new: dict[str, Row] = {}
    for recorded in batch.events:
        if isinstance(recorded.event, VisitRecorded):
            new[str(recorded.event.visit_id)] = _row(recorded.event, recorded)
    upsert(cursor, "visits", ("visit_id",), list(new.values()))
    for recorded in batch.events:
        if not isinstance(recorded.event, VisitRecorded):
            _change(cursor, recorded.event, recorded)


def _row(event: VisitRecorded, recorded: Recorded[Any]) -> Row:
    community = Area(event.area).at(Tier.COMMUNITY)
    return {
        "visit_id": str(event.visit_id),
        "area": event.area,
        "grid": event.grid,
        "community": None if community is None else community.path,
        "household": event.household,
        "day": day_of(recorded.occurred_at),
        "visited_at": recorded.occurred_at,
        "recorded_at": recorded.recorded_at,
        "visitor": recorded.actor.id,
        "met": event.met,
        "outcome": event.outcome.value,
        "words": event.words,
        "report_id": None if event.report_id is None else str(event.report_id),
        "reply_due_at": event.reply_due_at,
        "told_overdue": False,
    }


def _change(cursor: Cursor, event: VisitReplied | VisitReplyOverdue | VisitRated, recorded: Recorded[Any]) -> None:
    which = str(event.visit_id)
    if isinstance(event, VisitReplied):
        cursor.execute(
            "UPDATE visits SET replied_at = %s, reply = %s, on_time = %s WHERE visit_id = %s",
            [recorded.occurred_at, event.words, event.on_time, which],
        )
    elif isinstance(event, VisitReplyOverdue):
        cursor.execute("UPDATE visits SET told_overdue = true WHERE visit_id = %s", [which])
    else:
        cursor.execute("UPDATE visits SET satisfaction = %s WHERE visit_id = %s", [event.satisfaction.value, which])


VISITS = Projection(
    name="visits",
    service="grid",
    tables=tables_of(str(Path(__file__).parent), "visits"),
    handles=frozenset({"visit.recorded", "visit.replied", "visit.reply_overdue", "visit.rated"}),
    apply=apply,
)
