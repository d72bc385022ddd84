"""Stream `case-<id>` too: the tasks of a case, and what departments and volunteers ask for on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.case import ReturnKind
from shared.contracts.catalogue import event
from shared.contracts.shapes import Limit


class Joined(StrEnum):
    """How a task came to a case beside its lead's."""

    CO_HANDLER = "co_handler"
    SPLIT = "split"
    WHISTLE = "whistle"


@event("task.added", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAdded:
    """Another department gets a task of the same case, with its own clock (协办)."""

    case_id: UUID
    task_id: UUID
    department: str
    joined: Joined
    what: str
    """What it is asked to do."""
    mandatory: bool
    """Whether the case waits for its answer."""
    limit: Limit | None
    due_at: datetime | None
    due_because: str


@event("case.offered", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOffered:
    """The case is put into the open pool (居民点单、党员领单): whoever claims it first has it."""

    case_id: UUID
    task_id: UUID
    what: str
    claim_hours: int
    """How long somebody who claimed it has, before it is free again."""
    due_at: datetime | None
    due_because: str
    attempt: int


@event("task.claimed", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClaimed:
    """A volunteer takes the task (领单)."""

    case_id: UUID
    task_id: UUID
    claim_id: UUID
    claimed_by: str
    """The account, never a name."""
    expires_at: datetime


@event("task.claim_released", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClaimReleased:
    """The task is given back to the pool (退单)."""

    case_id: UUID
    task_id: UUID
    claim_id: UUID
    reason: str


@event("task.claim_expired", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClaimExpired:
    """Claimed, and not answered in time: it is free again."""

    case_id: UUID
    task_id: UUID
    claim_id: UUID


@event("task.started", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStarted:
    """The department has begun (开始处置)."""

    case_id: UUID
    task_id: UUID
    department: str


@event("task.stage_completed", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStageCompleted:
    """A stage of work that has a limit of its own is done (阶段完成): work stopped, penalty set, taken down."""

    case_id: UUID
    task_id: UUID
    department: str
    stage: str
    words: str
    on_time: bool | None


@event("task.part_responded", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPartResponded:
    """One department has handled its part; the case waits for others."""

    case_id: UUID
    task_id: UUID
    department: str
    answer: str
    evidence: tuple[str, ...]
    on_time: bool | None


@event("task.withdrawn", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWithdrawn:
    """A task beside the lead's is taken off the case (撤销协办)."""

    case_id: UUID
    task_id: UUID
    department: str
    reason: str


@event("return.requested", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequested:
    """The department wants to give its task back (申请退回). Its clock runs until somebody agrees."""

    case_id: UUID
    task_id: UUID
    request_id: UUID
    department: str
    kind: ReturnKind
    reason: str
    believed_responsible: str | None
    evidence: tuple[str, ...]


@event("return.refused", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRefused:
    """The task stays where it is (不同意退回)."""

    case_id: UUID
    task_id: UUID
    request_id: UUID
    reason: str


@event("extension.requested", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRequested:
    """The department asks for more time (申请延期). Its clock runs on until it is approved."""

    case_id: UUID
    task_id: UUID
    request_id: UUID
    department: str
    limit: Limit
    """How much more, counted from the present due instant."""
    reason: str
    evidence: tuple[str, ...]
    attempt: int
    """Which extension of this task it would be, from 1."""
    needs: str
    """The role that may approve it: the duty chief for a first and short one, a leader otherwise."""


@event("extension.approved", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionApproved:
    """More time (同意延期): the new due instant counts everywhere."""

    case_id: UUID
    task_id: UUID
    request_id: UUID
    due_at: datetime
    due_because: str
    attempt: int


@event("extension.refused", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRefused:
    """No more time (不同意延期)."""

    case_id: UUID
    task_id: UUID
    request_id: UUID
    reason: str


@event("suspension.requested", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionRequested:
    """It cannot be done now (申请挂账): the season, or a larger work; with the day on which to look again."""

    case_id: UUID
    request_id: UUID
    department: str
    reason: str
    review_on: date
    evidence: tuple[str, ...]


@event("suspension.refused", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionRefused:
    """It can be done now (不同意挂账)."""

    case_id: UUID
    request_id: UUID
    reason: str


@event("dispute.opened", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened:
    """Departments disagree whose it is (权责争议): a higher tier decides, within a time of its own."""

    case_id: UUID
    dispute_id: UUID
    between: tuple[str, ...]
    question: str
    due_at: datetime
    due_because: str


@event("dispute.adjudicated", "case", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeAdjudicated:
    """It is decided whose it is (裁定); that department cannot return it as somebody else's again."""

    case_id: UUID
    dispute_id: UUID
    department: str
    reason: str
    on_time: bool
