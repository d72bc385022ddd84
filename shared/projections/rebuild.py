"""Makes a projection's rows once more, beside the live ones, and switches in one moment.

The rows grow in a schema of their own, `<service>_shadow_<name>`, while the projector goes on with the live ones and
people go on reading them. At the end the last few events and the exchange of the tables happen in one transaction.
Whatever stops a rebuild, Ctrl-C or a poisoned event, leaves the live rows as they were.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg2

from shared.contracts.envelope import Recorded
from shared.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from shared.projections import watermarks
from shared.projections.ahead import Ahead
from shared.projections.projection import Batch, Cursor, Projection
from shared.projections.reading import head, read
from shared.projections.track import Connection, Run, Unreadable, transaction

# Few enough that a batch's transaction is over within a second: while it writes, it holds back what is published.
_BATCH = 16_384
_NEAR = 2_000
"""So close to the live rows, the rest is done while they stand still."""
_TRIES, _PAUSE = 30, 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild has come."""

    label: str
    position: int
    head: int
    events: int
    """Taken so far, of the types that the projection handles."""
    seconds: float

    @property
    def rate(self) -> float:
        """Positions a second."""
        return self.position / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None as long as nobody can say."""
        return (self.head - self.position) / self.rate if self.rate > 0 else None


class Poisoned(Invalid):
    """An event that the projection cannot take: the rebuild stops, the live rows stay."""

    def __init__(self, projection: Projection, recorded: Recorded[Any], error: BaseException) -> None:
        super().__init__(
            f"{projection.label} cannot take event {recorded.event_id} ({recorded.type}, {recorded.stream} version "
            f"{recorded.version}, position {recorded.position}): {watermarks.describe(error)}",
            where=f"position {recorded.position}",
            hint="repair the projection and rebuild again; the live rows were not touched",
        )
        self.recorded = recorded


T = TypeVar("T")
Tell = Callable[[Progress], None]
Connect = Callable[[str], Connection]


def rebuild(projection: Projection, connect: Connect, tell: Tell = lambda _: None) -> Progress:
    """Build the rows anew and put them in the place of the live ones; the last progress.

    Raises Conflict when the same projection is being rebuilt by somebody else, and Poisoned.
    """
    with shadow(projection, connect) as building:
        building.go(tell)
        return building.switch(tell)


@contextmanager
def shadow(projection: Projection, connect: Connect, purpose: str = "shadow") -> Iterator[Building]:
    """An empty set of the projection's tables in a schema of its own, which is gone at the end."""
    connection = connect(projection.service)
    reader = connect(projection.service)
    building = Building(projection, connection, reader, f"{projection.service}_{purpose}_{projection.name}")
    try:
        building.begin()
        yield building
    finally:
        reader.close()
        building.end()
        connection.close()


