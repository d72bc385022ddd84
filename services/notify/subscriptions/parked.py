"""Parked messages of subscriptions: asked for here, looked at and settled by the courier, told by events."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from services.notify.subscriptions import domain
from services.notify.subscriptions.domain import Subscription, evolve, stream_of
from shared.contracts.envelope import Actor
from shared.contracts.subscription import DeliveryKind, SubscriptionParkedDiscarded, SubscriptionParkedRedriven
from shared.courier.errands import OURS, PATIENCE, Errand
from shared.handling import Cause, amend
from shared.kernel.clock import utc_now
from shared.kernel.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from shared.kernel.ids import new_id
from shared.ports import EventLog, Rows

_ASK = "INSERT INTO notify.errands (errand_id, subscription_id, name, what) VALUES (%s::uuid, %s::uuid, %s, %s::jsonb)"
_OPEN = """
SELECT errand_id, subscription_id, name, what FROM notify.errands
WHERE answered_at IS NULL AND asked_at > now() - %s ORDER BY asked_at
"""
_ANSWER = "UPDATE notify.errands SET answer = %s::jsonb, answered_at = now() WHERE errand_id = %s::uuid"
_SWEEP = "DELETE FROM notify.errands WHERE asked_at < now() - interval '1 hour'"
_LOOK = 0.05


def ask(rows: Rows, subscription: Subscription, what: Mapping[str, Any]) -> dict[str, Any]:
    """Have the courier do something, and wait for its answer.

    Raises Refused where there is no queue, NotFound, Invalid, and Unavailable when the courier does not answer.
    """
    if subscription.delivery is not DeliveryKind.AMQP:
        raise Refused(
            f"{subscription.name} has no queue, so nothing is parked",
            rule="subscription.no_queue",
            hint="webhooks have a delivery log: wuji sub deliveries",
        )
    return _errand(rows, subscription.subscription_id, subscription.name, what)


def ask_ours(rows: Rows, queue: str, what: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a queue of the city's own virtual host: what it hands back is masked.

    Raises NotFound, Invalid, and Unavailable when the courier does not answer."""
    return _errand(rows, OURS, queue, what)


def _errand(rows: Rows, subscription_id: UUID, name: str, what: Mapping[str, Any]) -> dict[str, Any]:
    errand_id = new_id()
    about = (str(errand_id), str(subscription_id), name)
    rows.execute(_ASK, [*about, orjson.dumps(dict(what)).decode()])
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < deadline:
        found = rows.query("SELECT answer FROM notify.errands WHERE errand_id = %s::uuid", [str(errand_id)])
        if found and found[0]["answer"] is not None:
            return _checked(found[0]["answer"])
        time.sleep(_LOOK)
    rows.execute("DELETE FROM notify.errands WHERE errand_id = %s::uuid", [str(errand_id)])
    raise Unavailable("the courier does not answer: is it running?")


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    error = answer.get("error") if isinstance(answer.get("error"), dict) else None
    if error is None:
        return answer
    kinds: dict[str, type[Unavailable | NotFound | Invalid]] = {"unavailable": Unavailable, "not_found": NotFound}
    raise kinds.get(error["kind"], Invalid)(error["text"])


def settled_before(log: EventLog, subscription: Subscription, cause: Cause) -> int | None:
    """How many messages the same request settled when it came before."""
    if cause.idempotency_key is None or (seen := log.seen(cause.idempotency_key, cause.request_hash)) is None:
        return None
    for recorded in log.stream(stream_of(subscription.name)):
        if recorded.event_id in seen.event_ids and isinstance(
            recorded.event, SubscriptionParkedRedriven | SubscriptionParkedDiscarded
        ):
            return recorded.event.count
    return 0


def actor_of(cause: Cause) -> dict[str, Any]:
    """Who asks, as an errand carries it."""
    actor = cause.actor
    return {
        "by": actor.id,
        "role": actor.role,
        "department": actor.department,
        "key": cause.idempotency_key,
        "hash": None if cause.request_hash is None else cause.request_hash.hex(),
    }


class TableErrands:
    """`shared.courier.errands.Errands` on notify's table and log."""

    def __init__(self, rows: Rows, log: EventLog) -> None:
        self._rows = rows
        self._log = log

    def open(self, patience: timedelta) -> Sequence[Errand]:
        return [
            Errand(UUID(str(row["errand_id"])), UUID(str(row["subscription_id"])), row["name"], row["what"])
            for row in self._rows.query(_OPEN, [patience])
        ]

    def settled(self, errand: Errand, messages: Sequence[str]) -> None:
        what = errand.what
        cause = Cause(
            actor=Actor(what["by"], what["role"], what["department"]),
            at=utc_now(),
            idempotency_key=what["key"],
            request_hash=None if what["hash"] is None else bytes.fromhex(what["hash"]),
        )
        reason, ids = what.get("reason"), tuple(messages)
        for attempt in range(3):
            try:
                amend(
                    self._log,
                    stream_of(errand.name),
                    evolve,
                    lambda one: domain.redriven(one, ids) if reason is None else domain.discarded(one, ids, reason),
                    cause,
                )
                return
            except Conflict:
                if attempt == 2:
                    raise

    def answer(self, errand: Errand, answer: Mapping[str, Any]) -> None:
        self._rows.execute(_ANSWER, [orjson.dumps(dict(answer), default=str).decode(), str(errand.errand_id)])
        self._rows.execute(_SWEEP)
