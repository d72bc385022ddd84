"""The subscriber: handlers by event type, retries with longer and longer waits, and a program that stops in order."""

from __future__ import annotations

import logging
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import KW_ONLY, asdict, dataclass, field, replace
from queue import SimpleQueue
from typing import Literal

from pika.exceptions import AMQPError, ChannelClosedByBroker, ProbableAccessDeniedError, ProbableAuthenticationError

from wuji_events import settings
from wuji_events.event import Event, Outcome, Park, Retry
from wuji_events.metrics import Counters
from wuji_events.session import Session

logger = logging.getLogger("wuji_events")

Handler = Callable[[Event], object]
LADDER = (5.0, 30.0, 120.0, 600.0)
LONGEST = 600.0
"""Seconds that one wait may take; longer waits are cut to it."""
STOPPED, NOT_ALLOWED, WRONG_SETTINGS = 0, 77, 78
"""Exit codes: told to stop; the broker refuses login or queue; a setting is missing or wrong (see sysexits.h)."""


@dataclass(eq=False)
class Subscriber:
    """Receives one subscription's events. Handlers run one after the other, in a thread of their own.

    Raises SettingsError for an address that is none.
    """

    url: str = field(repr=False)
    subscription: str
    _: KW_ONLY
    queue: str = ""
    """Another one than the subscription's own, such as a shadow replay's."""
    prefetch: int = 20
    attempts: int = 8
    """Failures after which an event is parked."""
    ladder: tuple[float, ...] = LADDER
    on_unknown: Literal["ack", "park"] = "ack"
    """What becomes of types without a handler."""
    drain: float = 25.0
    """Seconds for the handler that runs when the program is told to stop."""
    patience: float = 60.0
    """Seconds for which a refused login is tried again, because a new account takes moments to be there."""
    counters: Counters = field(default_factory=Counters, init=False)
    _handlers: dict[str, Handler] = field(default_factory=dict, init=False)
    _tries: dict[str, tuple[int, float]] = field(default_factory=dict, init=False)
    work: SimpleQueue[tuple[Event, Callable[[Outcome], None]]] = field(default_factory=SimpleQueue, init=False)
    """What the handlers' thread takes: an event, and what to call there with its outcome."""
    stopping: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        self._parameters = settings.broker(self.url)
        self._parameters.client_properties = {"connection_name": f"wuji-events {self.subscription}"}
        self.queue = self.queue or f"sub.{self.subscription}"

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None, **more: object) -> Subscriber:
        """With WUJI_EVENTS_URL and WUJI_EVENTS_SUBSCRIPTION. Raises SettingsError naming what is missing."""
        url, name = (settings.need(one, environment) for one in (settings.URL, settings.SUBSCRIPTION))
        found = cls(url, name, **{"prefetch": settings.number(settings.PREFETCH, 20, environment), **more})  # type: ignore[arg-type]
        if settings.optional(settings.METRICS_PORT, environment):
            from wuji_events import prometheus

            prometheus.serve(found.counters, name, settings.number(settings.METRICS_PORT, 1, environment))
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
        return asdict(self.counters)

    def stop(self) -> None:
        """End `run` in order. May be called from any thread and from a signal handler."""
        self.stopping.set()

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
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                with closing(Session(self._parameters, self)) as session:
                    session.run()
                continue
            except (AMQPError, OSError) as lost:
                error = _cause(lost)
            failures = 0 if time.monotonic() - started > 30 else failures + 1
            refused_since = (refused_since or started) if _is_refusal(error) else None
            if refused_since is not None and time.monotonic() - refused_since > self.patience:
                logger.error("%s: the broker refuses us: %s", self.subscription, _said(error))
                return NOT_ALLOWED
            delay = min(30.0, 0.25 * 2 ** min(failures, 8)) * random.uniform(0.5, 1.0)
            logger.warning("%s: no connection (%s), again in %.1f s", self.subscription, _said(error), delay)
            self.stopping.wait(delay)
        logger.info("%s: stopped", self.subscription)
        return STOPPED

    def due(self, event: Event) -> float:
        """When it may be tried, by the monotonic clock; what came back through the queue goes on waiting."""
        return self._tries.get(event.id, (0, 0.0))[1]

    def _worker(self) -> None:
        while True:
            event, done = self.work.get()
            event = replace(event, attempt=self._tries.pop(event.id, (0, 0.0))[0] + 1)
            started = time.monotonic()
            outcome = self._handle(event)
            if outcome.action == "retry":
                self._tries[event.id] = (event.attempt, time.monotonic() + outcome.after)
            self.counters.note(outcome)
            _write_line(outcome, time.monotonic() - started)
            done(outcome)

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
            wished = error.after if isinstance(error, Retry) else None
            wait = self.ladder[min(event.attempt, len(self.ladder)) - 1] if wished is None else max(0.0, wished)
            return Outcome(event, "retry", error, min(LONGEST, wait))
        return Outcome(event, "handled")


def _cause(error: BaseException) -> BaseException:
    """What is inside: pika wraps the errors of connecting."""
    inner = getattr(error, "exception", None) or next(iter(error.args), None)
    return _cause(inner) if isinstance(inner, Exception) else error


def _is_refusal(error: BaseException) -> bool:
    """Whether waiting is not likely to help: wrong password, no right, no queue."""
    if isinstance(error, ChannelClosedByBroker):
        return error.reply_code in (403, 404)
    return isinstance(error, (ProbableAuthenticationError, ProbableAccessDeniedError))


def _logging() -> None:
    """One line per event to stderr, unless the program has its own idea of logging."""
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        logging.getLogger("pika").setLevel(logging.CRITICAL)


def _write_line(outcome: Outcome, seconds: float) -> None:
    event, error = outcome.event, outcome.error
    level = {"retry": logging.WARNING, "park": logging.ERROR}.get(outcome.action, logging.INFO)
    said = f"{outcome.action} {event.type}.v{event.version} {event.subject} position={event.position} id={event.id}"
    said += f" attempt={event.attempt} ms={seconds * 1000:.0f}"
    if level != logging.INFO:
        said += f" after={outcome.after:.0f}: {_said(error)}"
    # A surprise is logged with its traceback, a deliberate answer without.
    logger.log(level, "%s", said, exc_info=None if isinstance(error, (Retry, Park)) else error)


def _said(error: BaseException | None) -> str:
    return f"{type(error).__name__} {error}".strip()
