"""Lists of cases, newest first, page by page; and one case's whole life across all services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts import codec
from shared.contracts.envelope import Recorded
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.wording import Wording
from shared.ports import EventLog, Rows

PREFIX = {1: "left(area, 6)", 2: "left(area, 10)", 3: "left(area, 14)", 4: "left(area, 18)", 5: "area"}
"""Per tier the expression that an index is on."""

_COLUMNS = """
case_id, number, area, state, step, source, issue_type, urgency, loop, title, department, reported_at, filed_at,
dispatched_at, due_at, handled_at, closed_at, on_time, attempt, reworks, satisfaction, resolved
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases; what is None does not matter."""

    area: Area
    state: str | None = None
    issue_type: str | None = None
    department: str | None = None
    is_open: bool | None = None
    overdue: bool | None = None
    after: UUID | None = None
    """The last case of the page before."""
    limit: int = 50


def list_cases(rows: Rows, wanted: Wanted, now: datetime) -> dict[str, Any]:
    """One page. Raises Invalid for an `after` that is no case."""
    conditions = [f"{PREFIX[wanted.area.tier]} = %(area)s"]
    values: dict[str, Any] = {"area": wanted.area.path, "now": now, "limit": wanted.limit + 1}
    for column in ("state", "issue_type", "department", "is_open"):
        if (value := getattr(wanted, column)) is not None:
            conditions.append(f"{column} = %({column})s")
            values[column] = value
    if wanted.overdue is not None:
        conditions.append(("" if wanted.overdue else "NOT ") + "(awaited AND due_at < %(now)s)")
    if wanted.after is not None:
        values["reported_at"], values["case_id"] = _place_of(rows, wanted.after)
        # The index runs down in time and up in ids, so a comparison of pairs will not do.
        conditions.append(
            "(reported_at < %(reported_at)s OR (reported_at = %(reported_at)s AND case_id > %(case_id)s::uuid))"
            " AND reported_at <= %(reported_at)s"
        )
    found = rows.query(
        f"SELECT {_COLUMNS}, awaited AND due_at < %(now)s AS overdue FROM cases"
        f" WHERE {' AND '.join(conditions)} ORDER BY reported_at DESC, case_id LIMIT %(limit)s",
        values,
    )
    page = found[: wanted.limit]
    return {"cases": page, "next": page[-1]["case_id"] if len(found) > wanted.limit else None}


def _place_of(rows: Rows, case_id: UUID) -> tuple[datetime, str]:
    found = rows.query("SELECT reported_at FROM cases WHERE case_id = %s", [str(case_id)])
    if not found:
        raise Invalid(f"there is no case {case_id} to go on after", where="after")
    return found[0]["reported_at"], str(case_id)


def timeline(log: EventLog, case_id: UUID) -> tuple[Area, dict[str, Any]]:
    """(where the case lies, everything that happened to it in order, with who did it and why). Raises NotFound."""
    history = log.about(case_id)
    if not history:
        raise NotFound(str(Wording(f"没有案件 {case_id}", f"there is no case {case_id}")))
    known = {recorded.event_id for recorded in history}
    return history[0].area, {"case_id": case_id, "events": [_entry(recorded, known) for recorded in history]}


def _entry(recorded: Recorded[Any], known: set[UUID]) -> dict[str, Any]:
    cause = recorded.causation_id
    return {
        "event_id": recorded.event_id,
        "type": recorded.type,
        "stream": recorded.stream,
        "version": recorded.version,
        "position": recorded.position,
        "area": recorded.area.path,
        "actor": {
            "id": recorded.actor.id,
            "role": recorded.actor.role,
            "department": recorded.actor.department,
        },
        "caused_by": cause if cause in known else None,
        "origin": recorded.origin.value,
        "occurred_at": recorded.occurred_at,
        "recorded_at": recorded.recorded_at,
        "data": codec.encode(recorded.event),
    }
