"""The rules of a subscription: created once, paused and resumed, moved, and over when deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from shared.contracts.subscription import (
    DeliveryKind,
    Filter,
    ReplayTarget,
    SubscriptionCreated,
    SubscriptionDeleted,
    SubscriptionDisabled,
    SubscriptionMoved,
    SubscriptionParkedDiscarded,
    SubscriptionParkedRedriven,
    SubscriptionPaused,
    SubscriptionReplayRequested,
    SubscriptionResumed,
    SubscriptionSecretRotated,
    SubscriptionTestRequested,
)
from shared.kernel.errors import Invalid, NotFound, Refused
from shared.kernel.ids import derived_id

SubscriptionEvent = (
    SubscriptionCreated
    | SubscriptionPaused
    | SubscriptionResumed
    | SubscriptionMoved
    | SubscriptionSecretRotated
    | SubscriptionDisabled
    | SubscriptionDeleted
    | SubscriptionReplayRequested
    | SubscriptionParkedRedriven
    | SubscriptionParkedDiscarded
    | SubscriptionTestRequested
)

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME = 40
_NAMED = 100
"""Messages that an event names one by one."""


class State(StrEnum):
    """Whether events are brought."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is known about one subscription; its place in the log is kept beside it."""

    subscription_id: UUID
    name: str
    department: str | None
    delivery: DeliveryKind
    filter: Filter
    endpoint: str | None
    state: State = State.ACTIVE
    generation: int = 1
    """Counts the secrets that it has had."""
    reason: str | None = None
    """Why it is paused or disabled."""


def id_of(name: str) -> UUID:
    """The id of the subscription with this name, whether it exists or not."""
    return derived_id("subscription", name)


def stream_of(name: str) -> str:
    """Its stream."""
    return f"subscription-{id_of(name)}"


def create(
    name: str, department: str | None, delivery: DeliveryKind, wanted: Filter, start_after: int, endpoint: str | None
) -> SubscriptionCreated:
    """A new subscription. Raises Invalid for a name that a queue could not have."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise Invalid(
            f"{name[:60]!r} is no name: up to {LONGEST_NAME} lower-case letters, digits and single hyphens, "
            "a letter first",
            where="name",
            hint="for example sanitation-work-orders",
        )
    if (delivery is DeliveryKind.WEBHOOK) != (endpoint is not None):
        raise Invalid("a webhook needs the address to call, and only a webhook has one", where="endpoint")
    return SubscriptionCreated(
        subscription_id=id_of(name),
        name=name,
        department=department,
        delivery=delivery,
        filter=wanted,
        start_after=start_after,
        endpoint=endpoint,
    )


def evolve(subscription: Subscription | None, event: SubscriptionEvent) -> Subscription:  # noqa: C901 # one arm each
    """The subscription after the event."""
    if isinstance(event, SubscriptionCreated):
        return Subscription(
            event.subscription_id, event.name, event.department, event.delivery, event.filter, event.endpoint
        )
    if subscription is None:
        raise TypeError("a subscription's stream starts with subscription.created")
    match event:
        case SubscriptionPaused(reason=reason):
            return replace(subscription, state=State.PAUSED, reason=reason)
        case SubscriptionDisabled(reason=reason):
            return replace(subscription, state=State.DISABLED, reason=reason)
        case SubscriptionResumed():
            return replace(subscription, state=State.ACTIVE, reason=None)
        case (
            SubscriptionMoved()
            | SubscriptionReplayRequested()
            | SubscriptionParkedRedriven()
            | SubscriptionParkedDiscarded()
            | SubscriptionTestRequested()
        ):
            return subscription
        case SubscriptionSecretRotated(generation=generation):
            return replace(subscription, generation=generation)
        case SubscriptionDeleted(reason=reason):
            return replace(subscription, state=State.DELETED, reason=reason)
        case _:
            assert_never(event)


def living(subscription: Subscription) -> Subscription:
    """The subscription, unless it was deleted. Raises NotFound."""
    if subscription.state is State.DELETED:
        raise NotFound(f"the subscription {subscription.name} was deleted")
    return subscription


def pause(subscription: Subscription, reason: str | None) -> Iterable[SubscriptionEvent]:
    """Bring nothing for now. Twice is once; what the platform disabled is not paused."""
    found = living(subscription)
    if found.state is State.DISABLED:
        raise Refused(
            f"{found.name} is disabled: {found.reason}",
            rule="subscription.disabled",
            hint="resume it, or leave it as it is",
        )
    if found.state is State.PAUSED:
        return ()
    return (SubscriptionPaused(subscription_id=found.subscription_id, reason=reason),)


def resume(subscription: Subscription) -> Iterable[SubscriptionEvent]:
    """Go on, from pause or after having been disabled. Twice is once."""
    found = living(subscription)
    return () if found.state is State.ACTIVE else (SubscriptionResumed(subscription_id=found.subscription_id),)


def move(subscription: Subscription, after: int) -> Iterable[SubscriptionEvent]:
    """Go on from another place."""
    return (SubscriptionMoved(subscription_id=living(subscription).subscription_id, after=after),)


def rotate(subscription: Subscription) -> Iterable[SubscriptionEvent]:
    """Another secret. A pull feed's token is its secret too."""
    found = living(subscription)
    return (SubscriptionSecretRotated(subscription_id=found.subscription_id, generation=found.generation + 1),)


def replay(
    subscription: Subscription, replay_id: UUID, after: int, until: int, target: ReplayTarget, rate: int | None
) -> Iterable[SubscriptionEvent]:
    """Bring what lies between two positions once more."""
    return (
        SubscriptionReplayRequested(
            subscription_id=living(subscription).subscription_id,
            replay_id=replay_id,
            after=after,
            until=until,
            target=target,
            rate=rate,
        ),
    )


def redriven(subscription: Subscription, messages: tuple[str, ...]) -> Iterable[SubscriptionEvent]:
    """Parked messages went back to the queue."""
    some = messages[:_NAMED]
    found = living(subscription)
    return (SubscriptionParkedRedriven(subscription_id=found.subscription_id, messages=some, count=len(messages)),)


def discarded(subscription: Subscription, messages: tuple[str, ...], reason: str) -> Iterable[SubscriptionEvent]:
    """Parked messages were thrown away."""
    return (
        SubscriptionParkedDiscarded(
            subscription_id=living(subscription).subscription_id,
            messages=messages[:_NAMED],
            count=len(messages),
            reason=reason,
        ),
    )


def disable(subscription: Subscription, reason: str) -> Iterable[SubscriptionEvent]:
    """The platform gives up on it. Only what is active can be given up on."""
    if subscription.state is not State.ACTIVE:
        return ()
    return (SubscriptionDisabled(subscription_id=subscription.subscription_id, reason=reason),)


def delete(subscription: Subscription, reason: str | None) -> Iterable[SubscriptionEvent]:
    """The end of it. Twice is once."""
    if subscription.state is State.DELETED:
        return ()
    return (SubscriptionDeleted(subscription_id=subscription.subscription_id, reason=reason),)
