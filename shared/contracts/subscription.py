"""Stream `subscription-<id>`, written by notify: what a department wants to hear, and how it is brought to it.

The id is made of the name, so a name is used once: a queue that somebody may still read is never given to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.contracts.catalogue import event


class DeliveryKind(StrEnum):
    """How events reach the subscriber: its own queue, a signed call of its address, or by asking us."""

    AMQP = "amqp"
    WEBHOOK = "webhook"
    PULL = "pull"


class ReplayTarget(StrEnum):
    """Where replayed events go: to the way of every day, or to a queue of their own beside it."""

    LIVE = "live"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which events. An empty list asks for nothing in particular: all of that kind."""

    types: tuple[str, ...]
    """Patterns: `case.dispatched`, `case.*`, `*`; with a version, `case.dispatched.v1`, to have that one."""
    areas: tuple[str, ...]
    """Paths: the event lies in one of them or in a part of one."""
    issue_types: tuple[str, ...]
    """Codes: the case is of one of them or of a kind of one (`E-01` takes in `E-01-02`)."""
    departments: tuple[str, ...]
    """Codes: the case was given to one of them, as lead or co-handler, by this event or before it."""


@event("subscription.created", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionCreated:
    """A department, or the platform's operator, subscribes."""

    subscription_id: UUID
    name: str
    department: str | None
    """Whose it is; None for one of the operator's own."""
    delivery: DeliveryKind
    filter: Filter
    start_after: int
    """It hears what comes after this position."""
    endpoint: str | None
    """The address that a webhook calls."""


@event("subscription.paused", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPaused:
    """Nothing is brought until it is resumed; its place is kept."""

    subscription_id: UUID
    reason: str | None


@event("subscription.resumed", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionResumed:
    """It goes on from the place where it was."""

    subscription_id: UUID


@event("subscription.moved", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionMoved:
    """It goes on from another place: back, to hear again what was missed, or ahead."""

    subscription_id: UUID
    after: int
    """It hears what comes after this position."""


@event("subscription.secret_rotated", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSecretRotated:
    """Its password or signing secret is another one now; secrets are made of the generation and are in no event."""

    subscription_id: UUID
    generation: int


@event("subscription.disabled", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionDisabled:
    """The platform gave up bringing events there; its place is kept until somebody resumes it."""

    subscription_id: UUID
    reason: str


@event("subscription.deleted", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionDeleted:
    """It is over: queue and account are taken away."""

    subscription_id: UUID
    reason: str | None


@event("subscription.replay_requested", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionReplayRequested:
    """Events of the past are brought once more, marked with the replay's id."""

    subscription_id: UUID
    replay_id: UUID
    after: int
    """It begins behind this position."""
    until: int
    """The last position that it looks at."""
    target: ReplayTarget
    rate: int | None
    """At most so many events a second; None for as many as there can be."""


@event("subscription.test_requested", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionTestRequested:
    """Somebody tries a program: this event reaches the subscription as an example of the named type, marked so."""

    subscription_id: UUID
    type: str
    """The public event type that is to come, without a version."""


@event("subscription.parked_redriven", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionParkedRedriven:
    """Somebody sent parked messages back to the subscription's queue."""

    subscription_id: UUID
    messages: tuple[str, ...]
    """Ids of the first hundred of them."""
    count: int


@event("subscription.parked_discarded", "subscription")
@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionParkedDiscarded:
    """Somebody threw parked messages away for good, and said why."""

    subscription_id: UUID
    messages: tuple[str, ...]
    """Ids of the first hundred of them."""
    count: int
    reason: str
