"""The real PostgreSQL and RabbitMQ that the tests talk to.

WUJI_TEST_DATABASE_URL, WUJI_TEST_AMQP_URL and WUJI_TEST_MANAGEMENT_URL name running ones; without them a private pair
is started in `.run-test` (or WUJI_TEST_RUN_DIR) for the session, and stopped and deleted at its end. Tests that run
side by side (`pytest -n 3`) share one pair: every test has databases and virtual hosts of its own on it anyway.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

import pytest

from deploy.local.places import PROJECT, RunDir
from deploy.local.progress import Progress
from deploy.local.servers import Servers as PrivateServers

NAMES = ("WUJI_TEST_DATABASE_URL", "WUJI_TEST_AMQP_URL", "WUJI_TEST_MANAGEMENT_URL")

POSTGRES_FOR_TESTS = """\
# Only what costs a test suite time without changing what is tested is different: without fsync everything survives as
# before but the power's going off, which no test can do.
fsync = off
full_page_writes = off
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


_SIDE_BY_SIDE = pytest.StashKey[Any]()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before the processes of a run side by side begin: they inherit the addresses of the one pair."""
    is_controller = bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")
    needs_none = config.option.collectonly or "not integration" in config.option.markexpr
    if not is_controller or needs_none or any(os.environ.get(name) for name in NAMES):
        return
    pair = _private_pair()
    config.stash[_SIDE_BY_SIDE] = pair
    os.environ.update(zip(NAMES, astuple(pair.__enter__()), strict=True))


def pytest_unconfigure(config: pytest.Config) -> None:
    if pair := config.stash.get(_SIDE_BY_SIDE, None):
        for name in NAMES:
            del os.environ[name]
        pair.__exit__(None, None, None)


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """The servers named by the environment, else a private pair that lives as long as the session."""
    named = [os.environ.get(name) for name in NAMES]
    if all(named):
        yield Servers(*(name or "" for name in named))
        return
    if any(named):
        raise pytest.UsageError(f"set all of {', '.join(NAMES)}, or none")
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    pair = _private_pair()
    with capture.global_and_fixture_disabled():
        found = pair.__enter__()
    try:
        yield found
    finally:
        pair.__exit__(None, None, None)


@contextmanager
def _private_pair() -> Iterator[Servers]:
    run = RunDir.chosen(os.environ.get("WUJI_TEST_RUN_DIR") or PROJECT / ".run-test")
    with Progress() as progress:
        private = PrivateServers.of(run, progress)
        private.start(progress, postgres_settings=POSTGRES_FOR_TESTS)
    try:
        yield Servers(private.postgres.url(), private.rabbitmq.amqp_url("%2F"), private.rabbitmq.management_url())
    finally:
        private.stop()
        run.remove()
