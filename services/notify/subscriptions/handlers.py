"""One function per command on a subscription: who may, from where it starts, and the row that keeps its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from services.notify.subscriptions import domain, matching, places
from services.notify.subscriptions.domain import Subscription, SubscriptionEvent, evolve, stream_of
from services.notify.subscriptions.secrets import subject_of
from shared.contracts.subscription import DeliveryKind, Filter
from shared.courier.http import checked_endpoint
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused
from shared.ports import Appended, EventLog, Rows
from shared.security.permission import Asker

NOWHERE = Area("000000")
"""The area of a subscription that listens to the whole municipality."""
NOW, FROM_POSITION, FROM_TIME = "now", "position", "time"


@dataclass(frozen=True, slots=True)
class Start:
    """From where: now, from the event at a position on, or from the first event recorded at a time or later."""

    position: int | None = None
    time: datetime | None = None

    def after(self, rows: Rows) -> int:
        """The position after which it hears. Raises Invalid for a place that the log does not have yet."""
        if self.position is not None and self.time is not None:
            raise Invalid("a start is a position or a time, not both", where="start")
        if self.time is not None:
            return places.after_time(rows, self.time)
        head = places.head(rows)
        if self.position is None:
            return head
        if self.position > head + 1:
            raise Invalid(f"the log ends at position {head}", where="start.position", hint=f"1 to {head + 1}")
        return self.position - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to subscribe to."""

    name: str
    department: str | None
    delivery: DeliveryKind
    filter: Filter
    start: Start
    endpoint: str | None = None


def create(log: EventLog, rows: Rows, wish: Wish, asker: Asker, cause: Cause) -> Subscription:
    """A new subscription. Raises Invalid, Forbidden, and Refused when the name is or was in use."""
    department = wish.department or asker.department
    _may(asker, department)
    if cause.idempotency_key is not None and log.seen(cause.idempotency_key, cause.request_hash) is not None:
        return load(log, wish.name, asker)
    if wish.endpoint is not None:
        checked_endpoint(wish.endpoint)
    wanted = matching.checked(wish.filter)
    after = wish.start.after(rows)
    created = domain.create(wish.name, department, wish.delivery, wanted, after, wish.endpoint)
    if log.stream(stream_of(wish.name)):
        raise Refused(
            f"the name {wish.name} is in use, or was: names are used once",
            rule="subscription.name_taken",
            where="name",
            hint="choose another",
        )
    begin(
        log,
        stream_of(wish.name),
        [created],
        cause,
        area=Area(wanted.areas[0]) if wanted.areas else NOWHERE,
        correlation_id=created.subscription_id,
        companions=(places.placed(created.subscription_id, wish.name, after),),
    )
    return evolve(None, created)


def load(log: EventLog, name: str, asker: Asker) -> Subscription:
    """The subscription, for somebody who may see it; also one that was deleted. Raises NotFound, Forbidden."""
    found: Subscription | None = fold(log.stream(stream_of(name)), evolve)
    if found is None:
        raise NotFound(f"there is no subscription {name[:60]}", hint="wuji sub list")
    if asker.role == "subscriber":
        if asker.subscription != name or asker.id != subject_of(found):
            raise Forbidden(f"this token is not, or no longer, for the subscription {name}")
    else:
        _may(asker, found.department)
    return found


def pause(log: EventLog, name: str, reason: str | None, asker: Asker, cause: Cause) -> Appended:
    """Bring nothing for now."""
    return _decide(log, name, asker, cause, lambda one: domain.pause(one, reason))


def resume(log: EventLog, name: str, asker: Asker, cause: Cause) -> Appended:
    """Go on."""
    found = load(log, name, asker)
    again = (places.forgiven(found.subscription_id),) if found.delivery is DeliveryKind.WEBHOOK else ()
    return amend(log, stream_of(name), evolve, domain.resume, cause, companions=again)


def rotate(log: EventLog, name: str, asker: Asker, cause: Cause) -> Appended:
    """Another secret; those before are of no use a moment later."""
    return _decide(log, name, asker, cause, domain.rotate)


def delete(log: EventLog, name: str, reason: str | None, asker: Asker, cause: Cause) -> Appended:
    """The end of it."""
    return _decide(log, name, asker, cause, lambda one: domain.delete(one, reason))


def move(log: EventLog, rows: Rows, name: str, start: Start, asker: Asker, cause: Cause) -> Appended:
    """Go on from another place. The event and the place are stored together."""
    found = load(log, name, asker)
    after = start.after(rows)
    companion = places.placed(found.subscription_id, name, after)
    return amend(log, stream_of(name), evolve, lambda one: domain.move(one, after), cause, companions=(companion,))


def disable(log: EventLog, name: str, reason: str, cause: Cause) -> Appended:
    """The platform gives up on it."""
    return amend(log, stream_of(name), evolve, lambda one: domain.disable(one, reason), cause)


def _decide(
    log: EventLog,
    name: str,
    asker: Asker,
    cause: Cause,
    decide: Callable[[Subscription], Iterable[SubscriptionEvent]],
) -> Appended:
    load(log, name, asker)
    return amend(log, stream_of(name), evolve, decide, cause)


def _may(asker: Asker, department: str | None) -> None:
    """An operator may everything; a department has its own subscriptions."""
    if asker.role == "operator":
        return
    if asker.role != "department" or asker.department != department:
        raise Forbidden("a department has its own subscriptions only; an operator has all", hint="wuji token --help")
