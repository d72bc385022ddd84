"""What waits to be looked at, and what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.contracts.check import CheckFailed, CheckPassed, CheckRequested
from shared.contracts.envelope import Recorded
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]


def apply(batch: Batch, cursor: Cursor) -> None:
    """One row per check."""
    rows = _load(cursor, {str(recorded.event.check_id) for recorded in batch.events})
    for recorded in batch.events:
        event: CheckRequested | CheckPassed | CheckFailed = recorded.event
        row = rows.get(str(event.check_id))
        if isinstance(event, CheckRequested):
            rows[str(event.check_id)] = _requested(recorded)
        elif row is not None:
            row["outcome"] = "passed" if isinstance(event, CheckPassed) else "failed"
            row["findings"] = event.findings
            row["checked_by"] = recorded.actor.id
            row["checked_at"] = recorded.occurred_at
    upsert(cursor, "checks", ("check_id",), list(rows.values()))


def _load(cursor: Cursor, check_ids: set[str]) -> dict[str, Row]:
    rows = select(
        cursor,
        "SELECT check_id::text, case_id::text, area, department, attempt, requested_at, outcome, findings, checked_by,"
        " checked_at FROM checks WHERE check_id = ANY (%s::uuid[])",
        [sorted(check_ids)],
    )
    return {row["check_id"]: row for row in rows}


def _requested(recorded: Recorded[CheckRequested]) -> Row:
    event = recorded.event
    return {
        "check_id": str(event.check_id),
        "case_id": str(event.case_id),
        "area": recorded.area.path,
        "department": event.department,
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
    handles=frozenset({"check.requested", "check.passed", "check.failed"}),
    apply=apply,
)
