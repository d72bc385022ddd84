"""One connection to the broker, owned by one green thread: nobody else reads from it or writes to it.

Handlers tell the session how they ended through a queue and wake it; the session acknowledges. What is to be tried
again or parked is published here with a confirm, and the original is acknowledged when the confirm has come.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from eventlet import patcher
from eventlet.green import select
from kombu.connection import Connection

from shared.entrypoints.delivery import Delivery, Onward
from shared.kernel.errors import Unavailable

HEARTBEAT = 20
"""Seconds."""
_CONNECT_SECONDS = 5
_CONFIRM_SECONDS = 30.0
_AT_ONCE = 64
_connection: Any = Connection
_plain_select = patcher.original("select")
_plain_os = patcher.original("os")


@dataclass(slots=True, eq=False)
class _Unconfirmed:
    delivery: Delivery
    onward: Onward
    sent_at: float


class Session:
    """Consumes the reactions' queues until it is told to drain, or the connection breaks."""

    def __init__(self, url: str, name: str, arrived: Callable[[Delivery], None]) -> None:
        self._connection: Any = _connection(
            url,
            heartbeat=HEARTBEAT,
            connect_timeout=_CONNECT_SECONDS,
            transport_options={"client_properties": {"connection_name": name}, "confirm_publish": False},
        )
        self._arrived = arrived
        self._channels: dict[str, Any] = {}
        self._reactions: list[Any] = []
        self._settled: deque[tuple[Delivery, Onward | None, bool]] = deque()
        self._unconfirmed: dict[int, _Unconfirmed] = {}
        self._sent = 0
        self._returned: set[tuple[str, str]] = set()
        self._failed: deque[Delivery] = deque()
        self._hear, self._wake = _plain_os.pipe2(_plain_os.O_NONBLOCK)
        self._is_awake = False
        self._ticked = time.monotonic()
        self._cancelled: str | None = None
        self.is_open = False
        self.is_consuming = False

    @property
    def errors(self) -> tuple[type[BaseException], ...]:
        """What a broken connection raises."""
        return (*self._connection.connection_errors, *self._connection.channel_errors, OSError)

    # --- called by the owner ------------------------------------------------------------------------------------

    def open(self, reactions: Iterable[Any], prefetch: int) -> None:
        """Connect and consume. Raises what `errors` names."""
        self._connection.connect()
        self._amqp = self._connection.connection
        self._socket = self._amqp.sock
        self._publisher = self._connection.channel()
        self._publisher.confirm_select()
        self._publisher.events["basic_ack"].add(self._confirmed)
        self._publisher.events["basic_nack"].add(partial(self._confirmed, refused=True))
        self._publisher.events["basic_return"].add(self._came_back)
        for reaction in reactions:
            self._make_channel(reaction, reaction.prefetch or prefetch)
        self.consume()
        self._ready = _plain_select.poll()
        self._ready.register(self._socket.fileno(), _plain_select.POLLIN)
        self.is_open = True

    def _make_channel(self, reaction: Any, prefetch: int) -> None:
        channel = self._connection.channel()
        # The bytes of a message that cannot be read are evidence.
        channel.auto_decode = False
        channel.basic_qos(0, prefetch, False)
        self._channels[reaction.queue] = channel
        self._reactions.append(reaction)

    def consume(self) -> None:
        """Ask for messages: at the beginning, and again after `cancel`."""
        for reaction in self._reactions:
            queue = reaction.queue
            self._channels[queue].basic_consume(
                queue=queue,
                consumer_tag=queue,
                callback=partial(self._deliver, reaction),
                on_cancel=partial(self._was_cancelled, queue),
            )
        self.is_consuming = True

    def _deliver(self, reaction: Any, raw: Any) -> None:
        self._arrived(Delivery(reaction.queue, raw, reaction))

    def turn(self, patience: float) -> list[Delivery]:
        """Settle what has ended, then wait at most `patience` seconds for something to happen.

        Answers the deliveries whose onward message the broker refused. Raises what `errors` names.
        """
        self._settle()
        self._tick()
        if self._cancelled is not None:
            raise Unavailable(f"the broker cancelled {self._cancelled}: has its queue been deleted?")
        if not self._has_more():
            readable, _, _ = select.select([self._socket.fileno(), self._hear], [], [], patience)
            if self._hear in readable:
                self._is_awake = False
                _plain_os.read(self._hear, 64)
        for _ in range(_AT_ONCE):
            if not self._has_more():
                break
            try:
                self._amqp.drain_events(timeout=_CONNECT_SECONDS)
            except TimeoutError:
                break
        self._settle()
        failed, self._failed = list(self._failed), deque()
        return failed

    def _has_more(self) -> bool:
        pending = getattr(self._socket, "pending", None)
        return bool(pending is not None and pending()) or bool(self._ready.poll(0))

    def cancel(self) -> None:
        """Stop consuming; what was fetched ahead and not begun is to be given back with `settle`."""
        if not self.is_consuming:
            return
        self.is_consuming = False
        for queue, channel in self._channels.items():
            channel.basic_cancel(queue)

    @property
    def is_settled(self) -> bool:
        """Nothing waits to be acknowledged or confirmed."""
        return not self._settled and not self._unconfirmed and not self._failed

    def close(self) -> None:
        """Say goodbye, so that the broker has taken every acknowledgement; or just hang up when it does not answer."""
        self.is_open = False
        try:
            self._connection.close()
        except Exception:  # noqa: BLE001  # there is nobody left to say goodbye to, however the library puts it
            self._connection.collect()
        finally:
            _plain_os.close(self._hear)
            _plain_os.close(self._wake)

    # --- called by handlers -------------------------------------------------------------------------------------

    def settle(self, delivery: Delivery, onward: Onward | None = None, *, requeue: bool = False) -> None:
        """The delivery has ended: acknowledge it (after publishing `onward`), or give it back. Never blocks.

        When the connection is gone, so is the delivery: the broker sends it again.
        """
        if not self.is_open:
            return
        self._settled.append((delivery, onward, requeue))
        if not self._is_awake:
            self._is_awake = True
            _plain_os.write(self._wake, b"!")

    # --- inside -------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        while self._settled:
            delivery, onward, requeue = self._settled.popleft()
            if onward is not None:
                self._publish(delivery, onward)
            elif requeue:
                self._channels[delivery.queue].basic_reject(delivery.tag, requeue=True)
            else:
                self._channels[delivery.queue].basic_ack(delivery.tag)

    def _publish(self, delivery: Delivery, onward: Onward) -> None:
        self._sent += 1
        self._unconfirmed[self._sent] = _Unconfirmed(delivery, onward, time.monotonic())
        self._publisher.basic_publish(
            onward.message, exchange=onward.exchange, routing_key=onward.routing_key, mandatory=True
        )

    def _confirmed(self, tag: int, multiple: bool, refused: bool = False) -> None:
        for found in [number for number in self._unconfirmed if number == tag or (multiple and number < tag)]:
            unconfirmed = self._unconfirmed.pop(found)
            where = (unconfirmed.onward.exchange, unconfirmed.onward.routing_key)
            if refused or where in self._returned:
                self._failed.append(unconfirmed.delivery)
            else:
                self._settled.append((unconfirmed.delivery, None, False))
        if not self._unconfirmed:
            self._returned.clear()

    def _came_back(self, _error: Exception, exchange: str, routing_key: str, _message: Any) -> None:
        # An address that no queue answers to is the same for every message in flight to it.
        self._returned.add((exchange, routing_key))

    def _was_cancelled(self, queue: str, _tag: str) -> None:
        self._cancelled = queue

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._ticked < 1.0:
            return
        self._ticked = now
        self._amqp.heartbeat_tick(rate=2)
        if any(now - unconfirmed.sent_at > _CONFIRM_SECONDS for unconfirmed in self._unconfirmed.values()):
            raise Unavailable(f"the broker confirmed nothing for {_CONFIRM_SECONDS:.0f} s")
