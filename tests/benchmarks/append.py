"""How fast the log takes events: one each from 16 callers of one process, and in bulk.

Peers: the `eventsourcing` package saving aggregates on the same server, and a plain `INSERT … SELECT unnest` into the
very same table (same indexes, partitions, triggers and checks) without our function.
Run: python -m tests.benchmarks.append DATABASE_URL [SECONDS]
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg2 import extensions

from shared.contracts import codec
from shared.contracts.envelope import Actor
from shared.contracts.report import ReportSubmitted, Source, Urgency
from shared.kernel.area import Area
from shared.kernel.ids import new_id
from shared.ports import Append, Happening
from shared.postgres import PostgresLog, connect
from tests.benchmarks.figures import Figure, side_by_side, table
from tests.support.database import Database, fresh_database

CALLERS = 16
CHUNK = 2000
WORDS = "小区门口的路灯坏了好几天,晚上黑乎乎的,老人孩子出门都不方便,希望尽快派人来修。" * 3
AREA = Area("530103.004.012.003.00007")
ACTOR = Actor("resident", "resident")


def _submitted() -> ReportSubmitted:
    return ReportSubmitted(
        report_id=new_id(), number="20260503-530103-000001", source=Source.RESIDENT, subject_id=new_id(),
        issue_type="E-01-02", urgency=Urgency.NORMAL, title="路灯不亮", words=WORDS, place="金辰街道青松路",
        point=None, external_number=None,
    )  # fmt: skip


def _append(events: int = 1) -> Append:
    reported = [_submitted() for _ in range(events)]
    now = datetime.now(UTC)
    return Append(
        stream=f"report-{reported[0].report_id}",
        expected=0,
        happenings=tuple(Happening(found, now) for found in reported),
        area=AREA,
        actor=ACTOR,
        correlation_id=reported[0].report_id,
    )


class Report(Aggregate):
    """The peer's aggregate with the same fields."""

    @event("Submitted")
    def __init__(
        self, number: str, source: str, subject_id: str, issue_type: str, urgency: str, title: str, words: str,
        place: str, area: str, actor: str,
    ) -> None:  # fmt: skip
        self.number, self.source, self.subject_id, self.issue_type = number, source, subject_id, issue_type
        self.urgency, self.title, self.words, self.place = urgency, title, words, place
        self.area, self.actor = area, actor


def _peer_report() -> Report:
    return Report(
        number="20260503-530103-000001", source="resident", subject_id=str(new_id()), issue_type="E-01-02",
        urgency="normal", title="路灯不亮", words=WORDS, place="金辰街道青松路", area=AREA.path, actor="resident",
    )  # fmt: skip


def _callers(once: Callable[[], object], seconds: float) -> float:
    """Calls a second, made by CALLERS threads that each call again as soon as they are answered."""
    done, errors = [0] * CALLERS, []
    stop_at = time.perf_counter() + seconds

    def call(index: int) -> None:
        try:
            while time.perf_counter() < stop_at:
                once()
                done[index] += 1
        except Exception as error:  # noqa: BLE001 (raised below)
            errors.append(error)

    began = time.perf_counter()
    threads = [threading.Thread(target=call, args=(index,)) for index in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return sum(done) / (time.perf_counter() - began)


def _peer_application(database: Database) -> Application[Any]:
    known = extensions.parse_dsn(database.url("admin"))
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": known["dbname"],
        "POSTGRES_HOST": known.get("host", ""),
        "POSTGRES_PORT": known.get("port", "5432"),
        "POSTGRES_USER": known.get("user", ""),
        "POSTGRES_PASSWORD": known.get("password", "none"),
        "POSTGRES_POOL_SIZE": str(CALLERS),
        "POSTGRES_MAX_OVERFLOW": "4",
    }
    return Application(environment)


def single(database: Database, seconds: float) -> Figure:
    """One event each, 16 concurrent callers: ours against the eventsourcing package."""
    log, peer = database.log("intake"), _peer_application(database)
    try:
        appended, saved = count(1), count(1)
        figure = side_by_side(
            "append, one event each, 16 callers",
            lambda: _callers(lambda: (log.append(_append()), next(appended)), seconds),
            lambda: _callers(lambda: (peer.save(_peer_report()), next(saved)), seconds),
            unit="events/s",
            target=10,
        )
        _check(database, "es.events", next(appended) - 1)
        _check(database, peer.recorder.events_table_name, next(saved) - 1)
        return figure
    finally:
        peer.close()


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
        appends = [_append(4) for _ in range(CHUNK // 4)]
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
