"""What every decision about a case asks first: may this role at all, does the case stand where this can be done, and
is it the asker's own task? The table in `shared.kernel.case_states` decides the first two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, Protocol
from uuid import UUID

from services.dispatch.domain.case import VOLUNTEERS, Case, Task
from services.dispatch.domain.evolve import CaseEvent
from shared.kernel.case_states import sources, target
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused
from shared.kernel.wording import Wording

Events = tuple[CaseEvent, ...]


class Somebody(Protocol):
    """Whoever acts: an `Actor`, or an `Asker`, who also serves an area."""

    @property
    def id(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def department(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Verb:
    """What a command is called, for refusals: its event in the table, its rule, its words."""

    event: str
    rule: str
    zh: str
    en: str


def need(case: Case, verb: Verb, by: Somebody) -> None:
    """The role may do this at all, and the case is where it can be done. Raises Forbidden or Refused."""
    moves = sources(verb.event)
    allowed = frozenset(role for move in moves for role in move.roles)
    if by.role not in allowed:
        takes = _either(allowed)
        forbid(f"{by.role} 不能{verb.zh}，须由 {takes.zh} 进行", f"a {by.role} may not do this; it takes {takes.en}")
    be_in_state(case, verb)
    here = next(move.roles for move in moves if move.source is case.state)
    if by.role not in here:
        takes = _either(here)
        forbid(
            f"案件现为「{case.state.zh}」，此时{verb.zh}须由 {takes.zh} 进行",
            f"while the case is {case.state.value}, this takes {takes.en}",
        )


def _either(roles: frozenset[str]) -> Wording:
    return Wording("、".join(sorted(roles)), " or ".join(sorted(roles)))


def be_in_state(case: Case, verb: Verb) -> None:
    """The case is where this can be done. Raises Refused, naming where it could be."""
    if target(case.state, verb.event) is not None:
        return
    states = [move.source for move in sources(verb.event) if move.source is not None]
    zh = "、".join(f"「{state.zh}」" for state in states)
    en = " or ".join(state.value for state in states)
    refuse(
        verb.rule,
        f"案件现为「{case.state.zh}」，只有{zh}的案件才能{verb.zh}",
        f"the case is {case.state.value}; only one that is {en} can be {verb.en}",
    )


def own_task(case: Case, verb: Verb, by: Somebody, task_id: UUID | None = None) -> Task:
    """The asker's task, when the case is where this can be done: the one named, else the asker's one and only.

    Raises Forbidden when the asker's department has none, Invalid when it has several and named none.
    """
    need(case, verb, by)
    if not case.tasks:
        refuse(verb.rule, "案件没有派遣给任何部门", "no department has this case")
    if task_id is not None:
        return _own(task_of(case, task_id), by)
    mine = [task for task in case.tasks.values() if is_own(task, by)]
    if not mine:
        return _own(next(iter(case.tasks.values())), by)
    waiting = [task for task in mine if not task.is_answered] or mine
    if len(waiting) > 1:
        said = Wording("本部门有多项任务，请指明 task_id", "your department has several tasks here: name one")
        raise Invalid(str(said), where="task_id")
    return waiting[0]


def is_own(task: Task, by: Somebody) -> bool:
    """Whether it is the asker's: a task of their department, or one that they claimed from the pool."""
    if task.department == VOLUNTEERS or by.role == "volunteer":
        return task.claim is not None and by.role == "volunteer" and task.claim.claimed_by == by.id
    return by.department == task.department


def task_of(case: Case, task_id: UUID) -> Task:
    """The task in hand. Raises NotFound when the case has none of that id now."""
    found = case.tasks.get(task_id)
    if found is None:
        raise NotFound(str(Wording(f"案件现在没有任务 {task_id}", f"the case has no task {task_id} now")))
    return found


def _own(task: Task, by: Somebody) -> Task:
    if not is_own(task, by):
        if task.department == VOLUNTEERS:
            forbid("任务由他人领取，或尚未领取", "somebody else has claimed this task, or nobody has")
        theirs, yours = task.department, by.department or "-"
        forbid(f"任务属于部门 {theirs}，您属于 {yours}", f"this is a task of {theirs}; you belong to {yours}")
    return task


def say_why(text: str, where: str) -> None:
    """The text says something. Raises Invalid."""
    if not text.strip():
        raise Invalid(str(Wording("必须写明文字说明", "this needs words, not only a click")), where=where)


def refuse(rule: str, zh: str, en: str) -> NoReturn:
    """Raise Refused by the rule."""
    raise Refused(str(Wording(zh, en)), rule=rule)


def forbid(zh: str, en: str) -> NoReturn:
    """Raise Forbidden."""
    raise Forbidden(str(Wording(zh, en)))
