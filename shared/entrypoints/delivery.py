"""One message from the broker on its way through a reaction, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import amqp

from shared.contracts import message
from shared.contracts.envelope import Recorded
from shared.kernel.errors import OnBus, WujiError
from shared.kernel.masking import mask
from shared.rabbitmq.names import ATTEMPT, ERROR, ERROR_TYPE, PARKED, PARKED_AT, Rung

FAILED_AT = "x-wuji-failed-at"
"""Header: when the message failed for the first time, as ISO 8601."""
_KEPT_PROPERTIES = (
    "content_type",
    "content_encoding",
    "correlation_id",
    "message_id",
    "timestamp",
    "type",
    "app_id",
    "priority",
)
_LONGEST_ERROR = 1000


class Outcome(StrEnum):
    """How the handling of one message ended; the values are metric labels."""

    DONE = "done"
    IGNORED = "ignored"
    REFUSED = "refused"
    RETRIED = "retried"
    PARKED = "parked"
    GIVEN_BACK = "given_back"


@dataclass(slots=True, eq=False)
class Delivery:
    """A message as it arrived at one queue."""

    queue: str
    raw: Any
    """The amqp library's message: body in bytes, properties, delivery tag."""
    reaction: Any
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def tag(self) -> int:
        return int(self.raw.delivery_tag)

    @property
    def properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.raw.properties
        return found

    @property
    def headers(self) -> dict[str, Any]:
        return self.properties.get("application_headers") or {}

    @property
    def attempt(self) -> int:
        """How often it was tried before."""
        found = self.headers.get(ATTEMPT, 0)
        return found if isinstance(found, int) and found > 0 else 0

    @property
    def key(self) -> object:
        """Messages with one key are handled one after the other; those without any are all different."""
        return self.headers.get("ce-partitionkey") or id(self)

    def recorded(self) -> Recorded[Any]:
        """The event that it carries. Raises Invalid when it is none of ours."""
        return message.parse(
            self.raw.body,
            self.headers,
            content_type=self.properties.get("content_type"),
            content_encoding=self.properties.get("content_encoding"),
        )


@dataclass(frozen=True, slots=True)
class Onward:
    """What is published before the original may be acknowledged."""

    exchange: str
    routing_key: str
    message: Any


def again(delivery: Delivery, rung: Rung, error: Exception, now: datetime) -> Onward:
    """The message for the retry ladder: only headers that are ours travel on."""
    headers = {name: value for name, value in delivery.headers.items() if _is_ours(name)}
    headers[ATTEMPT] = delivery.attempt + 1
    headers.setdefault(FAILED_AT, now.isoformat())
    headers.update(_reason(error))
    return Onward(rung.name, delivery.queue, _copy(delivery, headers))


def parked(delivery: Delivery, error: Exception, now: datetime) -> Onward:
    """The message for a human: its bytes, properties and headers as they came, and why it is here."""
    headers = {name: value for name, value in delivery.headers.items() if not _is_brokers(name)}
    headers.setdefault(FAILED_AT, now.isoformat())
    headers[PARKED_AT] = now.isoformat()
    headers[ATTEMPT] = delivery.attempt + 1
    headers.update(_reason(error))
    return Onward(PARKED, delivery.queue, _copy(delivery, headers))


def on_bus(error: Exception) -> OnBus:
    """What the error asks for; what is none of ours is a bug, and is parked."""
    return error.on_bus if isinstance(error, WujiError) else OnBus.PARK


def _reason(error: Exception) -> dict[str, str]:
    text = mask(str(error)).encode("utf-8", "backslashreplace").decode()
    return {ERROR: text[:_LONGEST_ERROR], ERROR_TYPE: type(error).__name__}


def _is_ours(name: str) -> bool:
    return name.startswith(("ce-", "wuji-", "x-wuji-")) or name == "traceparent"


def _is_brokers(name: str) -> bool:
    """`x-death` and its like grow with every round, and mean nothing to whoever redrives the message."""
    return name.startswith(("x-death", "x-first-death", "x-last-death", "x-delivery", "x-acquired"))


def _copy(delivery: Delivery, headers: Mapping[str, Any]) -> Any:
    kept = {name: value for name in _KEPT_PROPERTIES if (value := delivery.properties.get(name)) is not None}
    return amqp.Message(delivery.raw.body, application_headers=dict(headers), delivery_mode=2, **kept)
