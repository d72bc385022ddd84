"""Reads the feed as it is stored, nothing decoded: for those who pass events on."""

from __future__ import annotations

from shared.contracts.message import Stored
from shared.kernel.errors import Invalid
from shared.postgres.connection import Pool

WINDOW = """
    SELECT f.position, e.event_id::text, e.type, e.schema_version, e.stream, e.version, e.data::text, e.area,
           e.actor::text, e.correlation_id::text, e.causation_id::text, e.origin, e.occurred_at, e.recorded_at,
           e.traceparent
    FROM es.feed f
    LEFT JOIN es.events e ON e.txid = f.txid AND e.seq = f.seq AND e.recorded_at = f.recorded_at
    WHERE f.position > %(after)s AND f.position <= %(after)s + %(limit)s
    ORDER BY f.position
"""


def read_stored(pool: Pool, after: int, limit: int) -> list[Stored]:
    """The events at positions `after` + 1 … `after` + `limit`, ascending: fewer when there are no more.

    Raises Invalid when a position has no event: nothing may be passed on beyond it. Raises Unavailable.
    """
    rows = pool.read(WINDOW, {"after": after, "limit": limit})
    for expected, row in enumerate(rows, after + 1):
        if row[0] != expected or row[1] is None:
            raise Invalid(f"position {expected} of the feed has no event", hint="run: wuji log verify")
    return [Stored._make((*row[:6], row[6].encode(), *row[7:])) for row in rows]
