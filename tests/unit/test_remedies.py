"""Remedies 整治: found, planned, put right, looked at from outside, struck off; and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.remedies import handlers
from services.dispatch.remedies.domain import FINAL, MOVES, State
from services.dispatch.remedies.queries import one_remedy
from services.dispatch.service import DispatchService
from shared.contracts import words
from shared.contracts.remedy import RemedyKind, Severity
from shared.contracts.shapes import Point
from shared.handling import Cause
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, WujiError
from shared.kernel.ids import new_id
from shared.security.permission import ROLES, Asker
from shared.web.door import doors_of
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    ELSEWHERE,
    LINES,
    RULEBOOK,
    SANITATION,
    STREET,
    SUPERVISOR,
    THURSDAY,
    URBAN,
    OvertakenLog,
    cause,
    department,
    filed,
)
from tests.support.memory import MemoryLog
from tests.support.remedies import (
    AFTER,
    BEFORE,
    GROUP,
    LEADER,
    TO,
    WORKER,
    cleared,
    found,
    heard,
    nowhere,
    opened,
    passed,
    plan,
    planned,
    rectified,
    recurrence,
    remedy,
)

DAY = timedelta(days=1)


def _types(log: MemoryLog) -> list[str]:
    return [recorded.type for recorded in log.events]


# --- the table ----------------------------------------------------------------------------------------------------


def test_every_state_is_reached_and_every_state_that_is_not_final_has_a_way_out() -> None:
    reached = {target for _, target, _ in MOVES.values() if target is not None}
    left = {source for sources, target, _ in MOVES.values() for source in sources if target not in (None, source)}

    assert reached == set(State)
    assert set(State) - left == FINAL


def test_the_document_shows_the_table_of_the_code() -> None:
    text = (Path(__file__).parents[2] / "docs/remedies.md").read_text(encoding="utf-8")
    shown = text.split("<!-- moves -->")[1].split("<!-- end -->")[0].strip().splitlines()[2:]
    names = [f"`{name}` | {words.TYPES[name]}" for name in MOVES]
    moves = [
        f"{', '.join(sources) or '—'} | {target or '(stays)'} | {', '.join(roles)}"
        for sources, target, roles in MOVES.values()
    ]

    assert shown == [f"| {name} | {move} |" for name, move in zip(names, moves, strict=True)]


# --- the whole life -----------------------------------------------------------------------------------------------


def test_a_hidden_danger_is_found_planned_put_right_looked_at_and_struck_off() -> None:
    log = MemoryLog("dispatch")
    remedy_id = cleared(log)
    found_it = remedy(log, remedy_id)

    assert _types(log) == [
        "remedy.opened",
        "remedy.planned",
        "remedy.rectified",
        "remedy.reinspection_passed",
        "remedy.cleared",
    ]
    assert found_it.state is State.CLEARED
    assert found_it.opened.words == "三楼拉线到楼下充电，电话[电话]。"
    assert {recorded.correlation_id for recorded in log.events} == {remedy_id}


def test_what_fails_the_look_goes_back_to_work_and_is_counted() -> None:
    log = MemoryLog("dispatch")
    remedy_id = rectified(log)
    handlers.reinspect(log, remedy_id, False, "线又拉上了", (), SUPERVISOR, cause(SUPERVISOR))
    handlers.rectify(log, remedy_id, "再次拆除", (AFTER,), SANITATION, cause(SANITATION))
    handlers.reinspect(log, remedy_id, True, "已拆", (), WORKER, cause(WORKER))
    handlers.reinspect(log, remedy_id, False, "当晚又见飞线", (), SUPERVISOR, cause(SUPERVISOR))

    assert remedy(log, remedy_id).state is State.RECTIFYING
    assert remedy(log, remedy_id).failures == 2


def test_a_later_plan_takes_the_place_of_the_earlier_which_stays_on_record() -> None:
    log = MemoryLog("dispatch")
    remedy_id = planned(log)
    sooner = plan(measures="先断电", due_at=THURSDAY + 5 * DAY)
    handlers.plan(log, RULEBOOK, remedy_id, plan(), DISPATCHER, cause(DISPATCHER))
    handlers.plan(log, RULEBOOK, remedy_id, sooner, SANITATION, cause(SANITATION))

    assert [one.event.plan for one in log.events if one.type == "remedy.planned"] == [1, 2]
    assert remedy(log, remedy_id).plan is not None
    assert not remedy(log, remedy_id).is_overdue(THURSDAY + 5 * DAY - timedelta(seconds=1))
    assert remedy(log, remedy_id).is_overdue(THURSDAY + 5 * DAY)


def test_a_department_gives_itself_no_more_time_and_no_other_department_a_task() -> None:
    log = MemoryLog("dispatch")
    remedy_id = planned(log)
    with pytest.raises(Refused) as refused:
        handlers.plan(log, RULEBOOK, remedy_id, plan(due_at=THURSDAY + 30 * DAY), SANITATION, cause(SANITATION))
    with pytest.raises(Forbidden):
        handlers.plan(log, RULEBOOK, remedy_id, plan(department="urban"), SANITATION, cause(SANITATION))
    with pytest.raises(Forbidden):
        handlers.plan(log, RULEBOOK, remedy_id, plan(department="urban"), URBAN, cause(URBAN))
    handlers.plan(log, RULEBOOK, remedy_id, plan(due_at=THURSDAY + 30 * DAY), CHIEF, cause(CHIEF))

    assert refused.value.rule == "remedy.later_date"
    assert _types(log).count("remedy.planned") == 2


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"department": "moon"}, "department"),
        ({"due_at": THURSDAY}, "due_on"),
        ({"due_at": THURSDAY + 999 * DAY}, "due_on"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_field(wrong: dict[str, Any], where: str) -> None:
    log = MemoryLog("dispatch")
    remedy_id = opened(log)
    with pytest.raises(Invalid) as refused:
        handlers.plan(log, RULEBOOK, remedy_id, plan(**wrong), DISPATCHER, cause(DISPATCHER))

    assert refused.value.where == where


@pytest.mark.parametrize("photos", [(), (BEFORE,)])
def test_putting_right_is_shown_in_a_photo_that_is_not_the_first_one(photos: tuple[str, ...]) -> None:
    log = MemoryLog("dispatch")
    remedy_id = planned(log)
    with pytest.raises(Invalid) as refused:
        handlers.rectify(log, remedy_id, "已拆除", photos, SANITATION, cause(SANITATION))

    assert refused.value.where == "photos"


def test_being_late_is_said() -> None:
    log = MemoryLog("dispatch")
    rectified(log, THURSDAY + 10 * DAY)

    assert log.events[-1].event.on_time is False


# --- the same again, and somebody else first ----------------------------------------------------------------------


def test_the_same_request_twice_is_done_once() -> None:
    log = MemoryLog("dispatch")
    first = handlers.open_(log, RULEBOOK, nowhere, found(), WORKER, cause(WORKER, key="open"))
    again = handlers.open_(log, RULEBOOK, nowhere, found(), WORKER, cause(WORKER, key="open"))
    for _ in range(2):
        handlers.plan(log, RULEBOOK, first, plan(), DISPATCHER, cause(DISPATCHER, key="plan"))
        handlers.rectify(log, first, "已拆除", (AFTER,), SANITATION, cause(SANITATION, key="done"))

    assert first == again
    assert _types(log) == ["remedy.opened", "remedy.planned", "remedy.rectified"]


def test_whoever_comes_second_is_told_so_and_then_refused() -> None:
    log = MemoryLog("dispatch")
    remedy_id = passed(log)
    other = cause(LEADER)
    overtaken = OvertakenLog(log, lambda inner: handlers.clear(inner, remedy_id, None, LEADER, other))
    with pytest.raises(Conflict):
        handlers.clear(overtaken, remedy_id, None, CHIEF, cause(CHIEF))
    with pytest.raises(Refused) as refused:
        handlers.clear(log, remedy_id, None, CHIEF, cause(CHIEF))

    assert refused.value.rule == "remedy.not_possible_now"
    assert _types(log).count("remedy.cleared") == 1


def test_what_there_is_not_is_not_found() -> None:
    with pytest.raises(NotFound):
        handlers.clear(MemoryLog("dispatch"), new_id(), None, CHIEF, cause(CHIEF))


# --- cases and root causes by hand --------------------------------------------------------------------------------


def test_a_root_cause_is_opened_from_a_case_and_only_once() -> None:
    story = filed()
    log, case_id = story.log, story.case_id
    about = found(kind=RemedyKind.ROOT_CAUSE, area=GROUP, case_ids=(case_id,))
    with pytest.raises(Invalid):
        handlers.open_(log, RULEBOOK, nowhere, found(kind=RemedyKind.ROOT_CAUSE), CHIEF, cause(CHIEF))
    remedy_id = handlers.open_(log, RULEBOOK, nowhere, about, CHIEF, cause(CHIEF))
    with pytest.raises(Refused) as refused:
        handlers.open_(log, RULEBOOK, nowhere, about, CHIEF, cause(CHIEF))

    assert refused.value.rule == "remedy.open_already"
    assert str(remedy_id) in (refused.value.hint or "")
    assert remedy(log, remedy_id).case_ids == (case_id,)


def test_another_case_is_linked_once_and_must_be_one() -> None:
    story = filed()
    remedy_id = opened(story.log)
    with pytest.raises(NotFound):
        handlers.link(story.log, remedy_id, new_id(), CHIEF, cause(CHIEF))
    for _ in range(2):
        handlers.link(story.log, remedy_id, story.case_id, CHIEF, cause(CHIEF))

    assert remedy(story.log, remedy_id).case_ids == (story.case_id,)
    assert _types(story.log).count("remedy.case_linked") == 1


def test_an_unknown_kind_of_issue_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        opened(MemoryLog("dispatch"), issue_type="X-99")

    assert refused.value.where == "issue_type"


# --- what comes back ----------------------------------------------------------------------------------------------


def test_the_third_time_opens_the_root_cause_and_no_time_before() -> None:
    log = MemoryLog("dispatch")

    assert heard(log, recurrence(1)) is None
    assert heard(log, recurrence(2)) is None
    heard(log, told := recurrence(3))
    (event,) = [recorded.event for recorded in log.events]

    assert (event.kind, event.severity, event.times) == (RemedyKind.ROOT_CAUSE, Severity.GENERAL, 3)
    assert event.case_ids == (told.event.report_id, *(one.report_id for one in told.event.earlier))
    assert event.title == "暴露垃圾反复发生"


def test_an_event_heard_twice_opens_one_and_links_nothing_twice() -> None:
    log = MemoryLog("dispatch")
    for told in (first := recurrence(3), first, second := recurrence(4), second, first):
        heard(log, told)

    assert _types(log) == ["remedy.opened", "remedy.case_linked"]


def test_two_that_come_at_once_open_one() -> None:
    log = MemoryLog("dispatch")
    first, second = recurrence(3), recurrence(3)
    overtaken = OvertakenLog(log, lambda inner: heard(inner, first))
    with pytest.raises(Conflict):
        heard(overtaken, second)
    heard(log, second)

    assert _types(log) == ["remedy.opened", "remedy.case_linked"]


def test_a_place_without_a_building_is_known_by_the_series_and_by_what_lies_near() -> None:
    log = MemoryLog("dispatch")
    point = Point(lat=25.04, lon=102.73)
    heard(log, recurrence(3, area=GROUP, point=point))
    remedy_id = log.events[0].event.remedy_id
    heard(log, recurrence(4, area=GROUP))
    heard(log, recurrence(3, area=GROUP, series=new_id()), near=lambda *_: remedy_id)
    heard(log, recurrence(3, area=GROUP, series=new_id()))

    assert _types(log) == ["remedy.opened", "remedy.case_linked", "remedy.case_linked", "remedy.opened"]


def _root_cleared(log: MemoryLog) -> UUID:
    heard(log, recurrence(3))
    remedy_id: UUID = log.events[0].event.remedy_id
    handlers.plan(log, RULEBOOK, remedy_id, plan(), DISPATCHER, cause(DISPATCHER))
    handlers.rectify(log, remedy_id, "已装充电桩", (AFTER,), SANITATION, cause(SANITATION))
    handlers.reinspect(log, remedy_id, True, "已装", (), SUPERVISOR, cause(SUPERVISOR))
    handlers.clear(log, remedy_id, None, CHIEF, cause(CHIEF))
    return remedy_id


def test_what_comes_back_after_it_was_struck_off_opens_the_same_remedy_again() -> None:
    log = MemoryLog("dispatch")
    remedy_id = _root_cleared(log)
    again = recurrence(1, at=THURSDAY + 20 * DAY)
    for _ in range(2):
        heard(log, again)
    found_it = remedy(log, remedy_id)

    assert _types(log).count("remedy.relapsed") == 1
    assert log.events[-1].event.days == 20
    assert (found_it.state, found_it.relapses, found_it.plan) == (State.FOUND, 1, None)
    assert again.event.report_id in found_it.case_ids


def test_what_was_told_before_it_was_struck_off_is_no_relapse() -> None:
    log = MemoryLog("dispatch")
    _root_cleared(log)

    assert heard(log, recurrence(3, at=THURSDAY - DAY)) is None
    assert "remedy.relapsed" not in _types(log)


def test_after_a_withdrawal_only_what_came_back_since_is_counted() -> None:
    log = MemoryLog("dispatch")
    heard(log, recurrence(3))
    first = log.events[0].event.remedy_id
    handlers.withdraw(log, first, "系误报", CHIEF, cause(CHIEF))

    assert heard(log, recurrence(4, at=THURSDAY + DAY)) is None
    heard(log, recurrence(3, at=THURSDAY + 10 * DAY))

    assert _types(log) == ["remedy.opened", "remedy.withdrawn", "remedy.opened"]
    assert log.events[-1].event.remedy_id != first


# --- who may: role × state × action × area × department -----------------------------------------------------------

Do = Callable[[MemoryLog, UUID, Asker, Cause], Any]
COMMANDS: dict[str, tuple[str, Do]] = {
    "remedy.planned": ("plan", lambda log, one, by, why: handlers.plan(log, RULEBOOK, one, plan(), by, why)),
    "remedy.rectified": ("rectified", lambda log, one, by, why: handlers.rectify(log, one, "已办", (AFTER,), by, why)),
    "remedy.reinspection_passed": (
        "reinspection",
        lambda log, one, by, why: handlers.reinspect(log, one, True, "已看", (), by, why),
    ),
    "remedy.reinspection_failed": (
        "reinspection",
        lambda log, one, by, why: handlers.reinspect(log, one, False, "未改", (), by, why),
    ),
    "remedy.cleared": ("clear", lambda log, one, by, why: handlers.clear(log, one, None, by, why)),
    "remedy.withdrawn": ("withdraw", lambda log, one, by, why: handlers.withdraw(log, one, "重复", by, why)),
}


def _askers() -> Iterator[Asker]:
    for role in sorted(ROLES):
        for area in (None, DISTRICT, STREET, COMMUNITY, ELSEWHERE):
            for own in (None, "sanitation", "urban"):
                yield Asker(f"{role}.{own}", role, area, own)


def _tried(log: MemoryLog, event: str, remedy_id: UUID, asker: Asker) -> str:
    copy = MemoryLog("dispatch")
    copy.events = list(log.events)
    try:
        COMMANDS[event][1](copy, remedy_id, asker, cause(asker))
    except Forbidden:
        return "forbidden"
    except WujiError:
        return "refused"
    return "done"


def _should(event: str, state: State, severity: Severity, asker: Asker) -> str:
    """What the table and the rules of the document say."""
    sources, _, roles = MOVES[event]
    ends = event in ("remedy.cleared", "remedy.withdrawn")
    allowed = ("leader",) if ends and severity is Severity.MAJOR else roles
    if asker.role not in allowed or asker.area == ELSEWHERE:
        return "forbidden"
    has_plan, was_done = state is not State.FOUND, state in (State.RECTIFIED, State.PASSED, State.CLEARED)
    ours = event in ("remedy.planned", "remedy.rectified")
    if ours and asker.role == "department" and asker.department != "sanitation" and (has_plan or "plan" in event):
        return "forbidden"
    if event.startswith("remedy.reinspection") and was_done and asker.department == "sanitation":
        return "forbidden"
    return "done" if state in sources else "refused"


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("state", [state.value for state in State if state is not State.WITHDRAWN])
@pytest.mark.parametrize("event", COMMANDS)
def test_who_may_do_it_is_what_the_table_says(event: str, state: str, severity: Severity) -> None:
    log = MemoryLog("dispatch")
    remedy_id = TO[state](log, severity=severity)  # type: ignore[call-arg]  # each takes what is to be different
    wrong = [
        f"{asker.role} of {asker.department} in {asker.area}: {found_it}, not {expected}"
        for asker in _askers()
        if (found_it := _tried(log, event, remedy_id, asker))
        != (expected := _should(event, State(state), severity, asker))
    ]

    assert wrong == []


def test_nobody_judges_what_their_own_tier_put_right() -> None:
    log = MemoryLog("dispatch")
    book = Rulebook.of([*LINES, department("community", "社区")])
    remedy_id = opened(log)
    handlers.plan(log, book, remedy_id, plan(department="community"), DISPATCHER, cause(DISPATCHER))
    clerk = Asker("y.wen", "department", COMMUNITY, "community")
    handlers.rectify(log, remedy_id, "已办", (AFTER,), clerk, cause(clerk))
    inside = Asker("g.in", "grid_worker", COMMUNITY)
    with pytest.raises(Forbidden):
        handlers.reinspect(log, remedy_id, True, "已看", (), inside, cause(inside))
    handlers.reinspect(log, remedy_id, True, "已看", (), SUPERVISOR, cause(SUPERVISOR))

    assert remedy(log, remedy_id).state is State.PASSED


def test_every_door_takes_the_roles_of_the_table() -> None:
    doors = {
        door.url.rpartition("/")[2]: frozenset(door.roles)
        for _, door in doors_of(DispatchService)
        if door.url.startswith("/api/v1/remedies/")
    }

    for event, (name, _) in COMMANDS.items():
        assert doors[name] == frozenset(MOVES[event][2])


def test_the_page_of_a_remedy_says_why_not() -> None:
    log = MemoryLog("dispatch")
    remedy_id = planned(log)
    shown = one_remedy(log, remedy_id, SANITATION, THURSDAY)
    can = {one["action"] for one in shown["actions"] if one["allowed"]}

    assert can == {"plan", "rectified"}
    assert all(one["why_not"] for one in shown["actions"] if not one["allowed"])
    assert [step["event"] for step in shown["life"]] == ["remedy.opened", "remedy.planned"]
    with pytest.raises(Forbidden):
        one_remedy(log, remedy_id, Asker("x", "leader", ELSEWHERE), THURSDAY)
