"""The clocks of an issue on real servers: kept by a reaction, served with their reasons, escalations acknowledged."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.wuji.timer import clockwork
from services.dispatch.service import DispatchService
from shared.entrypoints.on import reactions_of
from shared.rabbitmq.names import LADDER, Rung
from shared.security import tokens
from tests.support.broker import Vhost
from tests.support.clocks import STANDARDS
from tests.support.database import Database
from tests.support.dispatch_bench import Bench
from tests.support.process import Service, wait_for

pytestmark = pytest.mark.integration

SANITATION = {"role": "department", "department": "sanitation"}
CHIEF = {"role": "duty_chief"}
NEXT_YEAR = datetime.fromisoformat("2027-06-07 10:00+08:00")
"""A working morning long after everything that begins now was due."""


@pytest.fixture
def ladder() -> tuple[Rung, ...]:
    return tuple(Rung(rung.name, seconds) for rung, seconds in zip(LADDER, (0.5, 3, 20), strict=True))


@pytest.fixture
def reactions() -> Any:
    return reactions_of(DispatchService)


@pytest.fixture
def bench(database: Database, vhost: Vhost, tmp_path: Path) -> Iterator[Bench]:
    key = tokens.new_key()
    environment = {
        "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(key),
        "WUJI_LINK_KEY": base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
        "WUJI_DRAIN_SECONDS": "5",
        "DATABASE_URL": database.url("dispatch"),
        "AMQP_URL": vhost.url("dispatch"),
    }
    service = Service("deploy.wuji.process", tmp_path, environment, ("dispatch",)).start()
    made = Bench(database, vhost, {"dispatch": service}, key)
    made.load_rulebook()
    for line in STANDARDS:
        made.say(line)
    made.move_on()
    yield made
    made.close()


def clocks(bench: Bench, case_id: UUID) -> list[dict[str, Any]]:
    answer = bench.call("GET", f"/api/v1/cases/{case_id}/clocks", **CHIEF)
    return list(answer.json()["clocks"]) if answer.status_code == 200 else []


def dispatched(bench: Bench) -> UUID:
    case_id = bench.accept()
    bench.move_on(times=3)
    bench.wait_for_state(case_id, "dispatched")
    bench.move_on(times=3)
    wait_for(lambda: [one["stage"] for one in clocks(bench, case_id)] == ["file", "dispatch", "sign", "handle"], 15)
    return case_id


def test_the_clocks_follow_the_case_however_often_its_events_are_heard(bench: Bench) -> None:
    case_id = dispatched(bench)
    bench.step(case_id, "sign", **SANITATION)
    bench.move_on(times=3)
    wait_for(lambda: [one["state"] for one in clocks(bench, case_id)][2] == "stopped", 15)
    shown = {one["stage"]: one for one in clocks(bench, case_id)}

    assert shown["sign"]["on_time"]
    assert shown["handle"]["state"] == "running"
    assert shown["handle"]["department"] == "sanitation"
    assert "5 工作时" in shown["handle"]["because"]
    assert shown["handle"]["minutes_left"] <= 300
    types = bench.types(f"clock-{case_id}")
    assert types.count("clock.started") == 4
    assert types.count("clock.stopped") == 3


def test_who_has_nothing_to_do_with_a_case_does_not_see_its_clocks(bench: Bench) -> None:
    case_id = dispatched(bench)
    path = f"/api/v1/cases/{case_id}/clocks"

    assert bench.call("GET", path, role="department", department="sanitation").status_code == 200
    assert bench.call("GET", path, role="department", department="water").status_code == 403
    assert bench.call("GET", path, role="supervisor", area="530102").status_code == 403
    assert bench.call("GET", path).status_code == 401


def test_an_escalation_is_acknowledged_by_whoever_serves_the_area_and_once(bench: Bench) -> None:
    case_id = dispatched(bench)
    works = clockwork(bench.database.url("timer"))
    works.now = lambda: NEXT_YEAR
    works.round()
    bench.move_on()
    shown = bench.call("GET", "/api/v1/escalations?limit=2", **CHIEF).json()
    again = bench.call("GET", f"/api/v1/escalations?after={shown['next_after']}".replace("+", "%2B"), **CHIEF).json()
    first = shown["escalations"][0]
    path = f"/api/v1/escalations/{first['escalation_id']}/acknowledge"
    refused = bench.call("POST", path, {"words": "知道了"}, role="supervisor", area="530102")
    said = [bench.call("POST", path, {"words": "知道了，今天办"}, **CHIEF) for _ in range(2)]
    bench.move_on()

    assert {one["rung_zh"] for one in (*shown["escalations"], *again["escalations"])} == {"催办", "督办", "提级督办"}
    assert first["case_id"] == str(case_id)
    assert refused.status_code == 403
    assert [one.status_code for one in said] == [200, 200]
    assert bench.types(f"clock-{case_id}").count("escalation.acknowledged") == 1
    left = bench.call("GET", "/api/v1/escalations", **CHIEF).json()["escalations"]
    assert first["escalation_id"] not in {one["escalation_id"] for one in left}
    assert bench.call("POST", path, {"words": "  "}, **CHIEF).status_code == 400
    assert bench.call("POST", path, {"words": "x"}, role="reader").status_code == 403
