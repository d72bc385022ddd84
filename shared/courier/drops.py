"""Counts what full queues threw away: the broker hands it over with the queue's name, the message has its position."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import pika
from pika.exceptions import AMQPError

from shared.courier.lane import SEQUENCE
from shared.kernel.errors import Unavailable
from shared.rabbitmq.partners import DROPPED, Names
from shared.relay.publisher import parameters_of

Count = Callable[[UUID, Sequence[int]], None]
_MOST = 2000


class Drops:
    """Reads the queue `dropped`. Used by one thread."""

    def __init__(self, url: str, count: Count) -> None:
        self._parameters = parameters_of(url, "wuji courier (dropped)")
        self._names = Names.of_url(url)
        self._count = count
        self._connection: Any = None
        self._channel: Any = None
        self._held: list[tuple[int, str, int]] = []

    def collect(self, ids: Mapping[str, UUID], seconds: float) -> None:
        """Read for a while, then note what came and tell the broker that it was noted.

        `ids` has the subscriptions by name; what belongs to none of them any more is forgotten. Raises Unavailable.
        """
        try:
            self._connect()
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0 and len(self._held) < _MOST:
                self._connection.process_data_events(time_limit=left)
            self._note(ids)
        except (AMQPError, OSError) as error:
            self.close()
            raise Unavailable(f"the broker is lost: {type(error).__name__}") from error

    def close(self) -> None:
        connection, self._connection, self._held = self._connection, None, []
        if connection is not None and connection.is_open:
            try:
                connection.close()
            except (AMQPError, OSError):
                return

    def _connect(self) -> None:
        if self._connection is not None:
            return
        self._connection = pika.BlockingConnection(self._parameters)
        self._channel = self._connection.channel()
        self._channel.basic_qos(prefetch_count=_MOST)
        self._channel.basic_consume(DROPPED, self._take)

    def _take(self, _channel: Any, method: Any, properties: Any, _body: bytes) -> None:
        headers = properties.headers or {}
        queue, position = str(headers.get("x-first-death-queue", "")), str(headers.get(SEQUENCE, ""))
        self._held.append((method.delivery_tag, queue, int(position) if position.isdigit() else 0))

    def _note(self, ids: Mapping[str, UUID]) -> None:
        if not self._held:
            return
        found: dict[UUID, list[int]] = defaultdict(list)
        for _, queue, position in self._held:
            name = self._names.name_of(queue)
            if name is not None and name in ids:
                found[ids[name]].append(position)
        for subscription_id, positions in found.items():
            self._count(subscription_id, positions)
        last = self._held[-1][0]
        self._held.clear()
        self._channel.basic_ack(last, multiple=True)
