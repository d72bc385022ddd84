"""Whose turn it is: for each role the queues of cases that wait for it, in the asker's area, the most pressing first.

我的 is my queues ∧ my area; 全部 is every open case of my area. A department's queues are of its tasks, and of the
cases to which it was summoned or about which it disagrees; a volunteer's are of the open pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.dispatch.queries.work_list import CLOCK_RUNS
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden
from shared.kernel.wording import Wording
from shared.ports import Rows
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]
MOST = 1_000
"""Nobody works through more: beyond that a queue is said to have so many "or more", and counting costs no more."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Cases that wait for one kind of step."""

    name: str
    condition: str
    """Of the case `c`, or of a department's line `t`: a task, a summons, a dispute."""
    is_turn: bool = True
    """Whether it waits for the asker; else somebody else has to move, and the asker keeps an eye on it."""


def _asked(*kinds: str) -> str:
    return f"(c.asked <> '{{}}' AND c.asked && ARRAY[{', '.join(repr(kind) for kind in kinds)}])"


# Called upon is whoever holds the post that the rung named, and the desk of the area that it was addressed to.
_PRESSED = Queue(
    "pressed",
    """c.case_id IN (SELECT e.case_id FROM escalations e WHERE e.is_open AND (e.target_area = %(own_area)s
  OR (%(own_area)s::text IS NULL AND e.target_area NOT LIKE '%%.%%') OR EXISTS (
 SELECT FROM posts p WHERE p.person = %(who)s AND p.post = e.target_post AND p.area = e.target_area
   AND p.since <= %(today)s AND (p.until IS NULL OR p.until >= %(today)s))))""",
)
_TO_CLOSE = """((c.is_cleared OR c.is_waived) AND ((c.state = 'checking' AND c.is_cleared)
 OR (c.state IN ('self_handled', 'responded') AND c.is_waived)))"""
