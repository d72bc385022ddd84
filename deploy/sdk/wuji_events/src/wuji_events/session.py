"""One connection to the queue: takes events, gives them to the worker one at a time, and settles them.

Everything here runs in the thread that keeps the connection's heartbeats; only the handler runs elsewhere. An event
that is to be retried stays unacknowledged meanwhile, and later events about the same issue wait behind it: the
subscriber's account may write nothing, so there is no queue to park it in for a while.
"""

from __future__ import annotations

import functools
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import pika
from pika.exceptions import AMQPError

from wuji_events.event import Event, Unreadable
from wuji_events.metrics import Counters

logger = logging.getLogger("wuji_events")

HOLD = 20 * 60.0
"""Seconds after which an event is given back to the queue: the broker cuts whoever holds one for 30 minutes."""


@dataclass
class Verdict:
    """What is to become of a delivered event."""

    action: str
    """`done`, `retry`, `park`."""
    after: float = 0.0


@dataclass
class Delivery:
    """One event in hand."""

    tag: int
    event: Event
    since: float = field(default_factory=time.monotonic)

    @property
    def key(self) -> str:
        return self.event.correlation_id or self.event.subject


class Work(Protocol):
    """The other side: runs handlers."""

    counters: Counters

    def waits(self, event: Event) -> float:
        """Seconds until the event may be tried again; 0 for now."""

    def submit(self, event: Event, done: Callable[[Verdict], None]) -> None:
        """Run the handler in the worker's thread; `done` is called there."""


class Session:
    """Of one connection. Ends with an AMQPError when the connection is lost, in peace when it is told to stop."""

    def __init__(self, parameters: pika.connection.Parameters, queue: str, prefetch: int, work: Work) -> None:
        self._work = work
        self._busy: Delivery | None = None
        self._ready: deque[Delivery] = deque()
        self._waiting: dict[str, Delivery] = {}
        self._lost: BaseException | None = None
        self._connection = pika.BlockingConnection(parameters)
        try:
            self._channel = self._connection.channel()
            self._channel.basic_qos(prefetch_count=prefetch)
            self._channel.add_on_cancel_callback(self._cancelled)
            self._consumer = self._channel.basic_consume(queue, self._take)
        except BaseException:
            self.close()
            raise

    def run(self, stopping: Callable[[], bool], patience: float) -> None:
        """Until `stopping()`; then the event in hand is finished, for up to `patience` seconds, the others go back."""
        while not stopping():
            self._connection.process_data_events(time_limit=0.5)
            self._alive()
            self._give_back_old()
        self._channel.basic_cancel(self._consumer)
        for delivery in (*self._ready, *self._waiting.values()):
            self._channel.basic_nack(delivery.tag, requeue=True)
        self._ready.clear()
        self._waiting.clear()
        deadline = time.monotonic() + patience
        while self._busy is not None and time.monotonic() < deadline:
            self._connection.process_data_events(time_limit=0.2)
            self._alive()

    def close(self) -> None:
        """Whatever is still in hand goes back to the queue."""
        try:
            if self._connection.is_open:
                self._connection.close()
        except AMQPError as error:
            logger.debug("closing: %s", error)

    def _alive(self) -> None:
        if self._lost is not None:
            raise self._lost
        if not self._channel.is_open:
            raise pika.exceptions.ChannelWrongStateError("the channel was closed")

    def _cancelled(self, _method: Any) -> None:
        self._lost = pika.exceptions.ConsumerCancelled("the queue was taken away")

    def _take(self, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        headers = properties.headers or {}
        self._work.counters.received += 1
        try:
            event = Event.of(headers, body)
        except Unreadable as error:
            logger.error("parked a message that cannot be read: %s", error)
            self._work.counters.parked += 1
            self._channel.basic_reject(method.delivery_tag, requeue=False)
            return
        delivery = Delivery(method.delivery_tag, event)
        self._work.counters.in_hand += 1
        if (wait := self._work.waits(event)) > 0 and delivery.key not in self._waiting:
            self._hold(delivery, wait)
        else:
            self._ready.append(delivery)
        self._next()

    def _next(self) -> None:
        """Give the worker the first event whose issue does not wait."""
        if self._busy is not None:
            return
        for delivery in self._ready:
            if delivery.key not in self._waiting:
                self._ready.remove(delivery)
                self._busy = delivery
                self._work.submit(delivery.event, functools.partial(self._report, delivery))
                return

    def _report(self, delivery: Delivery, verdict: Verdict) -> None:
        """In the worker's thread."""
        try:
            self._connection.add_callback_threadsafe(functools.partial(self._settle, delivery, verdict))
        except AMQPError as error:
            logger.info("event %s will come again, the connection is gone: %s", delivery.event.id, error)

    def _settle(self, delivery: Delivery, verdict: Verdict) -> None:
        self._busy = None
        try:
            if verdict.action == "retry":
                self._hold(delivery, verdict.after)
            else:
                self._work.counters.in_hand -= 1
                if verdict.action == "park":
                    self._channel.basic_reject(delivery.tag, requeue=False)
                else:
                    self._channel.basic_ack(delivery.tag)
            self._next()
        except AMQPError as error:
            self._lost = error

    def _hold(self, delivery: Delivery, seconds: float) -> None:
        self._waiting[delivery.key] = delivery
        self._connection.call_later(seconds, functools.partial(self._wake, delivery))

    def _wake(self, delivery: Delivery) -> None:
        if self._waiting.get(delivery.key) is delivery:
            del self._waiting[delivery.key]
            self._ready.appendleft(delivery)
            self._next()

    def _give_back_old(self) -> None:
        """All of them together, so that their order stays."""
        held = sorted((*self._ready, *self._waiting.values()), key=lambda delivery: delivery.tag)
        if not held or time.monotonic() - min(delivery.since for delivery in held) < HOLD:
            return
        self._ready.clear()
        self._waiting.clear()
        for delivery in held:
            self._work.counters.in_hand -= 1
            self._channel.basic_nack(delivery.tag, requeue=True)
