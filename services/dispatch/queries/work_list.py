"""The work list: the cases that wait for somebody, nearest due time first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.case import Loop
from shared.kernel.area import Area
from shared.kernel.case_states import STATES, State
from shared.kernel.errors import Forbidden, Invalid
from shared.kernel.wording import Wording
from shared.ports import Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]

MINE = "mine"
CLOCK_RUNS = tuple(state.value for state, row in STATES.items() if row.clock in ("签收时限", "处置时限"))
"""States in which a department still owes an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the asker of the work list wants to see."""

    department: str | None = None
    """A code, or `mine`."""
    states: tuple[State, ...] = ()
    area: Area | None = None
    loop: Loop | None = None
    problem: bool = False
    """Only problem cases."""
    asked: bool = False
    """Only cases of which something was asked that nobody has decided."""
    overdue: bool | None = None
    after: str | None = None
    limit: int = 50


_COLUMNS = """
c.case_id, c.number, c.area, c.issue_type, c.urgency, c.loop, c.title, c.place, c.state, c.is_cleared, c.is_waived,
c.awaited, c.attempt, c.reworks, c.problem, c.supervised_by, c.suspended_until, c.is_disputed, c.transferred_to,
c.merged_into, c.reported_at, c.filed_at, c.changed_at,
(SELECT coalesce(json_agg(value ->> 'asked'), '[]') FROM json_each(c.requests)) AS requests
"""
_ALL = """
SELECT {columns}, c.department, c.due_at, c.answered_at, NULL AS task_id, NULL AS joined, c.case_id AS place_id,
       {is_overdue} AS is_overdue
FROM cases c
WHERE {conditions}
ORDER BY coalesce(c.due_at, 'infinity'), c.case_id
LIMIT %(limit)s
"""
# A department has tasks, not cases: each with a time of its own, and perhaps two of one case.
_OF_DEPARTMENT = """
SELECT {columns}, t.department, t.due_at, t.answered_at, t.task_id, t.joined, t.task_id AS place_id,
       {is_overdue} AS is_overdue
FROM tasks t JOIN cases c USING (case_id)
WHERE t.is_live AND t.department = %(department)s AND {conditions}
ORDER BY coalesce(t.due_at, 'infinity'), t.task_id
LIMIT %(limit)s
"""
_IS_OVERDUE = "coalesce({it}.due_at < %(at)s AND {it}.answered_at IS NULL AND c.state = ANY(%(clock_runs)s), false)"


def work_list(rows: Rows, asker: Asker, wanted: Wanted, at: datetime) -> Json:
    """Cases with the nearest due time first: open ones, unless a state is asked for. Of a department, its tasks of
    them. `next_after` is where to go on.

    Raises Forbidden for an area that the asker does not serve, or a department that is not the asker's.
    """
    area = wanted.area or asker.area
    if wanted.area is not None:
        permission.require(asker, action_area=wanted.area)
    department = _department(asker, wanted.department)
    it, statement = ("c", _ALL) if department is None else ("t", _OF_DEPARTMENT)
    is_overdue = _IS_OVERDUE.format(it=it)
    conditions, values = _conditions(wanted, area, it, is_overdue)
    parameters = {
        **values,
        "at": at,
        "clock_runs": list(CLOCK_RUNS),
        "limit": wanted.limit + 1,
        "department": department,
    }
    asked = statement.format(columns=_COLUMNS, is_overdue=is_overdue, conditions=" AND ".join(conditions))
    found = rows.query(asked, parameters)
    page, more = found[: wanted.limit], len(found) > wanted.limit
    next_after = place(page[-1]["due_at"], page[-1]["place_id"]) if more else None
    cases = [{**row, "state_zh": State(row["state"]).zh} for row in page]
    for row in cases:
        del row["place_id"]
    return {"cases": cases, "next_after": next_after, "area": None if area is None else area.path}


def _department(asker: Asker, department: str | None) -> str | None:
    if asker.role == "department":
        if asker.department is None:
            said = Wording("您的账号没有所属部门，因此没有任务", "your account names no department, so it has no tasks")
            raise Forbidden(str(said))
        wanted = asker.department if department in (None, MINE) else department
        permission.require(asker, department=wanted)
        return wanted
    if department == MINE:
        raise Invalid(
            str(Wording("只有部门账号有「本部门」", "only a department's account has a `mine`")), where="department"
        )
    return department


def _conditions(wanted: Wanted, area: Area | None, it: str, is_overdue: str) -> tuple[list[str], Json]:
    conditions, values = [], dict[str, Any]()
    if wanted.states:
        conditions.append("c.state = ANY(%(states)s)")
        values["states"] = [state.value for state in wanted.states]
    else:
        conditions.append("c.is_open")
    if area is not None:
        conditions.append("(c.area = %(area)s OR c.area LIKE %(below)s)")
        values |= {"area": area.path, "below": f"{area.path}.%"}
    if wanted.loop is not None:
        conditions.append("c.loop = %(loop)s")
        values["loop"] = wanted.loop.value
    if wanted.problem:
        conditions.append("c.problem IS NOT NULL")
    if wanted.asked:
        conditions.append("c.requests::text <> '{}'")
    if wanted.overdue is not None:
        conditions.append(is_overdue if wanted.overdue else f"NOT {is_overdue}")
    if wanted.after is not None:
        after_due, after_id = read_place(wanted.after)
        values |= {"after_due": after_due or "infinity", "after_id": str(after_id)}
        own_id = "c.case_id" if it == "c" else "t.task_id"
        conditions.append(
            f"(coalesce({it}.due_at, 'infinity'), {own_id}) > (%(after_due)s::timestamptz, %(after_id)s::uuid)"
        )
    return conditions, values
