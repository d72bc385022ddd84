"""The event log with its counters: the adapter to the database knows nothing of metrics."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from shared.contracts import catalogue
from shared.contracts.envelope import Recorded
from shared.kernel.errors import Conflict, WujiError
from shared.ports import Append, Appended, EventLog
from shared.telemetry.metrics import (
    APPEND_CONFLICTS,
    APPEND_SECONDS,
    APPENDS,
    EVENTS_APPENDED,
    IDEMPOTENT_REPEATS,
)


class CountedLog:
    """`shared.ports.EventLog` around another one."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def stream(self, stream: str) -> list[Recorded[Any]]:
        """All events of one stream."""
        return self._log.stream(stream)

    def append(self, append: Append) -> Appended:
        """Store it, and count what came of it."""
        started = time.perf_counter()
        try:
            appended = self._log.append(append)
        except Conflict:
            APPENDS.labels("conflict").inc()
            APPEND_CONFLICTS.labels(append.stream.partition("-")[0]).inc()
            raise
        except WujiError as error:
            APPENDS.labels(type(error).__name__.lower()).inc()
            raise
        APPEND_SECONDS.observe(time.perf_counter() - started)
        if appended.repeated:
            APPENDS.labels("repeated").inc()
            IDEMPOTENT_REPEATS.inc()
            return appended
        APPENDS.labels("stored").inc()
        for happening in append.happenings:
            EVENTS_APPENDED.labels(catalogue.OF_SHAPE[type(happening.event)].name).inc()
        return appended

    def seen(self, idempotency_key: str, request_hash: bytes | None = None) -> Appended | None:
        """The result that the key already has, if any."""
        found = self._log.seen(idempotency_key, request_hash)
        if found is not None:
            IDEMPOTENT_REPEATS.inc()
        return found

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        """Every event of one issue."""
        return self._log.about(correlation_id)

    def close(self) -> None:
        """Close what it stands around."""
        close = getattr(self._log, "close", None)
        if close is not None:
            close()
