"""The log on PostgreSQL keeps its promises."""

from __future__ import annotations

import pytest

from shared.postgres import PostgresLog
from tests.support.database import Database
from tests.support.log_contract import *  # noqa: F403 (the suite)

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def log(module_database: Database) -> PostgresLog:
    return module_database.log("intake")
