"""One case: what it is after each of its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from shared.contracts.case import (
    CaseArchived,
    CaseClearedToClose,
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseReopened,
    CaseReworkOrdered,
    CaseSentToCheck,
    TaskResponded,
    TaskReturned,
    TaskSigned,
)
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.shapes import Limit
from shared.kernel.case_states import LANDINGS, State

CaseEvent = (
    CaseFiled
    | CaseDispatched
    | TaskSigned
    | TaskReturned
    | TaskResponded
    | CaseSentToCheck
    | CaseClearedToClose
    | CaseReworkOrdered
    | CaseClosed
    | CaseReopened
    | CaseArchived
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the lead department is asked to do."""

    task_id: UUID
    department: str
    co_handlers: tuple[str, ...]
    rule: str | None
    because: str
    limit: Limit | None
    due_at: datetime | None
    due_because: str
    answer: str | None = None
    on_time: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What has become of a case. Counters count from 1 at the first time."""

    filed: CaseFiled
    state: State
    task: Task | None = None
    """The task in hand, or the last one; None while no department has it."""
    handlers: frozenset[str] = frozenset()
    """Every department that ever had the case as lead or co-handler."""
    believed_responsible: str | None = None
    """Whom the last department that gave it back named."""
    dispatches: int = 0
    checks: int = 0
    checks_heard: frozenset[UUID] = frozenset()
    """Checks whose result was taken in: the same result again changes nothing."""
    is_cleared: bool = False
    """The last check was passed, and nothing has happened since that would need another."""
    reworks: int = 0
    closings: int = 0

    @property
    def case_id(self) -> UUID:
        return self.filed.case_id

    @property
    def department(self) -> str | None:
        """Who has it in hand now."""
        return None if self.task is None else self.task.department


def evolve(case: Case | None, event: CaseEvent) -> Case:  # noqa: C901, PLR0911  # one branch per event
    """The case after the event; history is not up for debate."""
    if isinstance(event, CaseFiled):
        return Case(filed=event, state=State.FILED)
    known = _known(case)
    moved = replace(known, state=LANDINGS[OF_SHAPE[type(event)].name])
    match event:
        case CaseDispatched():
            return _given(moved, event)
        case TaskSigned():
            return moved
        case TaskReturned(believed_responsible=believed):
            return replace(moved, task=None, believed_responsible=believed)
        case TaskResponded(answer=answer, on_time=on_time):
            return replace(moved, task=_answered(known.task, answer, on_time))
        case CaseSentToCheck():
            return replace(moved, checks=known.checks + 1, is_cleared=False)
        case CaseClearedToClose(check_id=check_id):
            return replace(moved, is_cleared=True, checks_heard=known.checks_heard | {check_id})
        case CaseReworkOrdered(check_id=check_id):
            heard = known.checks_heard | {check_id}
            return replace(moved, is_cleared=False, checks_heard=heard, reworks=known.reworks + 1)
        case CaseClosed():
            return replace(moved, closings=known.closings + 1)
        case CaseReopened():
            return replace(moved, task=None, is_cleared=False)
        case CaseArchived():
            return moved
        case _:
            assert_never(event)


def _known(case: Case | None) -> Case:
    if case is None:
        raise LookupError("a case begins with case.filed")
    return case


def _given(case: Case, event: CaseDispatched) -> Case:
    task = Task(
        task_id=event.task_id,
        department=event.department,
        co_handlers=event.co_handlers,
        rule=event.rule,
        because=event.because,
        limit=event.limit,
        due_at=event.due_at,
        due_because=event.due_because,
    )
    return replace(
        case,
        task=task,
        handlers=case.handlers | {event.department, *event.co_handlers},
        dispatches=case.dispatches + 1,
        is_cleared=False,
    )


def _answered(task: Task | None, answer: str, on_time: bool | None) -> Task | None:
    # Imported history may answer a case that nobody is known to have dispatched.
    return None if task is None else replace(task, answer=answer, on_time=on_time)
