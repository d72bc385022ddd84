"""Reads events: rows of the log turned into `Recorded`, many thousand a second."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson

from shared.contracts import catalogue, codec
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.kernel.area import Area
from shared.kernel.ids import known_id, trusted_id

COLUMNS = (
    "e.event_id, e.stream, e.version, f.position, e.type, e.schema_version, e.data::text, e.area, e.actor::text, "
    "e.correlation_id, e.causation_id, e.origin, e.occurred_at, e.recorded_at, e.traceparent"
)
_FEED = f"""
    SELECT {COLUMNS}
    FROM es.feed f
    JOIN es.events e ON e.recorded_at = f.recorded_at AND e.txid = f.txid AND e.seq = f.seq
    WHERE f.position > %s AND f.position <= %s
    ORDER BY f.position
"""
STREAM = f"""
    SELECT {COLUMNS} FROM es.events e LEFT JOIN es.feed f ON f.txid = e.txid AND f.seq = e.seq
    WHERE e.stream = %s ORDER BY e.version
"""
# Positions are given in the order of (txid, seq), so this is the order of position, those without one last.
ABOUT = f"""
    SELECT {COLUMNS} FROM es.events e LEFT JOIN es.feed f ON f.txid = e.txid AND f.seq = e.seq
    WHERE e.correlation_id = %s ORDER BY e.txid, e.seq
"""

ABOUT_ALL = f"""
    SELECT {COLUMNS} FROM es.events e LEFT JOIN es.feed f ON f.txid = e.txid AND f.seq = e.seq
    WHERE e.correlation_id = ANY(%s::uuid[]) ORDER BY e.correlation_id, e.txid, e.seq
"""


def read_feed(cursor: Any, after: int, limit: int) -> list[Recorded[Any]]:
    """The events at positions `after` + 1 … `after` + `limit`, ascending: fewer when there are no more.

    Positions are dense, so the first answer that is shorter than `limit` is the end of the feed.
    """
    cursor.execute(_FEED, (after, after + limit))
    return revive_rows(cursor.fetchall())


def revive_rows(rows: Iterable[tuple[Any, ...]]) -> list[Recorded[Any]]:
    """Rows with COLUMNS → events. A type that no module declares is a bug, and raises KeyError."""
    if not catalogue.EVENTS:
        catalogue.load()
    return [_recorded(row) for row in rows]


def _recorded(row: tuple[Any, ...]) -> Recorded[Any]:
    (event_id, stream, version, position, name, schema_version, data, area, actor, correlation, causation, origin,
     occurred_at, recorded_at, traceparent) = row  # fmt: skip
    return Recorded(
        event=codec.revive(name, schema_version, orjson.loads(data)),
        event_id=trusted_id(event_id),
        stream=stream,
        version=version,
        position=position,
        type=name,
        area=_area(area),
        actor=_actor(actor),
        correlation_id=known_id(correlation),
        causation_id=None if causation is None else trusted_id(causation),
        origin=_ORIGINS[origin],
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        traceparent=traceparent,
    )


_ORIGINS = {origin.value: origin for origin in Origin}


@lru_cache(maxsize=65536)
def _area(path: str) -> Area:
    return Area(path)


@lru_cache(maxsize=65536)
def _actor(text: str) -> Actor:
    found = orjson.loads(text)
    return Actor(found["id"], found["role"], found.get("department"))
