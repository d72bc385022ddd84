"""Delivery into queues: one connection for all of them, each window confirmed by the broker before it counts."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

from shared.contracts.message import Message
from shared.courier.ports import Interrupted
from shared.kernel.errors import Unavailable
from shared.relay.publisher import Publisher, parameters_of

_DEFAULT_EXCHANGE = ""


class Link:
    """The connection that the outlets of one lane share. Used by one thread."""

    def __init__(self, url: str, *, patience: float = 20.0, retry: float = 1.0) -> None:
        """Connects when first needed. Raises Invalid for an address of the broker that is none."""
        parameters_of(url)
        self._url = url
        self._patience = patience
        self._retry = retry
        self._publisher: Publisher | None = None
        self._tried = float("-inf")
        self.trouble: str | None = None
        """Why there is no connection, or why the broker takes nothing at present."""

    def publish(self, window: Sequence[Message]) -> int:
        """Publish through the default exchange and wait for the confirms. Raises Interrupted, Unavailable."""
        outcome = self._connected().publish(window, patience=self._patience)
        if outcome.problem is None:
            self.trouble = None
            return outcome.confirmed
        if not outcome.returned:
            self.trouble = outcome.problem
            self.close()
        raise Interrupted("the queue is not there yet" if outcome.returned else outcome.problem, outcome.confirmed)

    def breathe(self) -> None:
        """Answer heartbeats while there is nothing to publish, and try again what was in trouble."""
        if self._publisher is None:
            self._try_again()
            return
        self._publisher.pause(0.001)
        self.trouble = self._publisher.lost or self._publisher.blocked
        if self._publisher.lost is not None:
            self.close()

    def close(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    def _try_again(self) -> None:
        """Whoever it failed with is perhaps served elsewhere by now: nobody else would find out that it is over."""
        if self.trouble is None:
            return
        try:
            self._connected()
        except Unavailable:
            return
        self.trouble = None

    def _connected(self) -> Publisher:
        if self._publisher is not None and self._publisher.lost is not None:
            self.close()
        if self._publisher is None:
            if time.monotonic() - self._tried < self._retry:
                raise Unavailable(self.trouble or "the broker cannot be reached")
            self._tried = time.monotonic()
            try:
                self._publisher = Publisher(self._url, exchange=_DEFAULT_EXCHANGE, patience=5.0, name="wuji courier")
            except Unavailable as error:
                self.trouble = str(error)
                raise
        return self._publisher


class QueueOutlet:
    """Into one subscription's queue."""

    def __init__(self, link: Link, queue: str) -> None:
        self._link = link
        self._queue = queue

    def deliver(self, window: Sequence[Message]) -> int:
        """All of them, or Interrupted with how many the queue has."""
        return self._link.publish([dataclasses.replace(message, routing_key=self._queue) for message in window])

    def close(self) -> None:
        """The connection stays: others use it."""
