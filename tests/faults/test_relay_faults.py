"""Relays as real processes, killed and frozen in the midst of their work: nothing is lost, little comes twice."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pika
import pytest

from shared.contracts import message
from shared.contracts.envelope import Recorded
from shared.relay.relay import Pace
from tests.support.appends import adding, new_stream
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.relays import relay_process

pytestmark = [pytest.mark.integration, pytest.mark.faults]
WINDOW = Pace().window


def until(true: Callable[[], object], seconds: float = 30.0) -> float:
    """Wait for it, or fail; the seconds it took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, "waited too long"
        time.sleep(0.02)
    return time.monotonic() - started


@contextmanager
def writing(database: Database, streams: int = 20) -> Iterator[list[int]]:
    """Somebody appends to some streams all the time; answers the version of each stream, updated as it grows."""
    names = [new_stream() for _ in range(streams)]
    versions = [0] * streams
    stop = threading.Event()
    log = database.log("intake")

    def write() -> None:
        turn = 0
        while not stop.is_set():
            log.append(adding(names[turn % streams], versions[turn % streams]))
            versions[turn % streams] += 1
            turn += 1

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield versions
    finally:
        stop.set()
        thread.join()


def published(database: Database) -> int:
    ((position,),) = database.query("SELECT position FROM es.relay_cursor")
    return int(position)


def has_moved(database: Database, position: int) -> bool:
    return published(database) > position


def settled(database: Database, count: int) -> bool:
    return published(database) == count


def heard(vhost: Vhost) -> list[Recorded[Any]]:
    connection = pika.BlockingConnection(pika.URLParameters(vhost.admin_url))
    channel = connection.channel()
    found = []
    for _, properties, body in channel.consume("projector", auto_ack=True, inactivity_timeout=0.5):
        if body is None:
            break
        found.append(message.parse(body, properties.headers))
    connection.close()
    return found


def assert_whole(events: list[Recorded[Any]], versions: list[int], interruptions: int) -> None:
    positions = [event.position or 0 for event in events]
    first_times = {event.position: event for event in events}.values()

    assert sorted(set(positions)) == list(range(1, sum(versions) + 1))
    assert list(dict.fromkeys(positions)) == sorted(set(positions))
    assert len(positions) - len(set(positions)) <= interruptions * WINDOW
    by_stream: dict[str, list[int]] = {}
    for event in first_times:
        by_stream.setdefault(event.stream, []).append(event.version)
    assert sorted(len(found) for found in by_stream.values()) == sorted(version for version in versions if version)
    assert all(found == list(range(1, len(found) + 1)) for found in by_stream.values())


def test_the_leader_is_killed_and_another_takes_over_within_five_seconds(database: Database, vhost: Vhost) -> None:
    first_url, second_url = database.url("relay"), database.url("relay")
    with (
        relay_process(first_url, vhost.url("relay")) as first,
        relay_process(second_url, vhost.url("relay")) as second,
        writing(database) as versions,
    ):
        until(lambda: first.leads or second.leads)
        assert not (first.leads and second.leads)
        leader, standby = (first, second) if first.leads else (second, first)
        until(lambda: published(database) > 200)
        leader.kill()
        stood_at = published(database)
        takeover = until(lambda: published(database) > stood_at)
        assert standby.leads
        assert takeover < 5
        until(lambda: published(database) > stood_at + 200)
    with relay_process(first_url, vhost.url("relay")):
        until(lambda: settled(database, sum(versions)))

    assert_whole(heard(vhost), versions, interruptions=2)


def test_a_frozen_leader_loses_its_place_within_five_seconds(database: Database, vhost: Vhost) -> None:
    with (
        relay_process(database.url("relay"), vhost.url("relay")) as first,
        writing(database) as versions,
    ):
        until(lambda: first.leads)
        with relay_process(database.url("relay"), vhost.url("relay")) as second:
            until(lambda: published(database) > 100)
            first.signal(signal.SIGSTOP)
            stood_at = published(database)
            takeover = until(lambda: published(database) > stood_at + 10)
            assert takeover < 5
            assert second.metric("wuji_relay_leader") == 1
            first.signal(signal.SIGCONT)
            until(lambda: not first.leads)
            until(lambda: published(database) > stood_at + 200)
    with relay_process(database.url("relay"), vhost.url("relay")):
        until(lambda: settled(database, sum(versions)))

    assert_whole(heard(vhost), versions, interruptions=2)


def test_a_relay_killed_again_and_again_loses_nothing(database: Database, vhost: Vhost) -> None:
    with writing(database) as versions:
        for _ in range(4):
            with relay_process(database.url("relay"), vhost.url("relay")) as relay:
                until(partial(has_moved, database, published(database)))
                relay.kill()
    with relay_process(database.url("relay"), vhost.url("relay")) as relay:
        until(lambda: settled(database, sum(versions)))
        relay.signal(signal.SIGTERM)

        assert relay.process.wait(10) == 0

    assert_whole(heard(vhost), versions, interruptions=4)


def test_readyz_says_what_is_missing(database: Database, vhost: Vhost) -> None:
    with relay_process(database.url("relay"), vhost.url("relay")) as relay:
        until(lambda: relay.ready()[0] == 200)
        vhost.management.delete("queues", vhost.name, "projector")
        database.log("intake").append(adding(new_stream(), 0))
        until(lambda: relay.ready()[0] == 503)

        assert "no queue wants report.verified at position 1: run wuji topology" in relay.ready()[1]
        until(lambda: relay.metric("wuji_relay_depth") == 1)
        vhost.apply()
        until(lambda: relay.ready()[0] == 200)
        until(lambda: relay.metric("wuji_relay_depth") == 0)
        assert relay.metric("wuji_relay_published_total") == 1
