"""Streams `flag-<case id>`, written by survey: facts beside a case that somebody should look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event


class Suspicion(StrEnum):
    """What looks as if figures were polished."""

    SAME_PHOTO = "same_photo"
    FAR_PHOTO = "far_photo"
    CHECKER_INSIDE = "checker_inside"
    TOO_FAST = "too_fast"
    MASS_CLOSING = "mass_closing"
    SUSPENDED_BEFORE_DUE = "suspended_before_due"

    @property
    def zh(self) -> str:
        return _NAMES[self]


_NAMES = {
    Suspicion.SAME_PHOTO: "处置前后照片相同",
    Suspicion.FAR_PHOTO: "照片远离案发地",
    Suspicion.CHECKER_INSIDE: "核查人属处置单位",
    Suspicion.TOO_FAST: "办理过快",
    Suspicion.MASS_CLOSING: "期末突击结案",
    Suspicion.SUSPENDED_BEFORE_DUE: "到期前挂账",
}


@event("flag.raised", "flag")
@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRaised:
    """Something beside the case looks odd (疑点). It changes nothing; somebody may look."""

    flag_id: UUID
    case_id: UUID
    suspicion: Suspicion
    because: str
    """What was seen, in words for people."""
    department: str | None
    """Whose handling it is about."""


@event("flag.settled", "flag")
@dataclass(frozen=True, slots=True, kw_only=True)
class FlagSettled:
    """Somebody looked (疑点核实)."""

    flag_id: UUID
    case_id: UUID
    founded: bool
    words: str
