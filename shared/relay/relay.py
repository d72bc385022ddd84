"""The relay's work: lead or stand by; number what was stored; publish it in order; never skip, never run ahead.

Whatever goes wrong, the answer is the same: remember what is confirmed, say what is wrong, and go on from the cursor.
At most one window is published again; consumers know a repeated event by its id.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from shared.contracts.message import Stored, compose
from shared.kernel.errors import Conflict, Unavailable, WujiError
from shared.postgres.sequencer import Sequencer
from shared.relay.publisher import Outcome, Publisher, parameters_of
from shared.relay.upkeep import Upkeep
from shared.telemetry import metrics
from shared.telemetry.logs import logger


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much at once, and how often; times in seconds."""

    window: int = 1000
    """Events on their way to the broker at the same time: also the most that is ever published twice."""
    numbering: int = 5000
    """Events numbered in one transaction."""
    shortest_pause: float = 0.01
    longest_pause: float = 0.05
    """An idle leader looks for events this often: soon after work, then less and less."""
    candidacy: float = 0.5
    """A standby tries to lead this often."""
    check: float = 1.0
    """The leader makes sure that it still leads, and measures, this often."""
    retry: float = 1.0
    """Between attempts while something is missing."""
    confirm: float = 30.0
    """How long the broker may take to confirm a window."""
    without_broker: float = 30.0
    """A leader without a broker lets others try after this long."""


