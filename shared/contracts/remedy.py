"""Stream `remedy-<id>`, written by dispatch: what is put right for good 整治, a hidden danger or a root cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event
from shared.contracts.shapes import Point


class RemedyKind(StrEnum):
    """隐患: something that may do harm; 源头治理: why an issue keeps coming back."""

    HIDDEN_DANGER = "hidden_danger"
    ROOT_CAUSE = "root_cause"


class Severity(StrEnum):
    """一般, 重大. What is major is struck off by a leader."""

    GENERAL = "general"
    MAJOR = "major"


@event("remedy.opened", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyOpened:
    """Something was found that has to be put right for good (登记). The words are masked."""

    remedy_id: UUID
    kind: RemedyKind
    severity: Severity
    issue_type: str
    title: str
    words: str
    place: str | None
    """The place in words."""
    point: Point | None
    photos: tuple[str, ...]
    """References to photos of how it was found."""
    case_ids: tuple[UUID, ...]
    """Cases that it has to do with."""
    times: int | None
    """Of a root cause that the rule opened: how often the issue had come back."""


@event("remedy.case_linked", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyCaseLinked:
    """Another case has to do with it (关联案件)."""

    remedy_id: UUID
    case_id: UUID


@event("remedy.planned", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyPlanned:
    """How it is to be put right (整改方案), with the five things that must be settled (五落实): who, what, with which
    money, by when, and what keeps people safe until then. A later plan takes its place; the earlier stay on record."""

    remedy_id: UUID
    plan: int
    """Counts from 1."""
    department: str
    """Who is responsible (责任)."""
    measures: str
    """措施."""
    funding: str
    """资金, in words."""
    due_at: datetime
    """时限: the first instant that is too late."""
    interim: str
    """预案: what keeps people safe until it is done."""


@event("remedy.rectified", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyRectified:
    """The department says that it is put right, and shows it (整改完成)."""

    remedy_id: UUID
    department: str
    words: str
    photos: tuple[str, ...]
    """References to photos of how it is now."""
    on_time: bool


@event("remedy.reinspection_passed", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyReinspectionPassed:
    """Somebody from outside the department looked, and it is put right (复查合格)."""

    remedy_id: UUID
    findings: str
    photos: tuple[str, ...]


@event("remedy.reinspection_failed", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyReinspectionFailed:
    """Somebody from outside the department looked, and it is not (复查不合格): back to work."""

    remedy_id: UUID
    findings: str
    photos: tuple[str, ...]
    failures: int
    """How often it has failed, this time included."""


@event("remedy.cleared", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyCleared:
    """It is struck off the list (销号)."""

    remedy_id: UUID
    words: str | None


@event("remedy.withdrawn", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyWithdrawn:
    """It was none, or is dealt with elsewhere (撤销)."""

    remedy_id: UUID
    reason: str


@event("remedy.relapsed", "remedy", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyRelapsed:
    """The issue is back after its root cause had been struck off (复发): it is open again, and wants a new plan."""

    remedy_id: UUID
    case_id: UUID
    """The case that shows it."""
    number: str
    days: int
    """How many days it had lasted."""
    relapses: int
    """How often that has happened, this time included."""
