"""Keeps the departments' virtual host in shape beside the delivery: queues and accounts, counts, what was dropped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from shared.courier.drops import Drops
from shared.courier.ports import Places, Route
from shared.kernel.errors import WujiError
from shared.rabbitmq.management import Management
from shared.rabbitmq.partners import Account, Measured, Names, measure, provision
from shared.rabbitmq.topology import Topology
from shared.telemetry.logs import logger

Shape = Callable[[Sequence[Account]], Topology]
"""The virtual host for these accounts."""
_QUIET = 0.2
_FULL = "its queue is full and nobody reads it: it is kept waiting until somebody does"


class Keeper(threading.Thread):
    """One thread of the leading courier."""

    def __init__(
        self,
        management: Management,
        shape: Shape,
        places: Places,
        drops: Drops,
        *,
        full: int = 1 << 62,
        look: float = 3.0,
        whole: float = 60.0,
    ) -> None:
        """A queue of `full` messages that nobody reads gets nothing more. `look`: queues are counted this often;
        `whole`: the shape is compared this often even if nothing changed.
        """
        super().__init__(name="keeper", daemon=True)
        self.routes: Sequence[Route] | None = None
        """Set by another thread as soon as it knows them."""
        self.trouble: str | None = None
        self.held: frozenset[UUID] = frozenset()
        """Subscriptions whose queue is full and that nobody reads: more would only push out what waits there, and cost
        everybody something. Their place is kept, so they hear all of it later."""
        self._management = management
        self._shape = shape
        self._places = places
        self._drops = drops
        self._full = full
        self._look = look
        self._whole = whole
        self._stopping = threading.Event()
        self._made: dict[str, tuple[int, bool]] | None = None
        self._made_at = self._looked_at = float("-inf")
        self._log = logger("courier")

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Until stopped; whatever is missing is tried again."""
        while not self._stopping.is_set():
            if self.routes is None:
                self._stopping.wait(_QUIET)
                continue
            try:
                self._turn(self.routes)
                self.trouble = None
            except WujiError as error:
                self._say(str(error))
                self._stopping.wait(1.0)
        self._drops.close()

    def _turn(self, routes: Sequence[Route]) -> None:
        queues = [route for route in routes if route.kind == "amqp"]
        names = self._provide(queues)
        ids = {route.name: route.subscription_id for route in queues if not route.is_over}
        if time.monotonic() - self._looked_at >= self._look:
            self._hold(measure(self._management, names, ids))
            self._looked_at = time.monotonic()
        self._drops.collect(ids, _QUIET)

    def _hold(self, found: Sequence[Measured]) -> None:
        self._places.measured(found)
        held = frozenset(one.subscription_id for one in found if one.ready >= self._full and not one.consumers)
        self.held = held
        for waiting in held:
            # Said each time: a window that was on its way when it was held has wiped the first word away.
            self._places.failed(waiting, _FULL)

    def _provide(self, routes: Sequence[Route]) -> Names:
        """Queues and accounts for those that live, none for those that are over."""
        wanted = {route.name: (route.generation, route.is_over) for route in routes}
        living = [Account(route.name, route.password) for route in routes if not route.is_over]
        topology = self._shape(living)
        if wanted != self._made or time.monotonic() - self._made_at >= self._whole:
            known = self._made or {}
            over = [name for name, made in wanted.items() if made[1] and known.get(name) != made]
            done = provision(topology, self._management, over)
            if done.changed:
                self._log.info("courier.provided", changes=len(done.changed))
            self._made, self._made_at = wanted, time.monotonic()
        return Names(topology.vhost)

    def _say(self, text: str) -> None:
        if self.trouble != text:
            self._log.warning("courier.trouble", lane="keeper", says=text)
        self.trouble = text
