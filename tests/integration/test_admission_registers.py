"""The registers of admission on a real PostgreSQL: what projections make of the events, and what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dispatch.admissions import burden, demands, force, outside, queries
from services.dispatch.admissions.domain import State
from services.dispatch.admissions.ledger import month_of
from services.dispatch.admissions.projections import PROJECTIONS
from services.dispatch.admissions.queries import Wanted
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.admission import DemandKind
from shared.contracts.area import AreaCreated
from shared.contracts.demand import Channel, Filled
from shared.contracts.rulebook import BurdenCapDefined
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.errors import Forbidden, NotFound, Refused
from shared.ports import EventLog, Rows
from shared.security.permission import Asker
from tests.support.admissions import (
    CIVIL,
    DISTRICT_CHIEF,
    ELDERS,
    FAR,
    JINXING,
    JINXING_CHIEF,
    LEADER,
    POLICE,
    STREET,
    STREET_CHIEF,
    WENYI,
    WENYI_CHIEF,
    applied,
    approved,
    demand,
)
from tests.support.appends import adding
from tests.support.cases import LINES, RULEBOOK, cause
from tests.support.database import Database
from tests.support.projected import project

pytestmark = pytest.mark.integration
CAPPED = Rulebook.of([*LINES, BurdenCapDefined(area="530103", requests=2, fields=None, meetings=None)])
SHEET = tuple(Filled(field=name, text="…") for name in ELDERS.fields)


@dataclass(frozen=True)
class Registers:
    """One admission that holds and one that has just ended, an application; one demand made and one blocked."""

    log: EventLog
    rows: Rows
    street: tuple[Area, ...]
    holding: UUID
    ended: UUID
    made: UUID
    month: str
    later: datetime


def _told(now: datetime) -> outside.Told:
    return outside.Told(
        community=WENYI,
        department=None,
        asked_by="环卫站",
        channel=Channel.WECHAT,
        kind=DemandKind.FORM,
        what="微信群要求报垃圾桶数量",
        fields=2,
        asked_on=RULEBOOK.calendar.local(now).date(),
    )


@pytest.fixture
def registers(database: Database) -> Registers:
    log, rows, now = database.log("dispatch"), database.rows("dispatch"), utc_now()
    grid = database.log("grid")
    for place, name in ((WENYI, "文艺"), (JINXING, "金星"), (FAR, "远处")):
        created = AreaCreated(path=place.path, name=name, kind="社区", centre=None)
        grid.append(adding(f"area-{place}", 0, [created], area=place))
    holding = approved(log, now, valid_from=now, valid_until=now + timedelta(days=30))
    ended = approved(log, now, POLICE, valid_from=now - timedelta(days=9), valid_until=now + timedelta(seconds=1))
    applied(log, now, POLICE, valid_from=now, valid_until=now + timedelta(days=3))
    project(database, PROJECTIONS)
    street = queries.communities_in(rows, (STREET,))
    made = demands.make(log, RULEBOOK, demand(*street), CIVIL, cause(CIVIL, now))
    demands.answer(log, made, WENYI, WENYI_CHIEF, cause(WENYI_CHIEF, now), words="已办", filled=SHEET)
    demands.decline(log, made, JINXING, JINXING_CHIEF, cause(JINXING_CHIEF, now), reason="重复")
    with pytest.raises(Refused):
        demands.make(log, RULEBOOK, demand(FAR), CIVIL, cause(CIVIL, now))
    told = outside.report(log, RULEBOOK, _told(now), WENYI_CHIEF, cause(WENYI_CHIEF, now))
    outside.count(log.about(told)[0], log, consumer="dispatch.count_outside", at=now)
    project(database, PROJECTIONS)
    month = month_of(RULEBOOK.calendar, now)
    return Registers(log, rows, street, holding, ended, made, month, now + timedelta(seconds=2))


def test_the_register_tells_by_the_period_what_is_in_force(registers: Registers) -> None:
    rows, later = registers.rows, registers.later
    listed = queries.admissions(rows, STREET_CHIEF, Wanted(), later)["admissions"]
    in_force = queries.admissions(rows, STREET_CHIEF, Wanted(states=(State.IN_FORCE,)), later)["admissions"]

    assert sorted(row["state"] for row in listed) == ["applied", "expired", "in_force"]
    assert [str(row["admission_id"]) for row in in_force] == [str(registers.holding)]
    assert queries.admissions(rows, Asker("x", "duty_chief", FAR), Wanted(), later)["admissions"] == []


def test_a_look_at_an_admission_says_its_expiry_in_the_log(registers: Registers) -> None:
    shown = queries.one_admission(registers.log, registers.ended, DISTRICT_CHIEF, registers.later)

    assert shown["state"] == "expired"
    assert registers.log.stream(force.stream_of(registers.ended))[-1].type == "admission.expired"


def test_a_street_means_every_community_in_it(registers: Registers) -> None:
    assert registers.street == (WENYI, JINXING)
    with pytest.raises(NotFound):
        queries.communities_in(registers.rows, (Area("530103.009"),))


def test_demands_are_listed_with_what_became_of_them_and_what_was_blocked(registers: Registers) -> None:
    rows, later = registers.rows, registers.later
    blocked = queries.demands(rows, DISTRICT_CHIEF, Wanted(blocked=True), later)["demands"]
    (row,) = queries.demands(rows, WENYI_CHIEF, Wanted(), later)["demands"]

    assert [(one["department"], one["missing"]) for one in blocked] == [("civil-affairs", [FAR.path])]
    assert (row["asked"], row["open"], row["answered"], row["declined"]) == (2, 0, 1, 1)
    assert queries.demands(rows, POLICE, Wanted(), later)["demands"] == []
    with pytest.raises(Forbidden):
        queries.demands(rows, POLICE, Wanted(department="civil-affairs"), later)


def test_the_burden_is_counted_by_community_and_month(registers: Registers) -> None:
    months = (registers.month, registers.month)
    found = burden.burden(registers.rows, CAPPED, STREET_CHIEF, None, months)["burdens"]

    assert {(one["name"], one["requests"], one["fields"], one["answered"], one["outside"]) for one in found} == {
        ("文艺", 2, 5, 1, 1),
        ("金星", 1, 3, 0, 0),
    }
    assert {one["cap"]["requests"] for one in found} == {2}
    assert len(burden.burden(registers.rows, CAPPED, WENYI_CHIEF, None, months)["burdens"]) == 1


def test_what_was_told_of_is_listed_until_it_is_settled(registers: Registers) -> None:
    rows = registers.rows
    told: Any = {"is_open": True, "after": None, "limit": 10}
    (row,) = burden.outside_demands(rows, LEADER, None, **told)["outside"]

    assert (row["name"], row["asked_by"], row["outcome"]) == ("文艺", "环卫站", None)
    assert burden.outside_demands(rows, CIVIL, None, **told)["outside"] == []
    assert burden.outside_demands(rows, JINXING_CHIEF, None, **told)["outside"] == []


def test_before_it_is_made_a_demand_says_what_would_become_of_it_and_what_is_known(registers: Registers) -> None:
    log, rows, at = registers.log, registers.rows, registers.later
    found = burden.preview(log, rows, CAPPED, demand(WENYI, JINXING), CIVIL, at)

    assert [one["used"]["requests"] for one in found["communities"]] == [2, 1]
    assert [one["over"] for one in found["communities"]] == [["requests"], []]
    assert not found["allowed"]
    assert {(one["community"], one["field"]) for one in found["known"]} == {
        (WENYI.path, name) for name in ELDERS.fields
    }


def test_a_community_sees_its_own_part_and_the_department_all_of_them(registers: Registers) -> None:
    shown = queries.one_demand(registers.log, registers.made, WENYI_CHIEF)

    assert [part["community"] for part in shown["parts"]] == [WENYI.path]
    assert len(queries.one_demand(registers.log, registers.made, CIVIL)["parts"]) == 2
    with pytest.raises(Forbidden):
        queries.one_demand(registers.log, registers.made, POLICE)


def test_pages_of_the_register_end_and_go_on(database: Database) -> None:
    log, rows, now = database.log("dispatch"), database.rows("dispatch"), utc_now()
    for number in range(5):
        at = now + timedelta(minutes=number)
        applied(log, at, valid_from=at, valid_until=at + timedelta(days=1))
    project(database, PROJECTIONS)
    seen, after = [], None
    while True:
        page = queries.admissions(rows, DISTRICT_CHIEF, Wanted(limit=2, after=after, area=Area("530103")), now)
        seen += [row["drafted_at"] for row in page["admissions"]]
        after = page["next_after"]
        if after is None:
            break

    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
