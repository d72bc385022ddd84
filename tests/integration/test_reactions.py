"""`@on` against a real broker: every way of ending, draining, reconnecting, and messages that nobody can read."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pika
import pytest

from shared.contracts import message
from shared.contracts.case import CaseClosed
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.entrypoints.on import reactions_of
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id
from shared.rabbitmq.names import LADDER, Rung
from tests.support.broker import Vhost
from tests.support.process import Service, wait_for
from tests.support.tiny_reactions import TinyReactions

pytestmark = pytest.mark.integration

QUEUE = "dispatch.react"


@pytest.fixture
def reactions() -> Any:
    return reactions_of(TinyReactions)


@pytest.fixture
def ladder() -> tuple[Rung, ...]:
    return tuple(Rung(rung.name, 0.3) for rung in LADDER)


@dataclass
class Bench:
    """The service, its journal, and a way to send it events."""

    vhost: Vhost
    service: Service
    journal: Path
    connection: Any = field(init=False)

    def __post_init__(self) -> None:
        self.connection = pika.BlockingConnection(pika.URLParameters(self.vhost.admin_url))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()

    def send(self, answer: str, *, origin: Origin = Origin.LIVE, case_id: UUID | None = None) -> str:
        """Publish a closing whose answer tells the handler what to do; the event's id."""
        case, now = case_id or new_id(), utc_now()
        recorded = Recorded(
            event=CaseClosed(case_id=case, answer=answer, attempt=1),
            event_id=new_id(),
            stream=f"case-{case}",
            version=1,
            position=1,
            type="case.closed",
            area=Area.parse("530103.004"),
            actor=Actor("chief", "duty_chief"),
            correlation_id=case,
            causation_id=None,
            origin=origin,
            occurred_at=now,
            recorded_at=now,
        )
        found = message.of(recorded)
        properties = pika.BasicProperties(
            headers={**found.headers, "x-foreign": "stays behind"},
            message_id=found.message_id,
            content_type=found.content_type,
            content_encoding=found.content_encoding,
            delivery_mode=2,
        )
        self.channel.basic_publish("events", found.routing_key, found.body, properties)
        return found.message_id

    def happened(self, word: str, event_id: str) -> int:
        if not self.journal.exists():
            return 0
        return sum(line.startswith(f"{word} {event_id}") for line in self.journal.read_text().splitlines())

    def outcome(self, event_id: str, queue: str = QUEUE) -> list[str]:
        """Outcomes in the log, in order."""
        lines = self.service.lines()
        return [line["outcome"] for line in lines if line.get("event_id") == event_id and line.get("consumer") == queue]

    def ready_in(self, queue: str) -> int:
        return int(self.channel.queue_declare(queue, passive=True).method.message_count)

    def take(self, queue: str) -> tuple[Any, bytes]:
        """The next message of a queue: properties and body."""

        def get() -> Any:
            method, properties, body = self.channel.basic_get(queue, auto_ack=True)
            return None if method is None else (properties, body)

        found: tuple[Any, bytes] = wait_for(get, 10)
        return found


@pytest.fixture
def bench(vhost: Vhost, tmp_path: Path) -> Iterator[Bench]:
    journal = tmp_path / "journal"
    service = Service(
        "tests.support.tiny_reactions",
        tmp_path,
        {"AMQP_URL": vhost.url("dispatch"), "WUJI_TEST_JOURNAL": str(journal), "WUJI_DRAIN_SECONDS": "10"},
    ).start()
    found = Bench(vhost, service, journal)
    yield found
    found.connection.close()
    service.stop(signal.SIGKILL)


def test_a_message_is_handled_and_acknowledged(bench: Bench) -> None:
    event = bench.send("well done")
    wait_for(lambda: bench.outcome(event), 10)

    assert bench.outcome(event) == ["done"]
    assert bench.happened("ended", event) == 1
    wait_for(lambda: bench.ready_in(QUEUE) == 0, 5)
    assert 'wuji_messages_handled_total{message="case.closed",outcome="done",service="dispatch"}' in (
        bench.service.metrics()
    )


def test_a_refusal_is_an_answer_and_is_acknowledged(bench: Bench) -> None:
    event = bench.send("refused")
    wait_for(lambda: bench.outcome(event), 10)
    time.sleep(0.5)

    assert bench.outcome(event) == ["refused"]
    assert bench.ready_in(f"{QUEUE}.parked") == 0


def test_a_loser_is_called_again_at_once(bench: Bench) -> None:
    event = bench.send("lose 3")
    wait_for(lambda: bench.outcome(event), 10)

    assert bench.outcome(event) == ["done"]
    assert bench.happened("began", event) == 4


def test_what_is_unavailable_is_tried_again_up_the_ladder(bench: Bench) -> None:
    event = bench.send("away 2")
    wait_for(lambda: "done" in bench.outcome(event), 10)

    assert bench.outcome(event) == ["retried", "retried", "done"]


def test_after_the_ladder_the_message_is_parked_and_says_why(bench: Bench) -> None:
    event = bench.send("unavailable")
    properties, body = bench.take(f"{QUEUE}.parked")

    assert bench.outcome(event) == ["retried", "retried", "retried", "parked"]
    assert properties.message_id == event
    assert properties.headers["x-wuji-error-type"] == "Unavailable"
    assert properties.headers["x-wuji-attempt"] == 4
    assert properties.headers["x-wuji-failed-at"] < properties.headers["x-wuji-parked-at"]
    assert "x-foreign" not in properties.headers
    assert "x-death" not in properties.headers
    assert message.parse(body, properties.headers).event.answer == "unavailable"


