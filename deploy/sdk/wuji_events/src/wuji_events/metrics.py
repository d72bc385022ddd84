"""What a subscriber did, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from wuji_events.event import Outcome


@dataclass
class Counters:
    """Since the program started."""

    received: int = 0
    handled: int = 0
    retried: int = 0
    parked: int = 0
    unknown: int = 0
    """Events that no handler wanted."""
    connections: int = 0
    """More than one: the connection was lost and made again."""
    connected: int = 0
    """1 while there is a connection."""
    in_hand: int = 0
    """Taken from the queue, not yet acknowledged."""
    last_position: int = 0
    lag_seconds: float = 0.0
    """Age of the last event when it was handled."""

    def note(self, outcome: Outcome) -> None:
        """Count what became of an event."""
        self.handled += outcome.action == "handled"
        self.unknown += outcome.action == "unknown"
        self.retried += outcome.action == "retry"
        self.parked += outcome.action == "park"
        if outcome.action != "retry":
            self.last_position = outcome.event.position
            self.lag_seconds = max(0.0, (datetime.now(UTC) - outcome.event.time).total_seconds())
