"""What the leader does for the log besides publishing: months ahead of need get their partitions.

Months that were not made are no emergency (their events go to a partition for everything else, and stay there), so
what goes wrong here is said and counted, and never stops the publishing.
"""

from __future__ import annotations

import time

from shared.kernel.errors import WujiError
from shared.postgres.sequencer import Sequencer
from shared.telemetry import metrics
from shared.telemetry.logs import logger

MONTHS_AHEAD = 12
_DAY = 86_400.0
_SOONER = 600.0


class Upkeep:
    """At once for a new leader, then daily; every ten minutes while it fails. Times in seconds."""

    def __init__(self, every: float = _DAY, after_failure: float = _SOONER) -> None:
        self._every = every
        self._after_failure = after_failure
        self._due = float("-inf")
        self._log = logger("relay")

    def now(self) -> None:
        """Whoever takes the lead begins with it."""
        self._due = float("-inf")

    def turn(self, sequencer: Sequencer) -> None:
        """Do it when it is time."""
        if time.monotonic() < self._due:
            return
        try:
            made = sequencer.make_partitions(MONTHS_AHEAD)
        except WujiError as error:
            self._due = time.monotonic() + self._after_failure
            metrics.PARTITIONS_FAILED.inc()
            self._log.warning("relay.partitions", outcome="failed", error=str(error))
            return
        self._due = time.monotonic() + self._every
        if made:
            self._log.info("relay.partitions", outcome="made", partitions=made)
