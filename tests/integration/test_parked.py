"""Messages that go round the retry ladder come back; those that are parked can be looked at, sent back, discarded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from shared.courier.errands import OURS, Errand, Errander
from shared.kernel.errors import Invalid, NotFound, Unavailable
from shared.kernel.ids import new_id
from shared.rabbitmq.names import ATTEMPT, ERROR, PARKED_AT, Rung
from shared.rabbitmq.parked import ParkedMessage, ParkedMessages
from shared.rabbitmq.topology import DELIVERY_LIMIT
from tests.support.broker import Vhost

pytestmark = pytest.mark.integration
QUEUE = "dispatch.file_report"
AT = "2026-05-03T09:00:00+00:00"


@pytest.fixture
def ladder() -> tuple[Rung, ...]:
    return (Rung("retry.5s", 0.3), Rung("retry.1m", 0.6))


@contextmanager
def channel(url: str) -> Iterator[BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        opened = connection.channel()
        opened.confirm_delivery()
        yield opened
    finally:
        connection.close()


def get(vhost: Vhost, queue: str = QUEUE, within: float = 10.0) -> tuple[Any, Any, bytes]:
    """The next message, taken out of the queue; waits for one."""
    deadline = time.monotonic() + within
    with channel(vhost.admin_url) as admin:
        while True:
            method, properties, body = admin.basic_get(queue, auto_ack=True)
            if method is not None:
                return method, properties, body
            assert time.monotonic() < deadline, "nothing came"
            time.sleep(0.05)


def count(vhost: Vhost, queue: str) -> int:
    with channel(vhost.admin_url) as admin:
        return int(admin.queue_declare(queue, passive=True).method.message_count)


def park(vhost: Vhost, *message_ids: str) -> None:
    """As the service does it."""
    with channel(vhost.url("dispatch")) as service:
        for number, message_id in enumerate(message_ids, 1):
            headers = {
                ATTEMPT: 4,
                ERROR: "no rule fits",
                PARKED_AT: "2026-05-03T09:00:00+00:00",
                "ce-type": "report.accepted.v1",
            }
            properties = pika.BasicProperties(
                message_id=message_id, type="report.accepted", headers=headers, delivery_mode=2
            )
            service.basic_publish("parked", QUEUE, f'{{"n": {number}}}'.encode(), properties, mandatory=True)


class Audit:
    """Keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Mapping[str, object]]] = []

    def __call__(self, done: str, facts: Mapping[str, object]) -> None:
        self.lines.append((done, facts))


@pytest.mark.parametrize(("rung", "seconds"), [("retry.5s", 0.3), ("retry.1m", 0.6)])
def test_a_message_returns_to_its_queue_after_the_wait(vhost: Vhost, rung: str, seconds: float) -> None:
    started = time.monotonic()
    with channel(vhost.url("dispatch")) as service:
        properties = pika.BasicProperties(message_id="m-1", headers={ATTEMPT: 1}, delivery_mode=2)
        service.basic_publish(rung, QUEUE, b"{}", properties, mandatory=True)
        assert service.basic_get(QUEUE) == (None, None, None)
    _, properties, body = get(vhost)

    assert time.monotonic() - started >= seconds
    assert (properties.message_id, properties.headers[ATTEMPT], body) == ("m-1", 1, b"{}")
    assert count(vhost, "grid.request_check") == 0
    assert count(vhost, rung) == 0


def test_a_message_may_go_round_many_times(vhost: Vhost) -> None:
    headers: dict[str, Any] = {ATTEMPT: 1}
    for _ in range(4):
        with channel(vhost.url("dispatch")) as service:
            service.basic_publish("retry.5s", QUEUE, b"{}", pika.BasicProperties(headers=headers), mandatory=True)
        _, properties, _ = get(vhost)
        headers = properties.headers

    assert headers["x-death"][0]["count"] == 4


def test_a_rejected_message_is_parked(vhost: Vhost) -> None:
    with channel(vhost.admin_url) as admin:
        admin.basic_publish("events", "report.accepted.530103.-.-.-.-", b"{}")
        method, _, _ = admin.basic_get(QUEUE)
        admin.basic_reject(method.delivery_tag, requeue=False)
    _, properties, _ = get(vhost, f"{QUEUE}.parked")

    assert properties.headers["x-first-death-reason"] == "rejected"


