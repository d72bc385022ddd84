"""A connection to the broker that publishes whole windows and waits for the broker's answer to every message.

pika's event loop runs only while we wait: the caller's loop stays an ordinary one, and heartbeats are answered in
`pause`. A window is on its way as a whole before the first confirm is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pika
from pika.adapters.select_connection import IOLoop
from pika.exceptions import AMQPError

from shared.contracts.message import Message
from shared.kernel.errors import Invalid, Unavailable
from shared.rabbitmq.names import EVENTS
from shared.relay.confirms import Confirms

_SLICE = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a window."""

    confirmed: int
    """So many messages from the first on are safe in their queues."""
    problem: str | None = None
    """Why it is not all of them."""
    returned: int = 0
    """So many came back because no queue is bound for them."""


class Publisher:
    """One connection with one channel in confirm mode. Used by one thread."""

    def __init__(self, url: str, *, exchange: str = EVENTS, patience: float = 10.0, name: str = "wuji relay") -> None:
        """Connect; `name` is what the broker shows of us. Raises Unavailable when it takes over `patience` seconds."""
        self._exchange = exchange
        self._loop = IOLoop()
        self._channel: Any = None
        self._confirms: Confirms | None = None
        self._next_tag = 1
        self._running = False
        self.lost: str | None = None
        """Why the connection cannot be used any more."""
        self.blocked: str | None = None
        """Why the broker takes nothing from us at present: it is short of memory or disk."""
        self._connection = pika.SelectConnection(
            parameters_of(url, name),
            on_open_callback=self._opened,
            on_open_error_callback=self._failed,
            on_close_callback=self._failed,
            custom_ioloop=self._loop,
        )
        self._run(patience, lambda: self._channel is not None)
        if self.lost is None and self._channel is None:
            self.lost = f"no connection within {patience:.0f} s"
        if self.lost is not None:
            reason = self.lost
            self.close()
            raise Unavailable(f"the broker cannot be used: {reason}")

    def publish(
        self, window: Sequence[Message], *, patience: float = 30.0, alive: Callable[[], None] | None = None
    ) -> Outcome:
        """Publish the messages in order and wait until each is answered for, at most `patience` seconds.

        Time in which the broker blocks us does not count. `alive` is called about twice a second; what it raises
        ends the wait. After an outcome with a problem that left messages unanswered the connection is lost.
        """
        self._confirms = confirms = Confirms(self._next_tag, [message.message_id for message in window])
        try:
            for message in window:
                self._channel.basic_publish(
                    self._exchange, message.routing_key, message.body, _properties(message), mandatory=True
                )
            self._next_tag += len(window)
        except AMQPError as error:
            self._give_up(_said(error))
        deadline = time.monotonic() + patience
        while not confirms.settled and self.lost is None:
            self._run(_SLICE, lambda: confirms.settled)
            if self.blocked is not None:
                deadline = time.monotonic() + patience
            if time.monotonic() > deadline:
                self._give_up(f"no confirm within {patience:.0f} s")
            if alive is not None:
                alive()
        return self._outcome(confirms)

    def pause(self, seconds: float) -> None:
        """Let time pass while heartbeats and news of the broker are attended to."""
        self._run(seconds, lambda: False)

    def close(self) -> None:
        """Close the connection in good order, or drop it when that takes more than a second."""
        if not (self._connection.is_closed or self._connection.is_closing):
            self._connection.close()
        self._run(1.0, lambda: bool(self._connection.is_closed), even_if_lost=True)
        self._loop.close()

    def _outcome(self, confirms: Confirms) -> Outcome:
        if returned := len(confirms.returned):
            return Outcome(confirms.confirmed, f"no queue wants {returned} messages", returned)
        if self.lost is not None and not confirms.settled:
            return Outcome(confirms.confirmed, self.lost)
        if confirms.refused:
            return Outcome(confirms.confirmed, f"the broker refused {confirms.refused} messages")
        return Outcome(confirms.confirmed)

    def _run(self, seconds: float, done: Callable[[], bool], *, even_if_lost: bool = False) -> None:
        """Run the event loop until `done`, the connection is lost, or the time is up."""
        deadline = time.monotonic() + seconds
        while not done() and (even_if_lost or self.lost is None):
            left = deadline - time.monotonic()
            if left <= 0:
                return
            timer = self._loop.call_later(left, self._wake)
            self._running = True
            try:
                self._loop.start()
            finally:
                self._running = False
                self._loop.remove_timeout(timer)

    def _wake(self) -> None:
        # Stopping a loop that does not run would end its next run at once.
        if self._running:
            self._loop.stop()

    # --- what pika tells us ---------------------------------------------------------------------------------

    def _opened(self, connection: Any) -> None:
        connection.add_on_connection_blocked_callback(self._is_blocked)
        connection.add_on_connection_unblocked_callback(self._is_unblocked)
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any) -> None:
        channel.add_on_close_callback(lambda _channel, reason: self._give_up(_said(reason)))
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._answered, callback=lambda _frame: self._ready(channel))

    def _ready(self, channel: Any) -> None:
        self._channel = channel
        self._wake()

    def _failed(self, _connection: Any, reason: Any) -> None:
        self._give_up(_said(reason))

    def _give_up(self, reason: str) -> None:
        self.lost = self.lost or reason
        self._wake()

    def _answered(self, frame: Any) -> None:
        method = frame.method
        if self._confirms is None:
            return
        self._confirms.answer(method.delivery_tag, multiple=method.multiple, positive=method.NAME == "Basic.Ack")
        if self._confirms.settled:
            self._wake()

    def _returned(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        if self._confirms is not None:
            self._confirms.took_back(properties.message_id)

    def _is_blocked(self, _connection: Any, frame: Any) -> None:
        self.blocked = str(frame.method.reason)

    def _is_unblocked(self, _connection: Any, _frame: Any) -> None:
        self.blocked = None


def parameters_of(url: str, name: str = "wuji relay") -> Any:
    """How to connect. Raises Invalid for an address that is none."""
    if not url.startswith(("amqp://", "amqps://")):
        raise Invalid(
            "the address of the broker is wrong", where="AMQP_URL", hint="amqp://user:password@host:5672/wuji"
        )
    try:
        parameters = pika.URLParameters(url)
    except (ValueError, TypeError) as error:
        raise Invalid(f"the address of the broker is wrong: {error}", where="AMQP_URL") from error
    parameters.heartbeat = 10
    parameters.connection_attempts = 1
    parameters.socket_timeout = 5
    parameters.stack_timeout = 8
    parameters.client_properties = {"connection_name": name}
    return parameters


def _properties(message: Message) -> Any:
    return pika.BasicProperties(
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=message.headers,
        delivery_mode=message.delivery_mode,
        correlation_id=message.correlation_id,
        message_id=message.message_id,
        type=message.type,
        app_id=message.app_id,
    )


def _said(reason: Any) -> str:
    text = str(reason).strip()
    return f"{type(reason).__name__}: {text}"[:300] if text else type(reason).__name__
