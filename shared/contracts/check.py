"""Streams `check-<id>`, written by grid: somebody outside the handling department looks after it was handled."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.contracts.catalogue import event


@event("check.requested", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequested:
    """A handled case is to be looked at."""

    check_id: UUID
    case_id: UUID
    department: str
    """The department that handled the case: nobody from it may check."""
    attempt: int


@event("check.passed", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPassed:
    """The issue is solved, says somebody who looked."""

    check_id: UUID
    case_id: UUID
    findings: str


@event("check.failed", "check", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFailed:
    """The issue is not solved, says somebody who looked."""

    check_id: UUID
    case_id: UUID
    findings: str
