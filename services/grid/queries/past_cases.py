"""The cases behind a figure of a moment that is past, each as it stood then.

Which cases: walked along the same index as those of the present. A case that nothing has happened to since then stands
as it stands now; of the others, those that were in hand then, `case_past` knows how they stood. How each looked: the
log tells its story again, up to the moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from services.grid.domain.time import start_of
from services.grid.projections.case_rows import Book, CaseRow
from services.grid.projections.cases import CASES
from services.grid.projections.past import STANDING
from services.grid.queries import behind
from services.grid.queries.behind import PAGE, SOON, Counted
from services.grid.queries.cases import PREFIX
from services.grid.queries.past import Moment
from shared.contracts.envelope import Recorded
from shared.kernel.case_states import STATES
from shared.ports import Rows


class Stories(Protocol):
    """What is needed of the log."""

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        """Every event of one issue, in order of position."""


_ASKED = tuple(name for name in STANDING if name in {
    "area", "state", "loop", "issue_type", "department", "satisfaction", "is_open", "on_time", "awaited", "due_at",
    "closed_at",
})  # fmt: skip
_NOW, _THEN = (", ".join(f"{table}.{name}" for name in _ASKED) for table in ("c", "p"))
_STOOD = f"""
LATERAL (SELECT {_NOW} WHERE c.position <= %(upto)s
         UNION ALL
         (SELECT {_THEN} FROM case_past p
          WHERE c.position > %(upto)s AND p.case_id = c.case_id AND NOT p.gone AND p.position <= %(upto)s
          ORDER BY p.position DESC LIMIT 1)) stood
"""
# What lay there then and has been moved elsewhere since is not on the way along the index of the place.
_FOUND = """
SELECT case_id FROM (
    (SELECT c.case_id, c.reported_at FROM cases c, {stood}
     WHERE {prefix} = %(area)s AND c.first_position <= %(upto)s AND {conditions}
     ORDER BY c.reported_at DESC, c.case_id LIMIT %(limit)s)
    UNION
    (SELECT c.case_id, c.reported_at
     FROM (SELECT DISTINCT case_id FROM case_past
           WHERE gone AND area >= %(area)s AND area < %(beyond)s AND position > %(upto)s) moved
     JOIN cases c USING (case_id), {stood}
     WHERE {conditions} ORDER BY c.reported_at DESC, c.case_id LIMIT %(limit)s)
) found ORDER BY reported_at DESC, case_id LIMIT %(limit)s
"""
_EQUAL = ("state", "loop", "issue_type", "department", "satisfaction", "is_open", "on_time")


def cases(rows: Rows, log: Stories, counted: Counted, then: Moment, limit: int = PAGE) -> dict[str, Any]:
    """One page of them, newest first. Raises Invalid for an `after` that is no case."""
    values: dict[str, Any] = {
        "area": counted.area.path,
        "beyond": f"{counted.area.path}/",
        "upto": then.position,
        "at": then.at,
        "limit": limit + 1,
    }
    conditions = _conditions(rows, counted, values)
    statement = _FOUND.format(
        stood=_STOOD, prefix=PREFIX[counted.area.tier].replace("area", "c.area"), conditions=" AND ".join(conditions)
    )
    found = [row["case_id"] for row in rows.query(statement, values)]
    page = [_shown(as_it_stood(log, UUID(str(case_id)), then), then.at) for case_id in found[:limit]]
    return {
        "cases": page,
        "next": page[-1]["case_id"] if len(found) > limit else None,
        "as_of": then.at,
        "position": then.position,
    }


def _conditions(rows: Rows, counted: Counted, values: dict[str, Any]) -> list[str]:
    conditions = ["stood.area >= %(area)s AND stood.area < %(beyond)s"]
    for column in _EQUAL:
        if (value := getattr(counted, column)) is not None:
            conditions.append(f"stood.{column} = %({column})s")
            values[column] = value
    if counted.step is not None:
        values["states"] = [state.value for state, row in STATES.items() if row.step.value == counted.step]
        conditions.append("stood.state = ANY (%(states)s)")
    if counted.loop is not None:
        # A loop has solved what is closed.
        conditions.append("stood.state IN ('closed', 'archived')")
    if counted.overdue is not None:
        conditions.append(("" if counted.overdue else "NOT ") + "(stood.awaited AND stood.due_at < %(at)s)")
    conditions += _on_days(counted, values)
    if counted.after is not None:
        conditions.append(behind.after(rows, counted.after, values, "c."))
    return conditions


def _on_days(counted: Counted, values: dict[str, Any]) -> list[str]:
    conditions = []
    for column, name, day in (
        ("c.reported_at", "reported", counted.reported_on),
        ("stood.closed_at", "closed", counted.closed_on),
    ):
        if day is not None:
            conditions.append(f"{column} >= %({name}_from)s AND {column} < %({name}_to)s")
            values[f"{name}_from"] = start_of(day.isoformat())
            values[f"{name}_to"] = start_of((day + timedelta(days=1)).isoformat())
    return conditions


def as_it_stood(log: Stories, case_id: UUID, then: Moment) -> CaseRow:
    """The case's row, from what the log says of it up to the moment."""
    book = Book()
    for recorded in log.about(case_id):
        if recorded.type in CASES.handles and recorded.position is not None and recorded.position <= then.position:
            book.take(recorded)
    return book.rows[str(case_id)]


def _shown(row: CaseRow, at: datetime) -> dict[str, Any]:
    due_at = row.due_at if row.awaited else None
    return {name: getattr(row, name) for name in row.__slots__} | {
        "overdue": due_at is not None and due_at < at,
        "nearly_due": due_at is not None and at <= due_at < at + SOON,
    }
