"""The projector as a process: listens to the bus, reads the log when it has to, and outlives both servers' restarts."""

from __future__ import annotations

import gc
import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pika.exceptions
import psycopg2

from shared.config import Config
from shared.kernel.errors import Invalid, Unavailable
from shared.postgres.connection import connect
from shared.projections.bus import Bus, runs
from shared.projections.projection import Projection
from shared.projections.reading import PostgresFeed
from shared.projections.rebuild import rebuild
from shared.projections.runner import Runner
from shared.projections.track import Connection, Track
from shared.telemetry import logs, metrics
from shared.telemetry.admin import Admin
from shared.telemetry.health import Health

log = logging.getLogger("wuji.projector")

QUEUE = "projector"
_BUS_ERRORS = (pika.exceptions.AMQPError, OSError)
_DATABASE_ERRORS = (psycopg2.OperationalError, psycopg2.InterfaceError, Unavailable)


def connect_as(urls: Mapping[str, str]) -> Callable[[str], Connection]:
    """Service → a connection of that service's role. Raises Invalid for a service whose address is not known."""

    def opened(service: str) -> Connection:
        if service not in urls:
            raise Invalid(
                f"the projector has no database address for {service}", where=f"DATABASE_URL_{service.upper()}"
            )
        connection: Any = connect(urls[service], green=False, application=f"projector:{service}")
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path TO {service}")
            # A crash of the server may take back the last moments' rows, and the watermark with them: they are
            # projected again. Waiting for the disk would buy nothing.
            cursor.execute("SET synchronous_commit TO off")
            cursor.execute("SET lock_timeout TO '10s'")
        connection.autocommit = False
        return connection  # type: ignore[no-any-return]  # psycopg2's connection fits the protocol

    return opened


@dataclass
class Projector:
    """The loop. `step` does one turn and says how it went; `run` turns until told to stop."""

    runner: Runner
    make_bus: Callable[[], Bus]
    patience: float = 0.5
    """Seconds to wait for a message before looking round."""
    poll: float = 1.0
    """Seconds between two looks at the log when the bus says nothing."""
    most: int = 2000
    """Messages taken in one transaction."""

    def __post_init__(self) -> None:
        self.leads = False
        self.bus: Bus | None = None
        self.bus_error: str | None = "not connected yet"
        self.database_error: str | None = "not connected yet"
        self._next_bus = 0.0
        self._next_look = 0.0
        self._next_chores = 0.0
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Finish the batch in hand, then leave. May be called from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Turn until `stop`."""
        try:
            while not self._stopping.is_set():
                self.step()
        finally:
            self._hang_up()
            self.runner.close()

    def step(self) -> None:
        """One turn; neither server's absence raises."""
        try:
            if not self.leads and not self._lead():
                self._stopping.wait(self.poll)
                return
            self._listen()
            self._look()
        except _DATABASE_ERRORS as error:
            self._lose_database(error)
            self._stopping.wait(self.poll)
        except _BUS_ERRORS as error:
            self._lose_bus(error)

    def _lead(self) -> bool:
        self.leads = self.runner.open()
        self.database_error = None
        if self.leads:
            log.info("projector leads positions=%s head=%s", self.runner.lowest, self.runner.head)
            # A cold start goes through the log: it is faster than the bus, which only has what came lately.
            self._catch_up()
        return self.leads

    def _catch_up(self) -> None:
        def breathe() -> None:
            if self.bus is not None:
                self.bus.breathe()
            if self._stopping.is_set():
                raise _Stopped

        try:
            self.runner.catch_up(breathe=breathe)
        except _Stopped:
            return

    def _listen(self) -> None:
        if self.bus is None and not self._dial():
            self._stopping.wait(min(self.patience, self.poll))
            return
        assert self.bus is not None
        deliveries = self.bus.collect(self.patience, self.most)
        for run in runs(deliveries, self.runner.lowest, self.runner.handles):
            self.runner.hear(run, self.bus.breathe)
        self.bus.acknowledge(deliveries)
        if deliveries:
            self._next_look = time.monotonic() + self.poll

    def _look(self) -> None:
        """When nothing was heard for a while: is there really nothing? Then the small chores."""
        now = time.monotonic()
        if now >= self._next_look or self.runner.lowest < self.runner.head:
            self._catch_up()
            self._next_look = time.monotonic() + self.poll
        if now >= self._next_chores:
            self.runner.tidy()
            self._next_chores = now + self.poll

    def _dial(self) -> bool:
        if time.monotonic() < self._next_bus:
            return False
        self._next_bus = time.monotonic() + self.poll
        self.bus = self.make_bus()
        if self.bus_error is not None:
            log.info("bus connected")
        self.bus_error = None
        return True

    def _lose_bus(self, error: BaseException) -> None:
        if self.bus_error is None or self.bus is not None:
            log.warning("bus lost, following the log error=%s", _said(error))
        self.bus_error = _said(error)
        self._hang_up()

    def _lose_database(self, error: BaseException) -> None:
        if self.database_error is None:
            log.warning("database lost error=%s", _said(error))
        self.database_error = _said(error)
        self.leads = False
        self.runner.close()
        # What was delivered and not taken goes back to the queue; the log has it too.
        self._hang_up()

    def _hang_up(self) -> None:
        bus, self.bus = self.bus, None
        if bus is not None:
            try:
                bus.close()
            except _BUS_ERRORS as error:
                log.debug("bus was gone already error=%s", _said(error))

    def ready(self) -> dict[str, str]:
        """What is not ready, by name; empty when everything is. A projector that stands by is ready."""
        found = {}
        if self.database_error is not None:
            found["database"] = self.database_error
        if self.leads and self.bus_error is not None:
            found["bus"] = self.bus_error
        for label, health in self.runner.health().items():
            if health["state"] in ("broken", "rebuilding"):
                found[label] = f"{health['state']}: {health['error']}"
        return found


