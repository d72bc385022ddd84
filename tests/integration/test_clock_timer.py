"""Timers on a real database: each rung once, whoever dies; nothing is missed, and the index may lag."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from services.dispatch.clocks.facts import book_of
from services.dispatch.clocks.preview import with_calendar, would_move
from shared.contracts.case import CaseRejected
from shared.contracts.clock import Stage
from shared.contracts.duty import DutyKind, DutyPostOpened, ShiftPlanned
from shared.contracts.emergency import EmergencyEnded, EmergencyStarted
from shared.kernel.area import Area
from shared.kernel.ids import new_id
from shared.postgres.claims import claimed
from shared.postgres.connection import Pool
from tests.support.calendars import YEAR_2026
from tests.support.clock_city import ClockCity, appending
from tests.support.clocks import at
from tests.support.database import Database
from tests.support.examples import example

pytestmark = pytest.mark.integration

LATE = at("2026-11-23 15:00")
"""Four hours after dispatching was due, on a working afternoon."""
A_WEEK_LATER = at("2026-11-30 15:00")
EVENING, MIDNIGHT, DAWN = at("2026-11-23 20:00"), at("2026-11-24 00:00"), at("2026-11-24 06:00")


@pytest.fixture
def city(database: Database) -> ClockCity:
    return ClockCity(database)


def turn_until_quiet(city: ClockCity) -> int:
    said = city.works(LATE).round().said
    city.project()
    return said


def test_what_is_overdue_is_said_once_and_the_index_knows_it(city: ClockCity) -> None:
    city.filed(3)
    city.project()

    assert turn_until_quiet(city) == 6
    assert turn_until_quiet(city) == 0
    ((waiting,),) = city.database.query("SELECT count(*) FROM dispatch.clocks WHERE fires_at < %s", [LATE])
    assert waiting == 0


def test_while_the_index_lags_nothing_is_said_again(city: ClockCity) -> None:
    city.filed(3)
    city.project()
    first, second = city.works(LATE).round(), city.works(LATE).round()

    assert (first.said, second.looked) == (6, 0)


def test_without_the_marks_nothing_is_said_again_either(city: ClockCity) -> None:
    city.filed(3)
    city.project()
    city.works(LATE).round()
    city.database.query("DELETE FROM dispatch.fired")

    assert city.works(LATE).round().said == 0


def test_an_answer_that_the_index_has_not_heard_of_is_not_called_late(city: ClockCity) -> None:
    (case_id,) = city.filed(1)
    city.project()
    done = CaseRejected(case_id=case_id, reason_code="nothing", reason="nothing there")
    city.log.append(appending(f"case-{case_id}", 1, done, Area("530103.004.012"), case_id, at("2026-11-23 10:30")))
    city.works(LATE).round()
    book = book_of(city.log.about(case_id))

    assert [clock.stopped is not None for clock in book.clocks.values()] == [True]
    assert city.said("clock.breached") == []


def test_two_timers_at_once_never_take_the_same_row(city: ClockCity) -> None:
    city.filed(4)
    city.project()
    pool = Pool(city.database.url("dispatch"))
    statement = "SELECT clock_id FROM clocks ORDER BY clock_id LIMIT 2 FOR UPDATE SKIP LOCKED"
    with claimed(pool, statement, {}) as first, claimed(pool, statement, {}) as second:
        assert len({row["clock_id"] for row in (*first, *second)}) == 4

    with claimed(pool, statement, {}) as again:
        assert len(again) == 2


def test_every_rung_of_many_is_climbed_once_by_many_timers(city: ClockCity) -> None:
    ids = city.filed(600)
    city.project()
    works = [city.works(A_WEEK_LATER, batch=50) for _ in range(4)]
    threads = [threading.Thread(target=one.round) for one in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = city.said("clock.breached", "escalation.raised")
    assert {count for _, kind, count in found if kind == "clock.breached"} == {1}
    assert {count for _, kind, count in found if kind == "escalation.raised"} == {3}
    assert len(found) == 2 * len(ids)


def count_of(city: ClockCity, kind: str) -> int:
    ((count,),) = city.database.query("SELECT count(*) FROM es.events WHERE type = %s", [kind])
    return int(count)


@pytest.mark.slow
@pytest.mark.long
def test_timers_that_are_killed_anywhere_leave_nothing_undone_and_nothing_twice(city: ClockCity) -> None:
    ids = city.filed(600)
    city.project()
    chance = random.Random(20261123)
    with city.projecting():
        for _ in range(6):
            before = count_of(city, "clock.breached")
            for _ in range(3):
                city.start_timer(A_WEEK_LATER, batch=5)
            while count_of(city, "clock.breached") == before < len(ids):
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.15))
            city.kill_timers()
    left = city.works(A_WEEK_LATER).round().said
    found = city.said("clock.breached", "escalation.raised")

    assert {(kind, count) for _, kind, count in found} == {("clock.breached", 1), ("escalation.raised", 3)}
    assert len(found) == 2 * len(ids)
    assert 0 < left < 4 * len(ids), "they were to be killed in the middle"


@pytest.mark.slow
def test_ten_thousand_overdue_cases_are_said_within_a_minute(city: ClockCity) -> None:
    ids = city.filed(10_000)
    city.project()
    began = time.monotonic()
    done = city.works(A_WEEK_LATER).round()
    seconds = time.monotonic() - began

    assert done.said == 4 * len(ids)
    print(f"{len(ids)} cases in {seconds:.1f} s")
    assert seconds < 60


# --- between two turns ------------------------------------------------------------------------------------------


def due_of(city: ClockCity, case_id: object) -> object:
    book = book_of(city.log.about(case_id))  # type: ignore[arg-type]
    return next(clock.due_at for clock in book.clocks.values() if clock.stage is Stage.DISPATCH)


def test_a_corrected_calendar_moves_every_clock_that_runs(city: ClockCity) -> None:
    evening = at("2026-11-23 17:30")
    (case_id,) = city.filed(1, at=evening)
    city.project()
    assert due_of(city, case_id) == at("2026-11-24 08:30")
    city.say(replace(YEAR_2026, version=2, holidays=(*YEAR_2026.holidays, at("2026-11-24 00:00").date())))
    city.project()
    city.works(evening + timedelta(minutes=1)).round()

    assert due_of(city, case_id) == at("2026-11-25 08:30")
    assert len(city.said("clock.recomputed")) == 1
    city.project()
    assert city.works(evening + timedelta(minutes=2)).round().said == 0


def test_an_emergency_counts_day_and_night_and_back_without_a_breach(city: ClockCity) -> None:
    evening = at("2026-11-23 17:30")
    (case_id,) = city.filed(1, at=evening)
    (other,) = city.filed(1, Area("530103.005.001"), evening)
    grid, about = city.database.log("grid"), new_id()
    begun = EmergencyStarted(area="530103.004", kind="flood", reason="rain", templates=None)
    grid.append(appending("emergency-530103.004", 0, begun, Area("530103.004"), about, at("2026-11-23 17:40")))
    city.project()
    city.works(at("2026-11-23 17:40")).round()

    assert due_of(city, case_id) == at("2026-11-23 18:30")
    assert due_of(city, other) == at("2026-11-24 08:30")
    ended = EmergencyEnded(area="530103.004", kind="flood", reason="over")
    grid.append(appending("emergency-530103.004", 1, ended, Area("530103.004"), about, at("2026-11-23 18:00")))
    city.project()
    city.works(at("2026-11-23 19:00")).round()

    assert due_of(city, case_id) == at("2026-11-24 08:30")
    assert city.said("clock.breached") == []


def test_the_gauges_know_what_is_overdue_and_who_was_called_upon(city: ClockCity) -> None:
    city.filed(2)
    city.project()
    works = city.works(LATE)
    works.round()
    city.project()

    assert works.standing.overdue() == {("community", "dispatch"): 2}
    assert works.standing.escalations() == {"urged": 2}


def test_before_a_calendar_is_published_one_sees_what_it_would_move(city: ClockCity) -> None:
    evening = at("2026-11-23 17:30")
    (case_id,) = city.filed(1, at=evening)
    city.filed(1, at=at("2026-11-26 09:00"))
    city.project()
    works = city.works(evening)
    corrected = replace(YEAR_2026, version=2, holidays=(*YEAR_2026.holidays, at("2026-11-24 00:00").date()))
    rules = with_calendar(works.present.rules(works.rows, evening), corrected)
    found = list(would_move(city.log, works.rows, rules, evening))

    assert [(one.case_id, one.old_due_at, one.due_at) for one in found] == [
        (case_id, at("2026-11-24 08:30"), at("2026-11-25 08:30"))
    ]
    assert city.said("clock.recomputed") == []


def test_at_night_only_the_centre_with_a_shift_is_called_and_once(city: ClockCity) -> None:
    here, elsewhere = city.filed(1), city.filed(1, area=Area("530103.005.001"))
    desk, shift = new_id(), new_id()
    opened = replace(example(DutyPostOpened), post_id=desk, area="530103.004.012", kind=DutyKind.DESK)
    night = replace(
        example(ShiftPlanned), post_id=desk, shift_id=shift, person="p0317", starts_at=EVENING, ends_at=DAWN
    )
    grid = city.database.log("grid")
    for version, event in enumerate((opened, night)):
        grid.append(appending(f"duty-{desk}", version, event, Area(opened.area), desk, LATE))
    city.project()
    city.works(at("2026-11-23 10:55")).round()  # the warnings, in working hours
    city.project()
    first = city.works(MIDNIGHT).round()
    city.project()
    second = city.works(MIDNIGHT).round()
    city.project()
    morning = city.works(at("2026-11-24 08:01")).round()
    book = book_of(city.log.about(here[0]))

    assert (first.said, second.said, morning.said) == (3, 0, 2)
    assert [one.on_shift for clock in book.clocks.values() for one in clock.raised] == [("p0317",), None]
    assert {stream for stream, _, _ in city.said("escalation.raised")} == {f"clock-{one}" for one in here + elsewhere}
