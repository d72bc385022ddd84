"""The relay against a real broker and a real log: everything arrives, in order, whatever is cut, killed or missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pika
import pytest

from shared.contracts import message
from shared.contracts.envelope import Recorded
from shared.kernel.errors import Invalid
from shared.relay.relay import Pace, Relay
from shared.relay.upkeep import Upkeep
from tests.support.appends import adding, new_stream
from tests.support.broker import Vhost
from tests.support.database import Database

pytestmark = pytest.mark.integration
NO_BROKER = "amqp://nobody:none@127.0.0.1:1/%2F"
QUICK = Pace(window=100, retry=0.1, candidacy=0.1, check=0.3)


def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait for it, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@contextmanager
def running(database: Database, amqp_url: str, pace: Pace = QUICK, upkeep: Upkeep | None = None) -> Iterator[Relay]:
    """A relay in a thread."""
    relay = Relay(database.url("relay"), amqp_url, pace=pace, upkeep=upkeep)
    thread = threading.Thread(target=relay.run, daemon=True)
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
    with running(database, vhost.url("relay")):
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


def test_a_second_relay_takes_over_when_the_first_stops(database: Database, vhost: Vhost) -> None:
    with running(database, vhost.url("relay")) as first:
        until(lambda: first.leading)
        with running(database, vhost.url("relay")) as second:
            append(database, 20)
            until(lambda: published(database) == 20)
            assert not second.leading
            first.stop()
            until(lambda: second.leading, 5)
            append(database, 20)
            until(lambda: published(database) == 40)

    assert_whole(heard(vhost), 40)


def connections(vhost: Vhost, user: str) -> list[str]:
    return [it["name"] for it in vhost.management.connections(vhost.name) if it.get("user") == user]


def test_a_cut_connection_to_the_broker_costs_nothing(database: Database, vhost: Vhost) -> None:
    with running(database, vhost.url("relay")) as relay:
        until(lambda: relay.leading and not relay.problems())
        # The management interface learns of a connection some seconds late.
        until(lambda: connections(vhost, f"{vhost.name}_relay") != [])
        for name in connections(vhost, f"{vhost.name}_relay"):
            append(database, 300)
            vhost.management.close_connection(name)
        until(lambda: published(database) == 300)
        until(lambda: not relay.problems())

    assert_whole(heard(vhost), 300, repeats_at_most=QUICK.window)


def test_a_lost_database_session_costs_nothing(database: Database, vhost: Vhost) -> None:
    with running(database, vhost.url("relay")) as relay:
        for _ in range(3):
            append(database, 100)
            until(lambda: relay.leading)
            database.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'wuji relay'"
            )
        until(lambda: published(database) == 300)

    assert_whole(heard(vhost), 300, repeats_at_most=3 * QUICK.window)


def test_an_event_that_no_queue_wants_is_not_skipped(database: Database, vhost: Vhost) -> None:
    append(database, 3)
    vhost.management.delete("queues", vhost.name, "projector")
    with running(database, vhost.url("relay")) as relay:
        until(lambda: "topology" in relay.problems())
        append(database, 3)
        time.sleep(0.5)
        assert published(database) == 0
        assert "no queue wants report.verified at position 1: run wuji topology" in relay.problems()["topology"]
        vhost.apply()
        until(lambda: published(database) == 6)
        assert relay.problems() == {}

    assert_whole(heard(vhost), 6)


def test_a_missing_exchange_is_waited_for(database: Database, vhost: Vhost) -> None:
    append(database, 3)
    vhost.management.delete("exchanges", vhost.name, "events")
    with running(database, vhost.url("relay")) as relay:
        until(lambda: "NOT_FOUND - no exchange 'events'" in relay.problems().get("broker", ""))
        vhost.apply()
        until(lambda: published(database) == 3)

    assert_whole(heard(vhost), 3)


def test_a_missing_virtual_host_is_waited_for(database: Database, vhost: Vhost) -> None:
    append(database, 3)
    with running(database, vhost.url("relay")) as relay:
        until(lambda: published(database) == 3)
        vhost.management.delete("vhosts", vhost.name)
        append(database, 3)
        until(lambda: "broker" in relay.problems())
        vhost.apply()
        until(lambda: published(database) == 6)
    events = heard(vhost)

    assert [event.position for event in events] == [4, 5, 6]


def test_a_standby_is_well_without_a_broker(database: Database, vhost: Vhost) -> None:
    with running(database, vhost.url("relay")) as leader:
        until(lambda: leader.leading)
        with running(database, NO_BROKER) as standby:
            until(lambda: not standby.problems())

            assert not standby.leading


def test_numbering_goes_on_while_the_broker_is_away(database: Database) -> None:
    append(database, 3)
    with running(database, NO_BROKER) as relay:
        until(lambda: database.query("SELECT count(*) FROM es.feed") == [(3,)])
        until(lambda: "broker" in relay.problems())
        append(database, 2)
        until(lambda: database.query("SELECT count(*) FROM es.feed") == [(5,)])

    assert published(database) == 0


def test_a_leader_without_a_broker_lets_another_try(database: Database, vhost: Vhost) -> None:
    append(database, 3)
    hasty = replace(QUICK, without_broker=0.3, retry=1.0)
    with running(database, NO_BROKER, hasty) as first:
        until(lambda: first.leading)
        with running(database, vhost.url("relay")):
            until(lambda: published(database) == 3)

    assert_whole(heard(vhost), 3)


def test_a_wrong_address_is_refused_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        Relay("postgresql:///x", "http://nobody")

    assert refused.value.where == "AMQP_URL"
