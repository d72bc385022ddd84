"""What each event makes of a case. Never refuses: history is not up for debate.

Every event of the stream is in exactly one group, and mypy proves that none is forgotten.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from services.dispatch.domain import evolve_beside, evolve_tasks
from services.dispatch.domain.case import Case
from shared.contracts.case import (
    CaseArchived,
    CaseCheckWaived,
    CaseClearedToClose,
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseLevelLowered,
    CaseLevelRaised,
    CaseMerged,
    CaseProblemDeclared,
    CaseRejected,
    CaseReopened,
    CaseResumed,
    CaseReworkOrdered,
    CaseSelfHandled,
    CaseSentToCheck,
    CaseSuspended,
    CaseTransferredOut,
    CaseUnmerged,
    TransferReceipted,
)
from shared.contracts.catalogue import OF_SHAPE
from shared.kernel.case_states import State, landing

Beginning = CaseFiled | CaseSelfHandled
Checking = CaseSentToCheck | CaseCheckWaived | CaseClearedToClose | CaseReworkOrdered | CaseProblemDeclared
Ending = CaseClosed | CaseReopened | CaseArchived | CaseRejected | CaseMerged | CaseUnmerged
Moving = CaseLevelRaised | CaseLevelLowered | CaseSuspended | CaseResumed | CaseTransferredOut | TransferReceipted
CaseEvent = Beginning | Checking | Ending | Moving | evolve_tasks.TaskEvent | evolve_beside.BesideEvent


def evolve(case: Case | None, event: CaseEvent) -> Case:
    """The case after the event."""
    if isinstance(event, Beginning):
        state = State.FILED if isinstance(event, CaseFiled) else State.SELF_HANDLED
        if case is None:
            return Case(filed=event, state=state, loop=event.loop)
        # Rejected, and filed anew after an appeal: the same case, as it goes on counting.
        return replace(case, filed=event, state=state, loop=event.loop)
    if case is None:
        raise LookupError("a case begins with case.filed or case.self_handled")
    moved = _landed(case, event)
    if isinstance(event, Checking):
        return _checked(moved, event)
    if isinstance(event, Ending):
        return _ended(moved, event)
    if isinstance(event, Moving):
        return _moved(moved, event)
    if isinstance(event, evolve_tasks.TaskEvent):
        return evolve_tasks.evolve(moved, event)
    return evolve_beside.evolve(moved, event)


def _landed(case: Case, event: CaseEvent) -> Case:
    """Where it stands now; while somebody may still take it back, a dispatch remembers from where it came."""
    state = landing(OF_SHAPE[type(event)].name, case.state, getattr(event, "back_to", None))
    before = replace(case, before=None) if isinstance(event, CaseDispatched) else case.before
    return replace(case, state=state, before=before)


def _checked(case: Case, event: Checking) -> Case:
    """The check, and what comes of it."""
    match event:
        case CaseSentToCheck():
            return replace(case, checks=case.checks + 1, is_cleared=False, is_waived=False)
        case CaseCheckWaived():
            return replace(case, checks=case.checks + 1, is_cleared=False, is_waived=True)
        case CaseClearedToClose(check_id=check_id):
            return replace(case, is_cleared=True, checks_heard=case.checks_heard | {check_id})
        case CaseReworkOrdered(check_id=check_id, task_ids=task_ids):
            again = evolve_tasks.to_do_again(case, task_ids)
            return replace(again, checks_heard=case.checks_heard | {check_id}, reworks=case.reworks + 1)
        case CaseProblemDeclared(kind=kind, supervised_by=loop):
            return replace(case, problem=kind, supervised_by=loop)
        case _:
            assert_never(event)


def _ended(case: Case, event: Ending) -> Case:
    """The end of a case, and its way back."""
    match event:
        case CaseClosed():
            return replace(case, closings=case.closings + 1)
        case CaseReopened():
            return replace(evolve_tasks.taken_away(case), round_dispatches=0, wrong_returns=0, adjudicated=None)
        case CaseArchived():
            return case
        case CaseRejected():
            return evolve_tasks.taken_away(case)
        case CaseMerged(into=into):
            return replace(case, merged_into=into)
        case CaseUnmerged():
            return replace(case, merged_into=None)
        case _:
            assert_never(event)


def _moved(case: Case, event: Moving) -> Case:
    """Between the loops, aside for a time, out of the district."""
    match event:
        case CaseLevelRaised(to_loop=loop, sponsor=sponsor):
            return replace(evolve_tasks.taken_away(case), loop=loop, sponsor=sponsor or case.sponsor)
        case CaseLevelLowered(to_loop=loop):
            return replace(evolve_tasks.taken_away(case), loop=loop)
        case CaseSuspended():
            return evolve_beside.decided(replace(case, suspension=event), event.request_id)
        case CaseResumed(due=due):
            return replace(evolve_tasks.due_anew(case, due), suspension=None)
        case CaseTransferredOut():
            gone = evolve_tasks.taken_away(case)
            return replace(gone, transfer=event, transfers_out=case.transfers_out + 1, receipt=None)
        case TransferReceipted(receipt=receipt):
            return replace(case, receipt=receipt)
        case _:
            assert_never(event)
