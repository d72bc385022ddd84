"""The relay while its servers stop, die and run out of memory: private servers, so that nobody else is disturbed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.places import RunDir
from deploy.local.progress import Progress
from deploy.local.servers import Servers as PrivateServers
from tests.support.broker import Vhost, make_vhost
from tests.support.database import Database, fresh_database
from tests.support.relays import assert_whole, has_moved, heard, published, relay_process, settled, until, writing
from tests.support.servers import Servers

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.slow]


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServers]:
    run = RunDir.chosen(tmp_path_factory.mktemp("run"))
    with Progress(quiet=True) as progress:
        found = PrivateServers.of(run, progress)
        found.start(progress)
    yield found
    found.stop()
    run.remove()


@pytest.fixture
def servers(private: PrivateServers) -> Servers:
    rabbitmq = private.rabbitmq
    return Servers(private.postgres.url(), rabbitmq.amqp_url(), rabbitmq.management_url())


@pytest.fixture
def database(servers: Servers) -> Iterator[Database]:
    with fresh_database(servers.database_url) as fresh:
        yield fresh


@pytest.fixture
def vhost(servers: Servers) -> Iterator[Vhost]:
    made = make_vhost(servers, ())
    yield made
    made.delete()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_broker_restarts(private: PrivateServers, database: Database, vhost: Vhost, how: str) -> None:
    with relay_process(database.url("relay"), vhost.url("relay")) as relay:
        with writing(database) as versions:
            until(lambda: published(database) > 100)
            getattr(private.rabbitmq, how)()
            until(lambda: relay.ready()[0] == 503)
            assert '"broker"' in relay.ready()[1]
            private.rabbitmq.start()
            private.rabbitmq.wait()
            stood_at = published(database)
            until(lambda: has_moved(database, stood_at))
        until(lambda: settled(database, sum(versions)), 60)
        until(lambda: relay.ready()[0] == 200)
        assert relay.process.poll() is None

    assert_whole(heard(vhost), versions, interruptions=2)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_database_restarts(private: PrivateServers, database: Database, vhost: Vhost, how: str) -> None:
    with relay_process(database.url("relay"), vhost.url("relay")) as relay:
        with writing(database) as versions:
            until(lambda: published(database) > 100)
            getattr(private.postgres, how)()
            until(lambda: relay.ready()[0] == 503)
            assert '"database"' in relay.ready()[1]
            private.postgres.start()
            private.postgres.wait()
            until(lambda: relay.leads)
            stood_at = published(database)
            until(lambda: has_moved(database, stood_at))
        until(lambda: settled(database, sum(versions)), 60)
        assert relay.process.poll() is None

    assert_whole(heard(vhost), versions, interruptions=2)


def control(private: PrivateServers, *arguments: str) -> None:
    program = Path(private.rabbitmq.programs) / "rabbitmqctl"
    environment = private.rabbitmq.environment()
    subprocess.run([str(program), *arguments], env=environment, check=True, capture_output=True, timeout=180)


@pytest.mark.long
def test_a_broker_without_memory_makes_the_relay_wait_and_say_so(
    private: PrivateServers, database: Database, vhost: Vhost
) -> None:
    with relay_process(database.url("relay"), vhost.url("relay")) as relay:
        with writing(database) as versions:
            until(lambda: published(database) > 50)
            control(private, "set_vm_memory_high_watermark", "absolute", "1MB")
            until(lambda: relay.ready()[0] == 503)
            assert "the broker takes nothing at present" in relay.ready()[1]
            until(lambda: (relay.metric("wuji_relay_depth") or 0) > 20)
            control(private, "set_vm_memory_high_watermark", "0.6")
            until(lambda: relay.ready()[0] == 200)
        until(lambda: settled(database, sum(versions)))

    assert_whole(heard(vhost), versions, interruptions=1)
