"""A lane's promises, with subscribers and a log made up for it: no gap, and nobody suffers for another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from shared.contracts.message import Message, Stored, compose
from shared.courier.feed import SharedFeed
from shared.courier.lane import Lane, Pace
from shared.courier.ports import Interrupted, Outlet, Route, Standing
from shared.kernel.errors import Unavailable
from shared.kernel.ids import derived_id
from shared.rabbitmq.partners import Measured

NOON = datetime(2026, 5, 3, 4, tzinfo=UTC)
QUICK = Pace(window=10, idle=0.005, save=0.01, first_retry=0.01, longest_retry=0.05)


def stored(position: int) -> Stored:
    return Stored(
        position=position, event_id=str(derived_id(position)), type="report.verified", schema_version=1,
        stream=f"report-{derived_id('r', position)}", version=1, body=b"{}", area="530103.004", actor="{}",
        correlation_id=str(derived_id("c", position)), causation_id=None, origin="live", occurred_at=NOON,
        recorded_at=NOON, traceparent=None,
    )  # fmt: skip


LOG = [stored(position) for position in range(1, 61)]


@dataclass
class Table:
    """Places in memory."""

    positions: dict[UUID, int] = field(default_factory=dict)
    errors: dict[UUID, str] = field(default_factory=dict)
    delivered: int = 0

    def of(self, subscription_id: UUID) -> int:
        return self.positions.setdefault(subscription_id, 0)

    def advance(self, subscription_id: UUID, before: int, after: int, delivered: int) -> bool:
        if self.positions[subscription_id] != before:
            return False
        self.positions[subscription_id] = after
        self.delivered += delivered
        return True

    def failed(self, subscription_id: UUID, error: str) -> None:
        self.errors[subscription_id] = error

    def measured(self, found: Sequence[Measured]) -> None:
        """Nothing to measure."""

    def dropped(self, subscription_id: UUID, positions: Sequence[int]) -> None:
        """Nothing is dropped."""

    def standings(self) -> Sequence[Standing]:
        return ()


@dataclass
class Mouth:
    """A subscriber that takes so many of each window, or does what it is told."""

    takes: Callable[[Sequence[Message]], int] = len
    heard: list[int] = field(default_factory=list)

    def deliver(self, window: Sequence[Message]) -> int:
        taken = self.takes(window)
        self.heard += [int(message.headers["ce-sequence"]) for message in window[:taken]]
        if taken < len(window):
            raise Interrupted("had enough", taken)
        return taken

    def close(self) -> None:
        """Nothing to close."""


def everything(window: Sequence[Stored]) -> Sequence[Message]:
    return [compose(one) for one in window]


def route(name: str, select: Callable[[Sequence[Stored]], Sequence[Message]] = everything) -> Route:
    return Route(
        subscription_id=derived_id(name), name=name, kind="amqp", is_active=True, is_over=False, revision=1,
        generation=1, password="", endpoint=None, select=select,
    )  # fmt: skip


def served(mouths: dict[str, Outlet], routes: Sequence[Route], done: Callable[[Table], bool]) -> Table:
    table = Table()
    lane = Lane(
        "test",
        SharedFeed(lambda after, limit: LOG[after : after + limit], size=16, fresh=0),
        table,
        lambda one: mouths[one.name],
        QUICK,
    )
    lane.routes = routes
    lane.start()
    deadline = time.monotonic() + 10
    while not done(table) and time.monotonic() < deadline:
        time.sleep(0.005)
    lane.stop()
    lane.join(5)
    return table


def arrived(*names: str) -> Callable[[Table], bool]:
    return lambda table: all(table.positions.get(derived_id(name)) == len(LOG) for name in names)


def test_everything_comes_once_and_in_order() -> None:
    mouth = Mouth()
    served({"a": mouth}, [route("a")], arrived("a"))

    assert mouth.heard == [one.position for one in LOG]


def test_a_window_that_was_taken_in_part_goes_on_behind_that_part() -> None:
    mouth = Mouth(takes=lambda window: min(3, len(window)))
    served({"a": mouth}, [route("a")], arrived("a"))

    assert mouth.heard == [one.position for one in LOG]


def test_who_takes_nothing_holds_back_only_itself() -> None:
    def refuse(_window: Sequence[Message]) -> int:
        raise Unavailable("away")

    well = Mouth()
    table = served({"ill": Mouth(takes=refuse), "well": well}, [route("ill"), route("well")], arrived("well"))

    assert well.heard == [one.position for one in LOG]
    assert table.positions[derived_id("ill")] == 0
    assert table.errors[derived_id("ill")] == "away"


def test_a_bug_that_one_subscription_meets_does_not_stop_the_others() -> None:
    def bug(_window: Sequence[Stored]) -> Sequence[Message]:
        raise KeyError("nobody thought of this")

    well = Mouth()
    table = served({"ill": Mouth(), "well": well}, [route("ill", bug), route("well")], arrived("well"))

    assert well.heard == [one.position for one in LOG]
    assert "nobody thought of this" in table.errors[derived_id("ill")]


def test_what_is_not_wanted_moves_the_place_all_the_same() -> None:
    mouth = Mouth()
    table = served({"a": mouth}, [route("a", lambda _window: ())], arrived("a"))

    assert mouth.heard == []
    assert table.positions[derived_id("a")] == len(LOG)


def test_whoever_is_put_to_another_place_meanwhile_goes_on_from_there() -> None:
    table, mouth = Table(), Mouth()
    lane = Lane("test", SharedFeed(lambda a, n: LOG[a : a + n], size=16, fresh=0), table, lambda _: mouth, QUICK)
    lane.routes = [route("a")]
    lane.start()
    deadline = time.monotonic() + 5
    while table.positions.get(derived_id("a")) != len(LOG) and time.monotonic() < deadline:
        time.sleep(0.005)
    table.positions[derived_id("a")] = 50
    lane.routes = [replace(route("a"), revision=2)]
    while len(mouth.heard) < len(LOG) + 10 and time.monotonic() < deadline:
        time.sleep(0.005)
    lane.stop()
    lane.join(5)

    assert mouth.heard == [*range(1, 61), *range(51, 61)]
