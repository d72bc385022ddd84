"""The relay's hold on the log: one session that leads, numbers committed events, and remembers what is published.

The lock that makes a leader and the statements of the leader share one session: whoever has lost the session can
neither number events nor move the cursor any more. Positions are durable before anybody sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errors

from shared.contracts.message import Stored
from shared.kernel.errors import Conflict, Invalid, Unavailable
from shared.postgres.connection import connect
from shared.postgres.errors import translated

LOCK = 0x77756A69
"""The advisory lock of the relay's leader: "wuji" in ASCII."""

# A leader that is frozen or cut off must lose the lock within seconds, so the server ends a session that falls silent.
_SESSION = (
    "SET statement_timeout = '30s'",
    "SET lock_timeout = '5s'",
    "SET tcp_keepalives_idle = 2",
    "SET tcp_keepalives_interval = 1",
    "SET tcp_keepalives_count = 2",
)
_SILENCE = ("SET idle_session_timeout = '{}ms'", "SET idle_in_transaction_session_timeout = '{}ms'")

_LEADS = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
      AND classid = 0 AND objid = %s AND objsubid = 1
"""
_WINDOW = """
    SELECT f.position, e.event_id::text, e.type, e.schema_version, e.stream, e.version, e.data::text, e.area,
           e.actor::text, e.correlation_id::text, e.causation_id::text, e.origin, e.occurred_at, e.recorded_at,
           e.traceparent
    FROM es.feed f
    LEFT JOIN es.events e ON e.txid = f.txid AND e.seq = f.seq AND e.recorded_at = f.recorded_at
    WHERE f.position > %(after)s AND f.position <= %(after)s + %(limit)s
    ORDER BY f.position
"""
_ADVANCE = "UPDATE es.relay_cursor SET position = %s, updated_at = now() WHERE name = %s AND position = %s"
_STANDING = """
    WITH last AS (SELECT position, txid, seq FROM (SELECT * FROM es.feed ORDER BY position DESC LIMIT 1) newest
                  UNION ALL SELECT 0, -1, -1 LIMIT 1),
         cursor AS (SELECT position FROM es.relay_cursor WHERE name = %(name)s),
         waiting AS (SELECT e.recorded_at FROM es.events e
                     WHERE (e.txid, e.seq) > ((SELECT txid FROM last), (SELECT seq FROM last))
                     ORDER BY e.txid, e.seq LIMIT %(count)s),
         held AS (SELECT e.recorded_at FROM es.events e WHERE e.txid >= es.horizon() ORDER BY e.txid, e.seq LIMIT 1)
    SELECT (SELECT position FROM last),
           (SELECT position FROM cursor),
           (SELECT count(*) FROM waiting),
           extract(epoch FROM clock_timestamp() - coalesce(
               (SELECT f.recorded_at FROM es.feed f, cursor WHERE f.position = cursor.position + 1),
               (SELECT min(recorded_at) FROM waiting)))::float,
           extract(epoch FROM clock_timestamp() - (SELECT recorded_at FROM held))::float
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far numbering and publishing are."""

    head: int
    """The last position given."""
    published: int
    """The last position that the broker confirmed."""
    unnumbered: int
    """Committed events without a position; counted no further than 10,000."""
    oldest_age: float
    """Seconds since the oldest unpublished event was recorded; 0 when there is none."""
    horizon_age: float
    """Seconds since the oldest event was recorded that a running transaction holds back; 0 when there is none."""

    @property
    def depth(self) -> int:
        """Events stored but not published."""
        return self.head - self.published + self.unnumbered


class Sequencer:
    """One database session of the relay.

    Every method raises Unavailable when the database cannot be used, Conflict when somebody else numbered or
    published meanwhile. After either, close this one and make another.
    """

    def __init__(self, url: str, *, name: str = "relay", silence: float = 4.0) -> None:
        """`silence` is how many seconds this session may say nothing before the server ends it."""
        self._name = name
        self._connection = connect(url, application="wuji relay")
        with _translated(), self._connection.cursor() as cursor:
            for statement in (*_SESSION, *(setting.format(int(silence * 1000)) for setting in _SILENCE)):
                cursor.execute(statement)

    def close(self) -> None:
        """End the session; the lock goes with it."""
        self._connection.close()

    def try_to_lead(self) -> bool:
        """Take the leader's lock unless another session has it."""
        return bool(self._one("SELECT pg_try_advisory_lock(%s)", (LOCK,))[0])

    def leads(self) -> bool:
        """Whether this session holds the lock: also a sign of life to the server."""
        return bool(self._one(_LEADS, (LOCK,))[0])

    def published(self) -> int:
        """The position up to which everything is published."""
        found = self._rows("SELECT position FROM es.relay_cursor WHERE name = %s", (self._name,))
        if not found:
            raise Unavailable(f"the log has no cursor named {self._name}: was it migrated?")
        return int(found[0][0])

    def number(self, at_most: int) -> int:
        """Give the next positions to committed events; how many got one."""
        return int(self._one("SELECT es.assign_positions(%s)", (at_most,))[0])

    def window(self, after: int, limit: int) -> list[Stored]:
        """The numbered events after a position, in order, at most so many.

        Raises Invalid when a position has no event: nothing may be published past it.
        """
        rows = self._rows(_WINDOW, {"after": after, "limit": limit})
        for expected, row in enumerate(rows, after + 1):
            if row[0] != expected or row[1] is None:
                raise Invalid(f"position {expected} of the feed has no event", hint="run: wuji log verify")
        return [Stored._make((*row[:6], row[6].encode(), *row[7:])) for row in rows]

    def advance(self, before: int, after: int, at_most: int) -> int:
        """Remember that everything up to `after` is published, and number the next events in the same transaction."""
        with _translated(), self._connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(_ADVANCE, (after, self._name, before))
            if cursor.rowcount != 1:
                cursor.execute("ROLLBACK")
                raise Conflict(f"somebody else moved the relay's cursor, which was at {before}")
            cursor.execute("SELECT es.assign_positions(%s)", (at_most,))
            numbered = int(cursor.fetchone()[0])
            cursor.execute("COMMIT")
            return numbered

    def make_partitions(self, months_ahead: int) -> list[str]:
        """Make the log's months that are not there yet; their names.

        Raises Conflict when the table is in use for long, Forbidden and Invalid when it cannot be done at all.
        """
        try:
            return [str(name) for (name,) in self._rows("SELECT es.make_partitions(%s)", (months_ahead,))]
        except psycopg2.Error as error:
            raise Invalid(f"the months ahead cannot be made: {error}", hint="run: wuji migrate") from error

    def standing(self) -> Standing:
        """How far numbering and publishing are."""
        head, published, waiting, oldest, held = self._one(_STANDING, {"name": self._name, "count": 10_000})
        return Standing(int(head), int(published or 0), int(waiting), max(oldest or 0.0, 0.0), max(held or 0.0, 0.0))

    def _one(self, statement: str, parameters: Any) -> tuple[Any, ...]:
        return self._rows(statement, parameters)[0]

    def _rows(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        with _translated(), self._connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


@contextmanager
def _translated() -> Iterator[None]:
    try:
        with translated():
            yield
    except (Invalid, Unavailable, psycopg2.Error) as error:
        cause = error if isinstance(error, psycopg2.Error) else error.__cause__
        if isinstance(cause, errors.UndefinedTable | errors.UndefinedFunction | errors.InvalidSchemaName):
            raise Unavailable("the database has no log yet: run wuji migrate") from error
        if isinstance(cause, errors.UniqueViolation):
            raise Conflict("somebody else gave positions at the same time") from error
        raise
