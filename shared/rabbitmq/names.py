"""Exchanges, queues and headers by name: the few words that publishers and consumers must agree on."""

from __future__ import annotations

from dataclasses import dataclass

VHOST = "wuji"
EVENTS = "events"
"""Topic exchange of all events; only the relay publishes to it."""
PARKED = "parked"
"""Exchange for messages that nobody could handle; the routing key is the queue they came from."""
PROJECTOR = "projector"
"""The one queue that hears everything."""
ATTEMPT = "x-wuji-attempt"
"""Header: how often the message was tried before, an integer from 1."""
ERROR = "x-wuji-error"
"""Header of a parked message: what went wrong, in words."""
ERROR_TYPE = "x-wuji-error-type"
"""Header of a parked message: the name of the exception."""
PARKED_AT = "x-wuji-parked-at"
"""Header of a parked message: when, as ISO 8601 with its zone."""

SERVICES = ("intake", "dispatch", "grid", "survey", "notify")


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the retry ladder: a wait, and the exchange and queue (of one name) that make it."""

    name: str
    seconds: float


LADDER = (Rung("retry.5s", 5), Rung("retry.1m", 60), Rung("retry.10m", 600))
"""Publish to a rung's exchange with the queue's name as routing key: the message comes back to it after the wait."""


def parked_queue(queue: str) -> str:
    """Where the queue's hopeless messages are kept."""
    return f"{queue}.parked"