_DISPUTES = Queue("disputes", "c.is_disputed")
_PROBLEMS = Queue("problems", "c.problem IS NOT NULL")
# Given back as somebody else's, and nobody has said whose it is: the loop above decides before it goes round again.
_UNCLAIMED = Queue("unclaimed", "(c.state = 'returned' AND c.wrong_returns > 0 AND NOT c.is_disputed)")
_SUMMONED = Queue("whistles", "c.summoned <> '{}'", is_turn=False)
QUEUES: dict[str, tuple[Queue, ...]] = {
    "dispatcher": (
        Queue("dispatch", "c.state IN ('filed', 'returned', 'reopened')"),
        Queue("returns", _asked("return.requested")),
        _UNCLAIMED,
        Queue("outside", "c.state = 'transferred_out'"),
        _SUMMONED,
    ),
    "department": (
        Queue("sign", "t.kind = 'task' AND NOT t.is_signed AND t.answered_at IS NULL AND c.state <> 'rework'"),
        Queue("rework", "t.kind = 'task' AND t.answered_at IS NULL AND c.state = 'rework'"),
        Queue("answer", "t.kind = 'task' AND t.is_signed AND t.answered_at IS NULL AND c.state = 'handling'"),
        Queue("whistles", "t.kind = 'summons'"),
        Queue("disputes", "t.kind = 'dispute'", is_turn=False),
    ),
    "duty_chief": (
        Queue("close", _TO_CLOSE),
        Queue("requests", _asked("extension.requested", "suspension.requested", "return.requested")),
        _PRESSED,
        Queue("reviews", "(c.state = 'suspended' AND c.suspended_until <= %(today)s)"),
        _DISPUTES,
        _UNCLAIMED,
        _SUMMONED,
        Queue("suspended", "c.state = 'suspended'", is_turn=False),
    ),
    "leader": (Queue("requests", _asked("extension.requested")), _PRESSED, _DISPUTES, _UNCLAIMED, _PROBLEMS),
    "supervisor": (Queue("check", "(c.state = 'checking' AND NOT c.is_cleared)"), _PRESSED, _PROBLEMS),
    "grid_worker": (_PRESSED,),
    "volunteer": (
        Queue("claimed", "(t.is_own AND c.state = 'handling')"),
        Queue("free", "(NOT t.is_claimed AND c.state IN ('dispatched', 'rework', 'handling'))"),
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
c.is_cleared, c.reworks, c.suspended_until, c.reported_at, c.asked AS requests, c.summoned
"""
# What a department has of a case: its tasks, a summons that it has not answered, a dispute that it is party to.
_OWN = """(
  SELECT task_id AS row_id, case_id, 'task' AS kind, department, due_at, is_signed, answered_at,
         press_stage, press_at, press_warn_at, press_counted, press_nights, press_paused
  FROM tasks WHERE is_live AND department = %(own)s
  UNION ALL
  SELECT s.case_id, s.case_id, 'summons', %(own)s, k.due_at, false, NULL,
         'whistle', k.due_at, k.warn_at, k.is_counted, k.day_and_night, k.is_paused
  FROM cases s JOIN clocks k ON k.case_id = s.case_id AND k.stage = 'whistle' AND k.department = %(own)s AND k.is_open
  WHERE s.is_open AND s.summoned <> '{}' AND s.summoned @> ARRAY[%(own)s]
  UNION ALL
  SELECT case_id, case_id, 'dispute', %(own)s, NULL, false, NULL,
         press_stage, press_at, press_warn_at, press_counted, press_nights, press_paused
  FROM cases WHERE is_open AND is_disputed AND disputed_between @> ARRAY[%(own)s]
) t JOIN cases c USING (case_id)"""
# What a volunteer has of the open pool: what is free to claim, and what is in their own hands.
_POOLED = """(
  SELECT p.case_id AS row_id, p.case_id, p.claimed_by IS NOT NULL AND p.expires_at > now() AS is_claimed,
         p.claimed_by = %(who)s AND p.expires_at > now() AS is_own, 'volunteers' AS department,
         CASE WHEN p.expires_at > now() THEN p.expires_at ELSE p.due_at END AS due_at, NULL::timestamptz AS answered_at,
         NULL::text AS press_stage, NULL::timestamptz AS press_at, NULL::timestamptz AS press_warn_at,
         false AS press_counted, true AS press_nights, false AS press_paused
  FROM pool p WHERE p.is_pooled
) t JOIN cases c USING (case_id)"""
_SORT = "coalesce({it}.press_at, {it}.due_at, 'infinity')"
_LIST = """
SELECT {columns}, {it}.department, {own_id} AS row_id, {it}.press_stage AS stage, {it}.press_warn_at AS warn_at,
       {it}.press_nights AS day_and_night,
       CASE WHEN {it}.press_stage IS NOT NULL THEN {it}.press_counted END AS is_counted,
       {it}.press_paused AS is_paused, coalesce({it}.press_at, {it}.due_at) AS due_at,
       {it}.press_stage IS NOT NULL OR ({it}.answered_at IS NULL AND c.state = ANY(%(clock_runs)s)) AS is_running
FROM {source}
WHERE {conditions}
ORDER BY {sort}, {own_id} LIMIT %(limit)s
"""


_COUNT = f'(SELECT count(*) FROM (SELECT FROM {{source}} WHERE {{where}} LIMIT {MOST}) q) AS "{{name}}"'


def queues(rows: Rows, asker: Asker, today: date) -> list[Json]:
    """The asker's queues, and how many wait in each: `MOST` stands for so many or more."""
    own = QUEUES.get(asker.role, ())
    if not own:
        return []
    source, conditions, values = _where(asker, Asked(mine=False), today)
    base = " AND ".join(conditions)
    counts = (_COUNT.format(source=source, where=f"{base} AND {queue.condition}", name=queue.name) for queue in own)
    found = rows.query(f"SELECT {', '.join(counts)}", values)[0]
    return [{"name": queue.name, "n": found[queue.name], "is_turn": queue.is_turn} for queue in own]


def cases(rows: Rows, asker: Asker, asked: Asked, at: datetime, today: date) -> Json:
    """One page of them, the most pressing first; `next_after` is where to go on."""
    source, conditions, values = _where(asker, asked, today)
    it, own_id = ("t", "t.row_id") if asker.role in ("department", "volunteer") else ("c", "c.case_id")
    sort = _SORT.format(it=it)
    if asked.late:
        conditions.append(f"{sort} < %(at)s AND ({it}.press_stage IS NOT NULL OR c.state = ANY(%(clock_runs)s))")
    if asked.after is not None:
        after_at, after_id = read_place(asked.after)
        values |= {"after_at": after_at or "infinity", "after_id": str(after_id)}
        conditions.append(f"({sort}, {own_id}) > (%(after_at)s::timestamptz, %(after_id)s::uuid)")
    values |= {"at": at, "clock_runs": list(CLOCK_RUNS), "limit": asked.limit + 1}
    shape = {"columns": _COLUMNS, "it": it, "own_id": own_id, "sort": sort, "source": source}
    found = rows.query(_LIST.format(**shape, conditions=" AND ".join(conditions)), values)
    page, more = found[: asked.limit], len(found) > asked.limit
    return {"cases": page, "next_after": place(page[-1]["due_at"], page[-1]["row_id"]) if more else None}


def position(rows: Rows) -> int:
    """How far in the log the list is."""
    found = rows.query("SELECT position FROM watermarks WHERE projection = 'cases'")
    return int(found[0]["position"]) if found else 0


def _where(asker: Asker, asked: Asked, today: date) -> tuple[str, list[str], Json]:
    """Source, conditions and values: the asker's area, department and queues, and what else was asked for."""
    source, conditions = "cases c", ["c.is_open"]
    own_area = None if asker.area is None else asker.area.path
    values: Json = {"who": asker.id, "own_area": own_area, "today": today}
    if asker.role == "department":
        if asker.department is None:
            said = Wording("您的账号没有所属部门，因此没有任务", "your account names no department, so it has no tasks")
            raise Forbidden(str(said))
        source = _OWN
        values["own"] = asker.department
    if asker.role == "volunteer":
        source = _POOLED
        conditions.append("(t.is_own OR NOT t.is_claimed)")
    area = asked.area or asker.area
    if area is not None:
        conditions.append("(c.area = %(area)s OR c.area LIKE %(below)s)")
        values |= {"area": area.path, "below": f"{area.path}.%"}
    if asked.mine:
        own = [queue.condition for queue in QUEUES.get(asker.role, ()) if _is_wanted(queue, asked.queue)]
        conditions.append(f"({' OR '.join(own) or 'false'})")
    for name in ("issue_type", "department", "loop"):
        if (value := getattr(asked, name)) is not None:
            conditions.append(f"c.{name} = %({name})s")
            values[name] = value
    return source, conditions, values


def _is_wanted(queue: Queue, name: str | None) -> bool:
    """The queue that was asked for; else all in which it is the asker's turn."""
    return queue.is_turn if name is None else queue.name == name