@pytest.mark.parametrize(("word", "kind"), [("invalid", "Invalid"), ("bug", "KeyError")])
def test_what_can_never_work_is_parked_at_once_and_the_service_lives(bench: Bench, word: str, kind: str) -> None:
    event = bench.send(word)
    properties, _ = bench.take(f"{QUEUE}.parked")

    assert bench.outcome(event) == ["parked"]
    assert properties.headers["x-wuji-error-type"] == kind
    assert "13812345678" not in properties.headers["x-wuji-error"]
    after = bench.send("well done")
    wait_for(lambda: bench.outcome(after) == ["done"], 10)
    assert "13812345678" not in bench.service.log_path.read_text()


def test_an_unreadable_message_is_parked_with_its_bytes(bench: Bench) -> None:
    garbage = b"\xff\xfe\x00 not json at all \x80"
    properties = pika.BasicProperties(
        headers={"whose": "a stranger's"}, content_type="text/x-mystery", content_encoding="utf-16", message_id="m-1"
    )
    bench.channel.basic_publish("", QUEUE, garbage, properties)
    found, body = bench.take(f"{QUEUE}.parked")

    assert body == garbage
    assert (found.content_type, found.content_encoding, found.message_id) == ("text/x-mystery", "utf-16", "m-1")
    assert found.headers["whose"] == "a stranger's"
    assert found.headers["x-wuji-error-type"] == "Invalid"
    assert bench.service.ready


def test_history_is_skipped_unless_it_is_asked_for(bench: Bench) -> None:
    event = bench.send("well done", origin=Origin.IMPORT)
    wait_for(lambda: bench.outcome(event), 10)
    wait_for(lambda: bench.outcome(event, "dispatch.remember"), 10)

    assert bench.outcome(event) == ["ignored"]
    assert bench.happened("remembered", event) == 1
    assert bench.happened("began", event) == 0
    assert bench.outcome(event, "dispatch.remember") == ["done"]


def test_messages_about_one_case_are_handled_one_after_the_other(bench: Bench) -> None:
    case = new_id()
    events = [bench.send("sleep 0.3", case_id=case) for _ in range(3)]
    wait_for(lambda: all(bench.happened("ended", event) for event in events), 10)

    words = [line.split()[:2] for line in bench.journal.read_text().splitlines() if not line.startswith("rem")]
    assert words == [[word, event] for event in events for word in ("began", "ended")]


def test_sigterm_lets_running_handlers_finish_and_gives_the_rest_back(bench: Bench) -> None:
    running = [bench.send("sleep 2") for _ in range(16)]
    wait_for(lambda: all(bench.happened("began", event) for event in running), 10)
    waiting = [bench.send("sleep 2") for _ in range(10)]
    time.sleep(0.3)
    code = bench.service.stop()

    assert code == 0
    assert all(bench.happened("ended", event) == 1 for event in running)
    assert not any(bench.happened("began", event) for event in waiting)
    assert wait_for(lambda: bench.ready_in(QUEUE) == len(waiting), 5)
    bench.service.start()
    wait_for(lambda: all(bench.happened("ended", event) for event in waiting), 15)
    assert all(bench.happened("began", event) == 1 for event in [*running, *waiting])


def test_a_cut_connection_is_made_again_and_nothing_is_lost(bench: Bench) -> None:
    connections = wait_for(lambda: _connections(bench), 15)
    first = bench.send("sleep 1.5")
    wait_for(lambda: bench.happened("began", first), 10)
    for name in connections:
        bench.vhost.management.close_connection(name)
    second = bench.send("well done")
    wait_for(lambda: bench.outcome(second) == ["done"], 20)
    wait_for(lambda: bench.happened("ended", first) == 2, 20)

    assert wait_for(lambda: bench.service.ready, 10)
    assert "wuji_bus_reconnects_total" in bench.service.metrics()


def test_a_missing_queue_is_named_by_readyz_until_it_is_there(bench: Bench) -> None:
    bench.channel.queue_delete(QUEUE)
    wait_for(lambda: bench.service.readiness()[0] == 503, 20)
    status, document = bench.service.readiness()

    assert status == 503
    assert document["dependencies"]["broker"]["ready"] is False
    assert QUEUE in document["dependencies"]["broker"]["trouble"]
    bench.vhost.apply()
    wait_for(lambda: bench.service.ready, 20)


def test_a_parked_queue_that_is_missing_costs_no_message(bench: Bench) -> None:
    bench.channel.queue_delete(f"{QUEUE}.parked")
    event = bench.send("bug")
    wait_for(lambda: "parked" in bench.outcome(event), 20)
    time.sleep(0.5)
    bench.vhost.apply()
    properties, _ = bench.take(f"{QUEUE}.parked")

    assert properties.message_id == event


def _connections(bench: Bench) -> list[str]:
    """The service's connections; the broker counts them with some delay."""
    found = bench.vhost.management.connections(bench.vhost.name)
    return [entry["name"] for entry in found if str(entry.get("user", "")).endswith("_dispatch")]
