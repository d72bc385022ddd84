"""One connection to the queue: takes events, gives them to the worker one at a time, and settles them.

Everything here runs in the thread that keeps the connection's heartbeats; only the handler runs elsewhere. An event
that is to be retried stays unacknowledged meanwhile, and later events about the same issue wait behind it: the
subscriber's account may write nothing, so there is no queue to park it in for a while.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pika
from pika.exceptions import AMQPError, ConsumerCancelled

from wuji_events.event import Event, Outcome, Unreadable

if TYPE_CHECKING:
    from wuji_events.subscriber import Subscriber

logger = logging.getLogger("wuji_events")

HOLD = 20 * 60.0
"""Seconds after which an event is given back to the queue: the broker cuts whoever holds one for 30 minutes."""


@dataclass
class Delivery:
    """One event that is not settled yet."""

    tag: int
    event: Event
    due: float
    """When it may be handled."""
    since: float = field(default_factory=time.monotonic)

    @property
    def issue(self) -> str:
        return self.event.correlation_id or self.event.subject


class Session:
    """Of one connection. Ends with an AMQPError when the connection is lost, in peace when it is told to stop."""

    def __init__(self, parameters: pika.connection.Parameters, subscriber: Subscriber) -> None:
        self._subscriber, self._counters = subscriber, subscriber.counters
        self._held: dict[int, Delivery] = {}  # by tag: in the order of the queue
        self._busy: Delivery | None = None
        self._connection = pika.BlockingConnection(parameters)

    def run(self) -> None:
        """Until the subscriber is told to stop; then the event in hand is finished, the others go back."""
        self._channel = self._connection.channel()
        self._channel.basic_qos(prefetch_count=self._subscriber.prefetch)
        consumer = self._channel.basic_consume(self._subscriber.queue, self._take)
        self._counters.connections += 1
        self._counters.connected = 1
        logger.info("%s: connected", self._subscriber.subscription)
        while not self._subscriber.stopping.is_set():
            self._turn(0.5)
            if not (self._channel.is_open and self._channel.consumer_tags):
                raise ConsumerCancelled("the queue was taken away, or the channel closed")
            self._next()
            waiting = self._waiting()
            if waiting and time.monotonic() - waiting[0].since > HOLD:
                self._give_back(waiting)
        self._channel.basic_cancel(consumer)
        self._give_back(self._waiting())
        deadline = time.monotonic() + self._subscriber.drain
        while self._busy is not None and time.monotonic() < deadline:
            self._turn(0.2)

    def close(self) -> None:
        """Whatever is still in hand goes back to the queue."""
        self._counters.connected = self._counters.in_hand = 0
        try:
            if self._connection.is_open:
                self._connection.close()
        except AMQPError as error:
            logger.debug("closing: %s", error)

    def _turn(self, seconds: float) -> None:
        """Let the connection work until something happened: `_take`, `_settle`, or an event became due."""
        self._connection.process_data_events(time_limit=seconds)
        self._counters.in_hand = len(self._held)

    def _take(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        self._counters.received += 1
        try:
            event = Event.of(properties.headers, body)
        except Unreadable as error:
            logger.error("parked a message that cannot be read: %s", error)
            self._counters.parked += 1
            self._channel.basic_reject(method.delivery_tag, requeue=False)
            return
        self._held[method.delivery_tag] = delivery = Delivery(method.delivery_tag, event, 0.0)
        self._hold(delivery, self._subscriber.due(event))

    def _next(self) -> None:
        """Give the worker the first event that is due and whose issue does not wait."""
        if self._busy is not None:
            return
        now, waiting = time.monotonic(), set[str]()
        for delivery in self._held.values():
            if delivery.due > now:
                waiting.add(delivery.issue)
            elif delivery.issue not in waiting:
                self._busy = delivery
                self._subscriber.work.put((delivery.event, self._report))
                return

    def _report(self, outcome: Outcome) -> None:
        """In the worker's thread."""
        try:
            self._connection.add_callback_threadsafe(lambda: self._settle(outcome))
        except AMQPError as error:
            logger.info("event %s will come again, the connection is gone: %s", outcome.event.id, error)

    def _settle(self, outcome: Outcome) -> None:
        delivery, self._busy = self._busy, None
        assert delivery is not None
        if outcome.action == "retry":
            self._hold(delivery, time.monotonic() + outcome.after)
            return
        del self._held[delivery.tag]
        if outcome.action == "park":
            self._channel.basic_reject(delivery.tag, requeue=False)
        else:
            self._channel.basic_ack(delivery.tag)

    def _hold(self, delivery: Delivery, due: float) -> None:
        delivery.due = due
        if (seconds := due - time.monotonic()) > 0:
            self._connection.call_later(seconds, lambda: None)  # ends the turn then

    def _waiting(self) -> list[Delivery]:
        return [one for one in self._held.values() if one is not self._busy]

    def _give_back(self, deliveries: list[Delivery]) -> None:
        """All of them together, so that their order stays."""
        for delivery in deliveries:
            del self._held[delivery.tag]
            self._channel.basic_nack(delivery.tag, requeue=True)
