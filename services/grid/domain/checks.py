"""The check 任务核查: somebody outside the handling department looks whether the issue is solved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never
from uuid import UUID

from shared.contracts.check import CheckFailed, CheckPassed, CheckRequested
from shared.contracts.envelope import Actor
from shared.kernel.errors import Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

CheckEvent = CheckRequested | CheckPassed | CheckFailed


@dataclass(frozen=True, slots=True)
class Check:
    """One check as it is known now."""

    check_id: UUID
    case_id: UUID
    department: str
    outcome: str | None
    """`passed`, `failed`, or None while nobody has looked."""


def evolve(check: Check | None, event: CheckEvent) -> Check:
    """What the event makes of it."""
    match event:
        case CheckRequested():
            return Check(event.check_id, event.case_id, event.department, None)
        case CheckPassed():
            return replace(check or Check(event.check_id, event.case_id, "", None), outcome="passed")
        case CheckFailed():
            return replace(check or Check(event.check_id, event.case_id, "", None), outcome="failed")
        case _:
            assert_never(event)


def check_id(case_id: UUID, attempt: int) -> UUID:
    """The same round of the same case has the same check."""
    return derived_id("check", case_id, attempt)


def request(case_id: UUID, department: str, attempt: int) -> CheckRequested:
    """A handled case is to be looked at."""
    return CheckRequested(check_id=check_id(case_id, attempt), case_id=case_id, department=department, attempt=attempt)


def answer(check: Check, checker: Actor, *, passed: bool, findings: str) -> tuple[CheckEvent, ...]:
    """What somebody found who looked; the same finding again changes nothing."""
    outcome = "passed" if passed else "failed"
    if check.outcome == outcome:
        return ()
    if check.outcome is not None:
        said = Wording(f"该核查已有结论：{check.outcome}", f"the check has its answer already: {check.outcome}")
        raise Refused(str(said), rule="check.answered")
    # Whoever handled it may not be the one to say that it is done.
    if checker.department is not None and checker.department == check.department:
        said = Wording(
            f"案件由 {check.department} 处置，本部门人员不得核查",
            f"{check.department} handled the case: nobody from it may check it",
        )
        raise Refused(str(said), rule="check.own_department", hint="ask somebody of another department")
    made = CheckPassed if passed else CheckFailed
    return (made(check_id=check.check_id, case_id=check.case_id, findings=findings),)
