"""The open pool 居民点单、社区派单、党员领单: a case is offered, whoever claims it first has it, and not for ever.

How many tasks one volunteer may have in hand is not a question of one case: `handlers/pool.py` asks it first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.dispatch.domain.case import VOLUNTEERS, Case, Claim, Task
from services.dispatch.domain.guards import Events, Somebody, Verb, be_in_state, forbid, is_own, need, refuse, say_why
from shared.contracts.case import ReturnKind, TaskReturned
from shared.contracts.task import CaseOffered, TaskClaimed, TaskClaimExpired, TaskClaimReleased
from shared.kernel.case_states import State
from shared.kernel.errors import Invalid
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

OFFER = Verb("case.offered", "case.not_offerable", "放入抢单池", "put into the open pool")
CLAIM = Verb("task.claimed", "task.not_claimable", "领单", "claimed")
RELEASE = Verb("task.claim_released", "task.not_claimed", "退单", "given back to the pool")
EXPIRE = Verb("task.claim_expired", "task.not_claimed", "领单到期", "expired")
TAKE_BACK = Verb("task.returned", "task.not_returnable", "撤出抢单池", "taken out of the pool")
LONGEST_CLAIM = 30 * 24
"""Hours: nobody holds a task of the pool longer than a month without answering it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is put into the pool, and for how long whoever claims it has it."""

    what: str
    claim_hours: int
    due_at: datetime | None = None
    due_because: str = ""


def offer(case: Case, by: Somebody, wish: Offer) -> Events:
    """Put the case into the open pool (点单); a case that was adjudicated goes to whom it was decided for."""
    need(case, OFFER, by)
    if case.dispute is not None:
        refuse("case.disputed", "权责争议尚未裁定，不能放入抢单池", "whose it is, is being decided: wait for that")
    if case.adjudicated is not None:
        refuse(
            "case.adjudicated", f"已裁定由 {case.adjudicated} 负责", f"it was decided that {case.adjudicated} has it"
        )
    say_why(wish.what, "what")
    if not 1 <= wish.claim_hours <= LONGEST_CLAIM:
        said = Wording(f"领单时长为 1 至 {LONGEST_CLAIM} 小时", f"a claim lasts 1 to {LONGEST_CLAIM} hours")
        raise Invalid(str(said), where="claim_hours")
    attempt = case.dispatches + 1
    return (
        CaseOffered(
            case_id=case.case_id,
            task_id=derived_id("task", case.case_id, attempt),
            what=wish.what,
            claim_hours=wish.claim_hours,
            due_at=wish.due_at,
            due_because=wish.due_because,
            attempt=attempt,
        ),
    )


def claim(case: Case, by: Somebody, claim_id: UUID, at: datetime) -> Events:
    """Somebody takes it (领单): the first one, and until an instant. The same claim again changes nothing."""
    task = case.task
    if task is not None and task.claim is not None and task.claim.claim_id == claim_id and case.state is State.HANDLING:
        return ()
    if task is not None and task.department != VOLUNTEERS:
        refuse(CLAIM.rule, "案件不在抢单池", "the case is not in the open pool")
    if case.state is State.HANDLING and task is not None and task.claim is not None:
        refuse("task.claimed_already", "任务已被他人领取", "somebody else has claimed it already")
    need(case, CLAIM, by)
    task = _in_pool(case)
    hours = timedelta(hours=task.claim_hours or 1)
    return (
        TaskClaimed(
            case_id=case.case_id,
            task_id=task.task_id,
            claim_id=claim_id,
            claimed_by=by.id,
            expires_at=at + hours,
        ),
    )


def release(case: Case, by: Somebody, reason: str) -> Events:
    """It goes back to the pool (退单): by whoever has it, or by a dispatcher."""
    need(case, RELEASE, by)
    task, held = _claimed(case)
    if by.role == "volunteer" and not is_own(task, by):
        forbid("任务由他人领取", "somebody else has claimed this task")
    say_why(reason, "reason")
    return (TaskClaimReleased(case_id=case.case_id, task_id=task.task_id, claim_id=held.claim_id, reason=reason),)


def expire(case: Case, at: datetime) -> Events:
    """What the end of a claim has made true, said; nothing when there is none, or it is not true yet."""
    task = case.task
    if case.state is not State.HANDLING or task is None or task.claim is None or task.is_answered:
        return ()
    if at < task.claim.expires_at:
        return ()
    be_in_state(case, EXPIRE)
    return (TaskClaimExpired(case_id=case.case_id, task_id=task.task_id, claim_id=task.claim.claim_id),)


def take_back(case: Case, by: Somebody, reason: str) -> Events:
    """A case that nobody takes goes back to the dispatcher, who finds somebody whose it is."""
    need(case, TAKE_BACK, by)
    task = _in_pool(case)
    if task.claim is not None:
        refuse("task.claimed_already", "任务已被领取，请先退单", "somebody has claimed it: release the claim first")
    say_why(reason, "reason")
    return (
        TaskReturned(
            case_id=case.case_id,
            task_id=task.task_id,
            department=VOLUNTEERS,
            kind=ReturnKind.WRONG_DEPARTMENT,
            reason=reason,
            believed_responsible=None,
        ),
    )


def _in_pool(case: Case) -> Task:
    task = case.task
    if task is None or task.department != VOLUNTEERS:
        refuse(CLAIM.rule, "案件不在抢单池", "the case is not in the open pool")
    return task


def _claimed(case: Case) -> tuple[Task, Claim]:
    task = _in_pool(case)
    if task.claim is None:
        refuse(RELEASE.rule, "任务尚未领取", "nobody has claimed this task")
    return task, task.claim
