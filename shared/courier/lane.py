"""A lane brings events to some subscriptions, one window each in turn; a lane of its own keeps a slow one to itself.

The only promise about a place in the log: it moves after the outlet has said that everything before it is safe. So
whatever dies, at most one window is brought twice, and nothing is left out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.message import Message
from shared.courier.feed import SharedFeed
from shared.courier.ports import Interrupted, Outlet, Places, Route
from shared.kernel.errors import Unavailable, WujiError
from shared.telemetry import metrics
from shared.telemetry.logs import logger

SEQUENCE = "ce-sequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often; times in seconds."""

    window: int = 500
    """Messages on their way to one subscriber at the same time: also the most that is ever brought twice."""
    idle: float = 0.05
    """A lane with nothing to do looks for events this often."""
    save: float = 1.0
    """A place that moves over events that the subscriber does not want is written down this often."""
    first_retry: float = 0.5
    longest_retry: float = 30.0
    slow: float = 2.0
    """A delivery that takes longer keeps the others of a lane waiting."""


@dataclass(slots=True)
class _Cursor:
    """One subscription's place while a lane serves it."""

    revision: int
    saved: int
    position: int
    saved_at: float
    failures: int = 0
    retry_at: float = 0.0


class Lane(threading.Thread):
    """One thread. `routes` may be replaced at any time by another thread."""

    def __init__(
        self,
        name: str,
        feed: SharedFeed,
        places: Places,
        outlet: Callable[[Route], Outlet],
        pace: Pace | None = None,
        *,
        breathe: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name=f"lane {name}", daemon=True)
        self.routes: Sequence[Route] = ()
        self.trouble: str | None = None
        """What the lane itself cannot do, and every subscription in it feels."""
        self.late: dict[UUID, bool] = {}
        """Whether the last delivery to a subscription failed or took long. Read by another thread."""
        self._feed = feed
        self._places = places
        self._outlet_of = outlet
        self._breathe = breathe
        self._pace = pace or Pace()
        self._stopping = threading.Event()
        self._cursors: dict[UUID, _Cursor] = {}
        self._outlets: dict[UUID, tuple[int, Outlet]] = {}
        self._log = logger("courier")

    def stop(self) -> None:
        """Finish the window that is on its way, then end."""
        self._stopping.set()

    def run(self) -> None:
        """Serve until stopped."""
        try:
            while not self._stopping.is_set():
                self._breathe()
                if not self._round():
                    self._stopping.wait(self._pace.idle)
        finally:
            for _, outlet in self._outlets.values():
                outlet.close()

    def _round(self) -> bool:
        """One window for each; whether anything was done."""
        routes = self.routes
        self._forget({route.subscription_id for route in routes})
        worked = False
        for route in routes:
            if self._stopping.is_set():
                return True
            try:
                worked = self._step(route) or worked
                self.trouble = None
            except WujiError as error:
                self._cursors.pop(route.subscription_id, None)
                self._say(str(error))
                self._stopping.wait(self._pace.first_retry)
            except Exception as error:  # noqa: BLE001 # a bug that one subscription meets must not stop the others
                self._broken(route, error)
        return worked

    def _step(self, route: Route) -> bool:
        cursor = self._cursor(route)
        if time.monotonic() < cursor.retry_at:
            return False
        window = self._feed.after(cursor.position)[: self._pace.window]
        if not window:
            self._save(route, cursor, cursor.position, 0)
            return False
        messages = route.select(window)
        if not messages:
            cursor.position = window[-1].position
            if time.monotonic() - cursor.saved_at >= self._pace.save:
                self._save(route, cursor, cursor.position, 0)
            return True
        delivered, problem = self._deliver(route, messages)
        reached = window[-1].position if delivered == len(messages) else _position(messages[delivered]) - 1
        self._save(route, cursor, max(reached, cursor.saved), delivered)
        metrics.SUBSCRIPTION_DELIVERED.labels(route.name).inc(delivered)
        if problem is not None:
            self._failed(route, cursor, problem)
        else:
            cursor.failures = 0
        return True

    def _deliver(self, route: Route, messages: Sequence[Message]) -> tuple[int, str | None]:
        began, problem = time.monotonic(), None
        try:
            done = self._outlet(route).deliver(messages)
            problem = None if done else "nothing was taken"
        except Interrupted as error:
            done, problem = error.delivered, str(error)
        except Unavailable as error:
            done, problem = 0, str(error)
        self.late[route.subscription_id] = problem is not None or time.monotonic() - began > self._pace.slow
        return done, problem

    def _failed(self, route: Route, cursor: _Cursor, problem: str) -> None:
        cursor.failures += 1
        wait = min(self._pace.first_retry * 2 ** min(cursor.failures - 1, 10), self._pace.longest_retry)
        cursor.retry_at = time.monotonic() + wait
        if cursor.failures == 1:
            self._log.warning("courier.not_delivered", subscription=route.name, says=problem)
        self._places.failed(route.subscription_id, problem)

    def _broken(self, route: Route, error: Exception) -> None:
        """Something that we did not foresee: it is said, and this subscription waits before it meets it again."""
        problem = f"{type(error).__name__}: {error}"
        self._log.error("courier.broken", subscription=route.name, says=problem, exc_info=error)
        cursor = self._cursors.get(route.subscription_id)
        if cursor is not None:
            cursor.retry_at = time.monotonic() + self._pace.longest_retry
        self._places.failed(route.subscription_id, problem)

    def _save(self, route: Route, cursor: _Cursor, position: int, delivered: int) -> None:
        cursor.position = position
        cursor.saved_at = time.monotonic()
        if position == cursor.saved and not delivered:
            return
        if self._places.advance(route.subscription_id, cursor.saved, position, delivered):
            cursor.saved = position
        else:
            # Somebody put it to another place meanwhile: that place counts.
            del self._cursors[route.subscription_id]

    def _cursor(self, route: Route) -> _Cursor:
        found = self._cursors.get(route.subscription_id)
        if found is None or found.revision != route.revision:
            position = self._places.of(route.subscription_id)
            found = _Cursor(route.revision, position, position, time.monotonic())
            self._cursors[route.subscription_id] = found
        return found

    def _outlet(self, route: Route) -> Outlet:
        known = self._outlets.get(route.subscription_id)
        if known is not None and known[0] == route.generation:
            return known[1]
        if known is not None:
            known[1].close()
        made = self._outlet_of(route)
        self._outlets[route.subscription_id] = (route.generation, made)
        return made

    def _forget(self, present: set[UUID]) -> None:
        """What is paused or over is read anew when it comes back, from the place that is written down."""
        for gone in self._cursors.keys() - present:
            del self._cursors[gone]
        for gone in self.late.keys() - present:
            del self.late[gone]
        for gone in self._outlets.keys() - present:
            self._outlets.pop(gone)[1].close()

    def _say(self, text: str) -> None:
        if self.trouble != text:
            self._log.warning("courier.trouble", lane=self.name, says=text)
        self.trouble = text


def _position(message: Message) -> int:
    return int(message.headers[SEQUENCE])
