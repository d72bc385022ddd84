"""Parked messages: what nobody could handle waits in `<queue>.parked` until a person has looked at it.

Looking takes nothing away. A message leaves its parked queue only after the broker has confirmed that its own queue
has it again, or because somebody discarded it and said why. A tool that is killed in between leaves every message
where it was, or in both places: never in none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError

from shared.kernel.errors import Invalid, NotFound, Unavailable
from shared.rabbitmq.names import ATTEMPT, ERROR, ERROR_TYPE, PARKED_AT, parked_queue

Audit = Callable[[str, Mapping[str, object]], None]
"""Takes what was done, in one word (`redriven`, `discarded`), and the facts: it becomes a line of the audit log."""

_OURS = (ATTEMPT, ERROR, ERROR_TYPE, PARKED_AT)
# The broker's own notes about a message; sent along again, they would mislead its check for endless loops.
_BROKERS = ("x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason", "x-delivery-count")


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """One message, as a person may look at it."""

    queue: str
    """The queue that it came from and would return to."""
    message_id: str
    type: str
    attempts: int
    error: str | None
    error_type: str | None
    parked_at: str | None
    headers: Mapping[str, object]
    body: bytes = field(repr=False)

    @property
    def payload(self) -> Any:
        """The body as JSON; where it is none, as text with what cannot be read spelled out."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode("utf-8", "backslashreplace")


Wanted = Callable[[ParkedMessage], bool]


def everything(_message: ParkedMessage) -> bool:
    """A filter that takes every message."""
    return True


class ParkedMessages:
    """The parked messages of a virtual host, reached with the operator's user. Use as a context manager."""

    def __init__(self, url: str, audit: Audit) -> None:
        """Raises Unavailable when the broker cannot be reached."""
        self._audit = audit
        try:
            self._connection = pika.BlockingConnection(pika.URLParameters(url))
        except (AMQPError, OSError) as error:
            raise Unavailable(f"the broker cannot be used: {type(error).__name__} {error}") from error

    def __enter__(self) -> ParkedMessages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection.is_open:
            self._connection.close()

    def counts(self, queues: tuple[str, ...]) -> dict[str, int]:
        """Queue → how many of its messages are parked. Raises NotFound for a queue that has no parked queue."""
        return {queue: self._count(queue) for queue in queues}

    def messages(self, queue: str, limit: int = 100, wanted: Wanted = everything) -> list[ParkedMessage]:
        """The oldest parked messages that are wanted; they stay where they are."""
        found: list[ParkedMessage] = []
        with self._walk(queue) as messages:
            for _, message in messages:
                if wanted(message):
                    found.append(message)
                if len(found) == limit:
                    break
        return found

    def show(self, queue: str, message_id: str) -> ParkedMessage:
        """One parked message. Raises NotFound."""
        found = self.messages(queue, 1, lambda message: message.message_id == message_id)
        if not found:
            raise NotFound(f"{parked_queue(queue)} has no message {message_id}")
        return found[0]

    def redrive(self, queue: str, wanted: Wanted = everything, *, by: str, dry_run: bool = False) -> int:
        """Send the wanted messages back to their queue as if they came for the first time; how many.

        Raises Unavailable when the broker does not take one: it and those after it stay parked.
        """
        return self._settle(queue, wanted, dry_run, self._send_back, {"done": "redriven", "by": by})

    def discard(self, queue: str, wanted: Wanted = everything, *, by: str, reason: str, dry_run: bool = False) -> int:
        """Throw the wanted messages away for good; how many. Raises Invalid without a reason."""
        if not reason.strip():
            raise Invalid("say why the messages are discarded", where="reason")
        facts = {"done": "discarded", "by": by, "reason": reason}
        return self._settle(queue, wanted, dry_run, lambda *_: None, facts)

    def _settle(
        self,
        queue: str,
        wanted: Wanted,
        dry_run: bool,
        first: Callable[[BlockingChannel, ParkedMessage, Any], None],
        facts: Mapping[str, str],
    ) -> int:
        count = 0
        with self._walk(queue) as messages:
            for delivery, message in messages:
                if not wanted(message):
                    continue
                count += 1
                if dry_run:
                    continue
                first(delivery.channel, message, delivery.properties)
                # The audit line comes before the message goes: a line too many misleads less than one that is missing.
                self._audit(facts["done"], {**_facts(message), **facts})
                delivery.settle()
        return count

    def _send_back(self, channel: BlockingChannel, message: ParkedMessage, properties: Any) -> None:
        headers = {key: value for key, value in message.headers.items() if key not in (*_OURS, *_BROKERS)}
        properties.headers = headers
        properties.expiration = None
        try:
            channel.basic_publish("", message.queue, message.body, properties, mandatory=True)
        except UnroutableError as error:
            raise NotFound(f"the queue {message.queue} does not exist any more", hint="run: wuji topology") from error
        except NackError as error:
            raise Unavailable(f"the broker does not take messages for {message.queue} now") from error

    def _count(self, queue: str) -> int:
        with self._channel() as channel:
            return _declared(channel, queue)

    @contextmanager
    def _walk(self, queue: str) -> Iterator[Iterator[tuple[_Delivery, ParkedMessage]]]:
        """The messages that are parked now, each once; what is not acknowledged inside goes back to its place."""
        with self._channel() as channel:
            _declared(channel, queue)
            channel.confirm_delivery()
            kept = _Kept()
            yield self._fetch(channel, queue, kept)
            _put_back(channel, queue, kept.count)

    def _fetch(self, channel: BlockingChannel, queue: str, kept: _Kept) -> Iterator[tuple[_Delivery, ParkedMessage]]:
        seen: set[str | bytes] = set()
        while True:
            method, properties, body = channel.basic_get(parked_queue(queue))
            if method is None:
                return
            kept.count += 1
            message = _message(queue, properties, body or b"")
            key = message.message_id or message.body
            # A message that was sent back may be parked again before we are through: that is its next stay here.
            if key in seen:
                return
            seen.add(key)
            yield _Delivery(channel, method.delivery_tag, properties, kept), message

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        try:
            channel = self._connection.channel()
            try:
                yield channel
            finally:
                if channel.is_open:
                    channel.close()
        except ChannelClosedByBroker as error:
            if error.reply_code == 404:
                raise NotFound(f"there is no such queue: {error.reply_text}") from error
            raise Unavailable(f"the broker refuses: {error.reply_text}") from error
        except AMQPError as error:
            raise Unavailable(f"the connection to the broker was lost: {type(error).__name__} {error}") from error


