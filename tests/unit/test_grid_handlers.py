"""Every command and reaction of grid: it happens, it is refused, it was seen before, somebody was first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from deploy.reference import load
from services.grid import handlers, reactions
from services.grid.domain import checks
from services.grid.domain.appointments import Seat, Wanted
from shared.contracts.appointment import AppointmentStarted, Post
from shared.contracts.area import AreaBounded, AreaCreated, AreaRenamed
from shared.contracts.case import CaseSentToCheck
from shared.contracts.check import CheckFailed, CheckPassed, CheckRequested
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.contracts.grid import GridDrawn
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import derived_id, new_id
from shared.ports import Append, Appended, Happening
from shared.security.permission import Asker
from tests.support.memory import MemoryLog

NOON = datetime(2026, 5, 7, 4, 0, tzinfo=UTC)
DISTRICT, STREET, COMMUNITY = Area("530103"), Area("530103.004"), Area("530103.004.012")
BUILDING = Area("530103.004.012.003.00007")
OPERATOR = Asker("operator-1", "operator")
SUPERVISOR = Asker("supervisor-1", "supervisor", STREET, "grid")
CASE = derived_id("a case")


class OvertakenLog(MemoryLog):
    """Somebody else writes to the same stream between our reading and our writing, once."""

    def overtake(self, stream: str, event: object) -> None:
        self.intruder = (stream, event)

    def append(self, append: Append) -> Appended:
        if getattr(self, "intruder", None) is not None:
            stream, event = self.intruder
            self.intruder = None
            write(self, stream, event, append.area)
        return super().append(append)


def write(log: MemoryLog, stream: str, event: object, area: Area = BUILDING) -> None:
    """What is in the log already."""
    expected = len(log.stream(stream))
    MemoryLog.append(
        log,
        Append(
            stream=stream,
            expected=expected,
            happenings=(Happening(event, NOON),),
            area=area,
            actor=Actor("somebody", "operator"),
            correlation_id=CASE,
        ),
    )


def cause(actor: Actor = OPERATOR.actor, key: str | None = None) -> Cause:
    return Cause(actor=actor, at=NOON, idempotency_key=key)


def ground(log: MemoryLog | None = None) -> MemoryLog:
    """A log with a district, a street and a community."""
    log = log or MemoryLog("grid")
    for area in (DISTRICT, STREET, COMMUNITY):
        handlers.create_area(log, area, OPERATOR, cause(), name=f"区域{area}", kind="区", centre=None)
    return log


def types(log: MemoryLog, stream: str) -> list[str]:
    return [recorded.type for recorded in log.stream(stream)]


# --- areas ------------------------------------------------------------------------------------------------------


def create(log: MemoryLog, area: Area, asker: Asker = OPERATOR, key: str | None = None) -> Appended:
    return handlers.create_area(log, area, asker, cause(key=key), name="青云街道", kind="街道", centre=None)


def test_an_area_is_created_under_its_parent() -> None:
    log = ground()
    create(log, Area("530103.005"))

    assert types(log, "area-530103.005") == ["area.created"]


def test_an_area_without_its_parent_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        create(MemoryLog("grid"), STREET)

    assert refused.value.rule == "area.parent_missing"


def test_an_area_that_exists_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        create(ground(), STREET)

    assert refused.value.rule == "area.exists"


def test_an_area_outside_the_askers_own_is_forbidden() -> None:
    with pytest.raises(Forbidden):
        create(ground(), Area("530103.005"), Asker("operator-2", "operator", STREET))


def test_creating_an_area_again_with_the_same_key_answers_the_first_result() -> None:
    log = ground()
    first = create(log, Area("530103.005"), key="once")
    again = create(log, Area("530103.005"), key="once")

    assert (again.event_ids, again.repeated) == (first.event_ids, True)


def test_of_two_who_create_the_same_area_the_second_loses() -> None:
    log = OvertakenLog("grid")
    ground(log)
    log.overtake("area-530103.005", AreaRenamed(path="530103.005", name="别人先到"))

    with pytest.raises(Conflict):
        create(log, Area("530103.005"))


def test_an_area_is_renamed_and_the_same_name_changes_nothing() -> None:
    log = ground()
    handlers.rename_area(log, STREET, OPERATOR, cause(), name="金辰街道")
    again = handlers.rename_area(log, STREET, OPERATOR, cause(), name="金辰街道")

    assert types(log, "area-530103.004") == ["area.created", "area.renamed"]
    assert again.event_ids == ()


def test_an_area_that_does_not_exist_cannot_be_renamed() -> None:
    with pytest.raises(NotFound):
        handlers.rename_area(MemoryLog("grid"), STREET, OPERATOR, cause(), name="金辰街道")


# --- grids ------------------------------------------------------------------------------------------------------


def draw(log: MemoryLog, community: Area = COMMUNITY, covers: tuple[Area, ...] = (), name: str = "一网格") -> Appended:
    return handlers.draw_grid(
        log, "G1", OPERATOR, cause(), name=name, community=community, covers=covers, households=280
    )


SQUARE = ((((102.7, 25.0), (102.8, 25.0), (102.8, 25.1), (102.7, 25.0)),),)


def boundary(source: str = "示意", area: Area = STREET) -> AreaBounded:
    return AreaBounded(path=area.path, polygons=SQUARE, source=source)


def test_an_area_is_bounded_and_the_same_boundary_changes_nothing() -> None:
    log = ground()
    handlers.bound_area(log, boundary(), OPERATOR, cause())
    again = handlers.bound_area(log, boundary(), OPERATOR, cause())
    handlers.bound_area(log, boundary("民政局 2026"), OPERATOR, cause())
    handlers.rename_area(log, STREET, OPERATOR, cause(), name="金辰街道")
    after_another_name = handlers.bound_area(log, boundary("民政局 2026"), OPERATOR, cause())

    assert types(log, "area-530103.004") == ["area.created", "area.bounded", "area.bounded", "area.renamed"]
    assert again.event_ids == after_another_name.event_ids == ()


def test_a_boundary_is_taken_back_once_and_may_come_again() -> None:
    log = ground()
    handlers.bound_area(log, boundary(), OPERATOR, cause())
    handlers.unbound_area(log, STREET, OPERATOR, cause(), reason="界线有误")
    again = handlers.unbound_area(log, STREET, OPERATOR, cause(), reason="界线有误")
    handlers.bound_area(log, boundary(), OPERATOR, cause())

    assert again.event_ids == ()
    assert types(log, "area-530103.004")[1:] == ["area.bounded", "area.unbounded", "area.bounded"]


def test_who_may_not_bound_an_area_and_what_is_no_area() -> None:
    with pytest.raises(Forbidden):
        handlers.bound_area(ground(), boundary(area=DISTRICT), SUPERVISOR, cause())
    with pytest.raises(NotFound):
        handlers.bound_area(MemoryLog("grid"), boundary(), OPERATOR, cause())


def test_of_two_who_bound_the_same_area_the_second_loses() -> None:
    log = OvertakenLog("grid")
    ground(log)
    log.overtake("area-530103.004", boundary("民政局 2026"))

    with pytest.raises(Conflict):
        handlers.bound_area(log, boundary(), OPERATOR, cause())


def test_loading_the_reference_data_again_leaves_boundaries_alone() -> None:
    """The loader asks what a stream said last of what its files say, and where the stream stands now."""
    log = ground()
    handlers.bound_area(log, boundary(), OPERATOR, cause())
    (found,) = load._latest(log.stream("area-530103.004")).values()
    created = found.event

    assert isinstance(created, AreaCreated)
    assert found.version == 2
    assert load._append(load.Wanted(found.stream, STREET, created), found, CASE, NOON) is None
    other = load._append(load.Wanted(found.stream, STREET, replace(created, name="别名")), found, CASE, NOON)
    assert other is not None
    assert other.expected == 2


def test_a_grid_is_drawn_in_a_community() -> None:
    log = ground()
    draw(log, covers=(Area("530103.004.012.003"), Area("530103.004.012.001")))
    drawn: GridDrawn = log.stream("grid-G1")[0].event

    assert drawn.covers == ("530103.004.012.001", "530103.004.012.003")


@pytest.mark.parametrize(
    ("community", "covers", "rule"),
    [
        (Area("530103.004.099"), (), "grid.community_missing"),
        (COMMUNITY, (Area("530103.004.013.001"),), "grid.outside_community"),
    ],
)
def test_a_grid_outside_a_known_community_is_refused(community: Area, covers: tuple[Area, ...], rule: str) -> None:
    with pytest.raises(Refused) as refused:
        draw(ground(), community, covers)

    assert refused.value.rule == rule


def test_a_grid_in_a_street_is_invalid() -> None:
    with pytest.raises(Invalid):
        draw(ground(), STREET)


def test_drawing_the_same_lines_again_changes_nothing_and_other_lines_are_a_new_drawing() -> None:
    log = ground()
    draw(log)

    assert draw(log).event_ids == ()
    assert draw(log, name="二网格").version == 2


def test_a_grid_stays_in_its_community() -> None:
    log = ground()
    handlers.create_area(log, Area("530103.004.013"), OPERATOR, cause(), name="另一社区", kind="社区", centre=None)
    draw(log)

    with pytest.raises(Refused) as refused:
        draw(log, Area("530103.004.013"))
    assert refused.value.rule == "grid.community_fixed"


def test_of_two_who_draw_the_same_grid_the_second_loses() -> None:
    log = OvertakenLog("grid")
    ground(log)
    draw(log)
    log.overtake("grid-G1", log.stream("grid-G1")[0].event)

    with pytest.raises(Conflict):
        draw(log, name="二网格")


# --- appointments -----------------------------------------------------------------------------------------------


class TakenSeats:
    """Seats as the rows beside the log's appends have them."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log

    def taken(self, wanted: Sequence[str]) -> list[Seat]:
        rows = {row[0]: row for row in (companion.row for companion in self.log.companions)}
        found = [
            Seat(UUID(appointment_id), person, tuple(slot for slot in slots if slot in wanted), since, until)
            for appointment_id, person, slots, since, until in rows.values()
        ]
        return [seat for seat in found if seat.slots]