class Building:
    """One rebuild. `position` is how far the shadow goes."""

    def __init__(self, projection: Projection, connection: Connection, reader: Connection, schema: str) -> None:
        self.projection = projection
        self.schema = schema
        self.position = 0
        self.events = 0
        self._connection = connection
        self._reader = reader
        self._began = time.monotonic()
        self._head = 0
        self._locked = False

    def begin(self) -> None:
        """Create the schema and the tables in it. Raises Conflict when somebody else is at it."""
        with transaction(self._connection) as cursor:
            # The role's limits are for requests; this is a long way, and Python thinks between two statements.
            cursor.execute("SET statement_timeout TO 0")
            cursor.execute("SET idle_in_transaction_session_timeout TO 0")
            cursor.execute("SELECT pg_try_advisory_lock(hashtext('wuji rebuild'), hashtext(%s))", [self.schema])
            self._locked = bool(cursor.fetchone()[0])
        if not self._locked:
            raise Conflict(f"{self.schema} is in use: another rebuild or verification runs", hint="wait for it to end")
        with transaction(self._connection) as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")
            cursor.execute(f"CREATE SCHEMA {self.schema}")
            cursor.execute(f"SET search_path TO {self.schema}")
            cursor.execute(self.projection.tables)
        with transaction(self._reader) as cursor:
            cursor.execute("SET statement_timeout TO 0")
            self._head = head(cursor)

    def go(self, tell: Tell, until: int | None = None) -> None:
        """Take the log from where the shadow stands to (nearly) its end, or exactly to `until`.

        The next stretch is read and decoded while the database writes the one before.
        """
        with _no_garbage_rounds(), Ahead(self._stretches(until)) as stretches:
            for run in stretches:
                with transaction(self._connection) as cursor:
                    self._apply(cursor, run)
                tell(self.progress())

    def _stretches(self, until: int | None) -> Iterator[Run]:
        after = self.position
        while until is None or after < until:
            with transaction(self._reader) as cursor:
                limit = _BATCH if until is None else min(_BATCH, until - after)
                run = read(cursor, after, limit, self.projection.handles)
            if run.upto == run.after:
                return
            self._head = max(self._head, run.upto)
            yield run
            after = run.upto
            if until is None and self._head - after < _NEAR:
                with transaction(self._reader) as cursor:
                    self._head = head(cursor)

    def _apply(self, cursor: Cursor, run: Run) -> None:
        if run.events:
            try:
                _refuse_unreadable(run)
                self.projection.apply(Batch(run.events), cursor)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                raise
            except Exception as error:
                self._connection.rollback()
                raise self._culprit(run, error) from error
        self.position = run.upto
        self.events += len(run.events)

    def _culprit(self, run: Run, error: Exception) -> Poisoned:
        """Find the event by taking ever smaller stretches; those that can be taken are, and thrown away later."""
        events = list(run.events)
        while len(events) > 1:
            half = events[: len(events) // 2]
            try:
                _refuse_unreadable(Run(run.after, run.upto, half))
                with transaction(self._connection) as cursor:
                    self.projection.apply(Batch(half), cursor)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                raise
            except Exception as closer:  # noqa: BLE001  # as above
                events, error = half, closer
            else:
                events = events[len(half) :]
        return Poisoned(self.projection, events[0], error)

    def switch(self, tell: Tell) -> Progress:
        """Take the last events and exchange the tables, all in one transaction.

        Whoever reads the old rows at this moment is waited for, shortly, because behind us everybody waits: then we
        step back and come again. Raises Unavailable when the table is never free.
        """
        for _ in range(_TRIES):
            before = self.position
            try:
                self._switch()
            except psycopg2.errors.LockNotAvailable:
                self.position = before  # what was taken last went with the transaction
                time.sleep(_PAUSE)
            else:
                tell(self.progress())
                return self.progress()
        raise Unavailable(f"somebody keeps reading the rows of {self.projection.label}, they cannot be exchanged")

    def _switch(self) -> None:
        service = self.projection.service
        with transaction(self._connection) as cursor:
            live = self._draw_level(cursor)
            cursor.execute(f"SET LOCAL lock_timeout TO '1s'; SET search_path TO {service}")
            for table in live.tables if live else ():
                cursor.execute(f"DROP TABLE IF EXISTS {table}")
            for table in self.projection.table_names:
                cursor.execute(f"ALTER TABLE {self.schema}.{table} SET SCHEMA {service}")
            watermarks.replace(cursor, self.projection, self.position)

    def follow_live(self, tell: Tell) -> None:
        """Go until the shadow is close to where the live rows are, however fast those go on."""
        while True:
            with transaction(self._reader) as cursor:
                live = watermarks.read(cursor, self.projection.name)
            if live is None or live.position - self.position < _NEAR:
                return
            self.go(tell, live.position)

    def compare(self, with_live: Callable[[Building, Cursor], T]) -> T:
        """Ask something while the live rows stand still, at the position that the shadow then has too."""
        with transaction(self._connection) as cursor:
            live = self._draw_level(cursor)
            if live is None:
                raise NotFound(f"{self.projection.label} has no rows yet")
            return with_live(self, cursor)

    def _draw_level(self, cursor: Cursor) -> watermarks.Watermark | None:
        """Make the projector wait until the transaction ends, and bring the shadow to where the live rows are."""
        cursor.execute(f"SET search_path TO {self.projection.service}")
        watermarks.prepare(cursor)
        watermarks.hold(cursor, self.projection.name)
        live = watermarks.read(cursor, self.projection.name)
        cursor.execute(f"SET search_path TO {self.schema}")
        while live is not None and self.position < live.position:
            limit = min(_BATCH, live.position - self.position)
            self._apply(cursor, read(cursor, self.position, limit, self.projection.handles))
        return live

    def progress(self) -> Progress:
        """How far it is now."""
        return Progress(
            self.projection.label,
            self.position,
            max(self._head, self.position),
            self.events,
            time.monotonic() - self._began,
        )

    def end(self) -> None:
        """Take the shadow away; after a switch it is an empty schema."""
        if not self._locked:
            return
        try:
            self._connection.rollback()
            with transaction(self._connection) as cursor:
                cursor.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            return  # the database is gone; the next rebuild clears the schema away first


@contextmanager
def _no_garbage_rounds() -> Iterator[None]:
    """Events form no cycles, so what is done with goes at once; looking through those that wait costs a fifth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _refuse_unreadable(run: Run) -> None:
    for recorded in run.events:
        if type(recorded.event) is Unreadable:
            raise ValueError(recorded.event.reason)
