"""Replays: events of the past brought once more, each replay with a cursor and an end of its own."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from shared.contracts.message import Message
from shared.contracts.public import REPLAY
from shared.courier.feed import SharedFeed
from shared.courier.lane import SEQUENCE
from shared.courier.ports import Interrupted, Outlet, Route, Routes
from shared.kernel.errors import Unavailable, WujiError
from shared.telemetry.logs import logger

WINDOW = 2000
"""Messages on their way at the same time: also the most that is ever brought twice."""
_IDLE = 0.3
_PULSES = 5
"""A limited replay sends this often in a second."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay that is not at its end."""

    replay_id: UUID
    subscription_id: UUID
    position: int
    """Everything up to here was brought."""
    until: int
    rate: int | None
    is_live: bool
    """Whether it goes the way of every day, rather than into a queue of its own."""


class Replays(Protocol):
    """Where replays are. Every method raises Unavailable."""

    def running(self) -> Sequence[Replay]:
        """Those to be brought on, oldest first."""

    def advance(self, replay_id: UUID, before: int, after: int, delivered: int) -> bool:
        """Move on; False when it is not there any more, or not running."""

    def failed(self, replay_id: UUID, error: str) -> None:
        """Remember why the last attempt did not succeed."""

    def done(self, replay_id: UUID) -> None:
        """It is at its end."""

    def cancel(self, replay_id: UUID, reason: str) -> None:
        """There is nobody to bring it to."""


@dataclass(slots=True)
class _Run:
    """One replay while we serve it."""

    replay: Replay
    position: int
    outlet: Outlet | None = None
    failures: int = 0
    due_at: float = field(default_factory=time.monotonic)


OutletOf = Callable[[Replay, Route], Outlet]
Room = Callable[[Replay, Route], int]
"""How many messages may be sent now, so that a queue that nobody reads does not grow without end."""


class Replayer(threading.Thread):
    """One thread of the leading courier; the replays take turns, one window each."""

    def __init__(
        self,
        replays: Replays,
        routes: Routes,
        feed: SharedFeed,
        outlet: OutletOf,
        room: Room,
        *,
        breathe: Callable[[], None] = lambda: None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name="replayer", daemon=True)
        self.trouble: str | None = None
        self._replays = replays
        self._routes = routes
        self._feed = feed
        self._outlet_of = outlet
        self._room_of = room
        self._breathe = breathe
        self._close = close
        self._stopping = threading.Event()
        self._runs: dict[UUID, _Run] = {}
        self._log = logger("courier")

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Until stopped; whatever did not succeed is tried again."""
        while not self._stopping.is_set():
            self._breathe()
            try:
                worked = self.turn()
                self.trouble = None
            except WujiError as error:
                worked = False
                if self.trouble is None:
                    self._log.warning("courier.trouble", lane="replayer", says=str(error))
                self.trouble = str(error)
            if not worked:
                self._stopping.wait(_IDLE if not self._runs else 0.02)
        self._forget(set())
        self._close()

    def turn(self) -> bool:
        """One window for each; whether anything was done."""
        running = self._replays.running()
        self._forget({one.replay_id for one in running})
        if not running:
            return False
        routes = {route.subscription_id: route for route in self._routes.current()}
        worked = False
        for replay in running:
            run = self._runs.setdefault(replay.replay_id, _Run(replay, replay.position))
            worked = self._step(run, routes.get(replay.subscription_id)) or worked
        return worked

    def _step(self, run: _Run, route: Route | None) -> bool:
        replay = run.replay
        if route is None or route.is_over:
            self._replays.cancel(replay.replay_id, "the subscription is over")
            return True
        if (replay.is_live and not route.is_active) or time.monotonic() < run.due_at:
            return False
        if run.position >= replay.until:
            self._replays.done(replay.replay_id)
            self._log.info("courier.replayed", subscription=route.name, replay=str(replay.replay_id))
            return True
        try:
            return self._bring(run, route)
        except WujiError as error:
            # Also what waiting does not mend: the others go on, and the replay says what is wrong.
            run.failures += 1
            run.due_at = time.monotonic() + min(0.5 * 2 ** min(run.failures - 1, 10), 30.0)
            self._replays.failed(replay.replay_id, str(error))
            return False

    def _bring(self, run: _Run, route: Route) -> bool:
        if run.outlet is None:
            run.outlet = self._outlet_of(run.replay, route)
        rows = self._feed.after(run.position)[: min(WINDOW, run.replay.until - run.position)]
        if not rows:
            return False
        room = self._room(run, route)
        if room == 0:
            run.due_at = time.monotonic() + 1.0
            return False
        chosen = route.select(rows)
        sent = [marked(message, run.replay.replay_id) for message in chosen[:room]]
        problem: Unavailable | None = None
        delivered = 0
        try:
            delivered = run.outlet.deliver(sent) if sent else 0
        except Interrupted as error:
            delivered, problem = error.delivered, error
        reached = rows[-1].position if delivered == len(chosen) else int(chosen[delivered].headers[SEQUENCE]) - 1
        self._advance(run, reached, delivered)
        if run.replay.rate is not None:
            run.due_at = max(run.due_at, time.monotonic() - 1.0) + delivered / run.replay.rate
        if problem is not None:
            raise problem
        run.failures = 0
        return True

    def _room(self, run: _Run, route: Route) -> int:
        room = self._room_of(run.replay, route)
        rate = run.replay.rate
        return room if rate is None else min(room, max(1, rate // _PULSES))

    def _advance(self, run: _Run, reached: int, delivered: int) -> None:
        if reached == run.position and not delivered:
            return
        if self._replays.advance(run.replay.replay_id, run.position, reached, delivered):
            run.position = reached
        else:
            self._drop(run.replay.replay_id)

    def _forget(self, present: set[UUID]) -> None:
        for gone in self._runs.keys() - present:
            self._drop(gone)

    def _drop(self, replay_id: UUID) -> None:
        run = self._runs.pop(replay_id, None)
        if run is not None and run.outlet is not None:
            run.outlet.close()


def marked(message: Message, replay_id: UUID) -> Message:
    """The message as part of a replay."""
    return dataclasses.replace(message, headers={**message.headers, REPLAY: str(replay_id)})
