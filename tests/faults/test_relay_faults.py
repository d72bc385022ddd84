"""Relays as real processes, killed and frozen in the midst of their work: nothing is lost, little comes twice."""

from __future__ import annotations

import signal
from functools import partial

import pytest

from tests.support.appends import adding, new_stream
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.relays import assert_whole, has_moved, heard, published, relay_process, settled, until, writing

pytestmark = [pytest.mark.integration, pytest.mark.faults]


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


def test_a_frozen_leader_loses_its_place_to_the_one_that_waits(database: Database, vhost: Vhost) -> None:
    with (
        relay_process(database.url("relay"), vhost.url("relay")) as first,
        writing(database) as versions,
    ):
        until(lambda: first.leads)
        with relay_process(database.url("relay"), vhost.url("relay")) as second:
            until(lambda: published(database) > 100)
            first.signal(signal.SIGSTOP)
            stood_at = published(database)
            until(lambda: published(database) > stood_at + 10)
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
