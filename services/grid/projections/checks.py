"""What waits to be looked at, by whom, and what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.contracts.check import CheckAssigned, CheckRequested, SpotCheckOrdered
from shared.contracts.envelope import Recorded
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]
_OUTCOMES = {
    "check.passed": "passed", "check.failed": "failed", "spot_check.passed": "passed", "spot_check.failed": "failed"
}  # fmt: skip


def apply(batch: Batch, cursor: Cursor) -> None:
    """One row per check."""
    rows = _load(cursor, {str(recorded.event.check_id) for recorded in batch.events})
    for recorded in batch.events:
        event = recorded.event
        row = rows.get(str(event.check_id))
        if isinstance(event, CheckRequested | SpotCheckOrdered):
            rows[str(event.check_id)] = _asked(recorded)
        elif row is None:
            continue
        elif isinstance(event, CheckAssigned):
            row["assigned_to"] = event.person
        else:
            row["outcome"] = _OUTCOMES[recorded.type]
            row["findings"] = event.findings
            row["checked_by"] = recorded.actor.id
            row["checked_at"] = recorded.occurred_at
    upsert(cursor, "checks", ("check_id",), list(rows.values()))


def _load(cursor: Cursor, check_ids: set[str]) -> dict[str, Row]:
    rows = select(
        cursor,
        "SELECT check_id::text, case_id::text, area, kind, department, co_handlers, assigned_to, attempt,"
        " requested_at, outcome, findings, checked_by, checked_at FROM checks WHERE check_id = ANY (%s::uuid[])",
        [sorted(check_ids)],
    )
    return {row["check_id"]: row for row in rows}


def _asked(recorded: Recorded[CheckRequested | SpotCheckOrdered]) -> Row:
    event = recorded.event
    is_spot = isinstance(event, SpotCheckOrdered)
    return {
        "check_id": str(event.check_id),
        "case_id": str(event.case_id),
        "area": recorded.area.path,
        "kind": "spot" if is_spot else "check",
        "department": None if isinstance(event, SpotCheckOrdered) else event.department,
        "co_handlers": [] if isinstance(event, SpotCheckOrdered) else list(event.co_handlers),
        # Whoever draws a case for a spot check goes there.
        "assigned_to": recorded.actor.id if is_spot else None,
        "attempt": event.attempt,
        "requested_at": recorded.occurred_at,
        "outcome": None,
        "findings": None,
        "checked_by": None,
        "checked_at": None,
    }


CHECKS = Projection(
    name="checks",
    service="grid",
    tables=tables_of(str(Path(__file__).parent), "checks"),
    handles=frozenset({"check.requested", "check.assigned", "spot_check.ordered", *_OUTCOMES}),
    apply=apply,
)
