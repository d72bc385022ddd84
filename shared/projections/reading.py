"""The log as the projector reads it: stretches without holes, and only the events that somebody handles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from shared.contracts import catalogue, codec
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.kernel.area import Area
from shared.projections.track import Connection, Run, Unreadable, transaction

# Reading the log means knowing every event type, whichever module the reader has imported so far.
catalogue.load()

_UPTO = "SELECT max(position) FROM (SELECT position FROM es.feed WHERE position > %s ORDER BY position LIMIT %s) part"

# json and timestamps leave the database as text and numbers: converting them here, once, costs a third of what
# psycopg2's own conversions cost.
_EVENTS = """
SELECT f.position, e.stream, e.version, e.event_id::text, e.type, e.schema_version, e.data::text, e.area,
       e.actor::text, e.correlation_id::text, e.causation_id::text, e.origin, e.traceparent, e.occurred_at,
       e.recorded_at
FROM es.feed f
JOIN es.events e ON e.txid = f.txid AND e.seq = f.seq AND e.recorded_at = f.recorded_at
WHERE f.position > %s AND f.position <= %s AND e.type = ANY (%s)
ORDER BY f.position
"""


class PostgresFeed:
    """The log in the database that the connection is to."""

    def head(self, connection: Connection) -> int:
        """The highest position that was given; 0 for an empty log."""
        with transaction(connection) as cursor:
            cursor.execute("SELECT coalesce(max(position), 0) FROM es.feed")
            return int(cursor.fetchone()[0])

    def read(self, connection: Connection, after: int, limit: int, handles: frozenset[str]) -> Run:
        """Up to `limit` positions after the given one; the run ends where it began when there are none."""
        with transaction(connection) as cursor:
            cursor.execute(_UPTO, [after, limit])
            upto = cursor.fetchone()[0]
            if upto is None:
                return Run(after, after, ())
            cursor.execute(_EVENTS, [after, upto, sorted(handles)])
            return Run(after, upto, [_recorded(row) for row in cursor.fetchall()])


def _recorded(row: tuple[Any, ...]) -> Recorded[Any]:
    position, stream, version, event_id, name, schema, data, area, actor, correlation, causation, origin, *rest = row
    traceparent, occurred_at, recorded_at = rest
    return Recorded(
        event=_event(name, schema, data),
        event_id=UUID(event_id),
        stream=stream,
        version=version,
        position=position,
        type=name,
        area=_area(area),
        actor=_actor(actor),
        correlation_id=UUID(correlation),
        causation_id=None if causation is None else UUID(causation),
        origin=Origin.IMPORT if origin == "import" else Origin.LIVE,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        traceparent=traceparent,
    )


def _event(name: str, schema: int, data: str) -> object:
    body: Mapping[str, Any] = orjson.loads(data)
    try:
        return codec.revive(name, schema, body)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return Unreadable(f"{name} version {schema} cannot be read: {type(error).__name__}: {error}")


# A city has some thousand areas and actors, and a log has millions of events: each is built once.
_area = lru_cache(maxsize=20_000)(Area)


@lru_cache(maxsize=20_000)
def _actor(text: str) -> Actor:
    values = orjson.loads(text)
    return Actor(values["id"], values["role"], values.get("department"))
