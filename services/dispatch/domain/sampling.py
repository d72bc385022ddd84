"""Which handled cases are looked at: of a hundred such, as many as the rulebook says, and always the doubtful ones.

Chance is not asked: the case's own id decides, so that the same case is chosen whoever decides, and however often.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from services.dispatch.domain.case import Case
from shared.contracts.case import CaseCheckWaived, CaseSentToCheck


@dataclass(frozen=True, slots=True)
class Sample:
    """Of a hundred such cases, how many are looked at; and which line of the rulebook says so."""

    rate: int = 100
    rule: str | None = None


ALL = Sample()


def after_handling(case: Case, department: str, sample: Sample) -> CaseSentToCheck | CaseCheckWaived:
    """What follows when everything is answered: a check, or none, where the sample does not choose the case.

    What came back before, from a check or from the reporter, and what is a problem case, is always looked at.
    """
    attempt = case.checks + 1
    is_doubtful = case.reworks > 0 or case.closings > 0 or case.problem is not None
    if is_doubtful or is_chosen(case.case_id, attempt, sample.rate):
        return CaseSentToCheck(case_id=case.case_id, department=department, attempt=attempt)
    because = (
        f"{sample.rule}: 抽查比例 {sample.rate}%，本案未抽中 / {sample.rate} of 100 are looked at, this one is not"
    )
    return CaseCheckWaived(case_id=case.case_id, attempt=attempt, rate=sample.rate, because=because)


def is_chosen(case_id: UUID, attempt: int, rate: int) -> bool:
    """Whether the case is among those that are looked at."""
    return int.from_bytes(sha256(f"{case_id}:{attempt}".encode()).digest()[:8]) % 100 < rate
