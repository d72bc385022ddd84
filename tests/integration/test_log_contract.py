"""The log on PostgreSQL keeps its promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.postgres import PostgresLog
from tests.support.database import Database
from tests.support.log_contract import *  # noqa: F403 (the suite)

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def log(module_database: Database) -> Iterator[PostgresLog]:
    yield module_database.log("intake")
