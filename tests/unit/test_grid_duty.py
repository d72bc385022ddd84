"""Duty posts, shifts, the roll-call and what the clock finds; emergencies: each happens, is refused, is seen before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.grid.domain import duty, duty_clock
from services.grid.domain.duty import DutyPost
from services.grid.handlers import create_area
from services.grid.handlers import duty as handlers
from shared.contracts.duty import (
    DutyGapFound,
    DutyGivenBack,
    DutyKind,
    DutyPostClosed,
    DutyPostOpened,
    DutySilent,
    DutyTakenOver,
    ShiftAnswered,
)
from shared.contracts.emergency import EmergencyStarted
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import derived_id, new_id
from shared.ports import Append, Appended
from shared.security.permission import Asker
from tests.support.memory import MemoryLog

NOON = datetime(2026, 5, 7, 4, 0, tzinfo=UTC)
DISTRICT, STREET, COMMUNITY = Area("530103"), Area("530103.004"), Area("530103.004.012")
CHIEF, GUARD = Asker("zbz-1", "duty_chief", STREET), Asker("g-1", "grid_worker", COMMUNITY)
POST = derived_id("a post")


def hours(n: float) -> datetime:
    return NOON + timedelta(hours=n)


def opened(**changed: Any) -> DutyPostOpened:
    found: dict[str, Any] = {
        "post_id": POST, "area": STREET.path, "name": "值班席", "kind": DutyKind.DESK, "since": NOON,
        "around_the_clock": True, "roll_call_minutes": 60, "takeover_minutes": 120, "emergency": False,
    }  # fmt: skip
    return DutyPostOpened(**(found | changed))


def cause(asker: Asker = CHIEF, at: datetime = NOON) -> Cause:
    return Cause(actor=asker.actor, at=at)


def ground() -> MemoryLog:
    log = MemoryLog("grid")
    for area in (DISTRICT, STREET, COMMUNITY):
        create_area(log, area, Asker("o-1", "operator"), cause(), name="区域", kind="区", centre=None)
    return log


def with_a_post(log: MemoryLog | None = None, **changed: Any) -> MemoryLog:
    log = log or ground()
    handlers.open_post(log, CHIEF, cause(), opened=opened(**changed))
    return log


def plan(log: MemoryLog, *shifts: tuple[str, float, float], **more: Any) -> Appended:
    wanted = [(person, hours(start), hours(end)) for person, start, end in shifts]
    return handlers.plan_shifts(log, POST, CHIEF, cause(), shifts=wanted, **more)


def types(log: MemoryLog) -> list[str]:
    return [recorded.type for recorded in log.stream(f"duty-{POST}")]


# --- posts and shifts ---------------------------------------------------------------------------------------------


def test_a_post_is_opened_once_and_closed_once() -> None:
    log = with_a_post()
    again = handlers.open_post(log, CHIEF, cause(), opened=opened())
    handlers.close_post(log, POST, CHIEF, cause(), reason="撤岗")
    closed = handlers.close_post(log, POST, CHIEF, cause(), reason="撤岗")

    assert (again.event_ids, closed.event_ids) == ((), ())
    assert types(log) == ["duty.post_opened", "duty.post_closed"]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"area": "530103.004.099"}, "duty.area_missing"),
        ({"emergency": True}, "duty.no_emergency"),
        ({"area": "530103"}, "duty.nobody_above"),
    ],
)
def test_a_post_that_cannot_be_is_refused(changed: dict[str, Any], rule: str) -> None:
    asker = Asker("zbz-0", "duty_chief")

    with pytest.raises(Refused) as refused:
        handlers.open_post(ground(), asker, cause(asker), opened=opened(**changed))
    assert refused.value.rule == rule


def test_a_post_is_not_taken_over_before_it_is_silent_nor_opened_from_outside() -> None:
    with pytest.raises(Invalid):
        handlers.open_post(ground(), CHIEF, cause(), opened=opened(takeover_minutes=30))
    with pytest.raises(Forbidden):
        handlers.open_post(ground(), Asker("z", "duty_chief", Area("530103.005")), cause(), opened=opened())


def test_shifts_are_planned_and_the_same_again_change_nothing() -> None:
    log = with_a_post()
    plan(log, ("g-1", 0, 8), ("g-2", 8, 16))

    assert plan(log, ("g-2", 8, 16)).event_ids == ()
    assert len(plan(log, ("g-2", 8, 16), ("g-3", 16, 24)).event_ids) == 1


@pytest.mark.parametrize(
    ("shift", "more", "rule"),
    [
        (("g-1", 4, 12), {}, "shift.overlaps"),
        (("g-2", 0, 25), {}, "shift.length"),
        (("g-2", 5, 5), {}, "shift.length"),
        (("g-2", 0, 8), {"elsewhere": ["g-2"]}, "shift.elsewhere"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_with_all_of_its_request(
    shift: tuple[str, float, float], more: dict[str, Any], rule: str
) -> None:
    log = with_a_post()
    plan(log, ("g-1", 0, 8))

    with pytest.raises(Refused) as refused:
        plan(log, ("g-9", 0, 8), shift, **more)
    assert refused.value.rule == rule
    assert types(log).count("shift.planned") == 1


def test_nothing_is_planned_for_a_closed_post_nor_for_none() -> None:
    log = with_a_post()
    handlers.close_post(log, POST, CHIEF, cause(), reason="撤岗")

    with pytest.raises(Refused) as refused:
        plan(log, ("g-1", 0, 8))
    assert refused.value.rule == "duty.closed"
    with pytest.raises(NotFound):
        handlers.close_post(log, new_id(), CHIEF, cause(), reason="撤岗")


def test_a_shift_is_cancelled_once_and_may_be_planned_again() -> None:
    log = with_a_post()
    plan(log, ("g-1", 0, 8))
    shift: UUID = log.stream(f"duty-{POST}")[-1].event.shift_id
    handlers.cancel_shift(log, POST, shift, CHIEF, cause(), reason="生病")

    assert handlers.cancel_shift(log, POST, shift, CHIEF, cause(), reason="生病").event_ids == ()
    assert len(plan(log, ("g-1", 0, 8)).event_ids) == 1


def test_whoever_is_on_shift_answers_and_hands_over_and_nobody_else() -> None:
    log = with_a_post()
    plan(log, ("g-1", 0, 8))
    handlers.answer_roll_call(log, POST, GUARD, cause(GUARD, hours(1)))
    again = handlers.answer_roll_call(log, POST, GUARD, cause(GUARD, hours(1) + timedelta(seconds=30)))
    handlers.hand_over(log, POST, GUARD, cause(GUARD, hours(8.2)), notes="钥匙 13812345678")
    repeated = handlers.hand_over(log, POST, GUARD, cause(GUARD, hours(8.2)), notes="钥匙 13812345678")

    assert (again.event_ids, repeated.event_ids) == ((), ())
    assert log.stream(f"duty-{POST}")[-1].event.notes == "钥匙 [电话]"
    for asker, at in ((Asker("g-2", "grid_worker"), hours(1)), (GUARD, hours(9))):
        with pytest.raises(Refused) as refused:
            handlers.answer_roll_call(log, POST, asker, cause(asker, at))
        assert refused.value.rule == "shift.not_on_duty"


def test_of_two_who_plan_at_once_the_second_decides_on_what_the_first_wrote() -> None:
    class Overtaken(MemoryLog):
        intruder: tuple[str, float, float] | None = None

        def append(self, append: Append) -> Appended:
            if self.intruder is not None:
                shift, self.intruder = self.intruder, None
                plan(self, shift)
            return super().append(append)

    log = Overtaken("grid")
    for area in (DISTRICT, STREET):
        create_area(log, area, Asker("o-1", "operator"), cause(), name="区域", kind="区", centre=None)
    with_a_post(log)
    log.intruder = ("g-1", 0, 8)

    with pytest.raises(Conflict):
        plan(log, ("g-1", 4, 12))
    assert types(log).count("shift.planned") == 1


# --- what the clock finds -----------------------------------------------------------------------------------------


def watched(log: MemoryLog, at: datetime, *, in_emergency: bool = True) -> list[str]:
    before = len(types(log))
    handlers.watch_post(log, POST, at, in_emergency=in_emergency)
    return types(log)[before:]


def test_a_post_that_does_not_answer_is_silent_then_taken_over_then_given_back_each_said_once() -> None:
    log = with_a_post()
    plan(log, ("g-1", 0, 24))

    assert watched(log, hours(0.9)) == []
    assert watched(log, hours(1.1)) == ["duty.silent"]
    assert watched(log, hours(1.2)) == []
    assert watched(log, hours(2.1)) == ["duty.taken_over"]
    handlers.answer_roll_call(log, POST, GUARD, cause(GUARD, hours(3)))
    assert types(log)[-2:] == ["shift.answered", "duty.given_back"]
    assert watched(log, hours(3.9)) == []
    assert watched(log, hours(5.1)) == ["duty.silent", "duty.taken_over"]


def test_a_desk_that_knows_its_shifts_only_is_not_silent_between_them() -> None:
    log = with_a_post(around_the_clock=False)
    plan(log, ("g-1", 0, 8))

    assert watched(log, hours(-1)) == []
    assert watched(log, hours(1.5)) == ["duty.silent"]
    assert watched(log, hours(9)) == []


def test_a_gap_is_told_of_twelve_hours_ahead_once_and_again_when_somebody_falls_out() -> None:
    log = with_a_post(roll_call_minutes=1440, takeover_minutes=None)
    plan(log, ("g-1", 0, 20))

    assert watched(log, hours(7)) == []
    assert watched(log, hours(9)) == ["duty.gap_found"]
    assert watched(log, hours(10)) == []
    plan(log, ("g-2", 20, 24))
    shift: UUID = log.stream(f"duty-{POST}")[-1].event.shift_id
    handlers.cancel_shift(log, POST, shift, CHIEF, cause(), reason="生病")
    assert watched(log, hours(11)) == ["duty.gap_found"]
    assert log.stream(f"duty-{POST}")[-1].event == DutyGapFound(
        post_id=POST, area=STREET.path, starts_at=hours(20), ends_at=None
    )


def test_an_emergency_post_goes_with_the_emergency() -> None:
    log = ground()
    handlers.start_emergency(log, CHIEF, cause(), wanted=epidemic())
    with_a_post(log, emergency=True, roll_call_minutes=1440, takeover_minutes=None)
    plan(log, ("g-1", 0, 24))

    assert watched(log, hours(1)) == []
    assert watched(log, hours(2), in_emergency=False) == ["duty.post_closed"]
    assert watched(log, hours(3), in_emergency=False) == []


def test_what_is_said_about_a_post_is_in_the_name_of_the_clock() -> None:
    log = with_a_post()
    watched(log, hours(2))

    assert {one.actor.role for one in log.stream(f"duty-{POST}")[1:]} == {"timer"}


SHIFTS = some.lists(
    some.tuples(some.sampled_from(("g-1", "g-2", "g-3")), some.integers(0, 60), some.integers(1, 24)), max_size=12
)


@given(SHIFTS, some.integers(0, 72))
def test_at_every_hour_there_is_somebody_planned_or_a_gap_and_never_both(
    wanted: list[tuple[str, int, int]], at: int
) -> None:
    post: DutyPost = duty.evolve(None, opened(roll_call_minutes=1440, takeover_minutes=None))
    for person, start, length in wanted:
        try:
            planned = duty.plan(post, [(person, hours(start), hours(start + length))])
        except Refused:
            continue
        for event in planned:
            post = duty.evolve(post, event)
    now = hours(at) + timedelta(minutes=30)
    inside = [gap for gap in duty_clock.gaps(post, now, now + timedelta(minutes=1)) if gap.starts_at <= now]

    assert bool(duty_clock.on_duty(post, now)) != bool(inside)


@given(some.lists(some.integers(1, 48), min_size=1, max_size=20))
def test_watching_twice_says_nothing_new_and_a_post_is_taken_over_only_while_silent(steps: list[int]) -> None:
    post: DutyPost = duty.evolve(None, opened())
    for event in duty.plan(post, [("g-1", hours(0), hours(24)), ("g-2", hours(24), hours(48))]):
        post = duty.evolve(post, event)
    now = NOON
    for step in steps:
        now += timedelta(minutes=30 * step)
        for event in duty_clock.watch(post, now):
            post = duty.evolve(post, event)
        assert duty_clock.watch(post, now) == ()
        assert post.taken_over_by is None or post.silent_since is not None
        if step % 3 == 0 and duty_clock.on_duty(post, now):
            for event in duty.answer(post, duty_clock.on_duty(post, now)[0].person, now):
                assert isinstance(event, ShiftAnswered | DutyGivenBack)
                post = duty.evolve(post, event)
            assert (post.taken_over_by, post.silent_since) == (None, None)


def test_a_stream_that_lacks_its_beginning_is_no_post() -> None:
    for event in (
        DutyPostClosed(post_id=POST, reason=""),
        DutySilent(post_id=POST, area=STREET.path, since=NOON),
        DutyTakenOver(post_id=POST, area=STREET.path, by_area=DISTRICT.path),
    ):
        with pytest.raises(ValueError, match="opening"):
            duty.evolve(None, event)


# --- emergencies --------------------------------------------------------------------------------------------------


def epidemic(area: Area = STREET, kind: str = "epidemic") -> EmergencyStarted:
    return EmergencyStarted(area=area.path, kind=kind, reason="演练", templates=None)


def test_an_area_goes_into_emergency_mode_and_back_and_again() -> None:
    log = ground()
    first = handlers.start_emergency(log, CHIEF, cause(), wanted=epidemic())
    again = handlers.start_emergency(log, CHIEF, cause(), wanted=epidemic())
    handlers.end_emergency(log, STREET, CHIEF, cause(), reason="解除")
    ended = handlers.end_emergency(log, STREET, CHIEF, cause(), reason="解除")
    handlers.start_emergency(log, CHIEF, cause(), wanted=epidemic(kind="flood"))

    assert (len(first.event_ids), again.event_ids, ended.event_ids) == (1, (), ())
    assert [one.type for one in log.stream(f"emergency-{STREET}")] == [
        "emergency.started", "emergency.ended", "emergency.started"
    ]  # fmt: skip


def test_an_area_is_in_one_emergency_and_not_in_another_below_one_that_is() -> None:
    log = ground()
    handlers.start_emergency(log, CHIEF, cause(), wanted=epidemic())

    for area, kind, rule in ((STREET, "flood", "emergency.running"), (COMMUNITY, "epidemic", "emergency.above")):
        with pytest.raises(Refused) as refused:
            handlers.start_emergency(log, CHIEF, cause(), wanted=epidemic(area, kind))
        assert refused.value.rule == rule


def test_an_emergency_is_for_an_area_that_exists_and_the_askers_own() -> None:
    with pytest.raises(NotFound):
        handlers.start_emergency(ground(), CHIEF, cause(), wanted=epidemic(Area("530103.004.099")))
    with pytest.raises(Forbidden):
        handlers.start_emergency(ground(), CHIEF, cause(), wanted=epidemic(DISTRICT))
    with pytest.raises(NotFound):
        handlers.end_emergency(ground(), STREET, CHIEF, cause(), reason="解除")
