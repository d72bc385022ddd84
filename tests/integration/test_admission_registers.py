"""The registers of admission on a real PostgreSQL: what projections make of the events, and what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.dispatch.admissions import demands, force, queries
from services.dispatch.admissions.domain import State
from services.dispatch.admissions.projections import PROJECTIONS
from services.dispatch.admissions.queries import Wanted
from shared.contracts.area import AreaCreated
from shared.contracts.demand import Filled
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
from tests.support.cases import cause
from tests.support.database import Database
from tests.support.projected import project

pytestmark = pytest.mark.integration
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
    made = demands.make(log, demand(*street), CIVIL, cause(CIVIL, now))
    demands.answer(log, made, WENYI, WENYI_CHIEF, cause(WENYI_CHIEF, now), words="已办", filled=SHEET)
    demands.decline(log, made, JINXING, JINXING_CHIEF, cause(JINXING_CHIEF, now), reason="重复")
    with pytest.raises(Refused):
        demands.make(log, demand(FAR), CIVIL, cause(CIVIL, now))
    project(database, PROJECTIONS)
    return Registers(log, rows, street, holding, ended, made, f"{now:%Y-%m}", now + timedelta(seconds=2))


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
    burden = queries.burden(registers.rows, STREET_CHIEF, None, months, "UTC")["burdens"]

    assert {(one["name"], one["requests"], one["fields"], one["answered"], one["declined"]) for one in burden} == {
        ("文艺", 1, 3, 1, 0),
        ("金星", 1, 3, 0, 1),
    }
    assert len(queries.burden(registers.rows, WENYI_CHIEF, None, months, "UTC")["burdens"]) == 1


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
