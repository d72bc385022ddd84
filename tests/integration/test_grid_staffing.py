"""Posts at grid's doors and in its tables: who may stand where, who stood where, and what grids lack."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from services.grid import handlers
from services.grid.domain.appointments import Wanted
from services.grid.queries.staffing import TableSeats
from shared.contracts.appointment import Post
from shared.contracts.envelope import Actor
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.errors import Conflict, Refused
from shared.security.permission import Asker
from tests.support.database import Database
from tests.support.grid_doors import BUILDING, COMMUNITY, DISTRICT, GROUP, STREET, Doors, running
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

OTHER_GROUP = Area("530103.004.012.004")


@pytest.fixture(scope="module")
def doors(module_database: Database, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with running(module_database, servers, tmp_path_factory.mktemp("grid")) as found:
        found.draw("G1", (GROUP,))
        yield found


@pytest.fixture(scope="module")
def staffed(doors: Doors) -> Doors:
    doors.appoint("xcy-1", "district_inspector", DISTRICT)
    doors.appoint("jdy-1", "street_supervisor", STREET)
    doors.appoint("gw-1", "grid_worker", COMMUNITY, grid="G1")
    doors.appoint("ldz-1", "building_head", BUILDING)
    doors.project()
    return doors


def test_a_grid_with_inspector_supervisor_worker_and_somebody_more_is_complete(staffed: Doors) -> None:
    shown = staffed.found("/staffing?area=530103.004.012&on=2026-05-03")
    (grid,) = shown["by_grid"]

    assert (shown["grids"], shown["complete"], shown["without_person"]) == (1, 1, 0)
    assert (grid["officers"], grid["members"], grid["size"]) == (1, 1, "fits")
    assert grid["vacant"] == ["grid_lead", "community_police", "urban_officer"]
    assert grid["people"]["street_supervisor"] == ["jdy-1"]


def test_a_full_time_worker_has_one_grid_and_a_grid_has_one(staffed: Doors) -> None:
    staffed.draw("G2", households=120)
    taken = staffed.call("POST", "/appointments", _worker("gw-2", "G1"))
    twice = staffed.call("POST", "/appointments", _worker("gw-1", "G2"))

    assert (taken.status_code, taken.json()["rule"]) == (409, "appointment.place_taken")
    assert (twice.status_code, twice.json()["rule"]) == (409, "appointment.person_taken")


def test_a_grid_that_is_too_small_is_drawn_and_warned_of(staffed: Doors) -> None:
    small = staffed.draw("G3", households=80)
    staffed.project()
    shown = staffed.found("/staffing?area=530103&on=2026-05-03&gaps=true")

    assert "200" in small["warnings"][0]
    assert shown["sizes"]["small"] >= 1
    assert "G3" in [grid["code"] for grid in shown["by_grid"]]


def test_in_the_middle_of_a_month_somebody_succeeds_and_each_day_has_its_own_person(staffed: Doors) -> None:
    staffed.draw("G4", (OTHER_GROUP,))
    first = staffed.appoint("gw-4", "grid_worker", COMMUNITY, grid="G4")
    body = {"person": "gw-5", "on": "2026-05-16", "reason": "轮岗"}
    staffed.done(f"/appointments/{first}/succeed", body)
    staffed.done(f"/appointments/{first}/succeed", body)
    staffed.project()

    assert _workers(staffed, "G4", "2026-05-15") == ["gw-4"]
    assert _workers(staffed, "G4", "2026-05-16") == ["gw-5"]


def test_two_change_places_and_both_were_where_they_were(staffed: Doors) -> None:
    staffed.draw("G5", (OTHER_GROUP,))
    staffed.draw("G6", (OTHER_GROUP,))
    first = staffed.appoint("gw-6", "grid_worker", COMMUNITY, grid="G5")
    second = staffed.appoint("gw-7", "grid_worker", COMMUNITY, grid="G6")
    body = {"first": first, "second": second, "on": "2026-06-15", "reason": "对调"}
    staffed.done("/appointments/swap", body)
    staffed.done("/appointments/swap", body)
    staffed.project()

    assert [_workers(staffed, grid, "2026-06-14") for grid in ("G5", "G6")] == [["gw-6"], ["gw-7"]]
    assert [_workers(staffed, grid, "2026-06-15") for grid in ("G5", "G6")] == [["gw-7"], ["gw-6"]]


def test_who_was_responsible_on_a_day_is_answered_tier_by_tier(staffed: Doors) -> None:
    ended = staffed.appoint("zz-old", "group_lead", GROUP, since="2026-02-01")
    staffed.done(f"/appointments/{ended}/end", {"until": "2026-05-03", "reason": "届满"})
    staffed.appoint("zz-new", "group_lead", GROUP, since="2026-05-04")
    staffed.project()
    then = staffed.found(f"/appointments/responsible?area={BUILDING.path}&on=2026-05-03")
    later = staffed.found(f"/appointments/responsible?area={BUILDING.path}&on=2026-05-04")

    assert {tier["tier"]: [one["person"] for one in tier["people"]] for tier in then["tiers"]} == {
        "district": ["xcy-1"],
        "street": ["jdy-1"],
        "community": ["gw-1"],
        "group": ["zz-old"],
        "building": ["ldz-1"],
    }
    assert [one["person"] for one in later["tiers"][3]["people"]] == ["zz-new"]


def test_who_is_not_of_the_ground_appoints_nobody_and_nobody_outside_of_their_area(staffed: Doors) -> None:
    worker = staffed.call("POST", "/appointments", _worker("gw-9", "G3"), role="grid_worker")
    elsewhere = staffed.call("POST", "/appointments", _worker("gw-9", "G3"), role="duty_chief", area=Area("530103.005"))

    assert (worker.status_code, elsewhere.status_code) == (403, 403)


def test_of_many_who_appoint_to_the_same_grid_at_once_one_succeeds(database: Database) -> None:
    asker, log, seats = _ground(database)

    def appoint(n: int) -> str:
        cause = Cause(actor=Actor("operator-1", "operator"), at=utc_now())
        wanted = Wanted(
            person=f"gw-{n}", post=Post.GRID_WORKER, area=COMMUNITY, grid="G1", unit=None, since=date(2026, 5, 1)
        )
        try:
            handlers.start_appointment(log, seats, asker, cause, wanted=wanted)
        except Conflict:
            return "conflict"
        except Refused as error:
            return error.rule
        return "appointed"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(appoint, range(16)))

    assert outcomes.count("appointed") == 1
    assert set(outcomes) <= {"appointed", "conflict", "appointment.place_taken"}
    assert database.query("SELECT count(*) FROM es.events WHERE type = 'appointment.started'") == [(1,)]


def test_of_many_grids_that_take_the_same_worker_at_once_one_does(database: Database) -> None:
    asker, log, seats = _ground(database, grids=8)

    def appoint(n: int) -> bool:
        cause = Cause(actor=Actor("operator-1", "operator"), at=utc_now())
        wanted = Wanted(
            person="gw-1", post=Post.GRID_WORKER, area=COMMUNITY, grid=f"G{n}", unit=None, since=date(2026, 5, 1)
        )
        try:
            handlers.start_appointment(log, seats, asker, cause, wanted=wanted)
        except (Conflict, Refused):
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(appoint, range(1, 9)))

    assert sum(outcomes) == 1


def _ground(database: Database, grids: int = 1) -> tuple[Asker, Any, TableSeats]:
    asker, log = Asker("operator-1", "operator"), database.log("grid")
    cause = Cause(actor=asker.actor, at=utc_now())
    for area in (DISTRICT, STREET, COMMUNITY):
        handlers.create_area(log, area, asker, cause, name="区域", kind="区", centre=None)
    for n in range(1, grids + 1):
        handlers.draw_grid(log, f"G{n}", asker, cause, name="网格", community=COMMUNITY, covers=(), households=250)
    return asker, log, TableSeats(database.rows("grid"))


def _worker(person: str, grid: str) -> dict[str, str]:
    return {"person": person, "post": "grid_worker", "area": COMMUNITY.path, "grid": grid, "since": "2026-01-01"}


def _workers(doors: Doors, grid: str, day: str) -> list[str]:
    found = doors.found(f"/appointments?grid={grid}&post=grid_worker&on={day}")["appointments"]
    return [one["person"] for one in found]
