"""What stands behind the figures of a page: the cases that were counted, the people of a place, and what things are
called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.grid.domain.time import start_of
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from shared.ports import Rows

PAGE = 50
_WITHIN = {1: "left(area, 6)", 2: "left(area, 10)", 3: "left(area, 14)", 4: "left(area, 18)", 5: "area"}
_COLUMNS = """
case_id, number, area, state, step, source, issue_type, urgency, loop, title, department, reported_at, due_at,
handled_at, closed_at, on_time, reworks, satisfaction, is_open, awaited AND due_at < %(now)s AS overdue,
awaited AND due_at >= %(now)s AND due_at < %(soon)s AS nearly_due
"""
SOON = timedelta(hours=8)
"""What is due within so long is said to be nearly due."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Which cases a figure counted; what is None does not matter."""

    area: Area
    step: str | None = None
    state: str | None = None
    loop: str | None = None
    issue_type: str | None = None
    department: str | None = None
    satisfaction: str | None = None
    is_open: bool | None = None
    overdue: bool | None = None
    on_time: bool | None = None
    reported_on: date | None = None
    closed_on: date | None = None
    after: UUID | None = None


_EQUAL = ("step", "state", "loop", "issue_type", "department", "satisfaction", "is_open", "on_time")


def cases(rows: Rows, counted: Counted, now: datetime, limit: int = PAGE) -> dict[str, Any]:
    """One page of them, newest first. Raises Invalid for an `after` that is no case."""
    conditions = [f"{_WITHIN[counted.area.tier]} = %(area)s"]
    values: dict[str, Any] = {"area": counted.area.path, "now": now, "soon": now + SOON, "limit": limit + 1}
    for column in _EQUAL:
        if (value := getattr(counted, column)) is not None:
            conditions.append(f"{column} = %({column})s")
            values[column] = value
    if counted.loop is not None:
        # A loop has solved what is closed.
        conditions.append("state IN ('closed', 'archived')")
    if counted.overdue is not None:
        conditions.append(("" if counted.overdue else "NOT ") + "(awaited AND due_at < %(now)s)")
    for column, day in (("reported_at", counted.reported_on), ("closed_at", counted.closed_on)):
        if day is not None:
            conditions.append(f"{column} >= %({column}_from)s AND {column} < %({column}_to)s")
            values[f"{column}_from"] = start_of(day.isoformat())
            values[f"{column}_to"] = start_of((day + timedelta(days=1)).isoformat())
    if counted.after is not None:
        conditions.append(after(rows, counted.after, values))
    found = rows.query(
        f"SELECT {_COLUMNS} FROM cases WHERE {' AND '.join(conditions)}"
        " ORDER BY reported_at DESC, case_id LIMIT %(limit)s",
        values,
    )
    page = found[:limit]
    return {"cases": page, "next": page[-1]["case_id"] if len(found) > limit else None}


def after(rows: Rows, case_id: UUID, values: dict[str, Any], table: str = "") -> str:
    """The condition for what comes after the case; adds its values. Raises Invalid when there is no such case."""
    found = rows.query("SELECT reported_at FROM cases WHERE case_id = %s", [str(case_id)])
    if not found:
        raise Invalid(f"there is no case {case_id} to go on after", where="after")
    values["after_at"], values["after_id"] = found[0]["reported_at"], str(case_id)
    # The index runs down in time and up in ids, so a comparison of pairs will not do.
    return (
        f"({table}reported_at < %(after_at)s OR ({table}reported_at = %(after_at)s"
        f" AND {table}case_id > %(after_id)s::uuid)) AND {table}reported_at <= %(after_at)s"
    )


def people(rows: Rows, area: Area, on: date) -> list[dict[str, Any]]:
    """Who stands for this place, from the district down to itself; those of the place itself are `own`."""
    line = [found.path for found in area.ancestors()]
    return rows.query(
        "SELECT person, post, area, grid, area = %(own)s AS own FROM appointments"
        " WHERE area = ANY (%(line)s) AND since <= %(on)s AND (until IS NULL OR until >= %(on)s)"
        " ORDER BY length(area), post, person LIMIT 200",
        {"line": line, "own": area.path, "on": on},
    )


def people_below(rows: Rows, area: Area, on: date) -> dict[str, int]:
    """Post → how many stand in the places below."""
    found = rows.query(
        "SELECT post, count(*) AS n FROM appointments"
        " WHERE left(area, length(%(below)s)) = %(below)s AND since <= %(on)s AND (until IS NULL OR until >= %(on)s)"
        " GROUP BY post ORDER BY n DESC",
        {"below": area.path + ".", "on": on},
    )
    return {row["post"]: row["n"] for row in found}


def names(rows: Rows, kind: str, codes: Iterable[str | None], language: str) -> dict[str, str]:
    """Code → what it is called; a code that nobody named is called by itself."""
    wanted = sorted({code for code in codes if code})
    column = "zh" if language == "zh" else "en"
    found = rows.query(
        f"SELECT code, {column} AS name FROM names WHERE kind = %(kind)s AND code = ANY (%(codes)s)",
        {"kind": kind, "codes": wanted},
    )
    return {code: code for code in wanted} | {row["code"]: row["name"] for row in found}


def names_of_areas(rows: Rows, paths: Iterable[str]) -> dict[str, str]:
    """Path → name."""
    found = rows.query("SELECT path, name FROM areas WHERE path = ANY (%s)", [sorted(set(paths))])
    return {row["path"]: row["name"] for row in found}
