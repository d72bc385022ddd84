"""The courier: leads or stands by, follows the subscriptions, and gives each to a lane."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from shared.courier.feed import SharedFeed
from shared.courier.keeper import Keeper
from shared.courier.lane import Lane, Pace
from shared.courier.ports import Crew, Outlet, Places, Route, Routes
from shared.kernel.errors import Unavailable, WujiError
from shared.postgres.leader import Leader
from shared.telemetry import metrics
from shared.telemetry.logs import logger

LOCK = 0x77756A6B
"""The advisory lock of the leading courier: the one after the relay's."""

Outlets = Callable[[Route], Outlet]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of subscription is served."""

    outlet: Outlets
    is_shared: bool
    """Whether one lane serves them all: only where no subscriber can make the others wait."""
    breathe: Callable[[], None] = lambda: None
    """Called by the lane in turn, whatever there is to do: connections answer heartbeats there."""
    aside: Kind | None = None
    """For a shared lane: a second one with a connection of its own, for those whose delivery fails or takes long. They
    come back after a delivery that did neither."""


@dataclass(slots=True, kw_only=True)
class Parts:
    """What a courier is put together from; made anew each time it takes the lead."""

    feed: SharedFeed
    routes: Routes
    places: Places
    kinds: Mapping[str, Kind]
    keeper: Keeper | None = None
    crew: Mapping[str, Crew] = field(default_factory=dict)
    """What else is done meanwhile, by name; not started yet."""
    trouble: Callable[[], Mapping[str, str]] = field(default=dict)
    """What is wrong with connections, by name."""
    close: Callable[[], None] = field(default=lambda: None)


class Courier:
    """One process. `run` blocks; `stop` may be called from a signal handler."""

    def __init__(
        self, database_url: str, make: Callable[[], Parts], *, pace: Pace | None = None, refresh: float = 0.3
    ) -> None:
        self._database_url = database_url
        self._make = make
        self._pace = pace or Pace()
        self._refresh = refresh
        self._stopping = threading.Event()
        self._problems: dict[str, str] = {"database": "not connected yet"}
        self._parts: Parts | None = None
        self._lanes: dict[str, Lane] = {}
        self._aside: set[UUID] = set()
        self._shown: set[str] = set()
        self._measured = float("-inf")
        self._log = logger("courier")
        self.leading = False

    def stop(self) -> None:
        """Finish the windows that are on their way, then return from `run`."""
        self._stopping.set()

    def problems(self) -> dict[str, str]:
        """What is wrong right now, by name: `database`, `broker`, `partners`, `feed`."""
        wrong = dict(self._problems)
        parts = self._parts
        if self.leading and parts is not None:
            wrong |= parts.trouble()
            if parts.keeper is not None and parts.keeper.trouble is not None:
                wrong["partners"] = parts.keeper.trouble
            stuck = [lane.trouble for lane in tuple(self._lanes.values()) if lane.trouble is not None]
            wrong |= {"feed": stuck[0]} if stuck else {}
            wrong |= {name: one.trouble for name, one in parts.crew.items() if one.trouble is not None}
        return wrong

    def run(self) -> None:
        """Lead whenever possible, until stopped."""
        while not self._stopping.is_set():
            try:
                self._take_part()
            except WujiError as error:
                self._problem(str(error))
                self._stopping.wait(1.0)

    def _take_part(self) -> None:
        leader = Leader(self._database_url, LOCK, application="wuji courier")
        try:
            self._problems.clear()
            metrics.COURIER_LEADER.set(0)
            while not leader.try_to_lead():
                if self._stopping.wait(0.5):
                    return
            self._lead(leader)
        finally:
            self._step_down()
            leader.close()

    def _lead(self, leader: Leader) -> None:
        parts = self._parts = self._make()
        self.leading = True
        metrics.COURIER_LEADER.set(1)
        self._log.info("courier.leads")
        if parts.keeper is not None:
            parts.keeper.start()
        for one in parts.crew.values():
            one.start()
        while not self._stopping.is_set():
            if not leader.leads():
                raise Unavailable("the leader's lock is gone")
            if ended := [name for name, one in parts.crew.items() if not one.is_alive()]:
                raise Unavailable(f"{', '.join(ended)}: the thread has ended; the log says why")
            self._follow(parts)
            self._measure(parts)
            self._stopping.wait(self._refresh)

    def _follow(self, parts: Parts) -> None:
        """Give every active subscription to its lane, and take the others out."""
        routes = parts.routes.current()
        if parts.keeper is not None:
            parts.keeper.routes = routes
        held = parts.keeper.held if parts.keeper is not None else frozenset()
        active = [route for route in routes if route.is_active and route.subscription_id not in held]
        lanes = self._lanes_for(active, parts.kinds)
        for name, (kind, served) in lanes.items():
            lane = self._lanes.get(name)
            if served and (lane is None or not lane.is_alive()):
                lane = Lane(name, parts.feed, parts.places, kind.outlet, self._pace, breathe=kind.breathe)
                self._lanes[name] = lane
                lane.routes = served
                lane.start()
            elif lane is not None:
                lane.routes = served
        for name in [name for name in self._lanes if name not in lanes]:
            self._end([self._lanes.pop(name)], patience=0)

    def _lanes_for(self, routes: Sequence[Route], kinds: Mapping[str, Kind]) -> dict[str, tuple[Kind, list[Route]]]:
        """Which lane serves whom. Whoever makes others wait goes aside, until a delivery went well again."""
        last = [pair for lane in self._lanes.values() for pair in tuple(lane.late.items())]
        self._aside |= {subscription_id for subscription_id, is_late in last if is_late}
        self._aside -= {subscription_id for subscription_id, is_late in last if not is_late}
        shared = {name: kind for name, kind in kinds.items() if kind.is_shared}
        shared |= {_aside(name): kind.aside for name, kind in shared.items() if kind.aside is not None}
        # A shared lane stays even when it is empty: two of them must never use one connection at the same time.
        lanes: dict[str, tuple[Kind, list[Route]]] = {
            name: (shared[name], []) for name in self._lanes if name in shared
        }
        for route in routes:
            kind = kinds.get(route.kind)
            if kind is None:
                continue
            name = route.kind if kind.is_shared else f"{route.kind} {route.name}"
            if kind.aside is not None and route.subscription_id in self._aside:
                name, kind = _aside(name), kind.aside
            lanes.setdefault(name, (kind, []))[1].append(route)
        return lanes

    def _measure(self, parts: Parts) -> None:
        if time.monotonic() - self._measured < 2.0:
            return
        self._measured = time.monotonic()
        standings = {one.name: one for one in parts.places.standings()}
        for what, gauge in metrics.SUBSCRIPTION_STANDING.items():
            for name, one in standings.items():
                gauge.labels(name).set(getattr(one, what))
            for gone in self._shown - standings.keys():
                gauge.remove(gone)
        self._shown = set(standings)

    def _step_down(self) -> None:
        if self.leading:
            self._log.info("courier.stepped_down")
        self.leading = False
        metrics.COURIER_LEADER.set(0)
        lanes, self._lanes = tuple(self._lanes.values()), {}
        self._aside.clear()
        self._shown.clear()
        for gauge in metrics.SUBSCRIPTION_STANDING.values():
            gauge.clear()  # another one knows better now
        parts, self._parts = self._parts, None
        if parts is not None and parts.keeper is not None:
            parts.keeper.stop()
        self._end((*lanes, *(parts.crew.values() if parts is not None else ())), patience=25.0)
        if parts is not None:
            parts.close()

    @staticmethod
    def _end(threads: Sequence[Lane | Crew], patience: float) -> None:
        for thread in threads:
            thread.stop()
        deadline = time.monotonic() + patience
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _problem(self, text: str) -> None:
        if self._problems.get("database") != text:
            self._log.warning("courier.trouble", about="database", says=text)
        self._problems["database"] = text


def _aside(kind: str) -> str:
    return f"{kind}, aside"
