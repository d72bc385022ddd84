"""The consumer under all reactions of a service: connects and reconnects, hands messages to workers, drains.

Stock nameko loses a message whose handler raised, and hangs up on running handlers at SIGTERM; this does neither.
While the service's own database is away it consumes nothing: see `outage`.
"""

from __future__ import annotations

import random
import time
from collections import deque
from typing import Any

import eventlet
from eventlet.event import Event
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import ProviderCollector, SharedExtension

from shared.config import Config
from shared.contracts.envelope import Origin, Recorded
from shared.entrypoints.delivery import Delivery, Onward, Outcome, again, on_bus, parked
from shared.entrypoints.outage import Outage
from shared.entrypoints.providers import LAST_TRY
from shared.entrypoints.saying import about, say
from shared.entrypoints.session import Session
from shared.kernel.clock import utc_now
from shared.kernel.errors import Conflict, OnBus, Refused, Unavailable
from shared.rabbitmq.names import LADDER
from shared.telemetry.logs import logger
from shared.telemetry.metrics import BUS_RECONNECTS, MESSAGES_IN_WORK, PARKED

_TRIES = 5
_LONGEST_PAUSE = 15.0
_GIVE_BACK_AFTER = 5.0
_PATIENCE = 1.0


class Bus(ProviderCollector, SharedExtension):  # type: ignore[misc]  # nameko has no types
    """Shared by all reactions of one service."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[Delivery] = deque()
        self._unworkable: list[Delivery] = []
        """Tried without the database: given back once consuming has stopped, lest they come straight back."""
        self._busy: set[object] = set()
        self._behind: dict[object, deque[Delivery]] = {}
        self._in_work = 0
        self._draining = False
        self._session: Session | None = None
        self._ended = Event()
        self._started = False
        self.trouble: str | None = "not connected yet"
        """Why no messages are being consumed; None when they are."""

    def setup(self) -> None:
        self.settings: Config = self.container.config["wuji"]
        self._name = str(self.container.service_name)
        self._log: Any = logger(self._name)
        self._workers = self.settings.count("WUJI_REACTION_WORKERS")
        self._prefetch = self.settings.count("WUJI_PREFETCH")
        self._outage = Outage(self.container)

    @property
    def is_needed(self) -> bool:
        """Whether the service has any reactions."""
        return bool(self._providers)

    def start(self) -> None:
        if self._started or not self._providers:
            return
        self._started = True
        self.container.spawn_managed_thread(self._run, identifier="bus")

    # --- stopping -----------------------------------------------------------------------------------------------

    def no_more(self) -> None:
        """Begin no further message; those in work are finished and acknowledged."""
        self._draining = True

    def wait_until_drained(self) -> None:
        """Until every message in work is acknowledged, or patience ends."""
        if not self._started:
            return
        with eventlet.Timeout(self.settings.count("WUJI_DRAIN_SECONDS"), False):
            self._ended.wait()
        if not self._ended.ready():
            self._log.error("drain", outcome="gave up", in_work=self._in_work)

    def stop(self) -> None:
        self.no_more()
        self.wait_until_drained()
        super().stop()

    # --- the owner of the connection ----------------------------------------------------------------------------

    def _run(self) -> None:
        pause = 0.5
        try:
            while not self._draining:
                session = Session(self.settings.amqp_url, f"wuji {self._name}", self._arrived)
                broken: tuple[type[BaseException], ...] = (*session.errors, Unavailable)
                try:
                    session.open(sorted(self._providers, key=lambda reaction: str(reaction.queue)), self._prefetch)
                    pause = 0.5
                    self.trouble = None
                    self._log.info("bus", outcome="connected", queues=len(self._providers))
                    self._consume(session)
                except broken as error:
                    self._lost(error, pause)
                except Exception as error:  # noqa: BLE001  # the library has odd ways to say that a connection is gone
                    self._lost(error, pause)
                    self._log.error("bus", outcome="failed", exc_info=error)
                finally:
                    self._forget(session)
                if not self._draining:
                    eventlet.sleep(pause * random.uniform(0.7, 1.3))
                    pause = min(_LONGEST_PAUSE, pause * 2)
        finally:
            if not self._ended.ready():
                self._ended.send()

    def _consume(self, session: Session) -> None:
        self._session = session
        while not self._draining:
            if self._unworkable or self._outage.reason is not None:
                self._pause(session)
                continue
            self._begin()
            self._give_back_later(session.turn(_PATIENCE))
        self.trouble = "stopping"
        self._give_back_all(session)
        while self._in_work or not session.is_settled:
            for delivery in session.turn(0.1):
                session.settle(delivery, requeue=True)

    def _pause(self, session: Session) -> None:
        """Nobody can work without the database: others may have the messages, until it is back."""
        self.trouble = f"paused: {self._outage.reason}"
        self._log.warning("bus", outcome="paused", error=self._outage.reason)
        self._give_back_all(session)
        while self._outage.reason is not None and not self._draining:
            self._give_back_later(session.turn(_PATIENCE))
        if not self._draining:
            session.consume()
            self.trouble = None
            self._log.info("bus", outcome="resumed")

    def _give_back_all(self, session: Session) -> None:
        """Stop consuming, and give back what was not begun."""
        session.cancel()
        late = [delivery for queue in self._behind.values() for delivery in queue]
        for delivery in (*self._unworkable, *self._waiting, *late):
            session.settle(delivery, requeue=True)
        self._unworkable.clear()
        self._waiting.clear()
        self._behind.clear()

    def _lost(self, error: BaseException, pause: float) -> None:
        if not self._draining:
            self.trouble = f"{type(error).__name__}: {error}"
            BUS_RECONNECTS.labels(self._name).inc()
            self._log.warning("bus", outcome="lost", error=self.trouble, again_in=round(pause, 1))

    def _forget(self, session: Session) -> None:
        """What was fetched over a connection that is gone will be sent again; what runs finishes unheard."""
        self._session = None
        session.close()
        self._unworkable.clear()
        self._waiting.clear()
        self._behind.clear()

    # --- one message --------------------------------------------------------------------------------------------

    def _arrived(self, delivery: Delivery) -> None:
        self._waiting.append(delivery)

    def _begin(self) -> None:
        while self._waiting and self._in_work < self._workers:
            delivery = self._waiting.popleft()
            key = (delivery.queue, delivery.key)
            if key in self._busy:
                # Two messages about one case at once would only get in each other's way.
                self._behind.setdefault(key, deque()).append(delivery)
                continue
            self._busy.add(key)
            self._in_work += 1
            eventlet.spawn_n(self._handle, delivery, self._session, key)

    def _ended_with(self, key: object) -> None:
        self._in_work -= 1
        self._busy.discard(key)
        MESSAGES_IN_WORK.labels(self._name).set(self._in_work)
        behind = self._behind.get(key)
        if behind:
            self._waiting.appendleft(behind.popleft())
        if not behind:
            self._behind.pop(key, None)

    def _handle(self, delivery: Delivery, session: Session, key: object) -> None:
        started = time.perf_counter()
        MESSAGES_IN_WORK.labels(self._name).set(self._in_work)
        outcome, onward, error = Outcome.GIVEN_BACK, None, None
        try:
            outcome, onward, error = self._decide(delivery)
        except ContainerBeingKilled as reason:
            error = reason
        finally:
            self._ended_with(key)
            if outcome is not Outcome.GIVEN_BACK:
                session.settle(delivery, onward)
            elif isinstance(error, Unavailable) and session.is_consuming and session is self._session:
                self._unworkable.append(delivery)
            else:
                session.settle(delivery, requeue=True)
            say(self._log, self._name, delivery, outcome, error, time.perf_counter() - started)

    def _decide(self, delivery: Delivery) -> tuple[Outcome, Onward | None, Exception | None]:
        try:
            recorded = delivery.recorded()
            delivery.notes.update(about(recorded))
            if self._is_not_for(delivery.reaction, recorded):
                return Outcome.IGNORED, None, None
            self._work(delivery, recorded)
        except Refused as error:
            return Outcome.REFUSED, None, error
        except ContainerBeingKilled:
            raise
        except Exception as error:  # noqa: BLE001  # every way of failing has its place: the ladder or the parked queue
            return self._failed(delivery, error)
        return Outcome.DONE, None, None

    @staticmethod
    def _is_not_for(reaction: Any, recorded: Recorded[Any]) -> bool:
        is_history = recorded.origin is Origin.IMPORT and not reaction.history
        return is_history or recorded.type not in reaction.types

    def _work(self, delivery: Delivery, recorded: Recorded[Any]) -> None:
        for _ in range(_TRIES - 1):
            try:
                return self._once(delivery, recorded)
            except Conflict:
                continue
        return self._once(delivery, recorded)

    def _once(self, delivery: Delivery, recorded: Recorded[Any]) -> None:
        done = Event()

        def finished(_context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            done.send(exc_info[1] if exc_info else None)
            return result, exc_info

        last = {LAST_TRY: delivery.attempt >= len(LADDER)}
        self.container.spawn_worker(delivery.reaction, (recorded,), {}, context_data=last, handle_result=finished)
        error = done.wait()
        if error is not None:
            raise error

    def _failed(self, delivery: Delivery, error: Exception) -> tuple[Outcome, Onward | None, Exception]:
        if self._outage.noticed(error):
            return Outcome.GIVEN_BACK, None, error
        wanted = on_bus(error)
        if wanted is OnBus.PARK or delivery.attempt >= len(LADDER):
            PARKED.labels(delivery.queue, type(error).__name__).inc()
            return Outcome.PARKED, parked(delivery, error, utc_now()), error
        rung = LADDER[delivery.attempt]
        return Outcome.RETRIED, again(delivery, rung, error, utc_now()), error

    def _give_back_later(self, refused: list[Delivery]) -> None:
        """The broker would not take the message onward: keep it a while, then let it be delivered again."""
        session = self._session
        for delivery in refused:
            self._log.error("onward", consumer=delivery.queue, outcome="refused by the broker", **delivery.notes)
            if session is not None:
                eventlet.spawn_after(_GIVE_BACK_AFTER, session.settle, delivery, requeue=True)
