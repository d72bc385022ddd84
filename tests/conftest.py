"""Fixtures that every kind of test may ask for; each lives in the support module of its name."""

from __future__ import annotations

pytest_plugins = [
    "tests.support.servers",
    "tests.support.database",
    "tests.support.broker",
    "tests.support.stack",
    "tests.support.browser",
]
