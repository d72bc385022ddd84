"""Putting a case aside 挂账: for the season, or until a larger work is done; always until a day of looking again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.dispatch.domain.case import Case, Task
from services.dispatch.domain.guards import Events, Somebody, Verb, need, own_task, refuse, say_why
from shared.contracts.case import CaseResumed, CaseSuspended, NewDue
from shared.contracts.task import SuspensionRefused, SuspensionRequested
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import Unit, budget, spend

ASK = Verb("suspension.requested", "case.not_suspendable", "申请挂账", "put aside")
APPROVE = Verb("case.suspended", "suspension.not_approvable", "同意挂账", "put aside")
REFUSE = Verb("suspension.refused", "suspension.not_refusable", "不同意挂账", "kept going")
RESUME = Verb("case.resumed", "case.not_suspended", "恢复", "taken up again")
LONGEST = 366
"""Days until somebody has to look again, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a department says when a case cannot be done now."""

    reason: str
    review_on: date
    evidence: tuple[str, ...] = ()


def ask(case: Case, by: Somebody, wish: Wish, today: date) -> Events:
    """The department asks. The clock runs until a duty chief agrees."""
    task = own_task(case, ASK, by)
    if task.is_answered:
        refuse("task.answered", "任务已反馈", "the task is answered already")
    if case.asked(None, SuspensionRequested) is not None:
        refuse("suspension.asked_already", "已申请挂账，等待审批", "this was asked already, and waits for a decision")
    say_why(wish.reason, "reason")
    if not 0 < (wish.review_on - today).days <= LONGEST:
        said = Wording(f"复核日须在明天至 {LONGEST} 天之内", f"the day of review is one of the next {LONGEST} days")
        raise Invalid(str(said), where="review_on")
    return (
        SuspensionRequested(
            case_id=case.case_id,
            request_id=derived_id("request", case.case_id, case.requested + 1),
            department=task.department,
            reason=wish.reason,
            review_on=wish.review_on,
            evidence=wish.evidence,
        ),
    )


def approve(case: Case, by: Somebody, asked: SuspensionRequested, today: date) -> Events:
    """The clock stands still. What was asked for a day that has passed is asked for anew."""
    need(case, APPROVE, by)
    if asked.review_on <= today:
        refuse("suspension.review_day_passed", "复核日已过，请重新申请", "the day of review has passed: ask anew")
    return (
        CaseSuspended(
            case_id=case.case_id, request_id=asked.request_id, reason=asked.reason, review_on=asked.review_on
        ),
    )


def refuse_it(case: Case, by: Somebody, asked: SuspensionRequested, reason: str) -> Events:
    """It can be done now."""
    need(case, REFUSE, by)
    return (SuspensionRefused(case_id=case.case_id, request_id=asked.request_id, reason=reason),)


def resume(
    case: Case, by: Somebody, reason: str, at: datetime, since: Mapping[UUID, datetime], calendar: Calendar
) -> Events:
    """Work goes on (恢复): what was left of each open task's time when it was put aside counts from now.

    `since` tells when the suspension of each approved request began. Raises Conflict when it knows nothing of the one
    that is in force: somebody suspended the case this very moment.
    """
    need(case, RESUME, by)
    say_why(reason, "reason")
    began = since.get(case.suspension.request_id) if case.suspension else None
    if began is None:
        raise Conflict(str(Wording("挂账刚刚变更，请重试", "it was put aside this very moment: look again")))
    open_tasks = (task for task in case.tasks.values() if not task.is_answered)
    fresh = tuple(new for task in open_tasks if (new := _left(task, began, at, calendar)) is not None)
    return (CaseResumed(case_id=case.case_id, reason=reason, due=fresh),)


def _left(task: Task, began: datetime, at: datetime, calendar: Calendar) -> NewDue | None:
    if task.due_at is None:
        return None
    if task.due_at <= began:  # it was overdue before, and stays so
        return None
    unit = Unit.WORKING_HOURS if task.limit is None else task.limit.unit
    left = budget(task.due_at, began, unit, calendar)
    until = spend(at, left, unit, calendar)
    minutes = int(left.total_seconds() // 60)
    because = Wording(
        f"挂账时剩余 {minutes // 60} 小时 {minutes % 60} 分钟，自恢复时起算",
        f"{minutes // 60} h {minutes % 60} min were left when it was put aside, and count from now",
    )
    return NewDue(task_id=task.task_id, due_at=until, because=str(because))
