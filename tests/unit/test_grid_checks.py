"""Checks by somebody outside the handling organisation, as the case's own history says who that is; spot checks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.grid import handlers, reactions
from services.grid.domain import checks
from shared.contracts import case, check, report
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.task import Joined, TaskAdded, TaskClaimed
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, NotFound, Refused
from shared.kernel.ids import derived_id
from shared.ports import Append, Appended, Happening
from shared.security.permission import Asker
from tests.support.memory import MemoryLog

NOON = datetime(2026, 5, 7, 4, 0, tzinfo=UTC)
DISTRICT, STREET, COMMUNITY = Area("530103"), Area("530103.004"), Area("530103.004.012")
BUILDING = Area("530103.004.012.003.00007")
CASE, LEAD, HELP = derived_id("a case"), derived_id("task", 1), derived_id("task", 2)
SUPERVISOR = Asker("jdy-1", "supervisor", STREET, "grid")
INSPECTOR = Asker("xcy-1", "supervisor", DISTRICT, "grid")
CHIEF = Asker("zbz-1", "duty_chief", STREET)
WORKER = Actor("san-1", "department", "sanitation")


def happened(log: MemoryLog, event: object, actor: Actor = WORKER, category: str = "case") -> None:
    stream = f"{category}-{CASE}"
    log.append(
        Append(
            stream=stream,
            expected=len(log.stream(stream)),
            happenings=(Happening(event, NOON),),
            area=BUILDING,
            actor=actor,
            correlation_id=CASE,
        )
    )


def dispatched(department: str = "sanitation", co_handlers: tuple[str, ...] = (), task: UUID = LEAD) -> object:
    return case.CaseDispatched(
        case_id=CASE, task_id=task, department=department, co_handlers=co_handlers, rule=None, because="", limit=None,
        due_at=None, due_because="", attempt=1,
    )  # fmt: skip


def added(department: str) -> object:
    return TaskAdded(
        case_id=CASE, task_id=HELP, department=department, joined=Joined.CO_HANDLER, what="", mandatory=True,
        limit=None, due_at=None, due_because="",
    )  # fmt: skip


def handled(department: str = "sanitation", log: MemoryLog | None = None) -> MemoryLog:
    """A case that went to a department and was answered by it."""
    log = log or MemoryLog()
    happened(log, dispatched(department))
    happened(log, case.TaskSigned(case_id=CASE, task_id=LEAD, department=department))
    happened(log, case.CaseSentToCheck(case_id=CASE, department=department, attempt=1))
    return log


def request(log: MemoryLog, supervisor: str | None = "jdy-1") -> Appended:
    sent: Recorded[case.CaseSentToCheck] = log.events[-1]
    return reactions.request_check(sent, log, lambda *_: supervisor, consumer="grid.request_check", at=NOON)


def look(log: MemoryLog, asker: Asker, *, passed: bool = True) -> Appended:
    cause = Cause(actor=asker.actor, at=NOON)
    return handlers.answer_check(
        log, checks.check_id(CASE, 1), asker, cause, checks.Finding(passed=passed, findings="已亮")
    )


def types(log: MemoryLog, stream: str) -> list[str]:
    return [recorded.type for recorded in log.stream(stream)]


# --- who is named -------------------------------------------------------------------------------------------------


def test_the_areas_supervisor_is_named_and_the_helpers_are_remembered() -> None:
    log = MemoryLog()
    happened(log, dispatched())
    happened(log, added("urban"))
    happened(log, case.CaseSentToCheck(case_id=CASE, department="sanitation", attempt=1))
    stream = request(log).stream
    asked, assigned = (recorded.event for recorded in log.stream(stream))

    assert (asked.department, asked.co_handlers) == ("sanitation", ("urban",))
    assert assigned.person == "jdy-1"


@pytest.mark.parametrize("supervisor", [None, "san-1"])
def test_where_there_is_no_supervisor_or_they_did_it_themselves_nobody_is_named(supervisor: str | None) -> None:
    log = handled()

    assert types(log, request(log, supervisor).stream) == ["check.requested"]


def test_what_the_street_itself_handled_is_for_the_districts_inspector() -> None:
    log, asked = handled("street"), []

    def supervisor(area: Area, day: date, of_district: bool) -> str:
        asked.append((area, day, of_district))
        return "xcy-1"

    reactions.request_check(log.events[-1], log, supervisor, consumer="grid.request_check", at=NOON)

    assert asked == [(BUILDING, date(2026, 5, 7), True)]


def test_a_chief_names_another_and_the_same_one_again_changes_nothing() -> None:
    log = handled()
    stream = request(log).stream
    cause = Cause(actor=CHIEF.actor, at=NOON)
    handlers.assign_check(log, checks.check_id(CASE, 1), CHIEF, cause, person="jdy-2", reason="jdy-1 请假")
    again = handlers.assign_check(log, checks.check_id(CASE, 1), CHIEF, cause, person="jdy-2", reason="jdy-1 请假")

    assert types(log, stream) == ["check.requested", "check.assigned", "check.assigned"]
    assert again.event_ids == ()
    with pytest.raises(Refused) as refused:
        handlers.assign_check(log, checks.check_id(CASE, 1), CHIEF, cause, person="san-1", reason="顺路")
    assert refused.value.rule == "check.own_work"


def test_nobody_is_named_for_a_check_that_has_its_answer() -> None:
    log = handled()
    request(log)
    look(log, SUPERVISOR)

    with pytest.raises(Refused) as refused:
        handlers.assign_check(
            log, checks.check_id(CASE, 1), CHIEF, Cause(actor=CHIEF.actor, at=NOON), person="jdy-2", reason="请假"
        )
    assert refused.value.rule == "check.answered"


# --- who may look -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asker", "rule"),
    [
        (Asker("s-2", "supervisor", STREET, "sanitation"), "check.own_department"),
        (Asker("s-3", "supervisor", STREET, "urban"), "check.own_department"),
        (Asker("san-1", "supervisor", STREET), "check.own_work"),
    ],
)
def test_nobody_of_the_handling_organisation_or_its_helpers_checks(asker: Asker, rule: str) -> None:
    log = handled()
    request(log)
    # A helper who came after the check was asked for counts, too: the case's own history decides.
    happened(log, added("urban"))

    with pytest.raises(Refused) as refused:
        look(log, asker)
    assert refused.value.rule == rule


def test_a_department_that_gave_its_task_back_may_check_what_another_did() -> None:
    log = MemoryLog()
    happened(log, dispatched("urban"))
    happened(
        log,
        case.TaskReturned(
            case_id=CASE, task_id=LEAD, department="urban", kind=case.ReturnKind.WRONG_DEPARTMENT, reason="",
            believed_responsible="sanitation",
        ),
    )  # fmt: skip
    happened(log, dispatched("sanitation", task=HELP))
    happened(log, case.CaseSentToCheck(case_id=CASE, department="sanitation", attempt=1))
    stream = request(log).stream
    look(log, Asker("s-3", "supervisor", STREET, "urban"))

    assert types(log, stream)[-1] == "check.passed"


@pytest.mark.parametrize(
    ("department", "asker", "may"),
    [
        ("residents-committee", Asker("wgy-1", "grid_worker", COMMUNITY), False),
        ("residents-committee", SUPERVISOR, True),
        ("street", SUPERVISOR, False),
        ("street", INSPECTOR, True),
        ("sanitation", Asker("wgy-1", "grid_worker", COMMUNITY), True),
    ],
)
def test_what_a_tier_handled_itself_is_checked_by_the_tier_above(department: str, asker: Asker, may: bool) -> None:
    log = handled(department)
    request(log, None)

    if may:
        assert look(log, asker).event_ids
    else:
        with pytest.raises(Refused) as refused:
            look(log, asker)
        assert refused.value.rule == "check.own_organisation"


def test_whoever_put_it_right_on_the_spot_does_not_check_it() -> None:
    log = MemoryLog()
    told = report.ReportSelfHandled(
        report_id=CASE, number="1", source=report.Source.GRID_WORKER, subject_id=None, issue_type="E-01-02",
        urgency=report.Urgency.NORMAL, title="垃圾", words="垃圾", place=None, point=None, reported_at=NOON,
        answer="已清", before=(), after=(),
    )  # fmt: skip
    happened(log, told, Actor("wgy-1", "grid_worker"), "report")
    happened(
        log, case.CaseSentToCheck(case_id=CASE, department="residents-committee", attempt=1), Actor("wuji", "timer")
    )
    request(log, None)

    with pytest.raises(Refused) as refused:
        look(log, Asker("wgy-1", "grid_worker", COMMUNITY))
    assert refused.value.rule == "check.own_work"


def test_a_volunteer_who_claimed_it_does_not_check_it() -> None:
    log = MemoryLog()
    claimed = TaskClaimed(case_id=CASE, task_id=LEAD, claim_id=HELP, claimed_by="v-1", expires_at=NOON)
    happened(log, claimed, Actor("v-1", "volunteer"))
    happened(log, case.CaseSentToCheck(case_id=CASE, department="volunteers", attempt=1))
    request(log, None)

    with pytest.raises(Refused):
        look(log, Asker("v-1", "supervisor", STREET))


# --- spot checks --------------------------------------------------------------------------------------------------


def closed(log: MemoryLog | None = None) -> MemoryLog:
    log = handled(log=log)
    happened(log, case.CaseClosed(case_id=CASE, answer="已办", attempt=1), Actor("zbz-1", "duty_chief"))
    return log


def order(log: MemoryLog, asker: Asker = INSPECTOR) -> Appended:
    cause = Cause(actor=asker.actor, at=NOON)
    return handlers.order_spot_check(log, CASE, asker, cause, reason="抽签")


def inspect(log: MemoryLog, asker: Asker = INSPECTOR, *, passed: bool) -> Appended:
    which = checks.spot_check_id(CASE, 1)
    return handlers.answer_check(
        log, which, asker, Cause(actor=asker.actor, at=NOON), checks.Finding(passed=passed, findings="没清")
    )


@pytest.mark.parametrize(("passed", "said"), [(True, "spot_check.passed"), (False, "spot_check.failed")])
def test_an_inspector_looks_at_a_closed_case_once_more(passed: bool, said: str) -> None:
    log = closed()
    stream = order(log).stream
    inspect(log, passed=passed)

    assert types(log, stream) == ["spot_check.ordered", said]
    assert order(log).event_ids == ()
    assert inspect(log, passed=passed).event_ids == ()


def test_only_the_district_spot_checks_and_only_what_is_closed() -> None:
    with pytest.raises(Forbidden):
        order(closed(), SUPERVISOR)
    with pytest.raises(Refused) as refused:
        order(handled())
    assert refused.value.rule == "spot_check.not_closed"
    with pytest.raises(NotFound):
        order(MemoryLog())


def test_a_spot_check_is_answered_by_the_district_and_not_by_who_handled_it() -> None:
    log = closed()
    order(log)

    with pytest.raises(Forbidden):
        inspect(log, SUPERVISOR, passed=True)
    with pytest.raises(Refused):
        inspect(log, Asker("xcy-2", "supervisor", DISTRICT, "sanitation"), passed=True)


def test_an_archived_case_is_spot_checked_too() -> None:
    log = closed()
    happened(log, case.CaseArchived(case_id=CASE), Actor("zbz-1", "duty_chief"))

    assert order(log).event_ids


def test_a_case_closed_again_is_another_spot_check() -> None:
    log = closed()
    order(log)
    happened(log, case.CaseReopened(case_id=CASE, reason="没清"))
    happened(log, case.CaseClosed(case_id=CASE, answer="已办", attempt=2))
    second = order(log)

    assert isinstance(log.stream(second.stream)[0].event, check.SpotCheckOrdered)
    assert second.stream != f"check-{checks.spot_check_id(CASE, 1)}"


def test_of_two_who_order_the_same_spot_check_the_second_loses() -> None:
    class Overtaken(MemoryLog):
        def append(self, append: Append) -> Appended:
            if append.stream.startswith("check-") and not self.stream(append.stream):
                super().append(append)
            return super().append(append)

    with pytest.raises(Conflict):
        order(closed(Overtaken()))
