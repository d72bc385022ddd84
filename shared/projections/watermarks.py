"""Where each projection stands, kept beside its rows, and the events that it could not take.

Both tables lie in the service's own schema and are written by the service's own role. A connection's search path
says which schema that is, so the same statements serve the live rows and a shadow of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.contracts.envelope import Recorded
from shared.projections.projection import Cursor, Projection
from shared.projections.rows import Row, select

_TABLES = """
CREATE TABLE IF NOT EXISTS watermarks (
    projection  text PRIMARY KEY,
    position    bigint NOT NULL,
    fingerprint text NOT NULL,
    tables      text[] NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);
CREATE TABLE IF NOT EXISTS poisoned (
    projection  text NOT NULL,
    position    bigint NOT NULL,
    event_id    uuid NOT NULL,
    stream      text NOT NULL,
    version     bigint NOT NULL,
    type        text NOT NULL,
    error       text NOT NULL,
    poisoned_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, position)
);
"""

# Two processes that start together must not both create the tables: IF NOT EXISTS alone does not wait.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('wuji projection tables'))"


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a projection's rows go, and what made them."""

    position: int
    fingerprint: str
    tables: tuple[str, ...]


def prepare(cursor: Cursor) -> None:
    """Create both tables in the schema at the head of the search path, when they are missing."""
    cursor.execute(_ONE_AT_A_TIME)
    cursor.execute("SELECT to_regclass(current_schema() || '.poisoned')")
    if cursor.fetchone()[0] is None:
        cursor.execute(_TABLES)


def begin(cursor: Cursor, projection: Projection, position: int = 0) -> Watermark:
    """Create the projection's tables and its watermark; nothing of them may exist yet."""
    cursor.execute(projection.tables)
    cursor.execute(
        "INSERT INTO watermarks (projection, position, fingerprint, tables) VALUES (%s, %s, %s, %s)",
        [projection.name, position, projection.fingerprint, list(projection.table_names)],
    )
    return Watermark(position, projection.fingerprint, projection.table_names)


def read(cursor: Cursor, projection: str) -> Watermark | None:
    """Where the projection stands; None when it never began."""
    cursor.execute("SELECT position, fingerprint, tables FROM watermarks WHERE projection = %s", [projection])
    found = cursor.fetchone()
    return None if found is None else Watermark(found[0], found[1], tuple(found[2]))


def hold(cursor: Cursor, projection: str) -> None:
    """Keep a second projector, and the switch of a rebuild, out until the transaction ends.

    An advisory lock and not a row lock, because a row lock gives the transaction a number, and every numbered
    transaction that is open holds back what the relay may publish: the number comes with the first write, when the
    batch has been thought through.
    """
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext(%s))", [projection])


def move(cursor: Cursor, projection: str, before: int, after: int) -> bool:
    """Compare and set: False when somebody else has moved the watermark meanwhile; the batch is then rolled back."""
    cursor.execute(
        "UPDATE watermarks SET position = %s, updated_at = now() WHERE projection = %s AND position = %s",
        [after, projection, before],
    )
    return cursor.rowcount == 1


def replace(cursor: Cursor, projection: Projection, position: int) -> None:
    """The rows were made anew, up to the position: what was poisoned before is in them now."""
    cursor.execute(
        "INSERT INTO watermarks (projection, position, fingerprint, tables) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (projection) DO UPDATE SET position = excluded.position, fingerprint = excluded.fingerprint,"
        " tables = excluded.tables, updated_at = now()",
        [projection.name, position, projection.fingerprint, list(projection.table_names)],
    )
    cursor.execute("DELETE FROM poisoned WHERE projection = %s", [projection.name])


def poison(cursor: Cursor, projection: str, recorded: Recorded[Any], error: BaseException) -> None:
    """Record an event that the projection could not take, with the reason."""
    cursor.execute(
        "INSERT INTO poisoned (projection, position, event_id, stream, version, type, error)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (projection, position) DO UPDATE"
        " SET error = excluded.error, poisoned_at = now()",
        [
            projection,
            recorded.position,
            str(recorded.event_id),
            recorded.stream,
            recorded.version,
            recorded.type,
            describe(error),
        ],
    )


def poisoned(cursor: Cursor, projection: str) -> list[Row]:
    """The recorded events that the projection could not take, oldest first."""
    return select(
        cursor,
        "SELECT position, event_id::text AS event_id, stream, version, type, error, poisoned_at FROM poisoned"
        " WHERE projection = %s ORDER BY position",
        [projection],
    )


def describe(error: BaseException) -> str:
    """One line for people: the kind of the error and its first line, without NUL characters, not too long."""
    first = (str(error).strip().splitlines() or [""])[0].replace("\x00", "�")
    return f"{type(error).__name__}: {first}"[:500]
