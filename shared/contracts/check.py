"""Streams `check-<id>`, written by grid: somebody outside the handling department looks after it was handled."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.catalogue import event
from shared.contracts.shapes import Internal


@event("check.requested", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequested:
    """A handled case is to be looked at."""

    check_id: UUID
    case_id: UUID
    department: str
    """The department that handled the case: nobody from it may check."""
    attempt: int
    co_handlers: tuple[str, ...] = ()
    """The departments that helped: nobody from them may check either."""


@event("check.assigned", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAssigned:
    """Somebody is to look: the supervisor of the area, or whom a chief named instead. The last word counts."""

    check_id: UUID
    case_id: UUID
    person: Internal[str | None]
    """The account."""
    because: str


@event("check.passed", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPassed:
    """The issue is solved, says somebody who looked."""

    check_id: UUID
    case_id: UUID
    findings: str
    photos: tuple[str, ...] = ()
    """References to photos of how it was found."""


@event("check.failed", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFailed:
    """The issue is not solved, says somebody who looked."""

    check_id: UUID
    case_id: UUID
    findings: str
    task_ids: tuple[UUID, ...] = ()
    """The tasks that have to go again; empty for all of the case's."""
    photos: tuple[str, ...] = ()
    """References to photos of how it was found."""


@event("spot_check.ordered", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheckOrdered:
    """A closed case is looked at once more (抽查), by the district, whatever was said before."""

    check_id: UUID
    case_id: UUID
    attempt: int
    """Which of the case's closings is looked at, from 1."""
    because: str
    """How this case was chosen."""


@event("spot_check.passed", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheckPassed:
    """It was rightly closed, says the inspector."""

    check_id: UUID
    case_id: UUID
    findings: str


@event("spot_check.failed", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheckFailed:
    """It was not rightly closed, says the inspector: the case comes back."""

    check_id: UUID
    case_id: UUID
    findings: str
