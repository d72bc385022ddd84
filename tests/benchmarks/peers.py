"""The two peers of the projection benchmarks: what one would build from stock parts.

`NamekoPeer` is a nameko service with a stock `event_handler` and one transaction per message. `runner_peer` is the
`eventsourcing` package's own projection runner. Both do the very same upserts as ours, by calling the same `apply`
with one event at a time.

Run as a module it is the nameko process: python -m tests.benchmarks.peers AMQP_URL DATABASE_URL
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from shared.contracts import codec, message
from shared.contracts.envelope import Recorded

SOURCE, EVENT_TYPE, SERVICE = "wuji", "anything", "peer"
QUEUE = f"evt-{SOURCE}-{EVENT_TYPE}--{SERVICE}.take"


def payload(recorded: Recorded[Any]) -> dict[str, Any]:
    """What the nameko peer is sent: the same message, as its JSON body."""
    made = message.of(recorded)
    return {"body": made.body.decode(), "headers": made.headers}


def main(amqp_url: str, database_url: str) -> None:
    """Be the nameko service until killed."""
    import eventlet

    # A green connection cannot COPY, which our rows of the past are written with.
    eventlet.monkey_patch(psycopg=False)
    from eventlet.queue import LifoQueue
    from nameko.containers import ServiceContainer
    from nameko.events import event_handler

    from services.grid.projections.cases import CASES
    from shared.postgres import connect
    from shared.projections import Batch

    idle: Any = LifoQueue()
    for _ in range(10):
        connection = connect(database_url, green=False)
        connection.autocommit = False
        idle.put(connection)

    class Peer:
        name = SERVICE

        @event_handler(SOURCE, EVENT_TYPE)  # type: ignore[untyped-decorator]
        def take(self, sent: dict[str, Any]) -> None:
            recorded = message.parse(sent["body"], sent["headers"])
            connection = idle.get()
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute("SET LOCAL search_path TO grid")
                    CASES.apply(Batch([recorded]), cursor)
            finally:
                idle.put(connection)

    container = ServiceContainer(Peer, {"AMQP_URI": amqp_url, "max_workers": 10, "SECRET": urlsplit(amqp_url).path})
    container.start()
    container.wait()


def runner_peer(database: Any, events: Sequence[Recorded[Any]]) -> tuple[Any, Any]:
    """(start, stop): `start()` runs the eventsourcing package's runner over the events and answers when all are in the
    rows. The events are saved first, which is not part of what is measured."""
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate
    from eventsourcing.postgres import PostgresTrackingRecorder
    from eventsourcing.projection import Projection, ProjectionRunner
    from psycopg2 import extensions

    from services.grid.projections.cases import CASES
    from shared.projections import Batch

    known = extensions.parse_dsn(database.url("admin"))
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": known["dbname"],
        "POSTGRES_HOST": known.get("host", ""),
        "POSTGRES_PORT": known.get("port", "5432"),
        "POSTGRES_USER": known.get("user", ""),
        "POSTGRES_PASSWORD": known.get("password", "none"),
    }
    database.query(f"CREATE SCHEMA peer; SET search_path TO peer; {CASES.tables}")
    envelopes = {str(recorded.event_id): recorded for recorded in events}

    class Issue(Aggregate):
        """One case of the peer; every event carries our event's body."""

        class Told(Aggregate.Event):
            type: str
            event_id: str
            data: dict[str, Any]

    class Log(Application[Any]):
        pass

    class View(PostgresTrackingRecorder):
        """The same rows, in one transaction with the place reached."""

        def take(self, recorded: Recorded[Any], tracking: Any) -> None:
            with self.datastore.transaction(commit=True) as cursor:
                self._insert_tracking(cursor, tracking)
                CASES.apply(Batch([recorded]), _Tuples(cursor))

    class Views(Projection[View]):
        name = "views"

        def process_event(self, domain_event: Any, tracking: Any) -> None:
            if isinstance(domain_event, Issue.Told):
                envelope = envelopes[domain_event.event_id]
                event = codec.revive(domain_event.type, 1, domain_event.data)
                fields = {name: getattr(envelope, name) for name in Recorded.__slots__}
                self.view.take(Recorded(**(fields | {"event": event})), tracking)

    last = _save(Log(environment), Issue, events)
    user = known.get("user", "postgres")
    database.query(f'ALTER ROLE "{user}" IN DATABASE "{known["dbname"]}" SET search_path TO peer, public')
    running: list[Any] = []

    def start() -> None:
        runner = ProjectionRunner(application_class=Log, projection_class=Views, view_class=View, env=environment)
        running.append(runner.__enter__())
        running[0].wait(last, timeout=600)

    def stop() -> None:
        for runner in running:
            runner.__exit__(None, None, None)
        database.query(f'ALTER ROLE "{user}" IN DATABASE "{known["dbname"]}" RESET search_path')

    return start, stop


def _save(log: Any, issue: Any, events: Sequence[Recorded[Any]]) -> Any:
    """Record the events in the peer's own log; the last notification's number."""
    issues: dict[Any, Any] = {}
    for recorded in events:
        if recorded.correlation_id not in issues:
            issues[recorded.correlation_id] = issue()
        found = issues[recorded.correlation_id]
        found.trigger_event(
            issue.Told, type=recorded.type, event_id=str(recorded.event_id), data=codec.encode(recorded.event)
        )
        log.save(found)
    last = log.recorder.max_notification_id()
    log.close()
    return last


class _Tuples:
    """psycopg 3's cursor of dictionaries in the manner of ours."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, statement: str, parameters: Any = None) -> None:
        self._cursor.execute(statement, parameters)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self._cursor.fetchall()]

    def fetchone(self) -> tuple[Any, ...] | None:
        row = self._cursor.fetchone()
        return None if row is None else tuple(row.values())

    def copy_expert(self, statement: str, file: Any) -> None:
        with self._cursor.copy(statement) as copied:
            copied.write(file.read())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