def run(projections: Sequence[Projection], config: Config | None = None) -> None:
    """Be the projector until SIGTERM or SIGINT, by the given configuration or the environment's.

    The configuration has one database address per service, DATABASE_URL_INTAKE and so on: each service's rows are
    written with that service's own role. Raises Invalid when one is missing.
    """
    found = config or Config.load("projector")
    logs.configure("projector", found.log)
    # pika writes seven lines about every attempt to reach a broker that is away; the projector says it once.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    services = sorted({projection.service for projection in projections})
    connect_to = connect_as({service: str(found.need(f"DATABASE_URL_{service.upper()}")) for service in services})
    amqp_url = found.amqp_url
    runner = Runner(
        projections,
        connect_to,
        PostgresFeed(),
        rebuild=lambda projection: rebuild(projection, connect_to),
        observe=measured,
    )
    projector = Projector(runner, lambda: Bus(amqp_url, QUEUE))
    health = Health()
    health.register("projections", lambda: "; ".join(f"{k}: {v}" for k, v in projector.ready().items()) or None)
    admin = Admin(health, found.admin_port, str(found.get("WUJI_ADMIN_HOST")))

    def stop(_number: int, _frame: FrameType | None) -> None:
        health.stopping()
        projector.stop()

    # What was imported stays; looking through it for garbage again and again would only cost.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        projector.run()
    finally:
        admin.close()


def measured(projection: Projection, track: Track, behind: int, lag_seconds: float) -> None:
    """Tell the metrics where a projection stands."""
    label = projection.label
    metrics.PROJECTION_POSITION.labels(label).set(track.position)
    metrics.PROJECTION_LAG_EVENTS.labels(label).set(behind)
    metrics.PROJECTION_LAG_SECONDS.labels(label).set(lag_seconds)
    if track.batch_size:
        track.batch_size, size = 0, track.batch_size
        metrics.PROJECTION_BATCH.labels(label).observe(size)
    if track.poisoned:
        metrics.PROJECTION_POISONED.labels(label).inc(track.poisoned)


class _Stopped(Exception):
    """The process was told to stop in the midst of a long way through the log."""


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
