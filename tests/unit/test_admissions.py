"""Admission 准入: who may apply, who decides, when it holds, and what a department may ask under it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from services.dispatch.admissions import decisions, demands, force, handlers
from services.dispatch.admissions.decisions import Narrower
from services.dispatch.admissions.demand import Outcome
from services.dispatch.admissions.domain import MOVES, State
from shared.contracts import words
from shared.contracts.admission import DemandKind
from shared.contracts.demand import DemandBlocked, Filled
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from tests.support.admissions import (
    CIVIL,
    DISTRICT_CHIEF,
    ELDERS,
    FAR,
    JINXING,
    JINXING_CHIEF,
    LEADER,
    POLICE,
    STREET_CHIEF,
    WENYI,
    WENYI_CHIEF,
    applied,
    approved,
    demand,
    revoked,
    state,
    wish,
)
from tests.support.cases import RULEBOOK, THURSDAY, OvertakenLog, cause
from tests.support.memory import MemoryLog

MONTH = timedelta(days=30)
SHEET = tuple(Filled(field=name, text="…") for name in ELDERS.fields)


def _types(log: MemoryLog) -> list[str]:
    return [recorded.type for recorded in log.events]


# --- the table ----------------------------------------------------------------------------------------------------


def test_every_state_is_reached_and_only_the_ends_have_no_way_out() -> None:
    reached = {target for _, target, _ in MOVES.values()} | {State.IN_FORCE}
    left = {source for sources, target, _ in MOVES.values() for source in sources if source is not target}

    assert reached == set(State)
    assert set(State) - left - {State.IN_FORCE} == {State.REJECTED, State.REVOKED, State.EXPIRED}


def test_the_document_shows_the_table_of_the_code() -> None:
    text = (Path(__file__).parents[2] / "docs/admission.md").read_text(encoding="utf-8")
    shown = text.split("<!-- moves -->")[1].split("<!-- end -->")[0].strip().splitlines()[2:]
    names = [f"`{name}` | {words.TYPES[name]}" for name in MOVES]
    moves = [f"{', '.join(sources)} | {target} | {', '.join(roles)}" for sources, target, roles in MOVES.values()]

    assert shown == [f"| {name} | {move} |" for name, move in zip(names, moves, strict=True)]


# --- applying -----------------------------------------------------------------------------------------------------


def test_a_department_drafts_words_anew_and_applies() -> None:
    log = MemoryLog("dispatch")
    admission_id = handlers.draft(log, wish(), CIVIL, cause(CIVIL))
    handlers.amend_draft(log, admission_id, wish(headcount=2), CIVIL, cause(CIVIL))
    handlers.amend_draft(log, admission_id, wish(headcount=2), CIVIL, cause(CIVIL))
    handlers.apply(log, RULEBOOK.calendar, admission_id, CIVIL, cause(CIVIL))
    found = force.load(log, admission_id)

    assert _types(log) == ["admission.drafted", "admission.drafted", "admission.applied"]
    assert found.draft.headcount == 2
    assert found.is_short_notice
    assert found.decide_by is not None
    assert RULEBOOK.calendar.local(found.decide_by).date().isoformat() == "2026-12-17"


def test_who_applies_thirty_working_days_ahead_is_not_on_short_notice() -> None:
    log = MemoryLog("dispatch")
    later = THURSDAY + timedelta(days=60)
    admission_id = applied(log, valid_from=later, valid_until=later + MONTH)
    handlers.approve(log, admission_id, Narrower(), None, DISTRICT_CHIEF, cause(DISTRICT_CHIEF))

    assert state(log, admission_id) == "approved"
    assert state(log, admission_id, later) == "in_force"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scope": ()}, "scope"),
        ({"kinds": ()}, "kinds"),
        ({"valid_until": THURSDAY}, "valid_until"),
        ({"valid_until": THURSDAY + timedelta(days=2000)}, "valid_until"),
        ({"forms": ()}, "forms"),
        ({"forms": (ELDERS, ELDERS)}, "forms"),
        ({"already_known": None}, "already_known"),
    ],
)
def test_an_incomplete_application_is_refused_by_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        handlers.draft(MemoryLog("dispatch"), wish(**changes), CIVIL, cause(CIVIL))

    assert set(refused.value.errors) == {field}


def test_a_draft_sent_twice_is_one_draft() -> None:
    log = MemoryLog("dispatch")
    first = handlers.draft(log, wish(), CIVIL, cause(CIVIL, key="draft"))
    again = handlers.draft(log, wish(), CIVIL, cause(CIVIL, key="draft"))

    assert first == again
    assert _types(log) == ["admission.drafted"]


def test_only_its_own_department_goes_on_with_a_draft() -> None:
    log = MemoryLog("dispatch")
    admission_id = handlers.draft(log, wish(), CIVIL, cause(CIVIL))

    with pytest.raises(Forbidden):
        handlers.apply(log, RULEBOOK.calendar, admission_id, POLICE, cause(POLICE))
    with pytest.raises(Forbidden):
        handlers.amend_draft(log, admission_id, wish(headcount=9), POLICE, cause(POLICE))
    with pytest.raises(Forbidden):
        handlers.draft(log, wish(), DISTRICT_CHIEF, cause(DISTRICT_CHIEF))


# --- deciding -----------------------------------------------------------------------------------------------------


def test_the_district_decides_and_a_street_does_not() -> None:
    log = MemoryLog("dispatch")
    admission_id = applied(log)

    with pytest.raises(Forbidden):
        handlers.approve(log, admission_id, Narrower(), "好", STREET_CHIEF, cause(STREET_CHIEF))
    handlers.review(log, admission_id, LEADER, cause(LEADER))
    handlers.decide(log, admission_id, decisions.reject, "已有数据可用", LEADER, cause(LEADER))

    assert state(log, admission_id) == "rejected"
    with pytest.raises(Refused) as refused:
        handlers.approve(log, admission_id, Narrower(), "好", LEADER, cause(LEADER))
    assert refused.value.rule == "admission.not_possible_now"


def test_short_notice_is_approved_only_with_words() -> None:
    log = MemoryLog("dispatch")
    admission_id = applied(log)

    with pytest.raises(Invalid) as refused:
        handlers.approve(log, admission_id, Narrower(), " ", LEADER, cause(LEADER))
    assert refused.value.where == "reason"


def test_an_approval_may_give_less_and_never_more() -> None:
    log = MemoryLog("dispatch")
    admission_id = applied(log)
    wider = Narrower(scope=(FAR,))
    longer = Narrower(valid_until=THURSDAY + 2 * MONTH)
    for wish_for_more in (wider, longer):
        with pytest.raises(Invalid):
            handlers.approve(log, admission_id, wish_for_more, "好", LEADER, cause(LEADER))
    less = Narrower(scope=(WENYI,), valid_until=THURSDAY + timedelta(days=7))
    handlers.approve(log, admission_id, less, "先试一周", LEADER, cause(LEADER))
    found = force.load(log, admission_id)

    assert found.holds(WENYI, THURSDAY)
    assert not found.holds(JINXING, THURSDAY)
    assert not found.holds(WENYI, THURSDAY + timedelta(days=7))


def test_a_second_decider_loses_to_the_first() -> None:
    log = MemoryLog("dispatch")
    admission_id = applied(log)
    late = OvertakenLog(
        log,
        lambda first: handlers.decide(first, admission_id, decisions.reject, "不予准入", LEADER, cause(LEADER)),
    )

    with pytest.raises(Conflict):
        handlers.approve(late, admission_id, Narrower(), "好", DISTRICT_CHIEF, cause(DISTRICT_CHIEF))
    assert state(log, admission_id) == "rejected"


# --- when it holds ------------------------------------------------------------------------------------------------


def test_it_holds_inside_its_period_and_its_places_and_while_nobody_suspends_it() -> None:
    log = MemoryLog("dispatch")
    admission_id = approved(log)

    def places(at_days: float) -> set[str]:
        at = THURSDAY + timedelta(days=at_days)
        return {place.path for place in force.in_force(log, "civil-affairs", (WENYI, JINXING, FAR), at)}

    assert places(1) == {WENYI.path, JINXING.path}
    assert places(-1) == set()
    handlers.decide(log, admission_id, decisions.suspend, "防汛期间", LEADER, cause(LEADER))
    assert places(1) == set()
    handlers.decide(log, admission_id, decisions.resume, "汛期结束", LEADER, cause(LEADER))
    assert places(29.9) == {WENYI.path, JINXING.path}
    assert places(30) == set()


def test_an_expiry_is_said_by_whoever_first_looks_and_said_once() -> None:
    log = MemoryLog("dispatch")
    admission_id = approved(log)
    later = THURSDAY + MONTH
    for _ in range(3):
        force.in_force(log, "civil-affairs", (WENYI,), later)

    assert _types(log).count("admission.expired") == 1
    assert log.events[-1].actor == force.TIMER
    assert state(log, admission_id, later) == "expired"
    with pytest.raises(Refused):
        handlers.decide(log, admission_id, decisions.revoke, "太晚了", LEADER, cause(LEADER, later))


def test_what_one_department_was_admitted_for_serves_no_other() -> None:
    log = MemoryLog("dispatch")
    approved(log)

    assert force.in_force(log, "police", (WENYI,), THURSDAY) == {}


def test_a_case_goes_down_only_where_the_admission_holds() -> None:
    log = MemoryLog("dispatch")
    admission_id = approved(log)

    assert force.required(log, admission_id, WENYI, THURSDAY).admission_id == admission_id
    with pytest.raises(Refused) as refused:
        force.required(log, admission_id, FAR, THURSDAY)
    assert refused.value.rule == "admission.missing"
    revoked(log, admission_id)
    with pytest.raises(Refused):
        force.required(log, admission_id, WENYI, THURSDAY)


# --- demands ------------------------------------------------------------------------------------------------------


def test_without_an_admission_nothing_reaches_anybody_and_the_attempt_is_kept() -> None:
    log = MemoryLog("dispatch")
    with pytest.raises(Refused) as refused:
        demands.make(log, RULEBOOK, demand(WENYI, JINXING), CIVIL, cause(CIVIL))
    (kept,) = log.events

    assert refused.value.rule == "admission.missing"
    assert isinstance(kept.event, DemandBlocked)
    assert kept.event.missing == (WENYI.path, JINXING.path)
    assert kept.area == WENYI.parent


def test_one_community_without_it_blocks_the_whole_demand() -> None:
    log = MemoryLog("dispatch")
    approved(log)
    with pytest.raises(Refused):
        demands.make(log, RULEBOOK, demand(WENYI, FAR), CIVIL, cause(CIVIL))

    assert log.events[-1].event.missing == (FAR.path,)


@pytest.mark.parametrize(
    "unlisted",
    [
        {"kind": DemandKind.MEETING, "form": None},
        {"kind": DemandKind.FORM, "form": "育龄妇女台账"},
    ],
)
def test_what_the_admission_does_not_list_is_blocked_too(unlisted: dict[str, object]) -> None:
    log = MemoryLog("dispatch")
    approved(log)
    with pytest.raises(Refused) as refused:
        demands.make(log, RULEBOOK, demand(**unlisted), CIVIL, cause(CIVIL))

    assert refused.value.rule == "admission.missing"


def test_a_blocked_demand_sent_again_is_refused_again_and_counted_once() -> None:
    log = MemoryLog("dispatch")
    for _ in range(2):
        with pytest.raises(Refused):
            demands.make(log, RULEBOOK, demand(), CIVIL, cause(CIVIL, key="ask"))
    approved(log)
    with pytest.raises(Refused):
        demands.make(log, RULEBOOK, demand(), CIVIL, cause(CIVIL, key="ask"))

    assert _types(log).count("demand.blocked") == 1


def test_under_an_admission_each_community_answers_or_declines_for_itself() -> None:
    log = MemoryLog("dispatch")
    approved(log)
    demand_id = demands.make(log, RULEBOOK, demand(WENYI, JINXING), CIVIL, cause(CIVIL))
    demands.answer(
        log, demand_id, WENYI, WENYI_CHIEF, cause(WENYI_CHIEF), words="12 户，电话 13888123456", filled=SHEET
    )
    demands.decline(log, demand_id, JINXING, JINXING_CHIEF, cause(JINXING_CHIEF), reason="本月已报过同一份表")
    found = demands.load(log, demand_id)

    assert found.parts[WENYI.path].outcome is Outcome.ANSWERED
    assert found.parts[WENYI.path].words == "12 户，电话 [电话]"
    assert found.parts[JINXING.path].outcome is Outcome.DECLINED
    assert found.outcome is Outcome.ANSWERED
    with pytest.raises(Refused) as refused:
        demands.decline(log, demand_id, WENYI, WENYI_CHIEF, cause(WENYI_CHIEF), reason="反悔")
    assert refused.value.rule == "demand.not_open"


def test_a_form_is_filled_in_field_by_field() -> None:
    log = MemoryLog("dispatch")
    approved(log)
    demand_id = demands.make(log, RULEBOOK, demand(), CIVIL, cause(CIVIL))

    for wrong in ((), SHEET[:2], (*SHEET, Filled(field="电话", text="…")), (*SHEET, SHEET[0])):
        with pytest.raises(Invalid) as refused:
            demands.answer(log, demand_id, WENYI, WENYI_CHIEF, cause(WENYI_CHIEF), words="好", filled=wrong)
        assert refused.value.where == "filled"


def test_nobody_from_above_or_beside_speaks_for_a_community() -> None:
    log = MemoryLog("dispatch")
    approved(log)
    demand_id = demands.make(log, RULEBOOK, demand(WENYI, JINXING), CIVIL, cause(CIVIL))

    for stranger in (DISTRICT_CHIEF, STREET_CHIEF, JINXING_CHIEF, CIVIL):
        with pytest.raises(Forbidden):
            demands.decline(log, demand_id, WENYI, stranger, cause(stranger), reason="代为拒绝")
    other = demands.make(log, RULEBOOK, demand(JINXING), CIVIL, cause(CIVIL))
    with pytest.raises(NotFound):
        demands.decline(log, other, WENYI, WENYI_CHIEF, cause(WENYI_CHIEF), reason="没有问我们")


def test_a_demand_that_is_withdrawn_needs_no_answer_any_more() -> None:
    log = MemoryLog("dispatch")
    approved(log)
    demand_id = demands.make(log, RULEBOOK, demand(WENYI, JINXING), CIVIL, cause(CIVIL))
    demands.answer(log, demand_id, WENYI, WENYI_CHIEF, cause(WENYI_CHIEF), words="已办", filled=SHEET)
    demands.withdraw(log, demand_id, CIVIL, cause(CIVIL), reason="数据已从上级取得")

    assert demands.load(log, demand_id).parts[JINXING.path].outcome is Outcome.WITHDRAWN
    with pytest.raises(Refused):
        demands.decline(log, demand_id, JINXING, JINXING_CHIEF, cause(JINXING_CHIEF), reason="不办")
    with pytest.raises(Refused):
        demands.withdraw(log, demand_id, CIVIL, cause(CIVIL), reason="再撤一次")


def test_what_was_asked_while_it_held_stays_asked_after_the_end() -> None:
    log = MemoryLog("dispatch")
    admission_id = approved(log)
    demand_id = demands.make(log, RULEBOOK, demand(due_at=THURSDAY + timedelta(hours=1)), CIVIL, cause(CIVIL))
    revoked(log, admission_id)
    late = cause(WENYI_CHIEF, THURSDAY + timedelta(hours=2))
    demands.answer(log, demand_id, WENYI, WENYI_CHIEF, late, words="已办", filled=SHEET)

    assert demands.load(log, demand_id).parts[WENYI.path].on_time is False
