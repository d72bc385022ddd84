"""The check 任务核查: somebody outside the handling organisation looks whether the issue is solved; and the spot check
抽查, by which the district looks at closed cases once more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, assert_never
from uuid import UUID

from shared.contracts.case import CaseSentToCheck
from shared.contracts.check import (
    CheckAssigned,
    CheckFailed,
    CheckPassed,
    CheckRequested,
    SpotCheckFailed,
    SpotCheckOrdered,
    SpotCheckPassed,
)
from shared.contracts.envelope import Recorded
from shared.kernel.area import Area, Tier
from shared.kernel.case_states import State, landing
from shared.kernel.errors import Forbidden, Invalid, Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.security.permission import Asker

CheckEvent = (
    CheckRequested | CheckAssigned | CheckPassed | CheckFailed | SpotCheckOrdered | SpotCheckPassed | SpotCheckFailed
)

LOCAL = {
    "party-committee": Tier.COMMUNITY,
    "residents-committee": Tier.COMMUNITY,
    "safety-station": Tier.COMMUNITY,
    "service-station": Tier.COMMUNITY,
    "street": Tier.STREET,
}
"""Handlers of the loops that are not departments but the tier itself: whoever serves there is of that organisation."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check as it is known now."""

    check_id: UUID
    case_id: UUID
    departments: frozenset[str] = frozenset()
    """Those that handled the case, as far as it was said when the check was asked for."""
    assigned_to: str | None = None
    outcome: str | None = None
    """`passed`, `failed`, or None while nobody has looked."""
    is_spot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What somebody says who looked."""

    passed: bool
    findings: str
    task_ids: tuple[UUID, ...] = ()
    """Where it was not solved: the tasks that have to go again; empty for all of them."""
    photos: tuple[str, ...] = ()
    """References to photos of how it was found."""


@dataclass(slots=True)
class Handling:
    """Who handled a case, by its own history: tasks that were given back do not count, and who did them does."""

    state: State | None = None
    attempt: int = 0
    """Which closing was the last one."""
    tasks: dict[object, str] = field(default_factory=dict)
    """The task → the department that has it."""
    accounts: set[str] = field(default_factory=set)
    """Everybody who did something about it themselves."""

    @property
    def departments(self) -> frozenset[str]:
        return frozenset(self.tasks.values())


def evolve(check: Check | None, event: CheckEvent) -> Check:
    """What the event makes of it."""
    known = check or Check(event.check_id, event.case_id)
    match event:
        case CheckRequested():
            return replace(known, departments=frozenset((event.department, *event.co_handlers)))
        case CheckAssigned():
            return replace(known, assigned_to=event.person)
        case CheckPassed() | SpotCheckPassed():
            return replace(known, outcome="passed")
        case CheckFailed() | SpotCheckFailed():
            return replace(known, outcome="failed")
        case SpotCheckOrdered():
            return replace(known, is_spot=True)
        case _:
            assert_never(event)


_AT_WORK = frozenset(
    {"task.signed", "task.started", "task.stage_completed", "task.part_responded", "task.responded", "task.claimed"}
)
_HANDS = frozenset({"department", "volunteer"})


def handling(history: Iterable[Recorded[Any]]) -> Handling:
    """Who handled the case, from everything that happened to it in all services."""
    found = Handling()
    for recorded in history:
        if recorded.stream.startswith("case-"):
            back_to = getattr(recorded.event, "back_to", None)
            found.state = landing(recorded.type, found.state or State.REPORTED, back_to)
        _take(found, recorded)
    return found


def _take(found: Handling, recorded: Recorded[Any]) -> None:
    event = recorded.event
    match recorded.type:
        case "case.dispatched":
            found.tasks = {event.task_id: event.department}
            found.tasks.update((("with", department), department) for department in event.co_handlers)
        case "task.added":
            found.tasks[event.task_id] = event.department
        case "case.dispatch_recalled":
            found.tasks = {}
        case "task.returned" | "task.withdrawn":
            found.tasks.pop(event.task_id, None)
        case "case.closed":
            found.attempt = event.attempt
        case "report.self_handled":
            found.accounts.add(recorded.actor.id)
        case name if name in _AT_WORK and recorded.actor.role in _HANDS:
            found.accounts.add(recorded.actor.id)


def check_id(case_id: UUID, attempt: int) -> UUID:
    """The same round of the same case has the same check."""
    return derived_id("check", case_id, attempt)


def request(sent: CaseSentToCheck, done_by: Handling, supervisor: str | None) -> tuple[CheckEvent, ...]:
    """A handled case is to be looked at, by the area's supervisor where there is one who had no hand in it."""
    which = check_id(sent.case_id, sent.attempt)
    helped = done_by.departments - {sent.department}
    asked = CheckRequested(
        check_id=which,
        case_id=sent.case_id,
        department=sent.department,
        attempt=sent.attempt,
        co_handlers=tuple(sorted(helped)),
    )
    if supervisor is None or supervisor in done_by.accounts:
        return (asked,)
    because = str(Wording("该区域的监督员", "the supervisor of the area"))
    return asked, CheckAssigned(check_id=which, case_id=sent.case_id, person=supervisor, because=because)


