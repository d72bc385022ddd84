"""The time during which the service's own database is away, and no message can be worked on.

A message is not to blame for it, so it climbs no ladder: consuming pauses until the database answers again.
"""

from __future__ import annotations

from typing import Any

import eventlet

from shared.kernel.errors import Unavailable

_PATIENCE = 3.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
NO_ANSWER = f"the database did not answer within {_PATIENCE:g} s"


class Outage:
    """Begins when a handler could not reach the database and it is really away; ends when it answers."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self.reason: str | None = None
        """What the database, or the lack of one, says; None as long as it is there."""

    def noticed(self, error: Exception) -> bool:
        """Whether `error` comes from the database's being away. The first to notice starts the wait for its return."""
        if not isinstance(error, Unavailable):
            return False
        if self.reason is None:
            found = self._ask()
            if found is None:
                return False
            if self.reason is None:
                self.reason = found
                eventlet.spawn_n(self._wait)
        return True

    def _wait(self) -> None:
        pause = _FIRST_PAUSE
        while self.reason is not None:
            eventlet.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
            self.reason = self._ask()

    def _ask(self) -> str | None:
        """What is wrong with the database; None when it answers, or when the service has none."""
        pool = self._container.config.get("wuji.pool")
        if pool is None:
            return None
        with eventlet.Timeout(_PATIENCE, False):
            return _trouble(pool)
        return NO_ANSWER


def _trouble(pool: Any) -> str | None:
    """On a connection of its own: that all of the pool's are busy says nothing about the database."""
    try:
        pool.probe()
    except Unavailable as error:
        return str(error)
    return None
