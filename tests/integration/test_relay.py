"""The relay against a real broker and a real log: everything arrives, in order, whatever is cut, killed or missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pika
import pytest

from shared.contracts import message
from shared.contracts.envelope import Recorded
from shared.relay.relay import Pace, Relay
from tests.support.appends import adding, new_stream
from tests.support.broker import Vhost
from tests.support.database import Database

pytestmark = pytest.mark.integration
QUICK = Pace(window=100, retry=0.1, candidacy=0.1, check=0.3)


def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait for it, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@contextmanager
def running(database: Database, vhost: Vhost, pace: Pace = QUICK) -> Iterator[Relay]:
    """A relay in a thread."""
    relay = Relay(database.url("relay"), vhost.url("relay"), pace=pace)
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(20)
        assert not thread.is_alive()


def published(database: Database) -> int:
    ((position,),) = database.query("SELECT position FROM es.relay_cursor")
    return int(position)


def drain(vhost: Vhost, queue: str = "projector") -> list[tuple[Any, Any, bytes]]:
    """Everything in the queue, taken out of it."""
    connection = pika.BlockingConnection(pika.URLParameters(vhost.admin_url))
    try:
        channel = connection.channel()
        found: list[tuple[Any, Any, bytes]] = []
        while True:
            method, properties, body = channel.basic_get(queue, auto_ack=True)
            if method is None:
                return found
            found.append((method, properties, body))
    finally:
        connection.close()


def heard(vhost: Vhost) -> list[Recorded[Any]]:
    return [message.parse(body, properties.headers) for _, properties, body in drain(vhost)]


def assert_whole(events: list[Recorded[Any]], count: int, repeats_at_most: int = 0) -> None:
    """Every position from 1 came, first times in ascending order, and no more repeats than allowed."""
    positions = [event.position or 0 for event in events]
    first_times = list(dict.fromkeys(positions))

    assert first_times == list(range(1, count + 1))
    assert len(positions) - count <= repeats_at_most


def append(database: Database, count: int, category: str = "report") -> list[str]:
    log = database.log("intake")
    streams = [new_stream(category) for _ in range(count)]
    for stream in streams:
        log.append(adding(stream, 0))
    return streams


def test_events_arrive_once_in_order_with_everything_the_log_knows(database: Database, vhost: Vhost) -> None:
    streams = append(database, 250)
    with running(database, vhost):
        until(lambda: published(database) == 250)
        streams += append(database, 5)
        until(lambda: published(database) == 255)
    events = heard(vhost)

    assert_whole(events, 255)
    assert sorted(event.stream for event in events) == sorted(streams)
    by_stream = {event.stream: event for event in events}
    log = database.log("intake")
    for stream in streams[:10]:
        assert by_stream[stream] == log.stream(stream)[0]