def assign(check: Check, person: str, because: str, done_by: Handling) -> tuple[CheckEvent, ...]:
    """Somebody else is to look; the same one again changes nothing."""
    if check.assigned_to == person:
        return ()
    _still_open(check)
    if person in done_by.accounts:
        raise _own_work(person)
    return (CheckAssigned(check_id=check.check_id, case_id=check.case_id, person=person, because=because),)


def answer(check: Check, checker: Asker, done_by: Handling, found: Finding) -> tuple[CheckEvent, ...]:
    """What somebody found who looked; the same finding again changes nothing."""
    passed, findings = found.passed, found.findings
    if check.outcome == ("passed" if passed else "failed"):
        return ()
    _still_open(check)
    require_outsider(checker, done_by, check.departments)
    if check.is_spot:
        require_district(checker)
        spot = SpotCheckPassed if passed else SpotCheckFailed
        return (spot(check_id=check.check_id, case_id=check.case_id, findings=findings),)
    if passed:
        return (CheckPassed(check_id=check.check_id, case_id=check.case_id, findings=findings, photos=found.photos),)
    unknown = [str(task_id) for task_id in found.task_ids if task_id not in done_by.tasks]
    if unknown:
        said = Wording(f"案件没有任务 {unknown[0]}", f"the case has no task {unknown[0]}")
        raise Invalid(str(said), where="task_ids")
    about: dict[str, Any] = {"check_id": check.check_id, "case_id": check.case_id, "photos": found.photos}
    return (CheckFailed(**about, findings=findings, task_ids=found.task_ids),)


def require_outsider(checker: Asker, done_by: Handling, more: frozenset[str] = frozenset()) -> None:
    """Whoever handled it may not be the one to say that it is done, nor may anybody of their organisation."""
    departments = done_by.departments | more
    if checker.department is not None and checker.department in departments:
        raise Refused(
            str(
                Wording(
                    f"案件由 {checker.department} 处置，本部门人员不得核查",
                    f"{checker.department} handled the case: nobody from it may check it",
                )
            ),
            rule="check.own_department",
            hint="ask somebody of another department",
        )
    if checker.id in done_by.accounts:
        raise _own_work(checker.id)
    for name, tier in LOCAL.items():
        if name in departments and checker.area is not None and checker.area.tier >= tier:
            said = Wording(
                f"案件由{tier.zh}自行处置，须由上级核查",
                f"the {tier.label} itself handled the case: somebody of a tier above has to check it",
            )
            raise Refused(str(said), rule="check.own_organisation", hint="ask somebody of the tier above")


def spot_check_id(case_id: UUID, attempt: int) -> UUID:
    """Each closing of a case is spot-checked once at most."""
    return derived_id("spot check", case_id, attempt)


def order_spot_check(case_id: UUID, done_by: Handling, because: str) -> SpotCheckOrdered:
    """A closed case is looked at once more. An archived one is too: what is found is added to it, and it stays so."""
    if done_by.state not in (State.CLOSED, State.ARCHIVED):
        said = Wording("只抽查已结案或已归档的案件", "only a closed or archived case is spot-checked")
        raise Refused(str(said), rule="spot_check.not_closed", where="case_id")
    which = spot_check_id(case_id, done_by.attempt)
    return SpotCheckOrdered(check_id=which, case_id=case_id, attempt=done_by.attempt, because=because)


def require_district(asker: Asker) -> None:
    """Spot checks are the district's. Raises Forbidden."""
    area: Area | None = asker.area
    if area is not None and area.tier is not Tier.DISTRICT:
        said = Wording("抽查由区级巡查员进行", "spot checks are the district inspectors'")
        raise Forbidden(str(said))


def _still_open(check: Check) -> None:
    if check.outcome is not None:
        said = Wording(f"该核查已有结论：{check.outcome}", f"the check has its answer already: {check.outcome}")
        raise Refused(str(said), rule="check.answered")


def _own_work(person: str) -> Refused:
    said = Wording(f"{person} 参与了处置，不得核查", f"{person} had a hand in it, and may not check it")
    return Refused(str(said), rule="check.own_work", hint="ask somebody who had nothing to do with it")
