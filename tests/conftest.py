"""Fixtures that every kind of test may ask for; each lives in the support module of its name."""

from __future__ import annotations

from hypothesis import settings

# How long one example takes says more about the machine than about the code. The same examples every time: what a
# change breaks is then the change's doing. `make soak` looks for new ones.
settings.register_profile("wuji", deadline=None, derandomize=True)
settings.register_profile("soak", deadline=None)
settings.load_profile("wuji")

pytest_plugins = [
    "tests.support.servers",
    "tests.support.database",
    "tests.support.broker",
    "tests.support.stack",
    "tests.support.browser",
]
