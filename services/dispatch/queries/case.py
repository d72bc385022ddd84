"""One case as it stands this moment, read from the log itself, with what the asker may do to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.clocks.effective import with_clocks
from services.dispatch.domain.actions import Answer, Known, Moment, answers
from services.dispatch.domain.authority import owner
from services.dispatch.domain.case import VOLUNTEERS, Case, Request, Task, Whistle
from services.dispatch.domain.evolve import evolve
from services.dispatch.handlers import asked_until, case_stream, dispatched_at
from services.dispatch.queries.rulebook import limit_body
from services.dispatch.queries.work_list import CLOCK_RUNS
from shared.contracts.catalogue import OF_SHAPE
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


Beside = Callable[[Area], Known]
"""What is known beside the cases that lie there."""


def one_case(log: EventLog, case_id: UUID, asker: Asker, at: datetime, beside: Beside = lambda _: Known()) -> Json:
    """A case as it stands this moment, read from the log itself, with the actions allowed to the asker.

    Raises NotFound, or Forbidden for a case outside the asker's area, never given to the asker's department, or, to a
    volunteer, not in the open pool.
    """
    history = log.stream(case_stream(case_id))
    case = fold(history, evolve)
    if case is None:
        raise NotFound(str(Wording(f"没有案件 {case_id}", f"there is no case {case_id}")))
    area = history[-1].area
    permission.require(asker, action_area=area)
    _may_see(case, asker)
    case = with_clocks(case, log.stream(f"clock-{case_id}"))
    moment = Moment(at, asked_until(log, case, at), dispatched_at(history), beside(area))
    return {
        **_about(case, area, history[-1]),
        **_standing(case),
        "task": None if case.task is None else _task(case.task, case.state, at),
        "tasks": [_task(task, case.state, at) for task in case.tasks.values()],
        "requests": [_request(found) for found in case.requests.values()],
        "whistles": [_whistle(found) for found in case.whistles.values()],
        "actions": [_action(found, case_id) for found in answers(case, asker, moment)],
        "version": len(history),
    }


def _may_see(case: Case, asker: Asker) -> None:
    summoned = {code for whistle in case.whistles.values() for code in whistle.blown.departments}
    if asker.role == "department" and asker.department not in case.handlers | summoned | case.informed:
        said = Wording("本案件未派遣给您的部门", f"this case was never given to {asker.department}")
        raise Forbidden(str(said))
    if asker.role == "volunteer" and not case.tasks_of(VOLUNTEERS):
        raise Forbidden(str(Wording("本案件不在抢单池", "this case is not in the open pool")))


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
        "loop": case.loop,
        "loop_at_first": filed.loop,
        "decided_by": owner(case),
        "title": filed.title,
        "words": filed.words,
        "place": filed.place,
        "point": None if filed.point is None else encode(filed.point),
        "reported_at": filed.reported_at,
        "edition": filed.edition,
        "policy": filed.policy,
        "is_cleared": case.is_cleared,
        "is_waived": case.is_waived,
        "believed_responsible": case.believed_responsible,
        "adjudicated": case.adjudicated,
        "informed": sorted(case.informed),
        "sponsor": case.sponsor,
        "dispatches": case.dispatches,
        "transfers": case.transfers,
        "reworks": case.reworks,
        "closings": case.closings,
        "last_step": {"type": last.type, "by": last.actor.id, "role": last.actor.role, "at": last.occurred_at},
    }


def _standing(case: Case) -> Json:
    """What the case has come upon beside the road."""
    suspension, transfer, dispute = case.suspension, case.transfer, case.dispute
    return {
        "problem": case.problem,
        "supervised_by": case.supervised_by,
        "suspension": None if suspension is None else {"reason": suspension.reason, "review_on": suspension.review_on},
        "transfer": None
        if transfer is None or case.state is not State.TRANSFERRED_OUT
        else {**encode(transfer), "receipt": case.receipt},
        "dispute": None if dispute is None else encode(dispute),
        "merged_into": case.merged_into,
    }


def _task(task: Task, state: State, at: datetime) -> Json:
    is_late = task.due_at is not None and at > task.due_at
    return {
        "task_id": task.task_id,
        "department": task.department,
        "joined": task.joined,
        "what": task.what,
        "mandatory": task.mandatory,
        "co_handlers": list(task.co_handlers),
        "rule": task.rule,
        "because": task.because,
        "limit": limit_body(task.limit),
        "due_at": task.due_at,
        "due_because": task.due_because,
        "is_overdue": is_late and not task.is_answered and state.value in CLOCK_RUNS,
        "is_signed": task.is_signed,
        "is_started": task.is_started,
        "stages": list(task.stages),
        "extensions": task.extensions,
        "claim": None if task.claim is None else {"claim_id": task.claim.claim_id, "expires_at": task.claim.expires_at},
        "answer": task.answer,
        "evidence": list(task.evidence),
        "on_time": task.on_time,
    }


def _request(asked: Request) -> Json:
    body = {name: value for name, value in encode(asked).items() if name != "case_id"}
    return {"asked": OF_SHAPE[type(asked)].name, **body}


def _whistle(found: Whistle) -> Json:
    return {**encode(found.blown), "awaited": list(found.awaited)}


def _action(found: Answer, case_id: UUID) -> Json:
    return {
        "action": found.action.name,
        "zh": found.action.zh,
        "path": f"/api/v1/cases/{case_id}/{found.action.door}",
        "allowed": found.allowed,
        "rule": found.rule,
        "why_not": found.why_not,
    }
