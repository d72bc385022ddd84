"""What the courier needs to know of subscriptions, and what each kind of delivery answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shared.contracts.message import Message, Stored

Select = Callable[[Sequence[Stored]], Sequence[Message]]
"""Of consecutive events of the log, those that the subscriber is to have, in order, as they go out."""


class Outlet(Protocol):
    """One way to one subscriber. Used by one thread."""

    def deliver(self, window: Sequence[Message]) -> int:
        """Deliver in order; how many from the first on are safely with the subscriber.

        Raises Unavailable with the reason when it is fewer than all: the rest is delivered again a little later.
        `Unavailable.delivered`, where it is set, tells how many were safe before.
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
    generation: int
    """Counts its secrets."""
    endpoint: str | None
    select: Select


class Routes(Protocol):
    """All subscriptions."""

    def current(self) -> Sequence[Route]:
        """Every subscription there ever was, as it is now. Raises Unavailable."""


class Places(Protocol):
    """Where each subscription is in the log."""

    def of(self, subscription_id: UUID) -> int:
        """The position up to which everything was delivered. Raises Unavailable."""

    def advance(self, subscription_id: UUID, before: int, after: int, delivered: int) -> bool:
        """Move on from one position to another; False when somebody has moved it meanwhile. Raises Unavailable."""

    def failed(self, subscription_id: UUID, error: str) -> None:
        """Remember why the last attempt did not succeed. Raises Unavailable."""
