"""The real PostgreSQL and RabbitMQ that the tests talk to.

WUJI_TEST_DATABASE_URL, WUJI_TEST_AMQP_URL and WUJI_TEST_MANAGEMENT_URL name running ones; without them a private pair
is started in `.run-test` (or WUJI_TEST_RUN_DIR) for the session, and stopped and deleted at its end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local.places import PROJECT, RunDir
from deploy.local.progress import Progress
from deploy.local.servers import Servers as PrivateServers

NAMES = ("WUJI_TEST_DATABASE_URL", "WUJI_TEST_AMQP_URL", "WUJI_TEST_MANAGEMENT_URL")

POSTGRES_FOR_TESTS = """\
# Durable as in production; only what costs a test suite time without changing what is tested is different.
shared_buffers = 128MB
max_connections = 300
autovacuum_naptime = 20s
"""


@dataclass(frozen=True)
class Servers:
    """Administrator's addresses of the two servers."""

    database_url: str
    amqp_url: str
    management_url: str


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """The servers named by the environment, else a private pair that lives as long as the session."""
    named = [os.environ.get(name) for name in NAMES]
    if all(named):
        yield Servers(*(name or "" for name in named))
        return
    if any(named):
        raise pytest.UsageError(f"set all of {', '.join(NAMES)}, or none")
    run = RunDir.chosen(os.environ.get("WUJI_TEST_RUN_DIR") or PROJECT / ".run-test")
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled(), Progress() as progress:
        private = PrivateServers.of(run, progress)
        private.start(progress, postgres_settings=POSTGRES_FOR_TESTS)
    try:
        yield Servers(private.postgres.url(), private.rabbitmq.amqp_url("%2F"), private.rabbitmq.management_url())
    finally:
        private.stop()
        run.remove()
