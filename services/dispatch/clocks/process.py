"""The timer's loop: turn after turn while something is due, then a look around, then a moment of rest."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.dispatch.clocks.present import Present
from services.dispatch.clocks.rules import Rules
from services.dispatch.clocks.standing import Standing
from services.dispatch.clocks.timer import Timer, Turned
from services.dispatch.clocks.upkeep import Upkeep
from shared.kernel.errors import Unavailable, WujiError
from shared.ports import Rows
from shared.telemetry import metrics

log = logging.getLogger("wuji.timer")

UPKEEP_EVERY = timedelta(seconds=5)
SWEEP_EVERY = timedelta(minutes=5)


@dataclass
class Clockwork:
    """Everything that goes round. `round` does it once; `run` goes on until told to stop."""

    present: Present
    rows: Rows
    timer: Timer
    upkeep: Upkeep
    standing: Standing
    now: Callable[[], datetime]
    rest: float = 1.0
    """Seconds between two looks when nothing is due."""
    trouble: str | None = "not begun yet"
    """Why nothing can be done at the moment; None when all is well."""
    _next_upkeep: datetime | None = None
    _next_sweep: datetime | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until `stop`; a turn that was begun is finished."""
        while not self._stopping.is_set():
            try:
                self.round()
                self.trouble = None
            except WujiError as error:
                if str(error) != self.trouble:
                    log.warning("the timer cannot work: %s", error)
                self.trouble = str(error) or type(error).__name__
            self._stopping.wait(self.rest)

    def stop(self) -> None:
        """Finish the turn and end."""
        self._stopping.set()

    def round(self) -> Turned:
        """Everything that is due now. Raises Unavailable without a database, or without rules for clocks that run."""
        at = self.now()
        rules = self._rules(at)
        if rules is None:
            return Turned()
        done = self._fire(rules)
        if self._next_upkeep is None or at >= self._next_upkeep:
            self._next_upkeep = at + UPKEEP_EVERY
            done += self.upkeep.counted_anew(rules, at)
            self.upkeep.expired(at)
            self.standing.show(self.timer.backlog(rules, at))
        if self._next_sweep is None or at >= self._next_sweep:
            self._next_sweep = at + SWEEP_EVERY
            self.timer.sweep(at)
        return done

    def _rules(self, at: datetime) -> Rules | None:
        """The city's rules; None in a city that has none yet and no clock either. Raises Unavailable otherwise."""
        try:
            return self.present.rules(self.rows, at)
        except Unavailable:
            # Without a database this raises as well, and that is trouble.
            if self.rows.query("SELECT 1 FROM clocks LIMIT 1"):
                raise
            return None

    def _fire(self, rules: Rules) -> Turned:
        done = Turned()
        while not self._stopping.is_set():
            began = time.perf_counter()
            turned = self.timer.turn(rules, self.now())
            metrics.CLOCK_DUE_SCAN_SECONDS.observe(time.perf_counter() - began)
            metrics.CLOCK_FACTS.inc(turned.said)
            done += turned
            if turned.looked < self.timer.batch:
                return done
        return done


def ready(clockwork: Clockwork) -> Callable[[], str | None]:
    """A health check: why the timer cannot work, if so."""
    return lambda: clockwork.trouble
