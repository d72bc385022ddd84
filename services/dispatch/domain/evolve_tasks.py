"""What the events of its tasks make of a case: given, signed, claimed, answered, given back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, assert_never
from uuid import UUID

from services.dispatch.domain.case import VOLUNTEERS, Case, Claim, Task
from shared.contracts.case import (
    CaseDispatched,
    CaseDispatchRecalled,
    CaseSplit,
    NewDue,
    ReturnKind,
    TaskResponded,
    TaskReturned,
    TaskSigned,
)
from shared.contracts.task import (
    CaseOffered,
    TaskAdded,
    TaskClaimed,
    TaskClaimExpired,
    TaskClaimReleased,
    TaskPartResponded,
    TaskStageCompleted,
    TaskStarted,
    TaskWithdrawn,
)

Giving = CaseDispatched | CaseDispatchRecalled | CaseOffered | TaskAdded | CaseSplit | TaskWithdrawn | TaskReturned
Working = (
    TaskSigned
    | TaskClaimed
    | TaskClaimReleased
    | TaskClaimExpired
    | TaskStarted
    | TaskStageCompleted
    | TaskPartResponded
    | TaskResponded
)
TaskEvent = Giving | Working


def evolve(case: Case, event: TaskEvent) -> Case:
    """The case after an event of its tasks; where it stands was settled before."""
    return _given(case, event) if isinstance(event, Giving) else _worked(case, event)


def _given(case: Case, event: Giving) -> Case:
    match event:
        case CaseDispatched():
            heard = case.informed | frozenset(event.informed)
            given = replace(taken_away(case), round_dispatches=case.round_dispatches + 1, informed=heard)
            return _with_lead(given, _lead(event))
        case CaseDispatchRecalled():
            return _as_before(case)
        case CaseOffered():
            return replace(_with_lead(taken_away(case), _offered(event)), before=None)
        case TaskAdded():
            return replace(
                case,
                tasks={**case.tasks, event.task_id: _added(event)},
                handlers=case.handlers | {event.department},
                added=case.added + 1,
            )
        case CaseSplit():
            return replace(case, splits=case.splits + 1)
        case TaskWithdrawn(task_id=task_id):
            return _without(case, task_id)
        case TaskReturned(kind=kind, believed_responsible=believed):
            wrong = case.wrong_returns + (kind is ReturnKind.WRONG_DEPARTMENT)
            return replace(
                taken_away(case), believed_responsible=believed, returned_as=kind, wrong_returns=wrong, adjudicated=None
            )
        case _:
            assert_never(event)


def _worked(case: Case, event: Working) -> Case:
    task_id = event.task_id
    match event:
        case TaskSigned():
            return _changed(case, task_id, is_signed=True)
        case TaskClaimed():
            claim = Claim(claim_id=event.claim_id, claimed_by=event.claimed_by, expires_at=event.expires_at)
            return _changed(case, task_id, claim=claim, is_signed=True)
        case TaskClaimReleased() | TaskClaimExpired():
            return _changed(case, task_id, claim=None, is_signed=False, is_started=False)
        case TaskStarted():
            return _changed(case, task_id, is_started=True)
        case TaskStageCompleted(stage=stage):
            done = case.tasks[task_id].stages if task_id in case.tasks else ()
            return _changed(case, task_id, stages=(*done, stage))
        case TaskPartResponded():
            return _answered(_nothing_asked(case, task_id), event)
        case TaskResponded():
            return _answered(replace(case, requests={}), event)
        case _:
            assert_never(event)


def _as_before(case: Case) -> Case:
    """As if it had not been dispatched; only who was summoned stays, and what counts: ids are made of it."""
    if case.before is None:
        return taken_away(case)
    return replace(
        case.before,
        state=case.state,
        dispatches=case.dispatches,
        added=case.added,
        splits=case.splits,
        requested=case.requested,
        whistles=case.whistles,
    )


# --- what other events do to tasks too --------------------------------------------------------------------------


def taken_away(case: Case) -> Case:
    """No department has the case any more, and what was asked for, or argued about, is void."""
    nothing = replace(case, tasks={}, requests={}, suspension=None, dispute=None, returned_as=None)
    return replace(nothing, is_cleared=False, is_waived=False)


def to_do_again(case: Case, task_ids: Iterable[UUID]) -> Case:
    """The tasks named, or all of them, are to be done once more; their clocks run on.

    What a check found wanting by name is waited for, even where it was left to the department before.
    """
    wanting = frozenset(task_ids)
    tasks = dict(case.tasks)
    for task_id in (wanting or tasks.keys()) & tasks.keys():
        task = case.tasks[task_id]
        tasks[task_id] = replace(
            task,
            answer=None,
            evidence=(),
            on_time=None,
            is_signed=False,
            is_started=False,
            mandatory=task.mandatory or task_id in wanting,
        )
    return replace(case, tasks=tasks, is_cleared=False, is_waived=False)


def due_anew(case: Case, due: Iterable[NewDue]) -> Case:
    """The tasks have new due instants."""
    for new in due:
        case = _changed(case, new.task_id, due_at=new.due_at, due_because=new.because)
    return case


def _answered(case: Case, event: TaskPartResponded | TaskResponded) -> Case:
    return _changed(case, event.task_id, answer=event.answer, evidence=event.evidence, on_time=event.on_time)


def _changed(case: Case, task_id: UUID, **changes: Any) -> Case:
    # Imported history may answer a case that nobody is known to have dispatched.
    if task_id not in case.tasks:
        return case
    return replace(case, tasks={**case.tasks, task_id: replace(case.tasks[task_id], **changes)})


def _without(case: Case, task_id: UUID) -> Case:
    left = {found: task for found, task in case.tasks.items() if found != task_id}
    return replace(_nothing_asked(case, task_id), tasks=left)


def _nothing_asked(case: Case, task_id: UUID) -> Case:
    """What was asked for about the task is void; a suspension was asked for the whole case, and stays."""
    left = {key: found for key, found in case.requests.items() if getattr(found, "task_id", None) != task_id}
    return replace(case, requests=left)


# --- tasks as they begin ----------------------------------------------------------------------------------------


def _with_lead(case: Case, task: Task) -> Case:
    handlers = case.handlers | {task.department, *task.co_handlers} - {VOLUNTEERS}
    return replace(case, tasks={task.task_id: task}, handlers=handlers, dispatches=case.dispatches + 1)


def _lead(event: CaseDispatched) -> Task:
    return Task(
        task_id=event.task_id,
        department=event.department,
        co_handlers=event.co_handlers,
        rule=event.rule,
        because=event.because,
        limit=event.limit,
        due_at=event.due_at,
        due_because=event.due_because,
    )


def _offered(event: CaseOffered) -> Task:
    return Task(
        task_id=event.task_id,
        department=VOLUNTEERS,
        what=event.what,
        limit=None,
        due_at=event.due_at,
        due_because=event.due_because,
        claim_hours=event.claim_hours,
    )


def _added(event: TaskAdded) -> Task:
    return Task(
        task_id=event.task_id,
        department=event.department,
        joined=event.joined,
        what=event.what,
        mandatory=event.mandatory,
        limit=event.limit,
        due_at=event.due_at,
        due_because=event.due_because,
    )
