"""Working on a task and answering it: the case goes on when the last mandatory task is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.case import VOLUNTEERS, Case, Task
from services.dispatch.domain.guards import Events, Somebody, Verb, need, own_task, refuse, say_why
from services.dispatch.domain.sampling import Sample, after_handling
from shared.contracts.case import TaskResponded
from shared.contracts.task import TaskPartResponded, TaskStageCompleted, TaskStarted, TaskWithdrawn
from shared.kernel.case_states import State
from shared.kernel.errors import Invalid
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

START = Verb("task.started", "task.not_startable", "开始处置", "started")
STAGE = Verb("task.stage_completed", "task.not_in_hand", "完成阶段", "worked on")
RESPOND = Verb("task.responded", "task.not_answerable", "反馈", "answered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a department says it did."""

    answer: str
    evidence: tuple[str, ...] = ()
    task_id: UUID | None = None
    """Which task; None where the department has one only."""


def start(case: Case, by: Somebody, task_id: UUID | None = None) -> Events:
    """The department has begun (开始处置)."""
    task = _in_hand(case, START, by, task_id)
    if task.is_started:
        refuse("task.started_already", "任务已开始处置", "the task is begun already")
    return (TaskStarted(case_id=case.case_id, task_id=task.task_id, department=task.department),)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDone:
    """Which closing condition on the way is met, and what is said about it."""

    stage: str
    words: str
    known: Mapping[str, str]
    """Every closing condition that such a case has on the way: code → name."""
    on_time: bool | None = None
    task_id: UUID | None = None
    """Which task; None where the department has one only."""


def complete_stage(case: Case, by: Somebody, said: StageDone) -> Events:
    """A closing condition on the way is met (阶段完成): work stopped, penalty set, taken down. Each once."""
    task, stage = _in_hand(case, STAGE, by, said.task_id), said.stage
    if not said.known:
        refuse("task.no_stages", "该类案件没有分阶段的结案条件", "such a case has no stages on the way")
    if stage not in said.known:
        named = "、".join(f"{code} {name}" for code, name in said.known.items())
        told = Wording(f"该类案件的阶段为：{named}", f"the stages of such a case are: {named}")
        raise Invalid(str(told), where="stage")
    if stage in task.stages:
        refuse("task.stage_completed_already", f"阶段 {stage} 已完成", f"the stage {stage} is done already")
    return (
        TaskStageCompleted(
            case_id=case.case_id,
            task_id=task.task_id,
            department=task.department,
            stage=stage,
            words=said.words,
            on_time=said.on_time,
        ),
    )


def respond(case: Case, by: Somebody, said: Answer, at: datetime, sample: Sample) -> Events:
    """What was done (处理反馈). While other mandatory tasks are open it is a part of the answer; the last one sends the
    case on to the check, or to the closing where the sample does not choose it."""
    if case.state is State.TRANSFERRED_OUT:
        return _from_outside(case, by, said, sample)
    task = _in_hand(case, RESPOND, by, said.task_id)
    say_why(said.answer, "answer")
    if task.claim is not None and at >= task.claim.expires_at:
        refuse("claim.expired", "领单已到期，任务已退回抢单池", "your claim has run out: the task is free again")
    on_time = None if task.due_at is None else at <= task.due_at
    if case.awaited(without=[task.task_id]):
        return (
            TaskPartResponded(
                case_id=case.case_id,
                task_id=task.task_id,
                department=task.department,
                answer=said.answer,
                evidence=said.evidence,
                on_time=on_time,
            ),
        )
    return _answered(case, task.task_id, task.department, said, on_time, sample)


def withdraw(case: Case, task: Task, reason: str, sample: Sample) -> Events:
    """A task beside the lead's is taken off; where it was the last one awaited, what the lead said is the answer."""
    gone = TaskWithdrawn(case_id=case.case_id, task_id=task.task_id, department=task.department, reason=reason)
    lead = case.task
    if case.state is not State.HANDLING or lead is None or lead.answer is None or case.awaited([task.task_id]):
        return (gone,)
    said = Answer(answer=lead.answer, evidence=lead.evidence)
    return gone, *_answered(case, lead.task_id, lead.department, said, lead.on_time, sample)


def _in_hand(case: Case, verb: Verb, by: Somebody, task_id: UUID | None) -> Task:
    """The asker's task, signed and not answered yet."""
    task = own_task(case, verb, by, task_id)
    if task.is_answered:
        refuse("task.answered", "任务已反馈", "the task is answered already")
    if not task.is_signed:
        refuse("task.not_signed", "任务尚未签收", "the task is to be signed first")
    return task


def _from_outside(case: Case, by: Somebody, said: Answer, sample: Sample) -> Events:
    """Somebody outside the district has handled it, and a dispatcher says so for them."""
    need(case, RESPOND, by)
    say_why(said.answer, "answer")
    if said.task_id is not None:
        raise Invalid(str(Wording("已转外部的案件没有任务", "a case that is outside has no tasks")), where="task_id")
    handler = VOLUNTEERS if case.transfer is None else case.transfer.to
    task_id = derived_id("task", case.case_id, "outside", case.transfers_out)
    return _answered(case, task_id, handler, said, None, sample)


def _answered(case: Case, task_id: UUID, handler: str, said: Answer, on_time: bool | None, sample: Sample) -> Events:
    responded = TaskResponded(
        case_id=case.case_id,
        task_id=task_id,
        department=handler,
        answer=said.answer,
        evidence=said.evidence,
        on_time=on_time,
    )
    # It is the lead that answers for the whole, and so nobody of the lead's may look.
    return responded, after_handling(case, case.department or handler, sample)
