"""One projection going forward over runs of events: rows and watermark in one transaction, poison set apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg2

from shared.contracts.envelope import Recorded
from shared.projections import watermarks
from shared.projections.projection import Batch, Cursor, Projection


class Connection(Protocol):
    """What a track needs of a psycopg2 connection: one that is not in autocommit mode."""

    def cursor(self) -> Any:
        """A cursor for one transaction's work."""

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of the log without holes: everything after one position, up to another.

    `events` are those of a type that somebody handles; the others are known by the two positions only.
    """

    after: int
    upto: int
    events: Sequence[Recorded[Any]]


@contextmanager
def transaction(connection: Connection) -> Iterator[Cursor]:
    """Commit at the end, roll back on any error. A connection that is gone cannot roll back, and need not."""
    try:
        with connection.cursor() as cursor:
            yield cursor
        connection.commit()
    except BaseException:
        with suppress(psycopg2.InterfaceError, psycopg2.OperationalError):
            connection.rollback()
        raise


class Broken(Exception):
    """The projection cannot go on as it is: its tables, or its rights on them, are not what its code expects."""


class Moved(Exception):
    """Somebody else moved the watermark: look where it stands and go on from there."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where an event should be that this release cannot read; the projection records it as poisoned."""

    reason: str


class Track:
    """A projection and its place in the log. `position` may be ahead of `stored` over events it does not handle."""

    def __init__(self, projection: Projection, stored: int) -> None:
        self.projection = projection
        self.position = stored
        self.stored = stored
        self.poisoned = 0
        """How many events this process had to set apart."""
        self.batch_size = 0

    def take(self, connection: Connection, run: Run) -> None:
        """Go forward to the end of the run. What lies at or below the watermark was taken before and is passed over.

        Raises Moved, Broken, or psycopg2's OperationalError and InterfaceError; the transaction is then rolled back.
        """
        if run.after > self.position:
            raise ValueError(f"{self.projection.label} stands at {self.position}, the run begins after {run.after}")
        handles = self.projection.handles
        events = [found for found in run.events if found.type in handles and _position(found) > self.position]
        self.batch_size = len(events)
        if events:
            self._take(connection, events, max(run.upto, self.position))
        self.position = max(self.position, run.upto)

    def save(self, connection: Connection) -> None:
        """Store a position that went ahead over events that the projection does not handle."""
        if self.position > self.stored:
            with transaction(connection) as cursor:
                self._move(cursor, self.position)
            self.stored = self.position

    def reload(self, connection: Connection) -> None:
        """Believe the stored watermark again."""
        with transaction(connection) as cursor:
            found = watermarks.read(cursor, self.projection.name)
        if found is None:
            raise Broken(f"{self.projection.label} has no watermark any more")
        self.position = self.stored = found.position

    def _take(self, connection: Connection, events: list[Recorded[Any]], upto: int) -> None:
        try:
            for recorded in events:
                if type(recorded.event) is Unreadable:
                    raise ValueError(recorded.event.reason)
            with transaction(connection) as cursor:
                watermarks.hold(cursor, self.projection.name)
                self.projection.apply(Batch(events), cursor)
                self._move(cursor, upto)
        except (psycopg2.OperationalError, psycopg2.InterfaceError, Moved):
            raise  # nothing is wrong with the events: try again later
        except psycopg2.Error as error:
            if (error.pgcode or "").startswith("42"):
                # An undefined table or a missing right would turn every event into a poisoned one.
                raise Broken(watermarks.describe(error)) from error
            self._halve(connection, events, upto, error)
        except Exception as error:  # noqa: BLE001  # whatever apply raises is about one event, which is looked for
            self._halve(connection, events, upto, error)
        else:
            self.position = self.stored = upto

    def _halve(self, connection: Connection, events: list[Recorded[Any]], upto: int, error: Exception) -> None:
        """Take the halves one after the other, so that only the event that cannot be taken is left out."""
        if len(events) == 1:
            with transaction(connection) as cursor:
                self._move(cursor, upto)
                watermarks.poison(cursor, self.projection.name, events[0], error)
            self.position = self.stored = upto
            self.poisoned += 1
            return
        first = events[: len(events) // 2]
        self._take(connection, first, _position(first[-1]))
        self._take(connection, events[len(first) :], upto)

    def _move(self, cursor: Cursor, upto: int) -> None:
        if not watermarks.move(cursor, self.projection.name, self.stored, upto):
            raise Moved(self.projection.label)


def _position(recorded: Recorded[Any]) -> int:
    """Events come to a projection with their place in the log, always."""
    if recorded.position is None:
        raise ValueError(f"event {recorded.event_id} has no position")
    return recorded.position
