"""How a subscription stands: one answer for the department itself, with its own token, and the same for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
import pytest

from services.notify.service import NotifyService
from services.notify.subscriptions import handlers
from services.notify.subscriptions.domain import Subscription
from shared.entrypoints.on import reactions_of
from tests.support.appends import adding, found, new_stream
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.notify_doors import Doors, notify_doors
from tests.support.partners import OPERATOR, CourierProcess, Partners, cause, partners_of, until
from tests.support.servers import Servers

pytestmark = pytest.mark.integration


@pytest.fixture
def reactions() -> Any:
    return reactions_of(NotifyService)


@pytest.fixture
def partners(database: Database, servers: Servers, tmp_path: Path) -> Iterator[Partners]:
    with partners_of(database, servers, tmp_path, length=20) as made:
        yield made


@pytest.fixture
def doors(database: Database, vhost: Vhost, tmp_path: Path) -> Iterator[Doors]:
    with notify_doors(database, vhost, tmp_path) as found:
        yield found


def told(database: Database, count: int) -> int:
    """So many more reports; the last position."""
    stream = new_stream()
    database.log("intake").append(adding(stream, 0, [found(stream)] * count))
    database.settle()
    return int(database.query("SELECT max(position) FROM es.feed")[0][0])


def keeps_one_waiting(program: Program, database: Database) -> bool:
    """Whether one more waits: the courier holds a queue from its next turn on, a moment after it said so."""
    told(database, 1)
    time.sleep(1)
    return int(program.standing()["lag_events"]) > 0


@dataclass
class Program:
    """A department's program that takes three messages and holds them, and asks how its subscription stands."""

    doors: Doors
    partners: Partners
    courier: CourierProcess
    subscription: Subscription

    def __post_init__(self) -> None:
        self.token = self.partners.secrets.token(self.subscription)
        self.connection = pika.BlockingConnection(pika.URLParameters(self.partners.url(self.subscription)))
        self.channel = self.connection.channel()
        self.channel.basic_qos(prefetch_count=3)
        self.taken: list[int] = []
        self.channel.basic_consume("sub.works", lambda _channel, method, *_: self.taken.append(method.delivery_tag))

    def standing(self) -> dict[str, Any]:
        answer = self.doors.ask("GET", "/api/v1/subscriptions/works", self.token)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def number(self, what: str) -> float | None:
        """As Prometheus has it."""
        return self.courier.metrics().get(f'wuji_subscription_{what}{{subscription="works"}}')

    def until(self, true: Callable[[], object], seconds: float = 40) -> None:
        """Wait, and answer the broker's heartbeats meanwhile."""
        until(lambda: self.connection.process_data_events(0.2) or true(), seconds, self.courier.log.read_text)


@pytest.fixture
def program(doors: Doors, partners: Partners) -> Iterator[Program]:
    subscription, courier = partners.subscribe("works", types=["report.verified"]), partners.start_courier()
    partners.wait_for_queue(subscription)
    made = Program(doors, partners, courier, subscription)
    yield made
    if made.connection.is_open:
        made.connection.close()


def test_one_answer_has_position_lag_unacked_parked_and_dropped_and_so_have_the_metrics(
    program: Program, database: Database
) -> None:
    first = told(database, 4)
    program.until(lambda: len(program.taken) == 3)
    program.channel.basic_reject(program.taken.pop(0), requeue=False)
    program.until(lambda: len(program.taken) == 3)
    program.until(lambda: (program.standing()["unacked"], program.standing()["parked"]) == (3, 1))
    last = told(database, 60)  # the queue holds 20
    program.until(lambda: (program.standing()["dropped"] or 0) >= 30)
    program.until(lambda: program.number("dropped_total") == program.standing()["dropped"])
    # The broker's own figures come a moment late, and not all at once.
    program.until(lambda: program.standing()["consumers"] == 1)
    found = program.standing()

    assert (found["position"], found["head"], found["lag_events"], found["lag_seconds"]) == (last, last, 0, 0)
    assert (found["unacked"], found["parked"], found["consumers"]) == (3, 1, 1)
    assert (found["dropped_from"], found["delivered"]) == (first + 1, 64)
    assert (program.number("unacked"), program.number("parked")) == (3, 1)
    assert program.number("position") == last
    assert program.doors.ask("POST", "/api/v1/subscriptions/works/pause", program.token, json={}).status_code == 403


def test_the_last_error_and_the_lag_are_told_and_a_subscription_that_is_over_is_told_no_more(
    program: Program, partners: Partners, database: Database
) -> None:
    program.connection.close()
    told(database, 30)
    until(lambda: "nobody reads it" in (program.standing()["last_error"] or ""), 40, program.courier.log.read_text)
    until(lambda: keeps_one_waiting(program, database), 40, program.courier.log.read_text)
    until(lambda: program.number("lag_events") == program.standing()["lag_events"], 20)
    found = program.standing()

    assert found["lag_events"] == found["head"] - found["position"] > 0
    assert found["lag_seconds"] > 0
    assert found["last_error_at"] is not None

    handlers.delete(partners.log, "works", None, OPERATOR, cause())
    until(lambda: program.number("position") is None, 20)
