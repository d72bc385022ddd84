"""吹哨报到: a community summons departments to a case; each of them has to report in time, whoever has the case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.case import Case
from services.dispatch.domain.guards import Events, Somebody, Verb, forbid, need, refuse, say_why
from services.dispatch.domain.tasks import ADD, Part, added
from shared.contracts.case import WhistleAnswered, WhistleBlown
from shared.contracts.task import Joined
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.kernel.working_time import Due

BLOW = Verb("whistle.blown", "whistle.not_possible_now", "吹哨", "whistled about")
ANSWER = Verb("whistle.answered", "whistle.not_awaited", "报到", "reported to")
MOST = 20
"""Departments that one whistle summons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summons:
    """Who is to come, why, and until when they have to report."""

    departments: tuple[str, ...]
    reason: str
    due: Due
    parts: tuple[Part, ...] = ()
    """Where they are not only to report but to help at once: the task of each, awaited as any other."""


def blow(case: Case, by: Somebody, summons: Summons) -> Events:
    """Departments are summoned. One that still has to report for this case is not summoned once more."""
    need(case, BLOW, by)
    say_why(summons.reason, "reason")
    named = summons.departments
    if not 1 <= len(named) <= MOST or len(set(named)) < len(named):
        said = Wording(f"须指明 1 至 {MOST} 个不同部门", f"name 1 to {MOST} departments, each once")
        raise Invalid(str(said), where="departments")
    awaited = {code for whistle in case.whistles.values() for code in whistle.awaited}
    if again := [code for code in named if code in awaited]:
        refuse("whistle.blown_already", f"{again[0]} 已被吹哨，尚未报到", f"{again[0]} is summoned already")
    blown = WhistleBlown(
        case_id=case.case_id,
        whistle_id=derived_id("whistle", case.case_id, len(case.whistles) + 1),
        departments=named,
        reason=summons.reason,
        due_at=summons.due.at,
        due_because=str(summons.due.because),
    )
    return blown, *_tasks(case, by, summons)


def _tasks(case: Case, by: Somebody, summons: Summons) -> Events:
    """A task for each that has none of this case yet; only while a department has the case."""
    if not summons.parts:
        return ()
    need(case, ADD, by)
    if case.task is None:
        refuse(ADD.rule, "案件没有主办部门", "no department has this case")
    busy = {task.department for task in case.tasks.values() if not task.is_answered}
    free = [part for part in summons.parts if part.assignment.department not in busy]
    return tuple(added(case, part, Joined.WHISTLE, case.added + n) for n, part in enumerate(free, start=1))


def answer(case: Case, by: Somebody, whistle_id: UUID, words: str, at: datetime) -> Events:
    """A summoned department says what it will do (报到), once."""
    need(case, ANSWER, by)
    found = case.whistles.get(whistle_id)
    if found is None:
        raise NotFound(str(Wording(f"没有哨 {whistle_id}", f"there is no whistle {whistle_id} here")))
    if by.department is None or by.department not in found.blown.departments:
        forbid("本次吹哨未叫到您的部门", f"{by.department or '-'} was not summoned")
    if by.department not in found.awaited:
        refuse(ANSWER.rule, "已经报到", "you have reported already")
    say_why(words, "answer")
    return (
        WhistleAnswered(
            case_id=case.case_id,
            whistle_id=whistle_id,
            department=by.department,
            answer=words,
            on_time=at <= found.blown.due_at,
        ),
    )
