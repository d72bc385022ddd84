"""Subscriptions that share a connection: one that the broker keeps waiting must not keep the others waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from shared.contracts.message import Message
from shared.courier.courier import Courier, Kind, Parts
from shared.courier.feed import SharedFeed
from shared.courier.lane import Pace
from shared.courier.ports import Interrupted, Outlet, Route
from tests.support.database import Database
from tests.support.partners import until
from tests.unit.test_courier_lane import LOG, Mouth, Table, route

pytestmark = pytest.mark.integration
PACE = Pace(window=1, idle=0.005, save=0.01, first_retry=0.01, longest_retry=0.05, slow=0.3)


@dataclass
class Slow:
    """A queue for which the broker gives no answer, until it is well."""

    is_well: bool = False
    lanes: set[str] = field(default_factory=set)
    mouth: Mouth = field(default_factory=Mouth)

    def deliver(self, window: Sequence[Message]) -> int:
        self.lanes.add(threading.current_thread().name)
        if not self.is_well:
            time.sleep(1.0)
            raise Interrupted("no confirm within 1 s", 0)
        return self.mouth.deliver(window)

    def close(self) -> None:
        """Nothing to close."""


@dataclass
class All:
    routes: list[Route]

    def current(self) -> Sequence[Route]:
        return self.routes


@contextmanager
def courier(database: Database, table: Table, outlets: dict[str, Outlet]) -> Iterator[Courier]:
    kind = Kind(lambda one: outlets[one.name], is_shared=True)
    parts = Parts(
        feed=SharedFeed(lambda after, limit: LOG[after : after + limit], size=16, fresh=0),
        routes=All([route(name) for name in outlets]),
        places=table,
        kinds={"amqp": Kind(kind.outlet, is_shared=True, aside=kind)},
    )
    made = Courier(database.url("courier"), lambda: parts, pace=PACE, refresh=0.05)
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(30)


def test_a_subscription_that_waits_for_the_broker_is_served_beside_the_others_and_comes_back(
    database: Database,
) -> None:
    slow, well, table = Slow(), Mouth(), Table()
    with courier(database, table, {"slow": slow, "well": well}):
        began = time.monotonic()
        until(lambda: len(well.heard) == len(LOG), 30)
        took = time.monotonic() - began
        until(lambda: len(slow.lanes) > 1, 30)
        slow.is_well = True
        until(lambda: len(slow.mouth.heard) == len(LOG), 30)

    assert well.heard == [one.position for one in LOG]
    assert took < 8, "each of the sixty windows of the healthy one waited for the slow one"
    assert list(dict.fromkeys(slow.mouth.heard)) == well.heard
    assert slow.lanes == {"lane amqp", "lane amqp, aside"}
