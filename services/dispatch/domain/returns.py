"""Giving a task back 回退: the department asks, and says whose it is; somebody else agrees or does not.

Two kinds, two approvers: a dispatcher decides whose a task is, a duty chief whether there is anything to do at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.dispatch.domain import answers
from services.dispatch.domain.case import Case, Task
from services.dispatch.domain.guards import Events, Somebody, Verb, forbid, need, own_task, refuse, say_why
from services.dispatch.domain.sampling import Sample
from shared.contracts.case import ReturnKind, TaskReturned
from shared.contracts.task import ReturnRefused, ReturnRequested
from shared.kernel.errors import Invalid
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

ASK = Verb("return.requested", "task.not_returnable", "申请退回", "given back")
APPROVE = Verb("task.returned", "return.not_approvable", "同意退回", "given back")
REFUSE = Verb("return.refused", "return.not_refusable", "不同意退回", "kept where it is")
APPROVERS = {ReturnKind.WRONG_DEPARTMENT: "dispatcher", ReturnKind.NOTHING_TO_DO: "duty_chief"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a department says when it wants to give a task back."""

    kind: ReturnKind
    reason: str
    believed_responsible: str | None = None
    evidence: tuple[str, ...] = ()
    task_id: UUID | None = None
    """Which task; None where the department has one only."""


def ask(case: Case, by: Somebody, wish: Wish) -> Events:
    """The department wants to give its task back. "Not ours" without saying whose is not enough."""
    task = own_task(case, ASK, by, wish.task_id)
    if task.is_answered:
        refuse("task.answered", "任务已反馈，不能退回", "the task is answered already, so it cannot be given back")
    say_why(wish.reason, "reason")
    if case.asked(task.task_id, ReturnRequested) is not None:
        refuse("return.asked_already", "已申请退回，等待审批", "this was asked already, and waits for a decision")
    if wish.kind is ReturnKind.WRONG_DEPARTMENT:
        _say_whose(case, task, wish.believed_responsible)
    return (
        ReturnRequested(
            case_id=case.case_id,
            task_id=task.task_id,
            request_id=derived_id("request", case.case_id, case.requested + 1),
            department=task.department,
            kind=wish.kind,
            reason=wish.reason,
            believed_responsible=wish.believed_responsible,
            evidence=wish.evidence,
        ),
    )


def _say_whose(case: Case, task: Task, believed_responsible: str | None) -> None:
    if task.is_lead and case.adjudicated == task.department:
        refuse(
            "task.adjudicated",
            "权责已经裁定由本部门负责，不能再以不属本部门为由退回",
            "it was decided that this is yours, so it cannot be given back as somebody else's",
        )
    if believed_responsible is None:
        said = Wording(
            "退回时须指明应由哪个部门负责", "a task that is not yours is returned with the department whose it is"
        )
        raise Invalid(str(said), where="believed_responsible")
    if believed_responsible == task.department:
        said = Wording("不能把本部门指为应负责的部门", "you cannot name yourselves as the right department")
        raise Invalid(str(said), where="believed_responsible")


def approve(case: Case, by: Somebody, asked: ReturnRequested, sample: Sample) -> Events:
    """The task goes back: the lead's takes the case back to dispatching, another's is only taken off the case."""
    need(case, APPROVE, by)
    if APPROVERS[asked.kind] != by.role:
        takes = APPROVERS[asked.kind]
        forbid(f"这类退回须由 {takes} 审批", f"such a return is approved by a {takes}")
    task = case.tasks[asked.task_id]
    if not task.is_lead:
        return answers.withdraw(case, task, asked.reason, sample)
    return (
        TaskReturned(
            case_id=case.case_id,
            task_id=task.task_id,
            department=task.department,
            kind=asked.kind,
            reason=asked.reason,
            believed_responsible=asked.believed_responsible,
        ),
    )


def refuse_it(case: Case, by: Somebody, asked: ReturnRequested, reason: str) -> Events:
    """The task stays where it is, with the reason."""
    need(case, REFUSE, by)
    if APPROVERS[asked.kind] != by.role:
        takes = APPROVERS[asked.kind]
        forbid(f"这类退回须由 {takes} 审批", f"such a return is decided by a {takes}")
    return (ReturnRefused(case_id=case.case_id, task_id=asked.task_id, request_id=asked.request_id, reason=reason),)
