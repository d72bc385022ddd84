"""The real PostgreSQL and RabbitMQ that the tests talk to."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Servers:
    """Administrator's addresses of the two servers."""

    database_url: str
    amqp_url: str
    management_url: str


@pytest.fixture(scope="session")
def servers() -> Servers:
    """Servers named by the environment."""
    return Servers(
        os.environ["WUJI_TEST_DATABASE_URL"], os.environ["WUJI_TEST_AMQP_URL"], os.environ["WUJI_TEST_MANAGEMENT_URL"]
    )
