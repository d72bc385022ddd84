"""One function per command on the straight road: the case and the wish → the events that follow, or a refusal.

Who may do what in which state comes from the table in `shared.kernel.case_states`, asked by `guards.py`. Whether the
asker serves the case's area is asked in `handlers`, by `permission`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.domain import authority
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.guards import Events, Somebody, Verb, be_in_state, need, own_task, refuse, say_why
from services.dispatch.domain.responsibility import Assignment
from services.dispatch.domain.sampling import Sample, after_handling
from shared.contracts.case import (
    CaseArchived,
    CaseClearedToClose,
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseReopened,
    CaseReworkOrdered,
    CaseSelfHandled,
    Loop,
    ProblemKind,
    TaskSigned,
)
from shared.contracts.report import ReportAccepted, ReportSelfHandled
from shared.contracts.task import Joined, TaskAdded
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.security.permission import Asker

DISPATCH = Verb("case.dispatched", "case.not_dispatchable", "派遣", "dispatched")
SIGN = Verb("task.signed", "task.not_signable", "签收", "signed")
CLEAR = Verb("case.cleared_to_close", "case.not_checked_now", "核查通过", "cleared")
REWORK = Verb("case.rework_ordered", "case.not_checked_now", "返工", "sent back")
CLOSE = Verb("case.closed", "case.not_closable", "结案", "closed")
REOPEN = Verb("case.reopened", "case.not_reopenable", "重办", "reopened")
ARCHIVE = Verb("case.archived", "case.not_archivable", "归档", "archived")

_HELP = Wording("协助办理", "help the lead department")


@dataclass(frozen=True, slots=True)
class Rules:
    """Under which edition of the rulebook a case is filed, and under which policy."""

    edition: int | None = None
    policy: str | None = None


NO_RULES = Rules()


def file(
    accepted: ReportAccepted,
    loop: Loop,
    assignment: Assignment | None,
    rejected: Case | None = None,
    rules: Rules = NO_RULES,
) -> Events:
    """An accepted report becomes a case (立案); with an assignment it goes straight to the department.

    It keeps the rules that it was filed under. A case that was rejected before is filed anew, and keeps its counters.
    """
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
        edition=rules.edition,
        policy=rules.policy,
    )
    if assignment is None:
        return (filed,)
    return filed, *_given(evolve(rejected, filed), assignment)


def self_handle(told: ReportSelfHandled, loop: Loop, handler: str, sample: Sample, rules: Rules = NO_RULES) -> Events:
    """What was put right on the spot (就地解决) becomes a case that begins handled."""
    begun = CaseSelfHandled(
        case_id=told.report_id,
        number=told.number,
        source=told.source,
        subject_id=told.subject_id,
        issue_type=told.issue_type,
        urgency=told.urgency,
        loop=loop,
        title=told.title,
        words=told.words,
        place=told.place,
        point=told.point,
        reported_at=told.reported_at,
        answer=told.answer,
        evidence=(*told.before, *told.after),
        edition=rules.edition,
        policy=rules.policy,
    )
    return begun, after_handling(evolve(None, begun), handler, sample)


def dispatch(case: Case, by: Somebody, assignment: Assignment) -> Events:
    """Give the case to a department (派遣), after a decided dispute only to whom it was decided for."""
    need(case, DISPATCH, by)
    if case.tasks:
        refuse("case.in_rework", "返工案件由原部门重新处置", "in rework, the departments that have it go again")
    if case.dispute is not None:
        refuse("case.disputed", "权责争议尚未裁定，不能派遣", "whose it is, is being decided: wait for that")
    if case.adjudicated is not None and case.adjudicated != assignment.department:
        refuse(
            "case.adjudicated",
            f"已裁定由 {case.adjudicated} 负责，不能派遣至其他部门",
            f"it was decided that this is for {case.adjudicated}, and nobody else",
        )
    return _given(case, assignment)


def sign(case: Case, by: Somebody, task_id: UUID | None = None) -> Events:
    """The department takes its task on (签收)."""
    task = own_task(case, SIGN, by, task_id)
    if task.is_signed or task.is_answered:
        refuse("task.signed_already", "任务已签收", "the task is signed already")
    return (TaskSigned(case_id=case.case_id, task_id=task.task_id, department=task.department),)


def clear(case: Case, check_id: UUID) -> Events:
    """The check was passed. The same result again changes nothing."""
    if check_id in case.checks_heard:
        return ()
    be_in_state(case, CLEAR)
    return (CaseClearedToClose(case_id=case.case_id, check_id=check_id),)


def order_rework(case: Case, check_id: UUID, reason: str, task_ids: tuple[UUID, ...] = ()) -> Events:
    """The check failed: the departments named, or all, have to go again (返工). The same result again changes nothing.

    What was put right on the spot has no department that could go again: it waits to be dispatched.
    """
    if check_id in case.checks_heard:
        return ()
    be_in_state(case, REWORK)
    rework = case.reworks + 1
    named = tuple(task_id for task_id in task_ids if task_id in case.tasks)
    ordered = CaseReworkOrdered(case_id=case.case_id, check_id=check_id, reason=reason, rework=rework, task_ids=named)
    return ordered, *authority.problem(case, ProblemKind.REWORKS, rework)


def close(case: Case, by: Asker, answer: str) -> Events:
    """The duty chief of the tier that owns it closes the case (结案), once it was looked at, or need not be."""
    need(case, CLOSE, by)
    authority.require(case, by)
    if not case.is_cleared and not case.is_waived:
        refuse(
            "case.not_cleared",
            "核查尚未通过，不能结案",
            "the check has not been passed yet, so the case cannot be closed",
        )
    say_why(answer, "answer")
    return (CaseClosed(case_id=case.case_id, answer=answer, attempt=case.closings + 1),)


def reopen(case: Case, by: Somebody, reason: str) -> Events:
    """A closed case comes back (重办): never without words, never without somebody who says so."""
    need(case, REOPEN, by)
    say_why(reason, "reason")
    return (CaseReopened(case_id=case.case_id, reason=reason),)


def archive(case: Case, by: Somebody, asked_until: datetime | None) -> Events:
    """Nothing more may happen (归档), once the reporter had the time to answer; None: nobody is being asked."""
    need(case, ARCHIVE, by)
    if asked_until is not None:
        until = asked_until.isoformat(timespec="minutes")
        refuse(
            "case.feedback_awaited",
            f"回访期至 {until}，此前不能归档",
            f"the reporter may answer until {until}: it is archived after that",
        )
    return (CaseArchived(case_id=case.case_id),)


def _given(case: Case, assignment: Assignment) -> Events:
    """The lead's task and one for every co-handler, and a problem case when it was passed on too often."""
    attempt = case.dispatches + 1
    lead = CaseDispatched(
        case_id=case.case_id,
        task_id=derived_id("task", case.case_id, attempt),
        department=assignment.department,
        co_handlers=assignment.co_handlers,
        rule=assignment.rule,
        because=str(assignment.because),
        limit=assignment.limit,
        due_at=assignment.due_at,
        due_because=str(assignment.due_because),
        attempt=attempt,
        informed=assignment.informed,
    )
    beside = (_helping(case, attempt, code, assignment) for code in assignment.co_handlers)
    return lead, *beside, *authority.problem(case, ProblemKind.TRANSFERS, case.round_dispatches)


def _helping(case: Case, attempt: int, department: str, assignment: Assignment) -> TaskAdded:
    return TaskAdded(
        case_id=case.case_id,
        task_id=derived_id("task", case.case_id, attempt, department),
        department=department,
        joined=Joined.CO_HANDLER,
        what=str(_HELP),
        mandatory=True,
        limit=assignment.limit,
        due_at=assignment.due_at,
        due_because=str(assignment.due_because),
    )
