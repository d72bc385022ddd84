"""Visits: kept as of the time in the field, known again by the device's own name, answered, rated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.grid.domain.visits import Seen, visit_id
from services.grid.handlers import create_area, draw_grid
from services.grid.handlers import visits as handlers
from services.grid.handlers.visits import Kept
from shared.contracts.feedback import Satisfaction
from shared.contracts.visit import VisitOutcome, VisitRecorded
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import derived_id, new_id
from shared.ports import Append, Appended
from shared.security.permission import Asker
from tests.support.memory import MemoryLog

NOON = datetime(2026, 5, 7, 4, 0, tzinfo=UTC)
MORNING = NOON - timedelta(hours=6)
DISTRICT, STREET, COMMUNITY = Area("530103"), Area("530103.004"), Area("530103.004.012")
WORKER = Asker("gw-1", "grid_worker", COMMUNITY)
SEEN = Seen(
    client_id="v-1", captured_at=MORNING, happened_at=MORNING, area=COMMUNITY, grid=None, household="3-1-201", met=True,
    outcome=VisitOutcome.TO_ANSWER, words="灯坏了 13812345678", report_id=None, point=None,
)  # fmt: skip


def cause(at: datetime = NOON) -> Cause:
    return Cause(actor=WORKER.actor, at=at)


def ground(log: MemoryLog | None = None) -> MemoryLog:
    log = log or MemoryLog("grid")
    for area in (DISTRICT, STREET, COMMUNITY):
        create_area(log, area, Asker("o-1", "operator"), cause(), name="区域", kind="区", centre=None)
    return log


def record(log: MemoryLog, seen: Seen = SEEN, asker: Asker = WORKER, at: datetime = NOON) -> Kept:
    return handlers.record_visit(log, lambda _: "G1", asker, cause(at), seen=seen, reply_within=timedelta(hours=72))


def test_a_visit_happened_when_it_was_in_the_field() -> None:
    log = ground()
    kept = record(log)
    (recorded,) = log.stream(f"visit-{kept.visit_id}")
    event: VisitRecorded = recorded.event

    assert (kept.is_new, recorded.occurred_at) == (True, MORNING)
    assert (event.grid, event.reply_due_at) == ("G1", MORNING + timedelta(hours=72))
    assert event.words == "灯坏了 [电话]"


def test_the_same_visit_sent_again_is_known_and_another_under_its_name_is_refused() -> None:
    log = ground()
    first = record(log)
    # A device whose clock was put right meanwhile still says what it wrote down.
    again = record(log, replace(SEEN, happened_at=MORNING + timedelta(hours=1)), at=NOON + timedelta(days=60))

    assert again == Kept(first.visit_id, is_new=False)
    with pytest.raises(Refused) as refused:
        record(log, replace(SEEN, met=False))
    assert refused.value.rule == "visit.client_id_reused"


def test_two_people_may_use_the_same_name_for_their_visits() -> None:
    log = ground()
    record(log)

    assert record(log, asker=Asker("gw-2", "grid_worker", COMMUNITY)).is_new
    assert visit_id("gw-1", "v-1") != visit_id("gw-2", "v-1")


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"happened_at": NOON + timedelta(hours=1)}, "captured_at"),
        ({"happened_at": NOON - timedelta(days=31)}, "captured_at"),
        ({"outcome": VisitOutcome.REPORTED}, "report_id"),
        ({"report_id": new_id()}, "report_id"),
        ({"met": False}, "outcome"),
    ],
)
def test_a_visit_that_cannot_have_been_is_invalid(changed: dict[str, object], where: str) -> None:
    with pytest.raises(Invalid) as invalid:
        record(ground(), replace(SEEN, **changed))  # type: ignore[arg-type]  # fields by name
    assert invalid.value.where == where


def test_a_visit_is_in_an_area_that_exists_and_the_visitors_own() -> None:
    with pytest.raises(NotFound):
        record(ground(), replace(SEEN, area=Area("530103.004.012.009")))
    with pytest.raises(Forbidden):
        record(ground(), replace(SEEN, area=Area("530103.004.013")))


def test_a_visit_counts_for_the_grid_that_is_named_when_it_is_there_and_for_no_other() -> None:
    log = ground()
    for code, community in (("G1", COMMUNITY), ("G2", Area("530103.004.013"))):
        if community != COMMUNITY:
            create_area(log, community, Asker("o-1", "operator"), cause(), name="区域", kind="社区", centre=None)
        draw_grid(
            log, code, Asker("o-1", "operator"), cause(), name="网格", community=community, covers=(), households=250
        )
    kept = record(log, replace(SEEN, grid="G1"))

    assert log.stream(f"visit-{kept.visit_id}")[0].event.grid == "G1"
    for code in ("G2", "G9"):
        with pytest.raises(Invalid) as invalid:
            record(log, replace(SEEN, client_id="v-2", grid=code))
        assert invalid.value.where == "grid"


def test_a_device_that_sends_the_same_twice_at_once_has_one_visit() -> None:
    class Doubled(MemoryLog):
        def append(self, append: Append) -> Appended:
            if append.stream.startswith("visit-") and not self.stream(append.stream):
                super().append(append)
            return super().append(append)

    assert record(ground(Doubled("grid"))).is_new is False


def test_a_visit_belongs_to_the_issue_that_came_of_it() -> None:
    log, report = ground(), derived_id("a report")
    kept = record(log, replace(SEEN, outcome=VisitOutcome.REPORTED, report_id=report))

    assert log.stream(f"visit-{kept.visit_id}")[0].correlation_id == report


def test_a_household_is_answered_once_and_in_time_or_not() -> None:
    log = ground()
    soon, late = record(log).visit_id, record(log, replace(SEEN, client_id="v-2")).visit_id
    handlers.reply_to_visit(log, soon, WORKER, cause(MORNING + timedelta(hours=72)), words="明天来修")
    again = handlers.reply_to_visit(log, soon, WORKER, cause(), words="明天来修")
    handlers.reply_to_visit(log, late, WORKER, cause(MORNING + timedelta(hours=73)), words="已修")

    assert again.event_ids == ()
    assert [log.stream(f"visit-{one}")[-1].event.on_time for one in (soon, late)] == [True, False]
    with pytest.raises(Refused) as refused:
        handlers.reply_to_visit(log, soon, WORKER, cause(), words="已修")
    assert refused.value.rule == "visit.replied"


def test_nobody_is_answered_who_does_not_wait() -> None:
    log = ground()
    kept = record(log, replace(SEEN, outcome=VisitOutcome.HANDLED))

    with pytest.raises(Refused) as refused:
        handlers.reply_to_visit(log, kept.visit_id, WORKER, cause(), words="已修")
    assert refused.value.rule == "visit.no_reply_owed"


def test_a_visit_is_rated_once_and_after_its_answer() -> None:
    log = ground()
    which = record(log).visit_id

    def rate() -> Appended:
        return handlers.rate_visit(log, which, WORKER, cause(), satisfaction=Satisfaction.SATISFIED, words="好")

    with pytest.raises(Refused) as early:
        rate()
    handlers.reply_to_visit(log, which, WORKER, cause(), words="明天来修")
    rate()
    with pytest.raises(Refused) as twice:
        rate()

    assert (early.value.rule, twice.value.rule) == ("visit.not_replied", "visit.rated")


def test_an_answer_that_is_overdue_is_named_once_and_one_that_came_is_not() -> None:
    log = ground()
    which, answered = record(log).visit_id, record(log, replace(SEEN, client_id="v-2")).visit_id
    handlers.reply_to_visit(log, answered, WORKER, cause(), words="明天来修")
    due = MORNING + timedelta(hours=72)
    outcomes = [
        handlers.watch_visit(log, one, at)
        for one, at in (
            (which, due),
            (which, due + timedelta(seconds=1)),
            (which, due + timedelta(days=1)),
            (answered, due + timedelta(days=1)),
        )
    ]

    assert [0 if one is None else len(one.event_ids) for one in outcomes] == [0, 1, 0, 0]


def test_of_two_who_answer_at_once_the_second_loses() -> None:
    class Overtaken(MemoryLog):
        is_ready = False

        def append(self, append: Append) -> Appended:
            if self.is_ready:
                self.is_ready = False
                super().append(append)
            return super().append(append)

    log = Overtaken("grid")
    which = record(ground(log)).visit_id
    log.is_ready = True

    with pytest.raises(Conflict):
        handlers.reply_to_visit(log, which, WORKER, cause(), words="明天来修")
