"""Stream `case-<id>`, written by dispatch: one accepted issue and its whole life. The id is the report's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event
from shared.contracts.report import Source, Urgency
from shared.contracts.shapes import Internal, Limit, Point


class Loop(StrEnum):
    """Which tier owns the case: 自循环 community, 微循环 street, 小循环 district."""

    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"


class ProblemKind(StrEnum):
    """What makes a case a problem case 问题工单: three reworks, or three transfers between departments."""

    REWORKS = "reworks"
    TRANSFERS = "transfers"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDue:
    """A task's new due instant, and how it was counted."""

    task_id: UUID
    due_at: datetime
    because: str


class ReturnKind(StrEnum):
    """Why a department gives a task back: it is somebody else's, or there is nothing to do."""

    WRONG_DEPARTMENT = "wrong_department"
    NOTHING_TO_DO = "nothing_to_do"


class Waiting(StrEnum):
    """Where a case may stand while it waits to be dispatched."""

    FILED = "filed"
    RETURNED = "returned"
    REOPENED = "reopened"
    REWORK = "rework"


@event("case.filed", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFiled:
    """An accepted report is filed as a case (立案)."""

    case_id: UUID
    number: str
    source: Source
    subject_id: Internal[UUID | None]
    issue_type: str
    urgency: Urgency
    loop: Loop
    title: str
    words: str
    place: str | None
    point: Point | None
    reported_at: datetime
    edition: int | None = None
    """The place in the log up to which the rulebook was read: the case keeps its limits and responsibilities."""
    policy: str | None = None
    """The code of the policy that was in force; absent where none was ever adopted."""


@event("case.self_handled", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSelfHandled:
    """Somebody put it right on the spot (就地解决): the case begins handled, and is looked at where the sample says."""

    case_id: UUID
    number: str
    source: Source
    subject_id: Internal[UUID | None]
    issue_type: str
    urgency: Urgency
    loop: Loop
    title: str
    words: str
    place: str | None
    point: Point | None
    reported_at: datetime
    answer: str
    """What was done."""
    evidence: tuple[str, ...]
    """References to photos, the one before and the one after first."""
    edition: int | None = None
    """The place in the log up to which the rulebook was read."""
    policy: str | None = None
    """The code of the policy that was in force."""


@event("case.merged", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMerged:
    """The case is the same as an earlier one (并案); its reporters hear of that one's progress."""

    case_id: UUID
    into: UUID


@event("case.unmerged", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUnmerged:
    """A merge was a mistake: the case stands on its own again."""

    case_id: UUID
    out_of: UUID


@event("case.level_raised", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLevelRaised:
    """The case goes up a loop (升级): the tier below cannot solve it, and says why. Tasks in hand end."""

    case_id: UUID
    from_loop: Loop
    to_loop: Loop
    reason: str
    sponsor: str | None = None
    """The path of the community in whose name it goes up (社区代言): it is told of every step from now on."""


@event("case.level_lowered", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLevelLowered:
    """The case goes down a loop (下沉): only under an admission that is in force there."""

    case_id: UUID
    from_loop: Loop
    to_loop: Loop
    admission_id: UUID
    reason: str


@event("case.rejected", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRejected:
    """There is nothing to handle (作废): the reporter is told why."""

    case_id: UUID
    reason_code: str
    reason: str


@event("case.dispatched", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDispatched:
    """The case is given to a department (派遣), with the rule that chose it and the time it has."""

    case_id: UUID
    task_id: UUID
    department: str
    co_handlers: tuple[str, ...]
    rule: str | None
    """The line of the responsibility list that chose the department; None when a dispatcher chose by hand."""
    because: str
    """Why this department, in words for people."""
    limit: Limit | None
    due_at: datetime | None
    """The instant by which it must be handled; None when no limit applies."""
    due_because: str
    attempt: int
    informed: tuple[str, ...] = ()
    """Departments that hear of it and may look, and have nothing to do."""


@event("case.dispatch_recalled", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDispatchRecalled:
    """The dispatcher takes the dispatch back a moment later (撤回派遣), before anybody has signed.

    Its tasks are void, the case stands again where it stood, and the dispatch counts for nothing.
    """

    case_id: UUID
    task_id: UUID
    """The lead's task, which ends with all the others of this dispatch."""
    department: str
    co_handlers: tuple[str, ...]
    """Every other department that had a task of it."""
    back_to: Waiting
    attempt: int
    """The dispatch that is taken back."""
    was_problem: bool
    """Whether that dispatch had made it a problem case, which it is not any more."""


@event("task.signed", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSigned:
    """The department takes the task on (签收)."""

    case_id: UUID
    task_id: UUID
    department: str


@event("task.returned", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReturned:
    """The department gives the task back (退回), with the reason and the department it believes responsible."""

    case_id: UUID
    task_id: UUID
    department: str
    kind: ReturnKind
    reason: str
    believed_responsible: str | None


@event("task.responded", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResponded:
    """The department says it has handled the issue, and what it did (处理反馈)."""

    case_id: UUID
    task_id: UUID
    department: str
    answer: str
    evidence: tuple[str, ...]
    """References to photos and papers."""
    on_time: bool | None
    """Handled by the due instant; None when the case has none."""


@event("case.sent_to_check", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSentToCheck:
    """Every task is answered: somebody outside the handling department is to look (任务核查)."""

    case_id: UUID
    department: str
    """The department that handled it, which may not check itself."""
    attempt: int
    """Counts the checks of this case, from 1."""


@event("case.cleared_to_close", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClearedToClose:
    """The check was passed: the duty chief may close the case."""

    case_id: UUID
    check_id: UUID


@event("case.rework_ordered", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReworkOrdered:
    """The check failed: the department has to go again (返工); its clock runs on."""

    case_id: UUID
    check_id: UUID
    reason: str
    rework: int
    """How often this case was sent back, from 1."""
    task_ids: tuple[UUID, ...] = ()
    """The tasks that have to go again; empty for all of them."""


@event("case.closed", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    """The case is done and answered (结案)."""

    case_id: UUID
    answer: str
    """What the reporter is told."""
    attempt: int
    """Counts the closings of this case, from 1: a reopened case closes again."""


@event("case.reopened", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened:
    """A closed case comes back (重办): always with words and somebody who says so."""

    case_id: UUID
    reason: str


@event("case.archived", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseArchived:
    """Nothing more may happen (归档)."""

    case_id: UUID


@event("case.split", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSplit:
    """The work is divided (拆分): each part is a task of its own, and the case waits for the mandatory ones."""

    case_id: UUID
    task_ids: tuple[UUID, ...]
    reason: str


@event("case.suspended", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSuspended:
    """The clock stands still (挂账), with a reason and a day on which somebody looks again."""

    case_id: UUID
    request_id: UUID
    """The request that was approved."""
    reason: str
    review_on: date


@event("case.resumed", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResumed:
    """Work goes on (恢复): what was left of each task's time counts from now."""

    case_id: UUID
    reason: str
    due: tuple[NewDue, ...]


@event("case.transferred_out", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTransferredOut:
    """It is for somebody outside of the district (转出), the city level for example: a receipt is awaited."""

    case_id: UUID
    to: str
    """Who takes it, in words or by a code that both know."""
    reason: str
    receipt_due_at: datetime | None


@event("transfer.receipted", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TransferReceipted:
    """The other side says that it has it, under a number of its own (转出回执)."""

    case_id: UUID
    receipt: str


@event("case.check_waived", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCheckWaived:
    """The sample did not choose this case: it may be closed unlooked-at (免核查)."""

    case_id: UUID
    attempt: int
    """The check that would have been, counted from 1."""
    rate: int
    """Of a hundred such cases, how many are looked at."""
    because: str


@event("case.problem_declared", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProblemDeclared:
    """Sent back or passed on too often (问题工单): from now on one tier higher watches over it."""

    case_id: UUID
    kind: ProblemKind
    count: int
    supervised_by: Loop
    """The loop whose chief alone may close it now."""


@event("whistle.blown", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class WhistleBlown:
    """A community summons departments (吹哨): each has to answer in time."""

    case_id: UUID
    whistle_id: UUID
    departments: tuple[str, ...]
    reason: str
    due_at: datetime
    due_because: str


@event("whistle.answered", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class WhistleAnswered:
    """A summoned department says what it will do (报到)."""

    case_id: UUID
    whistle_id: UUID
    department: str
    answer: str
    on_time: bool
