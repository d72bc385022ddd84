"""The projector's ear on RabbitMQ: collects what has arrived, and acknowledges it in one go."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel

from shared.contracts import message
from shared.contracts.envelope import Recorded
from shared.kernel.errors import Invalid
from shared.projections.track import Run

log = logging.getLogger("wuji.projector")

PREFETCH = 2000
_SEQUENCE = "ce-sequence"
_TYPE = "ce-type"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it arrived."""

    tag: int
    headers: dict[str, object]
    body: bytes
    content_type: str | None
    content_encoding: str | None


class Bus:
    """One connection, one channel, one queue. Every method may raise pika's AMQPError: then make a new one."""

    def __init__(self, url: str, queue: str, prefetch: int = PREFETCH) -> None:
        self._waiting: list[Delivery] = []
        parameters = pika.URLParameters(url)
        parameters.heartbeat = 30
        parameters.blocked_connection_timeout = 30
        parameters.socket_timeout = 5
        parameters.stack_timeout = 10
        parameters.client_properties = {"connection_name": "projector"}
        self._connection = pika.BlockingConnection(parameters)
        self._channel: BlockingChannel = self._connection.channel()
        self._channel.basic_qos(prefetch_count=prefetch)
        self._channel.basic_consume(queue, self._arrived)

    def _arrived(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self._waiting.append(
            Delivery(
                method.delivery_tag,
                properties.headers or {},
                body,
                properties.content_type,
                properties.content_encoding,
            )
        )

    def collect(self, seconds: float, most: int) -> list[Delivery]:
        """What has arrived: waits up to so many seconds for the first message, and for none after it.

        When messages come faster than they are taken, batches grow by themselves; when they come slowly, each is
        taken at once. No timer adds to the way from a report to the view.
        """
        if not self._waiting:
            self._connection.process_data_events(time_limit=seconds)
        before = 0
        while before < len(self._waiting) < most:
            before = len(self._waiting)
            self._connection.process_data_events(time_limit=0)
        found, self._waiting = self._waiting[:most], self._waiting[most:]
        return found

    def breathe(self) -> None:
        """Answer heartbeats in the midst of other work."""
        self._connection.process_data_events(time_limit=0)

    def acknowledge(self, deliveries: list[Delivery]) -> None:
        """Everything up to the last of the deliveries is done with."""
        if deliveries:
            self._channel.basic_ack(deliveries[-1].tag, multiple=True)
        if not self._channel.is_open:
            raise pika.exceptions.ChannelWrongStateError("the broker closed the channel")

    def close(self) -> None:
        """Go; what was not acknowledged comes again to whoever listens next."""
        if self._connection.is_open:
            self._connection.close()


def runs(deliveries: Iterable[Delivery], above: int, handles: frozenset[str]) -> list[Run]:
    """The deliveries as stretches without holes, in ascending order; what lies at or below `above` is passed over
    unread. A message that says nothing about its position, or cannot be read, leaves a hole: the log fills it."""
    found: dict[int, Recorded[Any] | None] = {}
    for delivery in deliveries:
        position = _position(delivery)
        if position > above and position not in found:
            believed, event = _read(delivery, handles)
            if believed:
                found[position] = event
    positions = sorted(found)
    starts = [position for position in positions if position - 1 not in found]
    ends = [position for position in positions if position + 1 not in found]
    return [
        Run(first - 1, last, [event for position in range(first, last + 1) if (event := found[position]) is not None])
        for first, last in zip(starts, ends, strict=True)
    ]


def _position(delivery: Delivery) -> int:
    text = delivery.headers.get(_SEQUENCE)
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 20 else 0


def _read(delivery: Delivery, handles: frozenset[str]) -> tuple[bool, Recorded[Any] | None]:
    """(whether the message can be believed, its event when somebody handles the type)."""
    name = str(delivery.headers.get(_TYPE, "")).rpartition(".v")[0]
    if name not in handles:
        return bool(name), None
    try:
        return True, message.parse(
            delivery.body,
            delivery.headers,
            content_type=delivery.content_type,
            content_encoding=delivery.content_encoding,
        )
    except Invalid as error:
        log.warning("message cannot be read, the log will tell position=%s error=%s", _position(delivery), error)
        return False, None
