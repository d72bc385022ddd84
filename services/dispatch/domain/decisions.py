"""One function per command: the case and the wish → the events that follow, or a refusal that names its rule.

Every guard of a case is here and nowhere else; who may do what in which state comes from the table in
`shared.kernel.case_states`. Whether the asker serves the case's area is asked in `handlers.py`, by `permission`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.domain.case import Case, CaseEvent, Task
from services.dispatch.domain.responsibility import Assignment
from shared.contracts.case import (
    CaseArchived,
    CaseClearedToClose,
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseReopened,
    CaseReworkOrdered,
    CaseSentToCheck,
    Loop,
    ReturnKind,
    TaskResponded,
    TaskReturned,
    TaskSigned,
)
from shared.contracts.envelope import Actor
from shared.contracts.report import ReportAccepted
from shared.kernel.case_states import sources, target
from shared.kernel.errors import Forbidden, Invalid, Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

Events = tuple[CaseEvent, ...]


@dataclass(frozen=True, slots=True)
class Verb:
    """What a command is called, for refusals: its event in the table, its rule, its words."""

    event: str
    rule: str
    zh: str
    en: str


DISPATCH = Verb("case.dispatched", "case.not_dispatchable", "派遣", "dispatched")
SIGN = Verb("task.signed", "task.not_signable", "签收", "signed")
RETURN = Verb("task.returned", "task.not_returnable", "退回", "returned")
RESPOND = Verb("task.responded", "task.not_answerable", "反馈", "answered")
CLEAR = Verb("case.cleared_to_close", "case.not_checked_now", "核查通过", "cleared")
REWORK = Verb("case.rework_ordered", "case.not_checked_now", "返工", "sent back")
CLOSE = Verb("case.closed", "case.not_closable", "结案", "closed")
REOPEN = Verb("case.reopened", "case.not_reopenable", "重办", "reopened")
ARCHIVE = Verb("case.archived", "case.not_archivable", "归档", "archived")


def file(accepted: ReportAccepted, loop: Loop, assignment: Assignment | None) -> Events:
    """An accepted report becomes a case (立案); with an assignment it goes straight to the department."""
    filed = CaseFiled(
        case_id=accepted.report_id,
        number=accepted.number,
        source=accepted.source,
        subject_id=accepted.subject_id,
        issue_type=accepted.issue_type,
        urgency=accepted.urgency,
        loop=loop,
        title=accepted.title,
        words=accepted.words,
        place=accepted.place,
        point=accepted.point,
        reported_at=accepted.reported_at,
    )
    if assignment is None:
        return (filed,)
    return filed, _given(accepted.report_id, 1, assignment)


def dispatch(case: Case, by: Actor, assignment: Assignment) -> Events:
    """Give the case to a department (派遣)."""
    _need(case, DISPATCH, by)
    return (_given(case.case_id, case.dispatches + 1, assignment),)


def sign(case: Case, by: Actor) -> Events:
    """The department takes the task on (签收)."""
    task = _own_task(case, SIGN, by)
    return (TaskSigned(case_id=case.case_id, task_id=task.task_id, department=task.department),)


def return_task(case: Case, by: Actor, kind: ReturnKind, reason: str, believed_responsible: str | None) -> Events:
    """The department gives the task back (退回). "Not ours" without saying whose is not enough."""
    task = _own_task(case, RETURN, by)
    _say_why(reason, "reason")
    if kind is ReturnKind.WRONG_DEPARTMENT and believed_responsible is None:
        raise Invalid(
            str(
                Wording(
                    "退回时须指明应由哪个部门负责",
                    "a task that is not yours is returned with the department whose it is",
                )
            ),
            where="believed_responsible",
        )
    if believed_responsible == task.department:
        raise Invalid(
            str(Wording("不能把本部门指为应负责的部门", "you cannot name yourselves as the right department")),
            where="believed_responsible",
        )
    return (
        TaskReturned(
            case_id=case.case_id,
            task_id=task.task_id,
            department=task.department,
            kind=kind,
            reason=reason,
            believed_responsible=believed_responsible,
        ),
    )


def respond(case: Case, by: Actor, answer: str, evidence: tuple[str, ...], at: datetime) -> Events:
    """The department says what it did (处理反馈), and somebody else is to look (任务核查): one answer, two facts."""
    task = _own_task(case, RESPOND, by)
    _say_why(answer, "answer")
    return (
        TaskResponded(
            case_id=case.case_id,
            task_id=task.task_id,
            department=task.department,
            answer=answer,
            evidence=evidence,
            on_time=None if task.due_at is None else at <= task.due_at,
        ),
        CaseSentToCheck(case_id=case.case_id, department=task.department, attempt=case.checks + 1),
    )


def clear(case: Case, check_id: UUID) -> Events:
    """The check was passed. The same result again changes nothing."""
    if check_id in case.checks_heard:
        return ()
    _be_in_state(case, CLEAR)
    return (CaseClearedToClose(case_id=case.case_id, check_id=check_id),)


def order_rework(case: Case, check_id: UUID, reason: str) -> Events:
    """The check failed: the department has to go again (返工). The same result again changes nothing."""
    if check_id in case.checks_heard:
        return ()
    _be_in_state(case, REWORK)
    return (CaseReworkOrdered(case_id=case.case_id, check_id=check_id, reason=reason, rework=case.reworks + 1),)


def close(case: Case, by: Actor, answer: str) -> Events:
    """The duty chief closes the case (结案), never before somebody outside the department has looked."""
    _need(case, CLOSE, by)
    if not case.is_cleared:
        raise Refused(
            str(Wording("核查尚未通过，不能结案", "the check has not been passed yet, so the case cannot be closed")),
            rule="case.not_cleared",
        )
    _say_why(answer, "answer")
    return (CaseClosed(case_id=case.case_id, answer=answer, attempt=case.closings + 1),)


def reopen(case: Case, by: Actor, reason: str) -> Events:
    """A closed case comes back (重办): never without words, never without somebody who says so."""
    _need(case, REOPEN, by)
    _say_why(reason, "reason")
    return (CaseReopened(case_id=case.case_id, reason=reason),)


def archive(case: Case, by: Actor) -> Events:
    """Nothing more may happen (归档)."""
    _need(case, ARCHIVE, by)
    return (CaseArchived(case_id=case.case_id),)


def _given(case_id: UUID, attempt: int, assignment: Assignment) -> CaseDispatched:
    return CaseDispatched(
        case_id=case_id,
        task_id=derived_id("task", case_id, attempt),
        department=assignment.department,
        co_handlers=assignment.co_handlers,
        rule=assignment.rule,
        because=str(assignment.because),
        limit=assignment.limit,
        due_at=assignment.due_at,
        due_because=str(assignment.due_because),
        attempt=attempt,
    )


# --- guards -----------------------------------------------------------------------------------------------------


def _need(case: Case, verb: Verb, by: Actor) -> None:
    """The role may do this at all, and the case is where it can be done."""
    allowed = frozenset(role for move in sources(verb.event) for role in move.roles)
    if by.role not in allowed:
        takes = "、".join(sorted(allowed)), " or ".join(sorted(allowed))
        said = Wording(
            f"{by.role} 不能{verb.zh}，须由 {takes[0]} 进行", f"a {by.role} may not do this; it takes {takes[1]}"
        )
        raise Forbidden(str(said))
    _be_in_state(case, verb)


def _be_in_state(case: Case, verb: Verb) -> None:
    if target(case.state, verb.event) is not None:
        return
    states = [move.source for move in sources(verb.event) if move.source is not None]
    zh = "、".join(f"「{state.zh}」" for state in states)
    en = " or ".join(state.value for state in states)
    said = Wording(
        f"案件现为「{case.state.zh}」，只有{zh}的案件才能{verb.zh}",
        f"the case is {case.state.value}; only one that is {en} can be {verb.en}",
    )
    raise Refused(str(said), rule=verb.rule)


def _own_task(case: Case, verb: Verb, by: Actor) -> Task:
    """The task in hand, when the case is where this can be done and the asker belongs to its lead department."""
    _need(case, verb, by)
    if case.task is None:
        raise Refused(str(Wording("案件没有派遣给任何部门", "no department has this case")), rule=verb.rule)
    if by.department != case.task.department:
        theirs, yours = case.task.department, by.department or "-"
        said = Wording(f"任务属于部门 {theirs}，您属于 {yours}", f"this is a task of {theirs}; you belong to {yours}")
        raise Forbidden(str(said))
    return case.task


def _say_why(text: str, where: str) -> None:
    if not text.strip():
        raise Invalid(str(Wording("必须写明文字说明", "this needs words, not only a click")), where=where)
