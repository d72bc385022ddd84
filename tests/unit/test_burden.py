"""Burden 减负: no more may be asked of a community in a month than its cap; what is asked outside counts as well."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.admissions import demands, outside
from services.dispatch.admissions.demand import Outcome
from services.dispatch.admissions.ledger import ON_ITS_WAY, Book
from services.dispatch.admissions.outside import Told
from services.dispatch.domain.caps import Caps, Load
from services.dispatch.domain.lines import check
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.admission import DemandKind
from shared.contracts.demand import Channel, DemandBlocked, DemandMade, DemandReportedOutside, Settled
from shared.contracts.rulebook import BurdenCapDefined
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import new_id
from shared.security.permission import Asker
from tests.support.admissions import (
    CIVIL,
    DISTRICT_CHIEF,
    JINXING,
    LEADER,
    POLICE,
    STREET,
    WENYI,
    WENYI_CHIEF,
    approved,
    demand,
)
from tests.support.cases import LINES, THURSDAY, OvertakenLog, cause
from tests.support.memory import MemoryLog

OTHER_LEADER = Asker("l.far", "leader", Area("530102"))


def cap(area: Area | str = "530103", **most: int | None) -> BurdenCapDefined:
    return BurdenCapDefined(area=str(area), **{"requests": None, "fields": None, "meetings": None, **most})


def book(*caps: BurdenCapDefined) -> Rulebook:
    return Rulebook.of([*LINES, *caps])


TWO = book(cap(requests=2))


def ask(log: MemoryLog, rulebook: Rulebook = TWO, *places: Area, by: Asker = CIVIL, **more: Any) -> UUID:
    return demands.make(log, rulebook, demand(*places, **more), by, cause(by))


def used(log: MemoryLog, community: Area = WENYI) -> Load:
    return Book(log, community.district, "2026-11").read()[0].used(community)


@pytest.fixture
def log() -> MemoryLog:
    """Two departments that are admitted in the whole street."""
    found = MemoryLog()
    approved(found)
    approved(found, by=POLICE)
    return found


# --- the cap ------------------------------------------------------------------------------------------------------


def test_within_the_cap_everything_is_booked_and_made(log: MemoryLog) -> None:
    ask(log)
    ask(log, TWO, WENYI, JINXING)

    assert used(log) == Load(2, 6, 0)
    assert used(log, JINXING) == Load(1, 3, 0)


def test_one_community_over_its_cap_stops_the_whole_demand_and_the_attempt_is_kept(log: MemoryLog) -> None:
    ask(log)
    ask(log, by=POLICE)

    with pytest.raises(Refused) as refusal:
        ask(log, TWO, JINXING, WENYI)

    assert refusal.value.rule == "burden_cap"
    kept = log.events[-1].event
    assert isinstance(kept, DemandBlocked)
    assert (kept.over, kept.missing, kept.fields) == ((WENYI.path,), (), 3)
    assert "2026-11" in (kept.reason or "")
    assert used(log, JINXING) == Load()


def test_the_narrowest_cap_counts_and_another_month_begins_anew(log: MemoryLog) -> None:
    rulebook = book(cap(requests=1), cap(STREET, fields=6))
    ask(log, rulebook)
    ask(log, rulebook)

    with pytest.raises(Refused, match="2026-11"):
        ask(log, rulebook)
    demands.make(log, rulebook, demand(), CIVIL, cause(CIVIL, THURSDAY + timedelta(days=10)))


def test_what_a_demand_has_none_of_it_does_not_pass() -> None:
    caps = Caps.of([cap(fields=3, meetings=0)])

    assert caps.passed(WENYI, Load(9, 3, 0), Load(1, 0, 0)) == ()
    assert caps.passed(WENYI, Load(9, 3, 0), Load(1, 1, 1)) == ("fields", "meetings")
    assert Caps().passed(WENYI, Load(10**6, 10**6, 10**6), Load(1, 1, 1)) == ()


def test_of_two_at_once_only_one_has_the_last_place(log: MemoryLog) -> None:
    ask(log)
    racing = OvertakenLog(log, lambda inner: ask(inner, by=POLICE))

    with pytest.raises(Conflict):
        ask(racing)
    with pytest.raises(Refused, match="2026-11"):
        ask(racing)  # The door calls again.

    assert sum(isinstance(found.event, DemandMade) for found in log.events) == 2
    assert used(log) == Load(2, 6, 0)


def test_an_entry_without_a_demand_is_freed_by_the_first_who_would_be_refused_for_it(log: MemoryLog) -> None:
    ask(log)
    ledger = Book(log, WENYI.district, "2026-11")
    ledger.take(new_id(), [WENYI], Load(1, 3, 0), Caps(), cause(CIVIL))  # and then somebody died

    with pytest.raises(Refused):
        ask(log)
    later = THURSDAY + ON_ITS_WAY + timedelta(seconds=1)
    demands.make(log, TWO, demand(), CIVIL, cause(CIVIL, later))

    assert used(log) == Load(2, 6, 0)


def test_a_request_sent_twice_is_booked_once(log: MemoryLog) -> None:
    first = demands.make(log, TWO, demand(), CIVIL, cause(CIVIL, key="ask"))

    assert demands.make(log, TWO, demand(), CIVIL, cause(CIVIL, key="ask")) == first
    assert used(log).requests == 1


@given(st.lists(st.tuples(st.sampled_from([(WENYI,), (JINXING,), (WENYI, JINXING)]), st.booleans()), max_size=12))
def test_whoever_asks_and_however_often_no_cap_is_passed(wishes: list[tuple[tuple[Area, ...], bool]]) -> None:
    log, rulebook = MemoryLog(), book(cap(requests=3, fields=7))
    approved(log)
    for places, is_form in wishes:
        more: dict[str, Any] = {} if is_form else {"kind": DemandKind.TASK, "form": None}
        with suppress(Refused):
            ask(log, rulebook, *places, **more)
    made = [found.event for found in log.events if isinstance(found.event, DemandMade)]
    for community in (WENYI, JINXING):
        asked = [one for one in made if community.path in [part.community for part in one.asked]]

        assert used(log, community) == Load(len(asked), sum(len(one.fields) for one in asked), 0)
        assert len(asked) <= 3
        assert used(log, community).fields <= 7


def test_a_cap_that_says_nothing_or_speaks_of_a_building_is_refused() -> None:
    for wrong in (cap(), cap(requests=-1), cap("530103.004.001.001", requests=1)):
        with pytest.raises(Invalid):
            check([*LINES, wrong])

    check([*LINES, cap(requests=0)])


# --- what a leader lets pass --------------------------------------------------------------------------------------


def refused(log: MemoryLog) -> UUID:
    """The id of a demand that was refused for the cap."""
    ask(log)
    ask(log)
    with pytest.raises(Refused):
        ask(log)
    found: UUID = log.events[-1].event.demand_id
    return found


def test_what_a_leader_allows_may_be_made_once_and_weighs_like_any_other(log: MemoryLog) -> None:
    demand_id = refused(log)
    demands.allow(log, demand_id, LEADER, cause(LEADER), reason="防汛排查，只此一次")

    assert demands.load(log, demand_id).outcome is Outcome.ALLOWED
    assert ask(log, TWO, WENYI, allowed=demand_id) == demand_id
    assert demands.load(log, demand_id).outcome is Outcome.OPEN
    assert used(log).requests == 3
    with pytest.raises(Refused, match="used already"):
        ask(log, TWO, WENYI, allowed=demand_id)


def test_nobody_but_a_leader_of_the_place_allows_and_only_what_was_refused_for_the_cap(log: MemoryLog) -> None:
    demand_id = refused(log)
    with pytest.raises(Forbidden):
        demands.allow(log, demand_id, DISTRICT_CHIEF, cause(DISTRICT_CHIEF), reason="防汛")
    with pytest.raises(Forbidden):
        demands.allow(log, demand_id, OTHER_LEADER, cause(OTHER_LEADER), reason="防汛")
    with pytest.raises(Refused, match="no leader"):
        ask(log, TWO, WENYI, allowed=demand_id)

    demands.allow(log, demand_id, LEADER, cause(LEADER), reason="防汛")
    with pytest.raises(Refused, match="already"):
        demands.allow(log, demand_id, LEADER, cause(LEADER), reason="防汛")
    with pytest.raises(Refused, match="not for the cap"):
        demands.allow(log, ask(log, book()), LEADER, cause(LEADER), reason="防汛")


def test_what_was_allowed_is_no_more_than_what_was_asked(log: MemoryLog) -> None:
    demand_id = refused(log)
    demands.allow(log, demand_id, LEADER, cause(LEADER), reason="防汛")

    with pytest.raises(Refused, match="something else"):
        ask(log, TWO, WENYI, JINXING, allowed=demand_id)
    with pytest.raises(Refused, match="something else"):
        ask(log, TWO, WENYI, allowed=demand_id, kind=DemandKind.TASK, form=None)
    with pytest.raises(Refused, match="something else"):
        ask(log, TWO, WENYI, allowed=demand_id, by=POLICE)


# --- outside ------------------------------------------------------------------------------------------------------


def told(**changes: Any) -> Told:
    said: dict[str, Any] = {
        "community": WENYI,
        "department": "sanitation",
        "asked_by": "环卫站办公室 13888123456",
        "channel": Channel.WECHAT,
        "kind": DemandKind.FORM,
        "what": "微信群要求今天报垃圾桶数量",
        "fields": 4,
        "asked_on": THURSDAY.date(),
        "evidence": ("photo:6f1c",),
    }
    return Told(**{**said, **changes})


def report(log: MemoryLog, **changes: Any) -> UUID:
    return outside.report(log, TWO, told(**changes), WENYI_CHIEF, cause(WENYI_CHIEF))


def heard(log: MemoryLog) -> None:
    """Dispatch hears of what was said last."""
    outside.count(log.events[-1], log, consumer="dispatch.count_outside", at=THURSDAY)


def test_what_is_asked_outside_weighs_like_any_other_and_names_nobody(log: MemoryLog) -> None:
    report(log)
    kept = log.events[-1]
    heard(log)
    outside.count(kept, log, consumer="dispatch.count_outside", at=THURSDAY)

    assert isinstance(kept.event, DemandReportedOutside)
    assert "13888123456" not in kept.event.asked_by
    assert used(log) == Load(1, 4, 0)
    ask(log)
    with pytest.raises(Refused, match="2026-11"):
        ask(log)


def test_only_the_community_itself_tells_and_only_of_what_can_be(log: MemoryLog) -> None:
    with pytest.raises(Forbidden):
        outside.report(log, TWO, told(), DISTRICT_CHIEF, cause(DISTRICT_CHIEF))
    with pytest.raises(Invalid, match="no department"):
        report(log, department="nobody")
    with pytest.raises(Invalid, match="366"):
        report(log, asked_on=THURSDAY.date() + timedelta(days=1))

    assert not [found for found in log.events if found.type == "demand.reported_outside"]


def test_what_was_no_burden_counts_no_more_and_is_settled_once(log: MemoryLog) -> None:
    demand_id = report(log)
    heard(log)
    settled: dict[str, Any] = {"outcome": Settled.NO_BURDEN, "reason": "系正常沟通"}
    with pytest.raises(Forbidden):
        outside.settle(log, demand_id, WENYI_CHIEF, cause(WENYI_CHIEF), **settled)
    outside.settle(log, demand_id, LEADER, cause(LEADER), **settled)
    heard(log)

    assert used(log) == Load()
    with pytest.raises(Refused, match="settled already"):
        outside.settle(log, demand_id, LEADER, cause(LEADER), **settled)
    with pytest.raises(NotFound):
        demands.load(log, demand_id)


def test_it_goes_on_only_under_an_admission_of_whoever_asked(log: MemoryLog) -> None:
    foreign, demand_id = approved(log), report(log, department="water")
    settled: dict[str, Any] = {"outcome": Settled.REGULARISED, "reason": "补办准入"}
    with pytest.raises(Invalid, match="admission"):
        outside.settle(log, demand_id, LEADER, cause(LEADER), **settled)
    with pytest.raises(Refused, match="civil-affairs"):
        outside.settle(log, demand_id, LEADER, cause(LEADER), **settled, admission_id=foreign)
    own = approved(log, by=Asker("w.he", "department", Area("530103"), "water"))

    outside.settle(log, demand_id, LEADER, cause(LEADER), **settled, admission_id=own)

    assert outside.load(log, demand_id).settled is not None
