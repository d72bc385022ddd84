"""One function per command: the case and the wish → the events that follow, or a refusal that names its rule.

Every guard of a case is here and nowhere else; who may do what in which state comes from the table in
`shared.kernel.case_states`. Whether the asker serves the case's area is asked in `handlers.py`, by `permission`.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.dispatch.domain.case import Case
from services.dispatch.domain.guards import Events, Verb, be_in_state, need, own_task, refuse, say_why
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
    TaskResponded,
    TaskSigned,
)
from shared.contracts.envelope import Actor
from shared.contracts.report import ReportAccepted
from shared.kernel.errors import Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

DISPATCH = Verb("case.dispatched", "case.not_dispatchable", "派遣", "dispatched")
SIGN = Verb("task.signed", "task.not_signable", "签收", "signed")
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
    need(case, DISPATCH, by)
    return (_given(case.case_id, case.dispatches + 1, assignment),)


def sign(case: Case, by: Actor) -> Events:
    """The department takes the task on (签收)."""
    task = own_task(case, SIGN, by)
    if task.is_signed or task.is_answered:
        refuse("task.signed_already", "任务已签收", "the task is signed already")
    return (TaskSigned(case_id=case.case_id, task_id=task.task_id, department=task.department),)


def respond(case: Case, by: Actor, answer: str, evidence: tuple[str, ...], at: datetime) -> Events:
    """The department says what it did (处理反馈), and somebody else is to look (任务核查): one answer, two facts."""
    task = own_task(case, RESPOND, by)
    say_why(answer, "answer")
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
    be_in_state(case, CLEAR)
    return (CaseClearedToClose(case_id=case.case_id, check_id=check_id),)


def order_rework(case: Case, check_id: UUID, reason: str) -> Events:
    """The check failed: the department has to go again (返工). The same result again changes nothing."""
    if check_id in case.checks_heard:
        return ()
    be_in_state(case, REWORK)
    return (CaseReworkOrdered(case_id=case.case_id, check_id=check_id, reason=reason, rework=case.reworks + 1),)


def close(case: Case, by: Actor, answer: str) -> Events:
    """The duty chief closes the case (结案), never before somebody outside the department has looked."""
    need(case, CLOSE, by)
    if not case.is_cleared:
        raise Refused(
            str(Wording("核查尚未通过，不能结案", "the check has not been passed yet, so the case cannot be closed")),
            rule="case.not_cleared",
        )
    say_why(answer, "answer")
    return (CaseClosed(case_id=case.case_id, answer=answer, attempt=case.closings + 1),)


def reopen(case: Case, by: Actor, reason: str) -> Events:
    """A closed case comes back (重办): never without words, never without somebody who says so."""
    need(case, REOPEN, by)
    say_why(reason, "reason")
    return (CaseReopened(case_id=case.case_id, reason=reason),)


def archive(case: Case, by: Actor) -> Events:
    """Nothing more may happen (归档)."""
    need(case, ARCHIVE, by)
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
