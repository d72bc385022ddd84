"""Checks that wait or have their answer, and closed cases from which a spot check is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.grid.queries.cases import PREFIX
from shared.kernel.area import Area
from shared.ports import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which checks; what is None does not matter."""

    within: Area | None
    pending: bool
    kind: str | None = None
    person: str | None = None
    """Assigned to this account."""
    after: UUID | None = None
    limit: int = 50


def checks(rows: Rows, wanted: Wanted) -> dict[str, Any]:
    """Oldest first, with the case that each is about."""
    found = rows.query(
        "SELECT c.check_id, c.case_id, c.area, c.kind, c.department, c.co_handlers, c.assigned_to, c.attempt,"
        " c.requested_at, c.outcome, c.findings, c.checked_by, c.checked_at, k.number, k.title, k.issue_type"
        " FROM checks c LEFT JOIN cases k USING (case_id)"
        " WHERE (c.outcome IS NULL) = %(pending)s"
        " AND (%(area)s::text IS NULL OR left(c.area, length(%(area)s)) = %(area)s)"
        " AND (%(kind)s::text IS NULL OR c.kind = %(kind)s)"
        " AND (%(person)s::text IS NULL OR c.assigned_to = %(person)s)"
        " AND (%(after)s::uuid IS NULL OR (c.requested_at, c.check_id)"
        "      > (SELECT requested_at, check_id FROM checks WHERE check_id = %(after)s::uuid))"
        " ORDER BY c.requested_at, c.check_id LIMIT %(limit)s",
        {
            "pending": wanted.pending,
            "area": wanted.within and wanted.within.path,
            "kind": wanted.kind,
            "person": wanted.person,
            "after": wanted.after and str(wanted.after),
            "limit": wanted.limit + 1,
        },
    )
    page = found[: wanted.limit]
    return {"checks": page, "next": page[-1]["check_id"] if len(found) > wanted.limit else None}


def by_supervisor(rows: Rows, within: Area | None) -> list[dict[str, Any]]:
    """How many checks wait for whom, and since when; those that nobody was named for stand under no name."""
    return rows.query(
        "SELECT assigned_to AS person, count(*) AS pending, min(requested_at) AS oldest FROM checks"
        " WHERE outcome IS NULL AND (%(area)s::text IS NULL OR left(area, length(%(area)s)) = %(area)s)"
        " GROUP BY assigned_to ORDER BY count(*) DESC, assigned_to",
        {"area": within and within.path},
    )


def drawn(rows: Rows, area: Area, *, closed_since: datetime, seed: str, count: int) -> list[UUID]:
    """Cases of the area closed since then that nobody has spot-checked since: some of them, as the seed has it.

    The same seed draws the same ones as long as nothing else was closed, so that a draw can be repeated before
    witnesses.
    """
    found = rows.query(
        f"SELECT case_id FROM cases k WHERE {PREFIX[area.tier]} = %(area)s"
        " AND state IN ('closed', 'archived') AND closed_at >= %(since)s"
        " AND NOT EXISTS (SELECT FROM checks c WHERE c.case_id = k.case_id AND c.kind = 'spot'"
        "                 AND c.requested_at >= k.closed_at)"
        " ORDER BY md5(%(seed)s || case_id::text), case_id LIMIT %(count)s",
        {"area": area.path, "since": closed_since, "seed": seed, "count": count},
    )
    return [UUID(row["case_id"]) for row in found]