def appoint(log: MemoryLog, **changed: Any) -> Appended:
    wanted: dict[str, Any] = {
        "person": "gw-1", "post": Post.GRID_WORKER, "area": COMMUNITY, "grid": "G1", "unit": None,
        "since": date(2026, 5, 1),
    }  # fmt: skip
    return handlers.start_appointment(log, TakenSeats(log), OPERATOR, cause(), wanted=Wanted(**(wanted | changed)))


def with_a_grid(log: MemoryLog | None = None) -> MemoryLog:
    log = ground(log)
    draw(log)
    return log


def test_somebody_is_appointed_to_a_grid() -> None:
    log = with_a_grid()
    done = appoint(log)
    started: AppointmentStarted = log.stream(done.stream)[0].event

    assert (started.person, started.grid, started.area) == ("gw-1", "G1", COMMUNITY.path)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"grid": "G9"}, "appointment.grid_missing"),
        ({"grid": None}, "appointment.grid_needed"),
        ({"area": STREET}, "appointment.wrong_tier"),
        ({"unit": "2单元"}, "appointment.unit"),
        ({"post": Post.GROUP_LEAD, "area": Area("530103.004.012.003")}, "appointment.area_missing"),
        ({"area": Area("530103.004.099")}, "appointment.area_missing"),
        ({"post": Post.BUILDING_HEAD, "area": COMMUNITY, "grid": None}, "appointment.wrong_tier"),
        ({"post": Post.COUNCILLOR}, "appointment.no_grid"),
    ],
)
def test_an_appointment_that_does_not_fit_is_refused(changed: dict[str, Any], rule: str) -> None:
    with pytest.raises(Refused) as refused:
        appoint(with_a_grid(), **changed)

    assert refused.value.rule == rule