def test_a_message_that_takes_its_consumer_down_again_and_again_is_parked(vhost: Vhost) -> None:
    with channel(vhost.admin_url) as admin:
        admin.basic_publish("events", "report.accepted.530103.-.-.-.-", b"{}")
        for _ in range(DELIVERY_LIMIT + 1):
            method, _, _ = admin.basic_get(QUEUE)
            assert method is not None
            admin.basic_reject(method.delivery_tag, requeue=True)
            time.sleep(0.02)
    _, properties, _ = get(vhost, f"{QUEUE}.parked")

    assert properties.headers["x-first-death-reason"] == "delivery_limit"


def test_parked_messages_are_counted_listed_and_shown_without_being_taken(vhost: Vhost) -> None:
    park(vhost, "m-1", "m-2", "m-3")
    with ParkedMessages(vhost.url("operator"), Audit()) as parked:
        for _ in range(25):
            assert [found.message_id for found in parked.messages(QUEUE)] == ["m-1", "m-2", "m-3"]
        assert [found.message_id for found in parked.messages(QUEUE, limit=2)] == ["m-1", "m-2"]
        assert parked.counts((QUEUE, "grid.request_check")) == {QUEUE: 3, "grid.request_check": 0}
        shown = parked.show(QUEUE, "m-2")
        with pytest.raises(NotFound, match="has no message m-9"):
            parked.show(QUEUE, "m-9")

    assert (shown.attempts, shown.error, shown.type, shown.payload) == (4, "no rule fits", "report.accepted", {"n": 2})
    assert shown.parked_at == AT
    assert count(vhost, f"{QUEUE}.parked") == 3


def test_a_redriven_message_comes_to_its_queue_as_if_for_the_first_time(vhost: Vhost) -> None:
    park(vhost, "m-1", "m-2", "m-3")
    audit = Audit()
    with ParkedMessages(vhost.url("operator"), audit) as parked:
        assert parked.redrive(QUEUE, by="zhang", dry_run=True) == 3
        assert count(vhost, f"{QUEUE}.parked") == 3
        assert parked.redrive(QUEUE, lambda message: message.message_id == "m-2", by="zhang") == 1
    _, properties, body = get(vhost)

    assert (properties.message_id, body) == ("m-2", b'{"n": 2}')
    assert set(properties.headers) - {"x-delivery-count"} == {"ce-type"}
    assert (count(vhost, QUEUE), count(vhost, f"{QUEUE}.parked")) == (0, 2)
    assert [(done, facts["message"], facts["by"]) for done, facts in audit.lines] == [("redriven", "m-2", "zhang")]


def test_a_discarded_message_is_gone_and_the_reason_is_kept(vhost: Vhost) -> None:
    park(vhost, "m-1", "m-2", "m-3")
    audit = Audit()
    with ParkedMessages(vhost.url("operator"), audit) as parked:
        with pytest.raises(Invalid, match="say why"):
            parked.discard(QUEUE, by="zhang", reason=" ")
        assert parked.discard(QUEUE, lambda message: message.message_id != "m-2", by="zhang", reason="test data") == 2

    assert count(vhost, f"{QUEUE}.parked") == 1
    assert [(facts["message"], facts["reason"]) for _, facts in audit.lines] == [
        ("m-1", "test data"),
        ("m-3", "test data"),
    ]


class Killed(BaseException):
    """Stands for the moment at which the tool dies."""


def test_a_message_that_is_parked_again_at_once_does_not_keep_the_tool_busy(vhost: Vhost) -> None:
    park(vhost, "m-1", "m-2")

    def park_again(_done: str, facts: Mapping[str, object]) -> None:
        park(vhost, str(facts["message"]))

    with ParkedMessages(vhost.url("operator"), park_again) as parked:
        assert parked.redrive(QUEUE, by="zhang") == 2
        assert [found.message_id for found in parked.messages(QUEUE)] == ["m-1", "m-2"]


def test_a_tool_that_dies_between_sending_and_acknowledging_leaves_the_message_in_both_places(vhost: Vhost) -> None:
    park(vhost, "m-1", "m-2")

    def die(_done: str, _facts: Mapping[str, object]) -> None:
        raise Killed

    with pytest.raises(Killed), ParkedMessages(vhost.url("operator"), die) as parked:
        parked.redrive(QUEUE, by="zhang")

    assert get(vhost)[1].message_id == "m-1"
    with ParkedMessages(vhost.url("operator"), Audit()) as parked:
        assert [found.message_id for found in parked.messages(QUEUE)] == ["m-1", "m-2"]


