"""All projections together, going forward over what the bus brings, and over the log when the bus missed something."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import psycopg2

from shared.contracts.envelope import Recorded
from shared.kernel.clock import Clock, utc_now
from shared.projections import watermarks
from shared.projections.projection import Projection
from shared.projections.track import Broken, Connection, Moved, Run, Track, transaction

log = logging.getLogger("wuji.projector")

# One lead per database. The number is arbitrary and must only differ from other advisory locks of ours.
_LEAD = 0x57554A49_0002


class Log(Protocol):
    """The log as the projector reads it."""

    def head(self, connection: Connection) -> int:
        """The highest position that was given; 0 for an empty log."""

    def read(self, connection: Connection, after: int, limit: int, handles: frozenset[str]) -> Run:
        """Up to `limit` positions after the given one; the run ends where it began when there are none."""


@dataclass
class Standing:
    """One projection in this process."""

    projection: Projection
    track: Track | None = None
    state: str = "standby"
    """`live`, `standby` (another projector leads), `rebuilding` or `broken`."""
    error: str | None = None
    retry_at: datetime | None = None
    lag_seconds: float = 0.0
    poisoned: int = 0
    """Events that this process had to set apart."""


@dataclass
class Runner:
    """Keeps the tracks; knows nothing of brokers. Every method may raise psycopg2's OperationalError or
    InterfaceError: then `close`, wait, `open` again, and nothing is lost."""

    projections: Sequence[Projection]
    connect: Callable[[str], Connection]
    """Service → a new connection of that service's role, search path on its schema, synchronous commit off."""
    source: Log
    rebuild: Callable[[Projection], object] | None = None
    """Makes the rows of a changed projection anew; runs in a thread of its own. None: changed ones stand still."""
    clock: Clock = utc_now
    limit: int = 5000
    """Positions read from the log at once."""
    observe: Callable[[Projection, Track, int, float], None] = lambda *_: None
    """Told after every batch and every second: the projection, its track, and its lag in events and in seconds."""
    head: int = 0
    standings: dict[str, Standing] = field(default_factory=dict)
    _connections: dict[str, Connection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.standings = {found.label: Standing(found) for found in self.projections}
        self.handles = frozenset().union(*(found.handles for found in self.projections))

    # --- opening and closing ------------------------------------------------------------------------------------

    def open(self) -> bool:
        """Connect and take the lead. False when another projector has it: call again later.

        The lead only saves work. That nothing is taken twice rests on the watermarks' compare and set.
        """
        for service in sorted({found.service for found in self.projections}):
            if service not in self._connections:
                self._connections[service] = self.connect(service)
        with transaction(self._any()) as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LEAD])
            if not cursor.fetchone()[0]:
                return False
        for standing in self.standings.values():
            self._stand(standing)
        self.head = self.source.head(self._any())
        return True

    def close(self) -> None:
        """Drop the connections, and the lead with them."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        for standing in self.standings.values():
            standing.track = None
            if standing.state == "live":
                standing.state = "standby"

    def _any(self) -> Connection:
        return self._connections[min(self._connections)]

    def _stand(self, standing: Standing) -> None:
        """Find or make the projection's tables; a changed projection is rebuilt beside what people still read."""
        if standing.state == "rebuilding":
            return
        try:
            found = self._find_or_make(standing.projection)
        except psycopg2.ProgrammingError as error:
            self._break(standing, watermarks.describe(error))
            return
        if found.fingerprint != standing.projection.fingerprint:
            self._start_rebuild(standing)
            return
        standing.track, standing.state, standing.error = Track(standing.projection, found.position), "live", None

    def _find_or_make(self, projection: Projection) -> watermarks.Watermark:
        with transaction(self._connections[projection.service]) as cursor:
            watermarks.prepare(cursor)
            watermarks.hold(cursor, projection.name)
            found = watermarks.read(cursor, projection.name)
            return watermarks.begin(cursor, projection) if found is None else found

    def _start_rebuild(self, standing: Standing) -> None:
        standing.track, standing.state = None, "rebuilding"
        standing.error = "its SQL or revision has changed: the rows are being made anew, the old ones stay readable"
        log.warning("projection changed projection=%s", standing.projection.label)
        if self.rebuild is not None:
            name = f"rebuild-{standing.projection.label}"
            threading.Thread(target=self._run_rebuild, args=[standing], name=name, daemon=True).start()

    def _run_rebuild(self, standing: Standing) -> None:
        assert self.rebuild is not None
        try:
            self.rebuild(standing.projection)
        except Exception as error:
            log.exception("rebuild failed projection=%s", standing.projection.label)
            self._break(standing, watermarks.describe(error), seconds=60)
        else:
            standing.state, standing.error, standing.retry_at = "broken", None, None  # tidy finds it at once

    def _break(self, standing: Standing, error: str, seconds: float = 10) -> None:
        standing.track, standing.state, standing.error = None, "broken", error
        standing.retry_at = datetime.fromtimestamp(self.clock().timestamp() + seconds, self.clock().tzinfo)

    # --- going forward ------------------------------------------------------------------------------------------

    @property
    def lowest(self) -> int:
        """The position that every live projection has reached."""
        return min((track.position for track in self._tracks()), default=self.head)

    def _tracks(self) -> list[Track]:
        return [standing.track for standing in self.standings.values() if standing.track is not None]

    def hear(self, run: Run, breathe: Callable[[], None] = lambda: None) -> None:
        """Take a run from the bus; what is missing before it comes from the log."""
        if self.lowest < run.after:
            self.catch_up(run.after, breathe)
        self._offer(run)

    def catch_up(self, until: int | None = None, breathe: Callable[[], None] = lambda: None) -> int:
        """Read the log from the lowest watermark to the given position, or to the end; the number of positions read.

        `breathe` is called between two reads, so that a long way leaves the broker's heartbeats alive.
        """
        began = self.lowest
        while until is None or self.lowest < until:
            run = self.source.read(self._any(), self.lowest, self.limit, self.handles)
            if run.upto == run.after:
                break
            self._offer(run)
            breathe()
        return self.lowest - began

    def _offer(self, run: Run) -> None:
        self.head = max(self.head, run.upto)
        for standing in self.standings.values():
            track = standing.track
            # A track that lost its place stands before the run; the next reading of the log brings it along.
            if track is not None and run.after <= track.position < run.upto:
                self._advance(standing, track, run)

    def _advance(self, standing: Standing, track: Track, run: Run) -> None:
        connection = self._connections[standing.projection.service]
        try:
            track.take(connection, run)
        except Moved:
            log.warning("watermark moved by another projection=%s", standing.projection.label)
            self._stand_again(standing, track, connection)
        except Broken as error:
            log.error("projection broken projection=%s error=%s", standing.projection.label, error)
            self._break(standing, str(error))
        else:
            standing.lag_seconds = self._lag(run.events)
            self._tell(standing, track)

    def _tell(self, standing: Standing, track: Track) -> None:
        standing.poisoned += track.poisoned
        self.observe(standing.projection, track, max(0, self.head - track.position), standing.lag_seconds)
        track.poisoned = 0

    def _stand_again(self, standing: Standing, track: Track, connection: Connection) -> None:
        try:
            track.reload(connection)
        except Broken as error:
            self._break(standing, str(error))

    def _lag(self, events: Sequence[Recorded[Any]]) -> float:
        if not events:
            return 0.0
        return max(0.0, (self.clock() - events[-1].recorded_at).total_seconds())

    # --- housekeeping -------------------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Store positions that went ahead, and try projections again that were set aside. Call it every second."""
        for standing in self.standings.values():
            if standing.state == "broken" and (standing.retry_at is None or standing.retry_at <= self.clock()):
                self._stand(standing)
            if standing.track is not None:
                self._save(standing, standing.track)

    def _save(self, standing: Standing, track: Track) -> None:
        connection = self._connections[standing.projection.service]
        if track.position >= self.head:
            standing.lag_seconds = 0.0
        try:
            track.save(connection)
        except Moved:
            self._stand_again(standing, track, connection)
        else:
            self._tell(standing, track)

    def health(self) -> dict[str, dict[str, object]]:
        """What every projection is doing, by label; for readiness and for people."""
        return {
            label: {
                "state": standing.state,
                "position": None if standing.track is None else standing.track.position,
                "behind": None if standing.track is None else max(0, self.head - standing.track.position),
                "lag_seconds": round(standing.lag_seconds, 3),
                "poisoned": standing.poisoned,
                "error": standing.error,
            }
            for label, standing in self.standings.items()
        }