def test_the_same_appointment_again_changes_nothing() -> None:
    log = with_a_grid()
    first = appoint(log)
    again = appoint(log)

    assert (again.stream, again.event_ids) == (first.stream, ())


def test_of_two_who_appoint_the_same_the_second_loses() -> None:
    log = OvertakenLog("grid")
    with_a_grid(log)
    copy = with_a_grid()
    done = appoint(copy)
    log.overtake(done.stream, copy.stream(done.stream)[0].event)

    with pytest.raises(Conflict):
        appoint(log)


def leave(log: MemoryLog, stream: str, until: date) -> Appended:
    found = UUID(stream.removeprefix("appointment-"))
    return handlers.end_appointment(log, found, OPERATOR, cause(), until=until, reason="轮岗")


def test_an_appointment_ends_once() -> None:
    log = with_a_grid()
    stream = appoint(log).stream
    leave(log, stream, date(2026, 6, 30))

    assert leave(log, stream, date(2026, 6, 30)).event_ids == ()
    with pytest.raises(Refused) as refused:
        leave(log, stream, date(2026, 7, 1))
    assert refused.value.rule == "appointment.ended"


def test_an_appointment_cannot_end_before_it_starts() -> None:
    log = with_a_grid()
    stream = appoint(log).stream

    with pytest.raises(Refused) as refused:
        leave(log, stream, date(2026, 4, 30))
    assert refused.value.rule == "appointment.ends_before_it_starts"


# --- checks -----------------------------------------------------------------------------------------------------


def sent(attempt: int = 1) -> Recorded[CaseSentToCheck]:
    return Recorded(
        event=CaseSentToCheck(case_id=CASE, department="sanitation", attempt=attempt),
        event_id=derived_id("sent", attempt), stream=f"case-{CASE}", version=5, position=50, type="case.sent_to_check",
        area=BUILDING, actor=Actor("d-1", "department", "sanitation"), correlation_id=CASE, causation_id=None,
        origin=Origin.LIVE, occurred_at=NOON, recorded_at=NOON,
    )  # fmt: skip


