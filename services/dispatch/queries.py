"""Question → answer: one case with what may be done to it, the work list, and the rulebook explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.domain.actions import Answer, answers
from services.dispatch.domain.case import Case, Task, evolve
from services.dispatch.domain.responsibility import matching
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers import case_stream
from shared.contracts.codec import encode
from shared.contracts.envelope import Recorded
from shared.contracts.shapes import Limit
from shared.handling import fold
from shared.kernel.area import Area
from shared.kernel.case_states import STATES, State
from shared.kernel.errors import Forbidden, Invalid, NotFound
from shared.kernel.wording import Wording
from shared.ports import EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker

Json = dict[str, Any]

MINE = "mine"
_CLOCK_RUNS = tuple(state.value for state, row in STATES.items() if row.clock in ("签收时限", "处置时限"))


# --- one case ---------------------------------------------------------------------------------------------------


def one_case(log: EventLog, case_id: UUID, asker: Asker, at: datetime) -> Json:
    """A case as it stands this moment, read from the log itself, with the actions allowed to the asker.

    Raises NotFound, or Forbidden for a case outside the asker's area or never given to the asker's department.
    """
    history = log.stream(case_stream(case_id))
    case = fold(history, evolve)
    if case is None:
        raise NotFound(str(Wording(f"没有案件 {case_id}", f"there is no case {case_id}")))
    area = history[-1].area
    permission.require(asker, action_area=area)
    if asker.role == "department" and asker.department not in case.handlers:
        said = Wording("本案件未派遣给您的部门", f"this case was never given to {asker.department}")
        raise Forbidden(str(said))
    return {
        **_about(case, area, history[-1]),
        "task": None if case.task is None else _task(case.task, case.state, at),
        "actions": [_action(found, case_id) for found in answers(case, asker.actor, at)],
        "version": len(history),
    }


def _about(case: Case, area: Area, last: Recorded[Any]) -> Json:
    filed = case.filed
    return {
        "case_id": filed.case_id,
        "number": filed.number,
        "area": area.path,
        "state": case.state.value,
        "state_zh": case.state.zh,
        "step": case.state.step.value,
        "source": filed.source,
        "issue_type": filed.issue_type,
        "urgency": filed.urgency,
        "loop": filed.loop,
        "title": filed.title,
        "words": filed.words,
        "place": filed.place,
        "point": None if filed.point is None else encode(filed.point),
        "reported_at": filed.reported_at,
        "is_cleared": case.is_cleared,
        "believed_responsible": case.believed_responsible,
        "dispatches": case.dispatches,
        "reworks": case.reworks,
        "closings": case.closings,
        "last_step": {"type": last.type, "by": last.actor.id, "role": last.actor.role, "at": last.occurred_at},
    }


def _task(task: Task, state: State, at: datetime) -> Json:
    return {
        "task_id": task.task_id,
        "department": task.department,
        "co_handlers": list(task.co_handlers),
        "rule": task.rule,
        "because": task.because,
        "limit": _limit(task.limit),
        "due_at": task.due_at,
        "due_because": task.due_because,
        "is_overdue": task.due_at is not None and at > task.due_at and state.value in _CLOCK_RUNS,
        "answer": task.answer,
        "on_time": task.on_time,
    }


def _limit(limit: Limit | None) -> Json | None:
    return None if limit is None else {"amount": limit.amount, "unit": limit.unit.value, "zh": limit.wording.zh}


def _action(found: Answer, case_id: UUID) -> Json:
    return {
        "action": found.action.name,
        "zh": found.action.zh,
        "path": f"/api/v1/cases/{case_id}/{found.action.name}",
        "allowed": found.allowed,
        "rule": found.rule,
        "why_not": found.why_not,
    }


# --- the work list ----------------------------------------------------------------------------------------------


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
       coalesce(due_at < %(at)s AND answered_at IS NULL AND state = ANY(%(clock_runs)s), false) AS is_overdue,
       coalesce(due_at, 'infinity')::text AS due_text
FROM cases
WHERE {conditions}
ORDER BY coalesce(due_at, 'infinity'), case_id
LIMIT %(limit)s
"""


