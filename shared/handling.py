"""The paragraph that every command and reaction is: load the stream, decide, append."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, TypeVar
from uuid import UUID

from shared.contracts.envelope import Actor, Origin, Recorded
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.ports import Append, Appended, Companion, EventLog, Happening

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why something is about to be appended: who wants it, when, and what it answers."""

    actor: Actor
    at: datetime
    idempotency_key: str | None = None
    request_hash: bytes | None = None
    """A hash of the request that the key came with; see `Append.request_hash`."""
    causation_id: UUID | None = None
    origin: Origin = Origin.LIVE
    traceparent: str | None = None

    @classmethod
    def reaction(cls, consumer: str, recorded: Recorded[Any], at: datetime) -> Cause:
        """A service answers an event. The key is the inbox entry: one event is answered once, however often heard."""
        return cls(
            actor=Actor.service(consumer.partition(".")[0]),
            at=at,
            idempotency_key=f"{consumer}:{recorded.event_id}",
            causation_id=recorded.event_id,
            origin=recorded.origin,
            traceparent=recorded.traceparent,
        )


def fold(history: Iterable[Recorded[Any]], evolve: Callable[[S | None, Any], S]) -> S | None:
    """The state after the history; None when nothing ever happened."""
    return reduce(lambda state, recorded: evolve(state, recorded.event), history, None)


def begin(
    log: EventLog,
    stream: str,
    events: Iterable[object],
    cause: Cause,
    *,
    area: Area,
    correlation_id: UUID,
    companions: tuple[Companion, ...] = (),
) -> Appended:
    """Append to a stream that must not exist yet."""
    return log.append(_append(stream, 0, events, cause, area, correlation_id, companions))


def amend(
    log: EventLog,
    stream: str,
    evolve: Callable[[S | None, Any], S],
    decide: Callable[[S], Iterable[object]],
    cause: Cause,
    *,
    companions: tuple[Companion, ...] = (),
) -> Appended:
    """Load an existing stream, decide on its state, and append what was decided.

    A key that was used before answers its first result without deciding again. Deciding on no events at all
    appends nothing. Raises NotFound when the stream has no events; Conflict when somebody else was first (the door
    calls again, and the decision is then made on what they wrote).
    """
    if cause.idempotency_key is not None:
        before = log.seen(cause.idempotency_key, cause.request_hash)
        if before is not None:
            return before
    history = log.stream(stream)
    state = fold(history, evolve)
    if state is None:
        raise NotFound(f"there is no {stream}")
    events = tuple(decide(state))
    if not events:
        return Appended(stream, len(history), ())
    last = history[-1]
    return log.append(_append(stream, len(history), events, cause, last.area, last.correlation_id, companions))


def _append(
    stream: str,
    expected: int,
    events: Iterable[object],
    cause: Cause,
    area: Area,
    correlation_id: UUID,
    companions: tuple[Companion, ...],
) -> Append:
    return Append(
        stream=stream,
        expected=expected,
        happenings=tuple(Happening(event, cause.at) for event in events),
        area=area,
        actor=cause.actor,
        correlation_id=correlation_id,
        causation_id=cause.causation_id,
        idempotency_key=cause.idempotency_key,
        request_hash=cause.request_hash,
        origin=cause.origin,
        traceparent=cause.traceparent,
        companions=companions,
    )
