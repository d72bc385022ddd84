"""More departments on one case: a task beside the lead's, the work divided, and a task taken off again."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.dispatch.domain import answers
from services.dispatch.domain.case import Case
from services.dispatch.domain.guards import Events, Somebody, Verb, need, refuse, say_why, task_of
from services.dispatch.domain.responsibility import Assignment
from services.dispatch.domain.sampling import Sample
from shared.contracts.case import CaseSplit
from shared.contracts.task import Joined, TaskAdded
from shared.kernel.errors import Invalid
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

ADD = Verb("task.added", "case.not_at_work", "增派协办", "given to another department too")
SPLIT = Verb("case.split", "case.not_at_work", "拆分", "divided")
WITHDRAW = Verb("task.withdrawn", "task.not_withdrawable", "撤销协办", "taken off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one department is to do of a case, with the time it has."""

    assignment: Assignment
    what: str
    mandatory: bool = True


def add(case: Case, by: Somebody, part: Part) -> Events:
    """Another department gets a task (协办). One that still owes an answer gets no second one."""
    need(case, ADD, by)
    _be_in_hand(case, ADD)
    say_why(part.what, "what")
    if any(not task.is_answered for task in case.tasks_of(part.assignment.department)):
        code = part.assignment.department
        refuse("task.has_one", f"部门 {code} 已有本案任务", f"{code} has a task of this case already")
    return (added(case, part, Joined.CO_HANDLER, case.added + 1),)


def split(case: Case, by: Somebody, parts: tuple[Part, ...], reason: str) -> Events:
    """The work is divided (拆分): each part is a task of its own, and the case waits for the mandatory ones."""
    need(case, SPLIT, by)
    _be_in_hand(case, SPLIT)
    say_why(reason, "reason")
    if not parts:
        raise Invalid(str(Wording("至少要有一个部分", "there is to be at least one part")), where="parts")
    for part in parts:
        say_why(part.what, "parts")
    given = tuple(added(case, part, Joined.SPLIT, case.added + n) for n, part in enumerate(parts, start=1))
    announced = CaseSplit(case_id=case.case_id, task_ids=tuple(task.task_id for task in given), reason=reason)
    return announced, *given


def withdraw(case: Case, by: Somebody, task_id: UUID, reason: str, sample: Sample) -> Events:
    """A task beside the lead's is taken off the case (撤销协办)."""
    need(case, WITHDRAW, by)
    say_why(reason, "reason")
    task = task_of(case, task_id)
    if task.is_lead:
        refuse("task.is_lead", "主办任务不能撤销，只能退回", "the lead's task is not taken off: it is given back")
    if task.is_answered:
        refuse("task.answered", "任务已反馈，不能撤销", "the task is answered already")
    return answers.withdraw(case, task, reason, sample)


def _be_in_hand(case: Case, verb: Verb) -> None:
    if case.task is None:
        refuse(verb.rule, "案件没有主办部门", "no department has this case")


def added(case: Case, part: Part, joined: Joined, number: int) -> TaskAdded:
    """The task that a department gets beside the lead's; `number` counts the tasks ever added to the case, from 1."""
    given = part.assignment
    return TaskAdded(
        case_id=case.case_id,
        task_id=derived_id("task", case.case_id, case.dispatches, given.department, number),
        department=given.department,
        joined=joined,
        what=part.what,
        mandatory=part.mandatory,
        limit=given.limit,
        due_at=given.due_at,
        due_because=str(given.due_because),
    )
