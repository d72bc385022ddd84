"""Stream `case-<id>`, written by dispatch: one accepted issue and its whole life. The id is the report's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


class ReturnKind(StrEnum):
    """Why a department gives a task back: it is somebody else's, or there is nothing to do."""

    WRONG_DEPARTMENT = "wrong_department"
    NOTHING_TO_DO = "nothing_to_do"


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