class Relay:
    """One relay process. `run` blocks; `stop` may be called from a signal handler."""

    def __init__(
        self, database_url: str, amqp_url: str, *, pace: Pace | None = None, upkeep: Upkeep | None = None
    ) -> None:
        """Raises Invalid for an address of the broker that is none."""
        parameters_of(amqp_url)
        self._database_url = database_url
        self._amqp_url = amqp_url
        self._pace = pace or Pace()
        self._stopping = False
        self._publisher: Publisher | None = None
        self._problems: dict[str, str] = {"database": "not connected yet", "broker": "not connected yet"}
        self._log = logger("relay")
        self.leading = False
        self._measured = float("-inf")
        self._broker_tried = float("-inf")
        self._broker_seen = 0.0
        self._upkeep = upkeep or Upkeep()

    def stop(self) -> None:
        """Finish the window that is on its way, then return from `run`."""
        self._stopping = True

    def problems(self) -> dict[str, str]:
        """What is wrong right now, by name: `database`, `broker`, `topology`, `feed`. A standby needs no broker."""
        wrong = dict(self._problems)
        if not self.leading:
            wrong.pop("broker", None)
            wrong.pop("topology", None)
        elif self._publisher is not None and self._publisher.blocked is not None:
            wrong["broker"] = f"the broker takes nothing at present: {self._publisher.blocked}"
        return wrong

    def run(self) -> None:
        """Lead whenever possible, until stopped."""
        while not self._stopping:
            try:
                self._take_part()
            except (Unavailable, Conflict) as error:
                self._problem("database", str(error))
                self._rest(self._pace.retry)
            except WujiError as error:
                # The feed itself is wrong: nothing may be published past the fault, and a person has to look.
                self._problem("feed", f"{error} ({error.hint})")
                self._rest(self._pace.without_broker)

    # --- leading --------------------------------------------------------------------------------------------

    def _take_part(self) -> None:
        sequencer = Sequencer(self._database_url)
        try:
            self._fine("database")
            metrics.RELAY_LEADER.set(0)
            if self._stand_by(sequencer):
                self._lead(sequencer)
        finally:
            if self.leading:
                self._log.info("relay.stepped_down")
            self.leading = False
            metrics.RELAY_LEADER.set(0)
            sequencer.close()
            self._drop_publisher()

    def _stand_by(self, sequencer: Sequencer) -> bool:
        """Wait for the lock; False when stopped meanwhile."""
        while not self._stopping:
            if sequencer.try_to_lead():
                return True
            self._measure(sequencer)
            self._rest(self._pace.candidacy)
        return False

    def _lead(self, sequencer: Sequencer) -> None:
        published = sequencer.published()
        self.leading = True
        metrics.RELAY_LEADER.set(1)
        self._log.info("relay.leads", published=published)
        self._upkeep.now()
        self._broker_seen = time.monotonic()
        self._broker_tried = float("-inf")
        pause, size, waiting = self._pace.shortest_pause, self._pace.window, True
        while not self._stopping:
            self._look_after(sequencer)
            self._upkeep.turn(sequencer)
            publisher = self._broker()
            # Also without a broker: whoever reads the log itself needs positions.
            if publisher is None or not waiting:
                waiting = sequencer.number(self._pace.numbering) > 0 or waiting
            if publisher is None or not waiting:
                self._wait(pause)
                pause = min(pause * 1.2, self._pace.longest_pause)
                continue
            window = sequencer.window(published, size)
            outcome = self._publish(publisher, window, sequencer)
            numbered = 0
            if outcome.confirmed:
                numbered = sequencer.advance(published, published + outcome.confirmed, self._pace.numbering)
                published += outcome.confirmed
            waiting = numbered > 0 or outcome.confirmed < len(window) or len(window) == size
            # In trouble one event is enough to find out whether it is over, and repeats little.
            size = self._pace.window if outcome.problem is None else 1
            pause = self._pace.shortest_pause
            if outcome.problem is not None:
                self._wait(self._pace.retry)

    def _publish(self, publisher: Publisher, window: list[Stored], sequencer: Sequencer) -> Outcome:
        if not window:
            return Outcome(0)
        started = time.perf_counter()
        outcome = publisher.publish(
            [compose(row) for row in window],
            patience=self._pace.confirm,
            alive=lambda: self._look_after(sequencer),
        )
        metrics.RELAY_CONFIRM_SECONDS.observe(time.perf_counter() - started)
        metrics.RELAY_PUBLISHED.inc(outcome.confirmed)
        if outcome.problem is None:
            self._fine("broker")
            self._fine("topology")
        elif outcome.returned:
            metrics.RELAY_RETURNED.inc(outcome.returned)
            first = window[outcome.confirmed]
            self._problem("topology", f"no queue wants {first.type} at position {first.position}: run wuji topology")
        else:
            self._problem("broker", outcome.problem)
        return outcome

    # --- looking after things -------------------------------------------------------------------------------

    def _look_after(self, sequencer: Sequencer) -> None:
        """Once in a while: make sure that we still lead, and measure. Raises Unavailable when we do not."""
        if time.monotonic() - self._measured < self._pace.check:
            return
        if not sequencer.leads():
            raise Unavailable("the leader's lock is gone")
        self._measure(sequencer)

    def _measure(self, sequencer: Sequencer) -> None:
        if time.monotonic() - self._measured < self._pace.check:
            return
        self._measured = time.monotonic()
        standing = sequencer.standing()
        metrics.RELAY_DEPTH.set(standing.depth)
        metrics.RELAY_OLDEST_AGE.set(standing.oldest_age)
        metrics.FEED_HEAD.set(standing.head)
        metrics.FEED_HORIZON_AGE.set(standing.horizon_age)

    def _broker(self) -> Publisher | None:
        """A usable connection, made again at most once per `retry` seconds. Raises Unavailable after too long."""
        if self._publisher is not None and self._publisher.lost is not None:
            self._problem("broker", f"the connection was lost: {self._publisher.lost}")
            self._drop_publisher()
        if self._publisher is None:
            self._connect()
        if self._publisher is not None:
            self._broker_seen = time.monotonic()
        elif time.monotonic() - self._broker_seen > self._pace.without_broker:
            raise Unavailable("no broker for long; another relay may reach one")
        return self._publisher

    def _connect(self) -> None:
        if time.monotonic() - self._broker_tried < self._pace.retry:
            return
        try:
            self._publisher = Publisher(self._amqp_url, patience=2.0)
            self._fine("broker")
        except Unavailable as error:
            self._problem("broker", str(error))
        self._broker_tried = time.monotonic()

    def _drop_publisher(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    def _problem(self, name: str, text: str) -> None:
        if self._problems.get(name) != text:
            self._log.warning("relay.trouble", about=name, says=text)
        self._problems[name] = text

    def _fine(self, name: str) -> None:
        if self._problems.pop(name, None) is not None:
            self._log.info("relay.fine", about=name)

    def _wait(self, seconds: float) -> None:
        """Let time pass: with the broker when there is one, so that heartbeats are answered."""
        if self._publisher is not None and self._publisher.lost is None:
            self._publisher.pause(seconds)
        else:
            time.sleep(seconds)

    def _rest(self, seconds: float) -> None:
        """Sleep, but not through a request to stop."""
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(min(0.1, seconds))