def nobody(_area: Area, _on: date, _of_district: bool) -> str | None:
    return None


def request(
    log: MemoryLog,
    attempt: int = 1,
    consumer: str = "grid.request_check",
    supervisor: reactions.Supervisor = nobody,
) -> Appended:
    return reactions.request_check(sent(attempt), log, supervisor, consumer=consumer, at=NOON)


def look(log: MemoryLog, asker: Asker = SUPERVISOR, *, passed: bool = True, key: str | None = None) -> Appended:
    found = checks.check_id(CASE, 1)
    return handlers.answer_check(
        log, found, asker, cause(asker.actor, key), checks.Finding(passed=passed, findings="已亮，联系 13812345678")
    )


def test_a_handled_case_is_to_be_checked() -> None:
    log = MemoryLog("grid")
    done = request(log)
    asked = log.stream(done.stream)[0]

    assert asked.event == CheckRequested(
        check_id=checks.check_id(CASE, 1), case_id=CASE, department="sanitation", attempt=1
    )
    assert (asked.area, asked.correlation_id, asked.causation_id) == (BUILDING, CASE, derived_id("sent", 1))


def test_a_case_that_is_heard_of_twice_is_checked_once_and_every_round_has_its_own_check() -> None:
    log = MemoryLog("grid")
    request(log)
    request(log)
    request(log, consumer="grid.request_check_renamed")
    request(log, attempt=2)

    assert [recorded.event.attempt for recorded in log.events] == [1, 2]


def test_a_second_projector_of_the_same_message_loses() -> None:
    log = OvertakenLog("grid")
    (asked,) = checks.request(sent().event, checks.Handling(), None)
    log.overtake(handlers.check_stream(asked.check_id), asked)

    with pytest.raises(Conflict):
        request(log)


@pytest.mark.parametrize(("passed", "shape"), [(True, CheckPassed), (False, CheckFailed)])
def test_somebody_looked_and_says_so_with_phones_masked(passed: bool, shape: type) -> None:
    log = MemoryLog("grid")
    stream = request(log).stream
    look(log, passed=passed)
    answered = log.stream(stream)[1]

    assert isinstance(answered.event, shape)
    assert answered.event.findings == "已亮，联系 [电话]"
    assert answered.actor == SUPERVISOR.actor


def test_nobody_from_the_handling_department_checks() -> None:
    log = MemoryLog("grid")
    request(log)

    with pytest.raises(Refused) as refused:
        look(log, Asker("s-2", "supervisor", STREET, "sanitation"))
    assert refused.value.rule == "check.own_department"


def test_nobody_checks_outside_their_area() -> None:
    log = MemoryLog("grid")
    request(log)

    with pytest.raises(Forbidden):
        look(log, Asker("s-3", "supervisor", Area("530103.005"), "grid"))


def test_a_check_that_does_not_exist_cannot_be_answered() -> None:
    with pytest.raises(NotFound):
        handlers.answer_check(
            MemoryLog("grid"), new_id(), SUPERVISOR, cause(), checks.Finding(passed=True, findings="没有这回事")
        )


def test_the_same_answer_again_changes_nothing_and_another_is_refused() -> None:
    log = MemoryLog("grid")
    request(log)
    look(log)

    assert look(log).event_ids == ()
    with pytest.raises(Refused) as refused:
        look(log, passed=False)
    assert refused.value.rule == "check.answered"


def test_an_answer_repeated_with_its_key_is_the_first_result() -> None:
    log = MemoryLog("grid")
    request(log)
    first = look(log, key="once")

    assert look(log, key="once").event_ids == first.event_ids


def test_of_two_who_answer_at_once_the_second_loses() -> None:
    log = OvertakenLog("grid")
    stream = request(log).stream
    log.overtake(stream, CheckPassed(check_id=checks.check_id(CASE, 1), case_id=CASE, findings="先到"))

    with pytest.raises(Conflict):
        look(log, passed=False)


def test_a_check_that_fails_may_name_the_tasks_that_have_to_go_again_and_no_others() -> None:
    log = MemoryLog("grid")
    request(log)
    which = checks.check_id(CASE, 1)
    unknown = checks.Finding(passed=False, findings="没亮", task_ids=(new_id(),))

    with pytest.raises(Invalid, match="no task"):
        handlers.answer_check(log, which, SUPERVISOR, cause(), unknown)
