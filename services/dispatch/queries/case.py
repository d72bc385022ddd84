"""One case as it stands this moment, read from the log itself, with what the asker may do to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.domain.actions import Answer, answers
from services.dispatch.domain.case import Case, Task
from services.dispatch.domain.evolve import evolve
from services.dispatch.handlers import case_stream
from services.dispatch.queries.rulebook import limit_body
from services.dispatch.queries.work_list import CLOCK_RUNS
from shared.contracts.codec import encode
from shared.contracts.envelope import Recorded
from shared.handling import fold
from shared.kernel.area import Area
from shared.kernel.case_states import State
from shared.kernel.errors import Forbidden, NotFound
from shared.kernel.wording import Wording
from shared.ports import EventLog
from shared.security import permission
from shared.security.permission import Asker

Json = dict[str, Any]


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
        "limit": limit_body(task.limit),
        "due_at": task.due_at,
        "due_because": task.due_because,
        "is_overdue": task.due_at is not None and at > task.due_at and state.value in CLOCK_RUNS,
        "answer": task.answer,
        "on_time": task.on_time,
    }


def _action(found: Answer, case_id: UUID) -> Json:
    return {
        "action": found.action.name,
        "zh": found.action.zh,
        "path": f"/api/v1/cases/{case_id}/{found.action.name}",
        "allowed": found.allowed,
        "rule": found.rule,
        "why_not": found.why_not,
    }