def test_a_message_whose_queue_is_gone_stays_parked(vhost: Vhost) -> None:
    park(vhost, "m-1")
    vhost.management.delete("queues", vhost.name, QUEUE)
    with (
        ParkedMessages(vhost.url("operator"), Audit()) as parked,
        pytest.raises(NotFound, match="does not exist any more"),
    ):
        parked.redrive(QUEUE, by="zhang")

    assert count(vhost, f"{QUEUE}.parked") == 1


def test_a_queue_without_a_parked_queue_is_named(vhost: Vhost) -> None:
    with ParkedMessages(vhost.url("operator"), Audit()) as parked:
        with pytest.raises(NotFound, match=r"nothing\.here\.parked"):
            parked.messages("nothing.here")
        assert parked.messages(QUEUE) == []
    with pytest.raises(Unavailable, match="broker cannot be used"):
        ParkedMessages("amqp://a:b@127.0.0.1:1/%2F", Audit())


def test_a_body_that_is_no_json_can_still_be_looked_at() -> None:
    broken = ParkedMessage("a.b", "m", "t", 1, None, None, None, {}, b"\xff{")

    assert broken.payload == "\\xff{"


class Asked:
    """Errands that one after another is asked for, and what was answered."""

    def __init__(self, *wanted: Mapping[str, Any], queue: str = QUEUE) -> None:
        self.waiting = [Errand(new_id(), OURS, queue, {"by": "op-7", **one}) for one in wanted]
        self.answers: list[Mapping[str, Any]] = []

    def open(self, _patience: Any) -> list[Errand]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def settled(self, errand: Errand, _messages: Any) -> None:
        raise AssertionError(f"{errand.name} is no subscription, so no event tells of it")

    def answer(self, _errand: Errand, answer: Mapping[str, Any]) -> None:
        self.answers.append(answer)


def answers(vhost: Vhost, asked: Asked) -> list[Mapping[str, Any]]:
    """What the courier says, with the account that it has for the city's own queues."""
    many = len(asked.waiting)
    errander = Errander(asked, vhost.url("relay"), str, lambda: vhost.url("operator"))
    errander.start()
    deadline = time.monotonic() + 20
    while len(asked.answers) < many and time.monotonic() < deadline:
        time.sleep(0.02)
    errander.stop()
    errander.join(10)
    return asked.answers


def test_the_courier_looks_at_a_queue_of_ours_for_a_page_and_hides_whose_number_it_is(vhost: Vhost) -> None:
    headers = {ATTEMPT: 4, ERROR: "nobody answers 13888886666", "ce-type": "report.accepted.v1"}
    with channel(vhost.url("dispatch")) as service:
        told = pika.BasicProperties(message_id="m-1", type="report.accepted", headers=headers)
        words = '{"words": ["请打 13888886666", "或 wang@example.cn"], "n": 5}'
        service.basic_publish("parked", QUEUE, words.encode(), told, mandatory=True)
    park(vhost, "m-2", "m-3")
    every = {"ids": [], "type": None}
    asked = Asked(
        {"do": "list", "limit": 50},
        {"do": "show", "ids": ["m-1"]},
        {"do": "redrive", "dry_run": True, **every},
        {"do": "discard", "dry_run": False, "reason": "tested", "ids": ["m-2"], "type": None},
        {"do": "redrive", "dry_run": False, **every},
        {"do": "show", "ids": ["m-9"]},
    )
    listed, shown, counted, discarded, redriven, lost = answers(vhost, asked)

    assert [one["message_id"] for one in listed["messages"]] == ["m-1", "m-2", "m-3"]
    assert shown["payload"] == {"words": ["请打 [电话]", "或 [邮箱]"], "n": 5}
    assert "13888886666" not in str(shown)
    assert counted == {"count": 3, "dry_run": True}
    assert discarded["count"] == 1
    assert redriven["count"] == 2
    assert lost["error"]["kind"] == "not_found"
    assert (count(vhost, QUEUE), count(vhost, f"{QUEUE}.parked")) == (2, 0)


def test_a_courier_without_that_account_says_so(vhost: Vhost) -> None:
    asked = Asked({"do": "list", "limit": 50})
    errander = Errander(asked, vhost.url("relay"), str)

    assert errander._answered(asked.waiting[0])["error"]["kind"] == "unavailable"
