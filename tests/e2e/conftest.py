"""The test that looks at what a whole run left in the log comes after everything that writes there."""

from __future__ import annotations

import pytest

LAST = "test_what_the_log_knows.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == LAST)
