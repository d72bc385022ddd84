"""Checks, duty and visits at grid's doors, as its tables show them afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.grid import watch
from shared.kernel.clock import utc_now
from tests.support.database import Database
from tests.support.grid_doors import BUILDING, COMMUNITY, GROUP, STREET, Doors, running
from tests.support.servers import Servers

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def doors(module_database: Database, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with running(module_database, servers, tmp_path_factory.mktemp("grid")) as found:
        found.draw("G1", (GROUP,), households=4)
        found.project()
        yield found


# --- visits -----------------------------------------------------------------------------------------------------


def visit(n: int, **changed: Any) -> dict[str, Any]:
    found = {
        "client_id": f"v-{n}",
        "captured_at": "2026-11-20T09:30:00+08:00",
        "area": BUILDING.path,
        "household": f"1-{n}",
        "met": True,
        "words": "楼道灯坏了，电话 13812345678",
    }
    return found | changed


def test_a_batch_from_the_field_keeps_what_is_right_and_says_what_is_wrong(doors: Doors) -> None:
    day = (utc_now() - timedelta(days=1)).isoformat()
    body = {
        "visits": [
            visit(1, captured_at=day, outcome="to_answer"),
            visit(2, captured_at=day, household="张三"),
            visit(3, captured_at=day, met=False),
            visit(4, captured_at=day, area="530103.005.001.001"),
            visit(5, captured_at=(utc_now() + timedelta(days=1)).isoformat()),
            visit(1, captured_at=day, outcome="to_answer"),
            visit(3, captured_at=day, met=True),
        ]
    }
    first = doors.done("/field/visits", body, role="grid_worker", area=STREET)
    again = doors.done("/field/visits", body, role="grid_worker", area=STREET)
    doors.project()
    kept = doors.found("/visits?area=530103.004.012")["visits"]

    assert [one["outcome"] for one in first["results"]] == [
        "stored", "refused", "stored", "refused", "refused", "repeated", "refused"
    ]  # fmt: skip
    assert [one["status"] for one in first["results"]] == [201, 400, 201, 403, 400, 200, 409]
    assert first["results"][6]["problem"]["rule"] == "visit.client_id_reused"
    assert (again["stored"], again["repeated"]) == (0, 3)
    assert {one["household"] for one in kept} == {"1-1", "1-3"}
    assert {one["grid"] for one in kept} == {"G1"}
    assert "13812345678" not in str(kept)


def test_the_shares_count_each_visit_on_its_day_in_the_field(doors: Doors) -> None:
    fields = [datetime.fromisoformat(f"2026-11-{day:02}T10:00:00+08:00") for day in (18, 18, 19)]
    items = [
        visit(n, client_id=f"d-{n}", household=f"9-{n % 2}", captured_at=at.isoformat(), met=n != 1)
        for n, at in enumerate(fields)
    ]
    doors.done("/field/visits", {"visits": items}, role="grid_worker", area=COMMUNITY)
    doors.project()
    on_18 = doors.found("/visits/rates?area=530103.004.012&first=2026-11-18&last=2026-11-18")
    both = doors.found("/visits/rates?grid=G1&first=2026-11-18&last=2026-11-19")["by_grid"][0]

    assert (on_18["all"]["visits"], on_18["all"]["met"], on_18["all"]["met_share"]) == (2, 1, 0.5)
    assert (on_18["all"]["households_visited"], on_18["all"]["coverage"]) == (2, 0.5)
    assert (both["visits"], both["households_visited"], both["households_met"]) == (3, 2, 1)


def test_a_visit_is_answered_in_time_and_then_rated(doors: Doors) -> None:
    day = (utc_now() - timedelta(hours=2)).isoformat()
    item = visit(20, captured_at=day, outcome="to_answer", household="2-1")
    kept = doors.done("/visits", item, role="grid_worker", area=STREET)
    which = f"/visits/{kept['visit_id']}"
    early = doors.call("POST", f"{which}/rate", {"satisfaction": "satisfied"}, role="grid_worker")
    doors.done(f"{which}/reply", {"words": "已报修，明天来"}, role="grid_worker")
    doors.done(f"{which}/rate", {"satisfaction": "satisfied"}, role="grid_worker")
    doors.project()
    (row,) = [one for one in doors.found("/visits?grid=G1&limit=200")["visits"] if one["household"] == "2-1"]

    assert (early.status_code, early.json()["rule"]) == (409, "visit.not_replied")
    assert (row["on_time"], row["satisfaction"]) == (True, "satisfied")
    assert doors.call("POST", "/visits", item, role="grid_worker", area=STREET).json()["repeated"] is True


def test_a_household_that_waits_too_long_is_named_once(doors: Doors) -> None:
    item = visit(30, captured_at=(utc_now() - timedelta(days=2)).isoformat(), outcome="to_answer", household="3-1")
    kept = doors.done("/visits", item, role="grid_worker", area=STREET)
    doors.project()
    log, rows, later = doors.database.log("grid"), doors.database.rows("grid"), utc_now() + timedelta(days=2)
    said = watch.look(log, rows, later)
    doors.project()

    assert said >= 1
    assert watch.look(log, rows, later) == 0
    assert [one.type for one in log.stream(f"visit-{kept['visit_id']}")] == ["visit.recorded", "visit.reply_overdue"]


# --- duty and emergencies -----------------------------------------------------------------------------------------


def test_a_silent_post_is_taken_over_and_given_back_when_it_answers(doors: Doors) -> None:
    now = utc_now()
    opened = doors.done(
        "/duty/posts",
        {
            "area": STREET.path,
            "name": "青云分中心值班席",
            "kind": "desk",
            "since": (now - timedelta(hours=3)).isoformat(),
            "roll_call_minutes": 30,
            "takeover_minutes": 60,
        },
        role="duty_chief",
    )
    post = f"/duty/posts/{opened['post_id']}"
    shift = {
        "person": "gw-1",
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=20)).isoformat(),
    }
    doors.done(f"{post}/shifts", {"shifts": [shift]}, role="duty_chief")
    doors.project()
    watch.look(doors.database.log("grid"), doors.database.rows("grid"), now)
    doors.project()
    (silent,) = [one for one in doors.found("/duty?area=530103.004")["posts"] if one["post_id"] == opened["post_id"]]
    stranger = doors.call("POST", f"{post}/roll-call", role="grid_worker", account="gw-2")
    doors.done(f"{post}/roll-call", None, role="grid_worker", account="gw-1")
    doors.done(f"{post}/hand-over", {"notes": "钥匙在抽屉里"}, role="grid_worker", account="gw-1")
    doors.project()
    (back,) = [one for one in doors.found("/duty?area=530103.004")["posts"] if one["post_id"] == opened["post_id"]]
    (kept,) = doors.found(f"{post}/shifts")["shifts"]

    assert (silent["taken_over_by"], silent["on_duty"]) == ("530103", ["gw-1"])
    assert silent["silent_since"] is not None
    assert (stranger.status_code, stranger.json()["rule"]) == (409, "shift.not_on_duty")
    assert (back["taken_over_by"], back["silent_since"]) == (None, None)
    assert kept["notes"] == "钥匙在抽屉里"


def test_an_emergency_has_its_posts_told_of_their_gaps_and_they_go_with_it(doors: Doors) -> None:
    early = doors.call("POST", "/duty/posts", _checkpoint("卡点0"), role="duty_chief")
    body = {"area": COMMUNITY.path, "kind": "epidemic", "reason": "演练"}
    doors.done("/emergencies", body, role="duty_chief")
    again = doors.done("/emergencies", body, role="duty_chief")
    below = doors.call("POST", "/emergencies", {**body, "area": GROUP.path, "kind": "flood"}, role="duty_chief")
    posts = [doors.done("/duty/posts", _checkpoint(f"卡点{n}"), role="duty_chief")["post_id"] for n in range(1, 4)]
    now = utc_now()
    for n, post in enumerate(posts[:2]):
        shifts = [_shift(f"w-{n}-{part}", now + timedelta(hours=8 * part), 8) for part in range(3)]
        doors.done(f"/duty/posts/{post}/shifts", {"shifts": shifts}, role="duty_chief")
    doors.project()
    elsewhere = doors.call(
        "POST", f"/duty/posts/{posts[2]}/shifts", {"shifts": [_shift("w-0-0", now, 8)]}, role="duty_chief"
    )
    log, rows = doors.database.log("grid"), doors.database.rows("grid")
    watch.look(log, rows, now)
    doors.project()
    board = doors.found(f"/duty?area={COMMUNITY.path}")
    gaps = {one["post_id"]: len(one["gaps"]) for one in board["posts"]}
    doors.done(f"/emergencies/{COMMUNITY.path}/end", {"reason": "演练结束"}, role="duty_chief")
    doors.project()
    watch.look(log, rows, now)
    doors.project()

    assert (early.status_code, early.json()["rule"]) == (409, "duty.no_emergency")
    assert again["events"] == 0
    assert (below.status_code, below.json()["rule"]) == (409, "emergency.above")
    assert (elsewhere.status_code, elsewhere.json()["rule"]) == (409, "shift.elsewhere")
    assert {gaps[post] for post in posts[:2]} <= {0, 1}
    assert gaps[posts[2]] == 1
    assert [one.type for one in log.stream(f"duty-{posts[2]}")] == [
        "duty.post_opened", "duty.gap_found", "duty.post_closed"
    ]  # fmt: skip
    assert doors.found(f"/duty?area={COMMUNITY.path}")["posts"] == []
    (over,) = doors.found(f"/emergencies?area={COMMUNITY.path}&running=false")["emergencies"]
    assert over["end_reason"] == "演练结束"


def _checkpoint(name: str) -> dict[str, Any]:
    return {
        "area": COMMUNITY.path, "name": name, "kind": "checkpoint", "roll_call_minutes": 120, "emergency": True
    }  # fmt: skip


def _shift(person: str, starts_at: datetime, hours: int) -> dict[str, str]:
    return {
        "person": person,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=hours)).isoformat(),
    }
