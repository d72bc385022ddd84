"""Whose turn it is: for each role the queues of cases that wait for it, in the asker's area, the most pressing first.

我的 is my queues ∧ my area; 全部 is every open case of my area. A department's queues are of its tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.dispatch.queries.work_list import CLOCK_RUNS
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden
from shared.kernel.wording import Wording
from shared.ports import Rows
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Queue:
    """Cases that wait for one kind of step."""

    name: str
    condition: str
    """Of the case `c`, or the department's task `t`."""


def _asked(*kinds: str) -> str:
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return f"EXISTS (SELECT FROM json_each(c.requests) r WHERE r.value ->> 'asked' IN ({named}))"


_TO_CLOSE = """((c.state = 'checking' AND c.is_cleared)
 OR (c.state IN ('self_handled', 'responded') AND c.is_waived))"""
_DISPUTES = Queue("disputes", "c.is_disputed")
_PROBLEMS = Queue("problems", "c.problem IS NOT NULL")
QUEUES: dict[str, tuple[Queue, ...]] = {
    "dispatcher": (
        Queue("dispatch", "c.state IN ('filed', 'returned', 'reopened')"),
        Queue("returns", _asked("return.requested")),
        Queue("outside", "c.state = 'transferred_out'"),
    ),
    "department": (
        Queue("sign", "NOT t.is_signed AND t.answered_at IS NULL AND c.state <> 'rework'"),
        Queue("rework", "t.answered_at IS NULL AND c.state = 'rework'"),
        Queue("answer", "t.is_signed AND t.answered_at IS NULL AND c.state = 'handling'"),
    ),
    "duty_chief": (
        Queue("close", _TO_CLOSE),
        Queue("requests", _asked("extension.requested", "suspension.requested", "return.requested")),
        _DISPUTES,
        Queue("suspended", "c.state = 'suspended'"),
    ),
    "leader": (Queue("requests", _asked("extension.requested")), _DISPUTES, _PROBLEMS),
    "supervisor": (
        Queue("check", "c.state = 'checking' AND NOT c.is_cleared"),
        Queue("pressed", "EXISTS (SELECT FROM escalations e WHERE e.case_id = c.case_id AND e.is_open)"),
        _PROBLEMS,
    ),
}
"""Role → its queues, in the order in which people see them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to see of the list; what is None does not matter."""

    mine: bool = True
    queue: str | None = None
    area: Area | None = None
    issue_type: str | None = None
    department: str | None = None
    loop: str | None = None
    late: bool = False
    after: str | None = None
    limit: int = 50


_COLUMNS = """
c.case_id, c.number, c.area, c.issue_type, c.urgency, c.loop, c.title, c.place, c.state, c.problem, c.is_disputed,
c.is_cleared, c.reworks, c.suspended_until, c.reported_at,
(SELECT coalesce(json_agg(value ->> 'asked'), '[]') FROM json_each(c.requests)) AS requests
"""
# The clock that presses most is the one that people see; a case of imported history has none.
_CLOCK = """
LEFT JOIN LATERAL (
    SELECT k.stage, k.due_at, k.warn_at, k.day_and_night, k.is_counted, k.is_paused FROM clocks k
    WHERE k.case_id = c.case_id AND k.is_open AND k.condition IS NULL AND {whose}
    ORDER BY k.is_paused, k.due_at LIMIT 1
) k ON true
"""
_LIST = """
SELECT {columns}, {it}.department, {own_id} AS row_id, k.stage, k.warn_at, k.day_and_night, k.is_counted,
       coalesce(k.is_paused, false) AS is_paused, coalesce(k.due_at, {it}.due_at) AS due_at,
       k.stage IS NOT NULL OR ({it}.answered_at IS NULL AND c.state = ANY(%(clock_runs)s)) AS is_running,
       {sort} AS sort_at
FROM {source} {clock}
WHERE {conditions}
ORDER BY coalesce({sort}, 'infinity'), {own_id} LIMIT %(limit)s
"""


def queues(rows: Rows, asker: Asker) -> list[Json]:
    """The asker's queues, and how many wait in each."""
    own = QUEUES.get(asker.role, ())
    if not own:
        return []
    source, conditions, values = _where(asker, Asked(mine=False))
    counts = ", ".join(f'count(*) FILTER (WHERE {queue.condition}) AS "{queue.name}"' for queue in own)
    found = rows.query(f"SELECT {counts} FROM {source} WHERE {' AND '.join(conditions)}", values)[0]
    return [{"name": queue.name, "n": found[queue.name]} for queue in own]


def cases(rows: Rows, asker: Asker, asked: Asked, at: datetime) -> Json:
    """One page of them, the most pressing first; `next_after` is where to go on."""
    source, conditions, values = _where(asker, asked)
    is_own = asker.role == "department"
    it, own_id = ("t", "t.task_id") if is_own else ("c", "c.case_id")
    sort = f"coalesce(k.due_at, {it}.due_at)"
    if asked.late:
        conditions.append(f"{sort} < %(at)s AND (k.stage IS NOT NULL OR c.state = ANY(%(clock_runs)s))")
    if asked.after is not None:
        after_at, after_id = read_place(asked.after)
        values |= {"after_at": after_at or "infinity", "after_id": str(after_id)}
        conditions.append(f"(coalesce({sort}, 'infinity'), {own_id}) > (%(after_at)s::timestamptz, %(after_id)s::uuid)")
    whose = "(k.task_id IS NULL OR k.task_id = t.task_id)" if is_own else "true"
    clock = _CLOCK.format(whose=whose)
    values |= {"at": at, "clock_runs": list(CLOCK_RUNS), "limit": asked.limit + 1}
    shape = {"columns": _COLUMNS, "it": it, "own_id": own_id, "sort": sort, "source": source, "clock": clock}
    found = rows.query(_LIST.format(**shape, conditions=" AND ".join(conditions)), values)
    page, more = found[: asked.limit], len(found) > asked.limit
    return {"cases": page, "next_after": place(page[-1]["sort_at"], page[-1]["row_id"]) if more else None}


def _where(asker: Asker, asked: Asked) -> tuple[str, list[str], Json]:
    """Source, conditions and values: the asker's area, department and queues, and what else was asked for."""
    source, conditions, values = "cases c", ["c.is_open"], dict[str, Any]()
    if asker.role == "department":
        if asker.department is None:
            said = Wording("您的账号没有所属部门，因此没有任务", "your account names no department, so it has no tasks")
            raise Forbidden(str(said))
        source = "tasks t JOIN cases c USING (case_id)"
        conditions += ["t.is_live", "t.department = %(own)s"]
        values["own"] = asker.department
    area = asked.area or asker.area
    if area is not None:
        conditions.append("(c.area = %(area)s OR c.area LIKE %(below)s)")
        values |= {"area": area.path, "below": f"{area.path}.%"}
    if asked.mine:
        own = [queue.condition for queue in QUEUES.get(asker.role, ()) if asked.queue in (None, queue.name)]
        conditions.append(f"({' OR '.join(own) or 'false'})")
    for name in ("issue_type", "department", "loop"):
        if (value := getattr(asked, name)) is not None:
            conditions.append(f"c.{name} = %({name})s")
            values[name] = value
    return source, conditions, values
