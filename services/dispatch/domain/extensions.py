"""More time 延期: asked for before the time runs out. A duty chief grants the first short one, a leader all others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.case import Case, Task
from services.dispatch.domain.guards import Events, Somebody, Verb, forbid, need, own_task, refuse, say_why
from shared.contracts.shapes import Limit
from shared.contracts.task import ExtensionApproved, ExtensionRefused, ExtensionRequested
from shared.kernel.errors import Invalid
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import MOST, due

ASK = Verb("extension.requested", "task.not_extendable", "申请延期", "given more time")
APPROVE = Verb("extension.approved", "extension.not_approvable", "同意延期", "given more time")
REFUSE = Verb("extension.refused", "extension.not_refusable", "不同意延期", "left with its time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a department says when it wants more time."""

    limit: Limit
    reason: str
    evidence: tuple[str, ...] = ()
    task_id: UUID | None = None
    """Which task; None where the department has one only."""


def ask(case: Case, by: Somebody, wish: Wish, at: datetime, calendar: Calendar) -> Events:
    """The department asks. Its clock runs on until somebody agrees, and what has run out cannot be made longer: but
    for rework, which goes on with the time that was, more time may always be granted."""
    task = own_task(case, ASK, by, wish.task_id)
    if task.is_answered:
        refuse("task.answered", "任务已反馈", "the task is answered already")
    if task.due_at is None:
        refuse("task.no_limit", "任务没有时限，无须延期", "no limit applies to the task: there is nothing to extend")
    if case.asked(task.task_id, ExtensionRequested) is not None:
        refuse("extension.asked_already", "已申请延期，等待审批", "this was asked already, and waits for a decision")
    if at > task.due_at and not case.reworks:
        refuse(
            "extension.too_late", "任务已超时，不能再申请延期", "the time has run out: it cannot be extended any more"
        )
    say_why(wish.reason, "reason")
    if not 0 < wish.limit.amount <= MOST:
        raise Invalid(str(Wording(f"延期须为 1 至 {MOST}", f"between 1 and {MOST}")), where="limit")
    return (
        ExtensionRequested(
            case_id=case.case_id,
            task_id=task.task_id,
            request_id=derived_id("request", case.case_id, case.requested + 1),
            department=task.department,
            limit=wish.limit,
            reason=wish.reason,
            evidence=wish.evidence,
            attempt=task.extensions + 1,
            needs=approver(task, wish.limit, calendar),
        ),
    )


def approver(task: Task, wanted: Limit, calendar: Calendar) -> str:
    """Who may grant it: the duty chief when it is the task's first and no longer than its own limit, else a leader."""
    if task.extensions or task.limit is None or task.due_at is None:
        return "leader"
    is_short = due(task.due_at, wanted, calendar).at <= due(task.due_at, task.limit, calendar).at
    return "duty_chief" if is_short else "leader"


def approve(case: Case, by: Somebody, asked: ExtensionRequested, at: datetime, calendar: Calendar) -> Events:
    """The new due instant, counted from the present one; in rework whose time is up, from now."""
    need(case, APPROVE, by)
    _may_decide(by, asked)
    task = case.tasks[asked.task_id]
    if task.due_at is None:
        refuse("task.no_limit", "任务没有时限", "no limit applies to the task")
    is_up = case.reworks > 0 and task.due_at < at
    until = due(at if is_up else task.due_at, asked.limit, calendar)
    because = Wording(f"延期 {asked.limit.wording.zh}：{until.because.zh}", f"extended: {until.because.en}")
    return (
        ExtensionApproved(
            case_id=case.case_id,
            task_id=task.task_id,
            request_id=asked.request_id,
            due_at=until.at,
            due_because=str(because),
            attempt=asked.attempt,
        ),
    )


def refuse_it(case: Case, by: Somebody, asked: ExtensionRequested, reason: str) -> Events:
    """No more time, with the reason."""
    need(case, REFUSE, by)
    _may_decide(by, asked)
    return (ExtensionRefused(case_id=case.case_id, task_id=asked.task_id, request_id=asked.request_id, reason=reason),)


def _may_decide(by: Somebody, asked: ExtensionRequested) -> None:
    if by.role not in (asked.needs, "leader"):
        forbid(
            "再次延期或超过原时限的延期须由分管领导审批",
            "a second extension, or one longer than the limit itself, is decided by a leader",
        )
