"""The log as the projector reads it: stretches without holes, and only the events that somebody handles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shared.contracts.envelope import Recorded
from shared.postgres.read import COLUMNS, revive_rows
from shared.projections.projection import Cursor
from shared.projections.track import Connection, Run, Unreadable, transaction

_UPTO = "SELECT max(position) FROM (SELECT position FROM es.feed WHERE position > %s ORDER BY position LIMIT %s) part"
_EVENTS = f"""
SELECT {COLUMNS}
FROM es.feed f
JOIN es.events e ON e.txid = f.txid AND e.seq = f.seq AND e.recorded_at = f.recorded_at
WHERE f.position > %s AND f.position <= %s AND e.type = ANY (%s)
ORDER BY f.position
"""
# Where the columns stand that are needed to name an event whose body cannot be read.
_TYPE, _VERSION, _BODY = 4, 5, 6
_READABLE = ("area.renamed", 1, '{"path": "", "name": ""}')


class PostgresFeed:
    """The log in the database that the connection is to."""

    def head(self, connection: Connection) -> int:
        """The highest position that was given; 0 for an empty log."""
        with transaction(connection) as cursor:
            return head(cursor)

    def read(self, connection: Connection, after: int, limit: int, handles: frozenset[str]) -> Run:
        """Up to `limit` positions after the given one; the run ends where it began when there are none."""
        with transaction(connection) as cursor:
            return read(cursor, after, limit, handles)


def head(cursor: Cursor) -> int:
    """The highest position that was given; 0 for an empty log."""
    cursor.execute("SELECT coalesce(max(position), 0) FROM es.feed")
    return int(cursor.fetchone()[0])


def read(cursor: Cursor, after: int, limit: int, handles: frozenset[str]) -> Run:
    """Up to `limit` positions after the given one, with the events of the types handled."""
    cursor.execute(_UPTO, [after, limit])
    upto = cursor.fetchone()[0]
    if upto is None:
        return Run(after, after, ())
    cursor.execute(_EVENTS, [after, upto, sorted(handles)])
    return Run(after, upto, _revive(cursor.fetchall()))


def _revive(rows: Sequence[tuple[Any, ...]]) -> list[Recorded[Any]]:
    try:
        return revive_rows(rows)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # One of them is of a newer release, or of a shape that its version never had: it is looked for.
        return [_revive_one(row) for row in rows]


def _revive_one(row: tuple[Any, ...]) -> Recorded[Any]:
    try:
        return revive_rows([row])[0]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        envelope = revive_rows([(*row[:_TYPE], *_READABLE, *row[_BODY + 1 :])])[0]
        reason = f"{row[_TYPE]} version {row[_VERSION]} cannot be read: {type(error).__name__}: {error}"
        return replace(envelope, type=row[_TYPE], event=Unreadable(reason))
