"""While a service's own database is away its messages wait in their queue: no attempt is counted, nothing is parked."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.entrypoints.on import reactions_of
from shared.rabbitmq.names import LADDER, Rung
from tests.integration.test_dependencies import Road, _address, _database_through
from tests.integration.test_reactions import QUEUE, Bench
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.process import Service, wait_for
from tests.support.tiny_keeper import TinyKeeper

pytestmark = pytest.mark.integration


@pytest.fixture
def reactions() -> Any:
    return reactions_of(TinyKeeper)


@pytest.fixture
def ladder() -> tuple[Rung, ...]:
    return tuple(Rung(rung.name, 0.3) for rung in LADDER)


@pytest.fixture
def to_database(database: Database) -> Iterator[Road]:
    road = Road(*_address(database.url("intake")))
    road.open()
    yield road
    road.close()


@pytest.fixture
def bench(vhost: Vhost, database: Database, to_database: Road, tmp_path: Path) -> Iterator[Bench]:
    environment = {
        "AMQP_URL": vhost.url("dispatch"),
        "DATABASE_URL": _database_through(database, to_database),
        "WUJI_TEST_JOURNAL": str(tmp_path / "journal"),
        "WUJI_DRAIN_SECONDS": "10",
    }
    service = Service("tests.support.tiny_keeper", tmp_path, environment).start()
    found = Bench(vhost, service, tmp_path / "journal")
    yield found
    found.connection.close()
    service.stop(signal.SIGKILL)


def _broker(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = bench.service.readiness()[1]["dependencies"]["broker"]
    return found


def _is_paused(bench: Bench) -> bool:
    return "paused" in _broker(bench).get("trouble", "")


def test_messages_wait_in_their_queue_until_the_database_is_back(bench: Bench, to_database: Road) -> None:
    before = bench.send("before")
    wait_for(lambda: bench.happened("ended", before), 20)
    to_database.close()
    events = [bench.send(f"during {number}") for number in range(30)]
    wait_for(lambda: _is_paused(bench), 30)
    time.sleep(3)  # the whole ladder takes less than half of that
    waiting, tries = bench.ready_in(QUEUE), [len(bench.outcome(event)) for event in events]
    to_database.open()
    wait_for(lambda: all(bench.happened("ended", event) for event in events), 40)
    wait_for(lambda: bench.service.ready, 20)
    after = bench.send("after")
    wait_for(lambda: bench.happened("ended", after), 20)
    outcomes = {outcome for event in events for outcome in bench.outcome(event)}
    attempts = {line["attempt"] for line in bench.service.lines() if line.get("event") == "message"}

    assert waiting == 30
    assert max(tries) <= 2
    assert outcomes == {"given_back", "done"}
    assert attempts == {1}
    assert all(bench.happened("ended", event) == 1 for event in events)
    assert bench.ready_in(f"{QUEUE}.parked") == 0


def test_a_service_that_is_paused_stops_in_good_order(bench: Bench, to_database: Road) -> None:
    to_database.close()
    event = bench.send("during")
    wait_for(lambda: _is_paused(bench), 30)
    code = bench.service.stop()

    assert code == 0
    assert bench.happened("ended", event) == 0
    wait_for(lambda: bench.ready_in(QUEUE) == 1, 10)


def test_what_is_unavailable_for_another_reason_still_climbs_the_ladder(bench: Bench) -> None:
    event = bench.send("elsewhere")
    wait_for(lambda: "parked" in bench.outcome(event), 30)

    assert bench.outcome(event) == ["retried", "retried", "retried", "parked"]
    assert bench.service.ready
