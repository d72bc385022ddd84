"""What the courier needs to know of subscriptions, and what each kind of delivery answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from shared.contracts.message import Message, Stored
from shared.kernel.errors import Unavailable
from shared.rabbitmq.partners import Measured

Select = Callable[[Sequence[Stored]], Sequence[Message]]
"""Of consecutive events of the log, those that the subscriber is to have, in order, as they go out."""


class Interrupted(Unavailable):
    """A window that was delivered in part."""

    def __init__(self, message: str, delivered: int) -> None:
        super().__init__(message)
        self.delivered = delivered


class Outlet(Protocol):
    """One way to one subscriber. Used by one thread."""

    def deliver(self, window: Sequence[Message]) -> int:
        """Deliver in order; how many from the first on, one at least, are safely with the subscriber.

        What takes long may be handed back in part: the rest comes again at once. Raises Unavailable with the reason
        when something was not taken: the rest comes again a little later. `Interrupted` also says how many were safe.
        """

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Route:
    """A subscription as the courier sees it."""

    subscription_id: UUID
    name: str
    kind: str
    """`amqp`, `webhook`, `pull`; the courier brings nothing to the last."""
    is_active: bool
    """Whether events are to be brought now."""
    is_over: bool
    """Whether it was deleted."""
    revision: int
    """Changes with everything that happens to it: also when somebody puts it to another place in the log."""
    generation: int
    """Counts its secrets."""
    password: str = field(repr=False)
    """Of the account on the broker; empty for other kinds."""
    endpoint: str | None
    select: Select


class Crew(Protocol):
    """What else a leading courier does, in a thread of its own."""

    trouble: str | None
    """What it cannot do at present."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """End soon."""

    def join(self, timeout: float | None = None) -> None: ...

    def is_alive(self) -> bool: ...


class Routes(Protocol):
    """All subscriptions."""

    def current(self) -> Sequence[Route]:
        """Every subscription there ever was, as it is now. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one subscription stands, for metrics."""

    name: str
    position: int
    lag_events: int
    """Events of the log that it has not been offered yet."""
    lag_seconds: float
    """Age of the first of them; 0 when there is none."""
    delivered: int
    unacked: int
    parked: int
    dropped: int


class Places(Protocol):
    """Where each subscription is in the log, and what was seen of it."""

    def of(self, subscription_id: UUID) -> int:
        """The position up to which everything was delivered. Raises Unavailable, NotFound."""

    def advance(self, subscription_id: UUID, before: int, after: int, delivered: int) -> bool:
        """Move on from one position to another; False when somebody has moved it meanwhile. Raises Unavailable."""

    def failed(self, subscription_id: UUID, error: str) -> None:
        """Remember why the last attempt did not succeed. Raises Unavailable."""

    def measured(self, found: Sequence[Measured]) -> None:
        """Remember what the broker says about the queues. Raises Unavailable."""

    def dropped(self, subscription_id: UUID, positions: Sequence[int]) -> None:
        """Remember what a full queue threw away. Raises Unavailable."""

    def standings(self) -> Sequence[Standing]:
        """Where all that are not over stand. Raises Unavailable."""
