"""The log in memory keeps the promises of the real one."""

from __future__ import annotations

import pytest

from tests.support.log_contract import *  # noqa: F403 (the suite)
from tests.support.memory import MemoryLog


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog("intake")
