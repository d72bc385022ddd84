"""Until when a task is to be handled, as its clock has it: a calendar or an emergency moves the clock, not the case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.domain.case import Case, Task
from shared.contracts.clock import ClockRecomputed, ClockStarted, Stage
from shared.contracts.envelope import Recorded


@dataclass(slots=True)
class _Dues:
    """Every due instant that the task's clocks ever had, and the last one with its reason."""

    ever: set[datetime] = field(default_factory=set)
    last: datetime | None = None
    because: str = ""


def with_clocks(case: Case, clock_events: Iterable[Recorded[Any]]) -> Case:
    """The case with the due instants that its clocks have now.

    A due instant of the case that its clock has not heard of yet is newer than the clock, and stays.
    """
    dues: dict[UUID, _Dues] = {}
    for recorded in clock_events:
        match recorded.event:
            case ClockStarted(stage=Stage.HANDLE, condition=None, task_id=UUID() as task_id) as event:
                _heard(dues, task_id, event.due_at, event.because)
            case ClockRecomputed(stage=Stage.HANDLE, condition=None, task_id=UUID() as task_id) as event:
                _heard(dues, task_id, event.due_at, event.because)
            case _:
                pass
    tasks = {task_id: _moved(task, dues.get(task_id)) for task_id, task in case.tasks.items()}
    return replace(case, tasks=tasks)


def _heard(dues: dict[UUID, _Dues], task_id: UUID, due_at: datetime, because: str) -> None:
    found = dues.setdefault(task_id, _Dues())
    found.ever.add(due_at)
    found.last, found.because = due_at, because


def _moved(task: Task, dues: _Dues | None) -> Task:
    if dues is None or dues.last is None or task.due_at not in dues.ever or task.due_at == dues.last:
        return task
    return replace(task, due_at=dues.last, due_because=dues.because)