def work_list(rows: Rows, asker: Asker, wanted: Wanted, at: datetime) -> Json:
    """Cases with the nearest due time first, open ones unless a state is asked for; at most `limit`, and where to go on.

    Raises Forbidden for an area that the asker does not serve, or a department that is not the asker's.
    """
    area = wanted.area or asker.area
    if wanted.area is not None:
        permission.require(asker, action_area=wanted.area)
    conditions, values = _conditions(wanted, area, _department(asker, wanted.department))
    parameters = {**values, "at": at, "clock_runs": list(_CLOCK_RUNS), "limit": wanted.limit + 1}
    found = rows.query(_WORK_LIST.format(conditions=" AND ".join(conditions)), parameters)
    page, more = found[: wanted.limit], len(found) > wanted.limit
    cases = [{**row, "state_zh": State(row["state"]).zh} for row in page]
    next_after = f"{page[-1]['due_text']}|{page[-1]['case_id']}" if more else None
    for row in cases:
        del row["due_text"]
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
        values["after_due"], values["after_case"] = _place(wanted.after)
        conditions.append(
            "(coalesce(due_at, 'infinity'), case_id) > (%(after_due)s::timestamptz, %(after_case)s::uuid)"
        )
    return conditions, values


def _place(after: str) -> tuple[str, str]:
    due_text, _, case_id = after.partition("|")
    try:
        if due_text != "infinity":
            datetime.fromisoformat(due_text)
        return due_text, str(UUID(case_id))
    except ValueError as error:
        raise Invalid("this is no place in the list", where="after", hint="send what `next_after` said") from error


# --- the rulebook -----------------------------------------------------------------------------------------------


def departments(rulebook: Rulebook) -> Json:
    found = sorted(rulebook.departments.values(), key=lambda line: line.code)
    # Where notices go is for notify, not for every reader.
    return {"departments": [{"code": line.code, "name": line.name, "name_en": line.name_en} for line in found]}


def issue_types(rulebook: Rulebook) -> Json:
    found = sorted(rulebook.issue_types.values(), key=lambda line: line.code)
    return {"issue_types": [{**encode(line), "limit": _limit(line.limit)} for line in found]}


def responsibilities(rulebook: Rulebook) -> Json:
    found = sorted(rulebook.lines.values(), key=lambda line: line.rule)
    return {"responsibilities": [{**encode(line), "limit": _limit(line.limit)} for line in found]}


def calendar(rulebook: Rulebook) -> Json:
    return {"calendars": [encode(rulebook.calendars[year]) for year in sorted(rulebook.calendars)]}


def explain(rulebook: Rulebook, issue_type: str, area: Area, at: datetime) -> Json:
    """Which line would choose the department now, why, until when; and the lines that it beat, in order."""
    lines = list(matching(rulebook.lines, issue_type, area))
    proposal = rulebook.propose(issue_type, area, at)
    known = issue_type in rulebook.issue_types
    beaten = [
        {"rule": line.rule, "area": line.area, "issue_type": line.issue_type, "department": line.department}
        for line in lines[1:]
    ]
    answer: Json = {"issue_type": issue_type, "area": area.path, "is_known": known, "beaten": beaten}
    if proposal is None:
        said = Wording("权责清单没有适用条目，案件等待人工派遣", "no line holds: such a case waits for a dispatcher")
        return {**answer, "rule": None, "department": None, "because": str(said)}
    return {
        **answer,
        "rule": proposal.rule,
        "department": proposal.department,
        "department_name": rulebook.name(proposal.department),
        "co_handlers": list(proposal.co_handlers),
        "automatic": proposal.automatic,
        "because": str(proposal.because),
        "limit": _limit(proposal.limit),
        "due_at": proposal.due_at,
        "due_because": str(proposal.due_because),
    }
