"""Puts a ready-made log into a database by COPY: for tests and benchmarks that begin where the relay ends."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson

from shared.contracts import catalogue, codec
from shared.contracts.envelope import Recorded
from tests.support.database import Database

_COLUMNS = (
    "stream, version, event_id, seq, txid, type, schema_version, data, area, actor, correlation_id, causation_id, "
    "origin, occurred_at, recorded_at, hash"
)


def fill(database: Database, events: Iterable[Recorded[Any]], chunk: int = 20_000, *, after: int = 0) -> int:
    """Store the events with the positions they have, `after` what is there; how many. Hashes are empty."""
    iterator, count = iter(events), 0
    while part := list(islice(iterator, chunk)):
        _copy(database, part, after)
        count += len(part)
    with database.connection("admin") as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE es.events, es.feed")
    return count


def _copy(database: Database, part: list[Recorded[Any]], after: int) -> None:
    events, feed = io.StringIO(), io.StringIO()
    for recorded in part:
        found = catalogue.OF_SHAPE[type(recorded.event)]
        position = after + (recorded.position or 0)
        actor = orjson.dumps({"id": recorded.actor.id, "role": recorded.actor.role}).decode()
        data = orjson.dumps(codec.encode(recorded.event)).decode().replace("\\", "\\\\")
        values = (
            recorded.stream, recorded.version, recorded.event_id, position, 1, recorded.type, found.version,
            data, recorded.area.path, actor, recorded.correlation_id, recorded.causation_id or "\\N",
            recorded.origin.value, recorded.occurred_at.isoformat(), recorded.recorded_at.isoformat(), "\\\\x",
        )  # fmt: skip
        events.write("\t".join(map(str, values)) + "\n")
        feed.write(f"{position}\t1\t{position}\t{recorded.recorded_at.isoformat()}\n")
    with database.connection("admin") as connection, connection.cursor() as cursor:
        for table, buffer in (
            (f"es.events ({_COLUMNS})", events),
            ("es.feed (position, txid, seq, recorded_at)", feed),
        ):
            buffer.seek(0)
            cursor.copy_expert(f"COPY {table} FROM STDIN", buffer)
