"""What happens beside the road: requests and their answers, disputes, whistles."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never
from uuid import UUID

from services.dispatch.domain.case import Case, Whistle
from shared.contracts.case import WhistleAnswered, WhistleBlown
from shared.contracts.task import (
    DisputeAdjudicated,
    DisputeOpened,
    ExtensionApproved,
    ExtensionRefused,
    ExtensionRequested,
    ReturnRefused,
    ReturnRequested,
    SuspensionRefused,
    SuspensionRequested,
)

Asking = ReturnRequested | ExtensionRequested | SuspensionRequested
Refusing = ReturnRefused | ExtensionRefused | SuspensionRefused
BesideEvent = (
    Asking | Refusing | ExtensionApproved | DisputeOpened | DisputeAdjudicated | WhistleBlown | WhistleAnswered
)


def evolve(case: Case, event: BesideEvent) -> Case:
    """The case after somebody asked, decided, disputed or summoned."""
    match event:
        case ReturnRequested() | ExtensionRequested() | SuspensionRequested():
            return replace(case, requests={**case.requests, event.request_id: event}, requested=case.requested + 1)
        case ReturnRefused() | ExtensionRefused() | SuspensionRefused():
            return decided(case, event.request_id)
        case ExtensionApproved():
            return _extended(decided(case, event.request_id), event)
        case DisputeOpened():
            return replace(case, dispute=event, disputes=case.disputes + 1, adjudicated=None)
        case DisputeAdjudicated(department=department):
            return replace(case, dispute=None, adjudicated=department)
        case WhistleBlown():
            return replace(case, whistles={**case.whistles, event.whistle_id: Whistle(blown=event)})
        case WhistleAnswered():
            return _reported(case, event)
        case _:
            assert_never(event)


def decided(case: Case, request_id: UUID) -> Case:
    """Somebody has decided on the request."""
    return replace(case, requests={key: found for key, found in case.requests.items() if key != request_id})


def _extended(case: Case, event: ExtensionApproved) -> Case:
    task = case.tasks.get(event.task_id)
    if task is None:
        return case
    longer = replace(task, due_at=event.due_at, due_because=event.due_because, extensions=event.attempt)
    return replace(case, tasks={**case.tasks, event.task_id: longer})


def _reported(case: Case, event: WhistleAnswered) -> Case:
    whistle = case.whistles.get(event.whistle_id)
    if whistle is None:
        return case
    heard = replace(whistle, answered=whistle.answered | {event.department})
    return replace(case, whistles={**case.whistles, event.whistle_id: heard})
