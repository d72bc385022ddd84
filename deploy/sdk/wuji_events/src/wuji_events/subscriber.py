"""The subscriber: handlers by event type, retries with longer and longer waits, and a program that stops in order."""

from __future__ import annotations

import logging
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Literal

import pika
from pika.exceptions import (
    AMQPConnectionError,
    AMQPError,
    ChannelClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from wuji_events import metrics, settings
from wuji_events.event import Event, Park, Retry
from wuji_events.session import Session, Verdict

logger = logging.getLogger("wuji_events")

Handler = Callable[[Event], object]
LADDER = (5.0, 30.0, 120.0, 600.0)
LONGEST = 600.0
"""Seconds that one wait may take; longer waits are cut to it."""
STOPPED, NOT_ALLOWED, WRONG_SETTINGS = 0, 77, 78
"""Exit codes: told to stop; the broker refuses login or queue; a setting is missing or wrong (see sysexits.h)."""
_REFUSED = (ProbableAuthenticationError, ProbableAccessDeniedError)


@dataclass(frozen=True)
class Outcome:
    """What became of one event."""

    event: Event
    action: Literal["handled", "unknown", "retry", "park"]
    error: BaseException | None = None
    after: float = 0.0


class Subscriber:
    """Receives one subscription's events. Handlers run one after the other, in a thread of their own."""

    def __init__(  # noqa: PLR0913 # one program's settings, each by name
        self,
        url: str,
        subscription: str,
        *,
        queue: str | None = None,
        prefetch: int = 20,
        attempts: int = 8,
        ladder: tuple[float, ...] = LADDER,
        on_unknown: Literal["ack", "park"] = "ack",
        drain: float = 25.0,
        patience: float = 60.0,
    ) -> None:
        """`queue`: another one than the subscription's own, such as a shadow replay's.

        `attempts`: failures after which an event is parked. `on_unknown`: what becomes of types without a handler.
        `drain`: seconds for the handler that runs when the program is told to stop. `patience`: seconds for which a
        refused login is tried again, because a new account takes moments to be there. Raises SettingsError.
        """
        try:
            self._parameters = pika.URLParameters(url)
        except (ValueError, TypeError) as error:
            raise settings.SettingsError(f"{settings.URL} is no address of a broker") from error
        if "heartbeat=" not in url:
            self._parameters.heartbeat = 20
        self._parameters.client_properties = {"connection_name": f"wuji-events {subscription}"}
        self.subscription = subscription
        self.queue = queue or f"sub.{subscription}"
        self.prefetch, self.attempts, self.ladder = prefetch, attempts, ladder
        self.on_unknown, self.drain, self.patience = on_unknown, drain, patience
        self.counters = metrics.Counters()
        self._handlers: dict[str, Handler] = {}
        self._tries: dict[str, tuple[int, float]] = {}
        self._work: SimpleQueue[tuple[Event, Callable[[Verdict], None]]] = SimpleQueue()
        self._stop = threading.Event()

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None, **more: object) -> Subscriber:
        """With WUJI_EVENTS_URL and WUJI_EVENTS_SUBSCRIPTION. Raises SettingsError naming what is missing."""
        found = cls(
            settings.need(settings.URL, environment),
            settings.need(settings.SUBSCRIPTION, environment),
            **{"prefetch": settings.number(settings.PREFETCH, 20, environment), **more},  # type: ignore[arg-type]
        )
        if settings.optional(settings.METRICS_PORT, environment):
            metrics.serve(found.counters, found.subscription, settings.number(settings.METRICS_PORT, 1, environment))
        return found

    def on(self, *patterns: str) -> Callable[[Handler], Handler]:
        """Decorates a handler: `case.dispatched`, one version `case.dispatched.v1`, `case.*`, or `*`."""

        def register(handler: Handler) -> Handler:
            for pattern in patterns:
                if pattern in self._handlers:
                    raise ValueError(f"{pattern} has a handler already")
                self._handlers[pattern] = handler
            return handler

        return register

    def handler_of(self, event: Event) -> Handler | None:
        """The handler with the closest pattern."""
        category = event.type.partition(".")[0]
        patterns = (f"{event.type}.v{event.version}", event.type, f"{category}.*", "*")
        return next((self._handlers[one] for one in patterns if one in self._handlers), None)

    def test(self, events: Iterable[Event]) -> list[Outcome]:
        """Call the handlers in this thread, without a broker: for your own tests. Nothing waits or is tried again."""
        return [self._handle(event) for event in events]

    def metrics(self) -> dict[str, float]:
        """What happened since the program started."""
        return self.counters.as_dict()

    def stop(self) -> None:
        """End `run` in order. May be called from any thread and from a signal handler."""
        self._stop.set()

    def run(self, *, signals: bool = True) -> int:
        """Receive until SIGTERM or SIGINT; the exit code for the supervisor of your program.

        A lost connection is made again, however long it takes.
        """
        if signals:
            for one in (signal.SIGTERM, signal.SIGINT):
                signal.signal(one, lambda *_: self.stop())
        _logging()
        threading.Thread(target=self._worker, name="wuji-events handler", daemon=True).start()
        failures, refused_since = 0, None
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._receive()
                continue
            except (AMQPError, OSError) as error:
                self.counters.connected = self.counters.in_hand = 0
                failures = 0 if time.monotonic() - started > 30 else failures + 1
                refused_since = (refused_since or started) if _is_refusal(error) else None
                if refused_since is not None and time.monotonic() - refused_since > self.patience:
                    logger.error("%s: the broker refuses us: %s", self.subscription, _said(error))
                    return NOT_ALLOWED
                delay = min(30.0, 0.25 * 2 ** min(failures, 8)) * random.uniform(0.5, 1.0)
                logger.warning("%s: no connection (%s), again in %.1f s", self.subscription, _said(error), delay)
                self._stop.wait(delay)
        logger.info("%s: stopped", self.subscription)
        return STOPPED

    def _receive(self) -> None:
        session = Session(self._parameters, self.queue, self.prefetch, self)
        self.counters.connections += 1
        self.counters.connected = 1
        logger.info("%s: connected to %s", self.subscription, self._parameters.host)
        try:
            session.run(self._stop.is_set, self.drain)
        finally:
            session.close()
            self.counters.connected = self.counters.in_hand = 0

    def waits(self, event: Event) -> float:
        """Seconds until it may be tried again; what came back through the queue goes on waiting."""
        return self._tries[event.id][1] - time.monotonic() if event.id in self._tries else 0.0

    def submit(self, event: Event, done: Callable[[Verdict], None]) -> None:
        """Have it handled in the worker's thread."""
        self._work.put((event, done))

    def _worker(self) -> None:
        while True:
            event, done = self._work.get()
            done(self._judge(event))

    def _judge(self, event: Event) -> Verdict:
        """Handle one event, count, and write its line."""
        event = replace(event, attempt=self._tries.get(event.id, (0, 0.0))[0] + 1)
        started = time.monotonic()
        outcome = self._handle(event)
        said = f"{outcome.action} {event.type}.v{event.version} {event.subject} position={event.position} id={event.id}"
        said += f" attempt={event.attempt} ms={(time.monotonic() - started) * 1000:.0f}"
        if outcome.action == "retry":
            self._tries[event.id] = (event.attempt, time.monotonic() + outcome.after)
            self.counters.retried += 1
            logger.warning("%s after=%.0f: %s", said, outcome.after, _said(outcome.error), exc_info=_trace(outcome))
            return Verdict("retry", outcome.after)
        self._tries.pop(event.id, None)
        self.counters.last_position = event.position
        self.counters.lag_seconds = max(0.0, (datetime.now(UTC) - event.time).total_seconds())
        if outcome.action == "park":
            self.counters.parked += 1
            logger.error("%s: %s", said, _said(outcome.error), exc_info=_trace(outcome))
            return Verdict("park")
        self.counters.handled += outcome.action == "handled"
        self.counters.unknown += outcome.action == "unknown"
        logger.info("%s", said)
        return Verdict("done")

    def _handle(self, event: Event) -> Outcome:
        handler = self.handler_of(event)
        if handler is None:
            return Outcome(event, "unknown" if self.on_unknown == "ack" else "park", Park("no handler for this type"))
        try:
            handler(event)
        except Park as error:
            return Outcome(event, "park", error)
        except Exception as error:  # noqa: BLE001 # whatever a department's handler raises, it is tried again
            if event.attempt >= self.attempts:
                return Outcome(event, "park", error)
            return Outcome(event, "retry", error, self._pause(error, event.attempt))
        return Outcome(event, "handled")

    def _pause(self, error: Exception, attempt: int) -> float:
        wished = error.after if isinstance(error, Retry) else None
        return min(LONGEST, self.ladder[min(attempt, len(self.ladder)) - 1] if wished is None else max(0.0, wished))


def _is_refusal(error: BaseException) -> bool:
    """Whether waiting is not likely to help: wrong password, no right, no queue."""
    if isinstance(error, AMQPConnectionError) and error.args and isinstance(error.args[0], Exception):
        return _is_refusal(error.args[0])
    return isinstance(error, _REFUSED) or (isinstance(error, ChannelClosedByBroker) and error.reply_code in (403, 404))


def _logging() -> None:
    """One line per event to stderr, unless the program has its own idea of logging."""
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("pika").setLevel(logging.CRITICAL)


def _said(error: BaseException | None) -> str:
    return f"{type(error).__name__} {error}".strip()


def _trace(outcome: Outcome) -> BaseException | None:
    """A surprise is logged with its traceback, a deliberate answer without."""
    return None if isinstance(outcome.error, (Retry, Park)) else outcome.error
