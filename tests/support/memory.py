"""An event log in memory that keeps every promise of the real one, for tests of pure logic.

`tests/integration/test_log_contract.py` runs one suite on both. Positions are given at once, as if the relay were
infinitely fast; companions are kept in `companions`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from shared.contracts import catalogue, codec
from shared.contracts.envelope import Recorded
from shared.kernel.clock import Clock, utc_now
from shared.kernel.errors import Conflict, Forbidden, Invalid
from shared.ports import Append, Appended, Companion
from shared.postgres.encode import prepare
from shared.postgres.log import key_reused


class MemoryLog:
    """`shared.ports.EventLog` in a list. With `owner` (a service's name) foreign categories are refused."""

    def __init__(self, owner: str | None = None, clock: Clock = utc_now) -> None:
        self.owner = owner
        self.clock = clock
        self.events: list[Recorded[Any]] = []
        self.companions: list[Companion] = []
        self._keys: dict[str, tuple[Appended, bytes | None]] = {}
        self._mutex = threading.Lock()

    def stream(self, stream: str) -> list[Recorded[Any]]:
        return [recorded for recorded in self.events if recorded.stream == stream]

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        return [recorded for recorded in self.events if recorded.correlation_id == correlation_id]

    def about_all(self, correlation_ids: Sequence[UUID]) -> dict[UUID, list[Recorded[Any]]]:
        found = {one: self.about(one) for one in correlation_ids}
        return {one: history for one, history in found.items() if history}

    def feed(self, after: int, limit: int) -> list[Recorded[Any]]:
        return self.events[after : after + limit]

    def seen(self, idempotency_key: str, request_hash: bytes | None = None) -> Appended | None:
        found = self._keys.get(idempotency_key)
        if found is None:
            return None
        first, stored_hash = found
        if request_hash is not None and stored_hash is not None and request_hash != stored_hash:
            raise key_reused(idempotency_key)
        return Appended(first.stream, first.version, first.event_ids, repeated=True)

    def append(self, append: Append) -> Appended:
        prepare(append)
        with self._mutex:
            return self._append(append)

    def bulk_append(self, appends: list[Append]) -> list[Appended | Exception]:
        answers: list[Appended | Exception] = []
        for append in appends:
            try:
                answers.append(self.append(append))
            except (Conflict, Forbidden, Invalid) as error:
                answers.append(error)
        return answers

    def _append(self, append: Append) -> Appended:
        category = append.stream.partition("-")[0]
        if self.owner is not None and catalogue.OWNERS.get(category) != self.owner:
            raise Forbidden(f"{self.owner} may not append to {category} streams")
        if append.idempotency_key is not None:
            first = self.seen(append.idempotency_key, append.request_hash)
            if first is not None:
                if first.stream.partition("-")[0] != category:
                    raise key_reused(append.idempotency_key)
                return first
        version = len(self.stream(append.stream))
        if version != append.expected:
            raise Conflict(f"{append.stream} is at version {version}, not at {append.expected}")
        return self._store(append, self.clock())

    def _store(self, append: Append, now: datetime) -> Appended:
        for offset, happening in enumerate(append.happenings, start=1):
            kind = catalogue.OF_SHAPE[type(happening.event)]
            body = orjson.loads(orjson.dumps(codec.encode(happening.event)))
            self.events.append(
                Recorded(
                    event=codec.revive(kind.name, kind.version, body),
                    event_id=happening.event_id,
                    stream=append.stream,
                    version=append.expected + offset,
                    position=len(self.events) + 1,
                    type=kind.name,
                    area=append.area,
                    actor=append.actor,
                    correlation_id=append.correlation_id,
                    causation_id=append.causation_id,
                    origin=append.origin,
                    occurred_at=happening.occurred_at,
                    recorded_at=now,
                    traceparent=append.traceparent or None,
                )
            )
        self.companions.extend(append.companions)
        ids = tuple(happening.event_id for happening in append.happenings)
        result = Appended(append.stream, append.expected + len(ids), ids)
        if append.idempotency_key is not None:
            self._keys[append.idempotency_key] = (result, append.request_hash)
        return result
