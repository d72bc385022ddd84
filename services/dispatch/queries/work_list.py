"""The work list: the cases that wait for somebody, nearest due time first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    overdue: bool | None = None
    after: str | None = None
    limit: int = 50


_WORK_LIST = """
SELECT case_id, number, area, issue_type, urgency, loop, title, place, state, is_cleared, department, attempt, reworks,
       due_at, answered_at, reported_at, filed_at, changed_at,
       coalesce(due_at < %(at)s AND answered_at IS NULL AND state = ANY(%(clock_runs)s), false) AS is_overdue
FROM cases
WHERE {conditions}
ORDER BY coalesce(due_at, 'infinity'), case_id
LIMIT %(limit)s
"""


def work_list(rows: Rows, asker: Asker, wanted: Wanted, at: datetime) -> Json:
    """Cases with the nearest due time first: open ones, unless a state is asked for. `next_after` is where to go on.

    Raises Forbidden for an area that the asker does not serve, or a department that is not the asker's.
    """
    area = wanted.area or asker.area
    if wanted.area is not None:
        permission.require(asker, action_area=wanted.area)
    conditions, values = _conditions(wanted, area, _department(asker, wanted.department))
    parameters = {**values, "at": at, "clock_runs": list(CLOCK_RUNS), "limit": wanted.limit + 1}
    found = rows.query(_WORK_LIST.format(conditions=" AND ".join(conditions)), parameters)
    page, more = found[: wanted.limit], len(found) > wanted.limit
    cases = [{**row, "state_zh": State(row["state"]).zh} for row in page]
    next_after = place(page[-1]["due_at"], page[-1]["case_id"]) if more else None
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


def _conditions(wanted: Wanted, area: Area | None, department: str | None) -> tuple[list[str], Json]:
    conditions, values = [], dict[str, Any]()
    if wanted.states:
        conditions.append("state = ANY(%(states)s)")
        values["states"] = [state.value for state in wanted.states]
    else:
        conditions.append("is_open")
    if department is not None:
        conditions.append("(department = %(department)s OR %(department)s = ANY(co_handlers))")
        values["department"] = department
    if area is not None:
        conditions.append("(area = %(area)s OR area LIKE %(below)s)")
        values |= {"area": area.path, "below": f"{area.path}.%"}
    if wanted.overdue is not None:
        test = "coalesce(due_at < %(at)s AND answered_at IS NULL AND state = ANY(%(clock_runs)s), false)"
        conditions.append(test if wanted.overdue else f"NOT {test}")
    if wanted.after is not None:
        after_due, after_case = read_place(wanted.after)
        values |= {"after_due": after_due or "infinity", "after_case": str(after_case)}
        conditions.append(
            "(coalesce(due_at, 'infinity'), case_id) > (%(after_due)s::timestamptz, %(after_case)s::uuid)"
        )
    return conditions, values
