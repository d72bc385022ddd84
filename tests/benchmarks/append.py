"""How fast the log takes events: one each from 16 callers of one process, and in bulk.

Peers: the `eventsourcing` package saving aggregates on the same server, and a plain `INSERT … SELECT unnest` into the
very same table (same indexes, partitions, triggers and checks) without our function.
Run: python -m tests.benchmarks.append DATABASE_URL [SECONDS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import orjson

from shared.contracts import codec
from shared.ports import Append
from shared.postgres import PostgresLog, connect
from tests.benchmarks.append_callers import CALLERS, callers, one_append
from tests.benchmarks.figures import Figure, side_by_side, table
from tests.support.database import Database, fresh_database

CHUNK = 2000
_PEERS_TABLE = "public.application_events"


def single(database: Database, seconds: float) -> Figure:
    """One event each, 16 concurrent callers: ours against the eventsourcing package."""
    with callers("ours", database.url("intake")) as ours, callers("peer", database.url("admin")) as peer:
        figure = side_by_side(
            f"append, one event each, {CALLERS} callers",
            lambda: ours.rate(seconds),
            lambda: peer.rate(seconds),
            unit="events/s",
            target=10,
        )
        _check(database, "es.events", ours.appended)
        _check(database, _PEERS_TABLE, peer.appended)
        return figure


def _check(database: Database, events: str, expected: int) -> None:
    """A figure counts only when everything that was answered is really there."""
    [(found,)] = database.query(f"SELECT count(*) FROM {events}")
    if found != expected:
        raise AssertionError(f"{events} holds {found} events, {expected} were appended")


def bulk(ours: Database, theirs: Database, seconds: float) -> Figure:
    """Chunks of events, four to a stream: ours against a bare INSERT into the same table."""
    log, bare = ours.log("intake"), connect(theirs.url("owner"))
    try:
        appended, inserted = count(), count()
        figure = side_by_side(
            "append in bulk",
            lambda: _chunks(lambda appends: _bulk_append(log, appends), seconds, appended),
            lambda: _chunks(lambda appends: _plain_insert(bare, appends), seconds, inserted),
            unit="events/s",
            target=0.5,
        )
        _check(ours, "es.events", next(appended) * CHUNK)
        _check(theirs, "es.events", next(inserted) * CHUNK)
        return figure
    finally:
        bare.close()


def _chunks(store: Callable[[list[Append]], None], seconds: float, counted: Iterator[int]) -> float:
    spent, done = 0.0, 0
    while spent < seconds:
        appends = [one_append(4) for _ in range(CHUNK // 4)]
        began = time.perf_counter()
        store(appends)
        spent += time.perf_counter() - began
        done += CHUNK
        next(counted)
    return done / spent


def _bulk_append(log: PostgresLog, appends: list[Append]) -> None:
    for answer in log.bulk_append(appends):
        if isinstance(answer, Exception):
            raise answer


def _plain_insert(connection: Any, appends: list[Append]) -> None:
    rows = [
        (append.stream, version, str(happening.event_id), 1, "report.submitted", 1,
         orjson.dumps(codec.encode(happening.event)).decode(), append.area.path, '{"id":"resident","role":"resident"}',
         str(append.correlation_id), None, "live", None, None, happening.occurred_at, happening.occurred_at, b"0" * 32)
        for append in appends
        for version, happening in enumerate(append.happenings, start=1)
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO es.events (stream, version, event_id, txid, type, schema_version, data, area, actor,
                correlation_id, causation_id, origin, traceparent, idempotency_key, occurred_at, recorded_at, hash)
            SELECT * FROM unnest(%s::text[], %s::bigint[], %s::uuid[], %s::bigint[], %s::text[], %s::int[], %s::json[],
                %s::text[], %s::json[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
                %s::timestamptz[], %s::bytea[])
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )


def run(database_url: str, seconds: float) -> list[Figure]:
    """Measure on databases of our own at that server, `seconds` per contender and round (five rounds)."""
    with (
        fresh_database(database_url) as one,
        fresh_database(database_url) as two,
        fresh_database(database_url) as three,
    ):
        return [single(one, seconds), bulk(two, three, seconds)]


if __name__ == "__main__":
    print(table(run(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 4.0)))
