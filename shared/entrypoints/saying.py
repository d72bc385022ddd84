"""What is logged and counted of every message that was handled."""

from __future__ import annotations

from typing import Any

from shared.contracts.envelope import Recorded
from shared.entrypoints.delivery import Delivery, Outcome
from shared.telemetry.metrics import HANDLING_SECONDS, MESSAGES_HANDLED


def say(log: Any, service: str, delivery: Delivery, outcome: Outcome, error: Exception | None, took: float) -> None:
    """One line and two metrics; `took` in seconds."""
    kind = delivery.notes.get("message", "unreadable")
    MESSAGES_HANDLED.labels(service, kind, outcome.value).inc()
    HANDLING_SECONDS.labels(service, kind).observe(took)
    fields: dict[str, Any] = {"message": kind, **delivery.notes, "attempt": delivery.attempt + 1}
    if error is not None:
        fields["error"] = f"{type(error).__name__}: {error}"[:500]
    if outcome is Outcome.PARKED:
        fields["exc_info"] = error
    says = log.error if outcome is Outcome.PARKED else log.info
    says("message", consumer=delivery.queue, outcome=outcome.value, ms=round(took * 1000, 2), **fields)


def about(recorded: Recorded[Any]) -> dict[str, Any]:
    """The names by which an event is found again, for every line about it."""
    found: dict[str, Any] = {
        "message": recorded.type,
        "case_id": str(recorded.correlation_id),
        "correlation_id": str(recorded.correlation_id),
        "event_id": str(recorded.event_id),
        "position": recorded.position,
    }
    if recorded.traceparent:
        found["trace_id"] = recorded.traceparent[3:35]
    return found