@dataclass(slots=True)
class _Kept:
    """How many messages were fetched and not acknowledged."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class _Delivery:
    channel: BlockingChannel
    tag: int
    properties: Any
    kept: _Kept

    def settle(self) -> None:
        """Take the message out of the parked queue."""
        self.channel.basic_ack(self.tag)
        self.kept.count -= 1


def _put_back(channel: BlockingChannel, queue: str, count: int) -> None:
    """Give back what was only looked at, and wait until it can be seen again: the next look would miss it."""
    if count == 0:
        return
    channel.basic_nack(0, multiple=True, requeue=True)
    deadline = time.monotonic() + 2
    while _declared(channel, queue) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def _declared(channel: BlockingChannel, queue: str) -> int:
    return int(channel.queue_declare(parked_queue(queue), passive=True).method.message_count)


def _message(queue: str, properties: Any, body: bytes) -> ParkedMessage:
    headers: dict[str, object] = dict(properties.headers or {})
    attempts = headers.get(ATTEMPT, headers.get("x-delivery-count", 0))
    return ParkedMessage(
        queue=queue,
        message_id=properties.message_id or "",
        type=properties.type or str(headers.get("ce-type", "")),
        attempts=attempts if isinstance(attempts, int) else 0,
        error=_text(headers.get(ERROR)) or _text(headers.get("x-first-death-reason")),
        error_type=_text(headers.get(ERROR_TYPE)),
        parked_at=_text(headers.get(PARKED_AT)),
        headers=headers,
        body=body,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _facts(message: ParkedMessage) -> dict[str, object]:
    return {"queue": message.queue, "message": message.message_id, "type": message.type, "error": message.error}
