"""The projector on real servers: gaps, duplicates, poison, crashes, a broker or a database that goes away."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pika
import psycopg2
import pytest

from services.grid.projections.cases import CASES
from shared.contracts import message
from shared.contracts.envelope import Recorded
from shared.projections.bus import Bus
from shared.projections.process import Projector, connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from shared.projections.track import Moved, Run, Track
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.lives import City, lives
from tests.support.logs import fill
from tests.support.process import Service, wait_for
from tests.support.tiny_projector import PROJECTIONS, SEEN

pytestmark = pytest.mark.integration

Events = Sequence[Recorded[Any]]
SMALL = City(streets=2, communities=2, groups=1, buildings=1)
EVENTS: Events = tuple(lives(20, 4, SMALL))
HEARD = SEEN.handles


def poisoned(events: Events, which: int) -> list[Recorded[Any]]:
    """The same events, the title of one report changed."""
    place = [n for n, recorded in enumerate(events) if recorded.type == "report.submitted"][which]
    changed = list(events)
    changed[place] = replace(events[place], event=replace(events[place].event, title="poison"))
    return changed


def publish(vhost: Vhost, events: Events) -> None:
    """Straight into the projector's queue."""
    connection = pika.BlockingConnection(pika.URLParameters(vhost.admin_url))
    channel = connection.channel()
    channel.confirm_delivery()
    for recorded in events:
        made = message.of(recorded)
        send(channel, made.body, made.headers)
    connection.close()


def send(channel: Any, body: bytes, headers: dict[str, Any]) -> None:
    properties = pika.BasicProperties(headers=headers, content_type="application/json", delivery_mode=2)
    channel.basic_publish("", "projector", body, properties)


@dataclass
class Bench:
    """A database, a virtual host, and a projector in this process that is turned by hand."""

    database: Database
    vhost: Vhost
    projector: Projector

    def turn(self, until: int, turns: int = 200) -> None:
        """Turn until every projection stands there."""
        for _ in range(turns):
            self.projector.step()
            if self.projector.leads and self.projector.runner.lowest >= until:
                self.projector.runner.tidy()
                return
        raise AssertionError(f"stands at {self.projector.runner.health()}")

    def seen(self) -> list[int]:
        """Positions taken; every one of them once."""
        rows = self.database.query("SELECT position, n FROM intake.seen ORDER BY position")
        assert all(n == 1 for _, n in rows), rows
        return [position for position, _ in rows]

    def waiting(self) -> int:
        """Messages in the queue, delivered or not."""
        connection = pika.BlockingConnection(pika.URLParameters(self.vhost.admin_url))
        try:
            return int(connection.channel().queue_declare("projector", passive=True).method.message_count)
        finally:
            connection.close()


def urls(database: Database) -> dict[str, str]:
    return {service: database.url(service) for service in ("intake", "grid")}


def make_projector(database: Database, make_bus: Callable[[], Bus]) -> Projector:
    runner = Runner(PROJECTIONS, connect_as(urls(database)), PostgresFeed(), limit=37)
    return Projector(runner, make_bus, patience=0.05, poll=0.1, most=13)


@pytest.fixture
def bench(database: Database, vhost: Vhost) -> Iterator[Bench]:
    projector = make_projector(database, lambda: Bus(vhost.url("projector"), "projector"))
    yield Bench(database, vhost, projector)
    projector.stop()
    projector.run()


def heard(events: Events = EVENTS) -> list[int]:
    return [recorded.position or 0 for recorded in events if recorded.type in HEARD]


def no_feed(bench: Bench) -> None:
    """From here on nothing can be read from the log, so what is taken came over the bus."""
    bench.projector.step()

    class Silent(PostgresFeed):
        def read(self, _connection: Any, after: int, *_: Any) -> Run:
            return Run(after, after, ())

    bench.projector.runner.source = Silent()


def test_what_comes_over_the_bus_without_a_gap_needs_no_log(bench: Bench) -> None:
    no_feed(bench)
    publish(bench.vhost, EVENTS)
    bench.turn(len(EVENTS))

    assert bench.seen() == heard()
    wait_for(lambda: bench.waiting() == 0, 5)


def test_a_cold_start_reads_the_log(bench: Bench) -> None:
    fill(bench.database, EVENTS)
    bench.turn(len(EVENTS))

    assert bench.seen() == heard()
    assert bench.database.query("SELECT count(*) FROM grid.cases") == [(20,)]


def test_a_gap_is_filled_from_the_log(bench: Bench) -> None:
    bench.projector.step()
    fill(bench.database, EVENTS)
    publish(bench.vhost, [*EVENTS[5:20], *EVENTS[60:]])
    bench.turn(len(EVENTS))

    assert bench.seen() == heard()


def test_duplicates_and_late_arrivals_change_nothing(bench: Bench) -> None:
    no_feed(bench)
    half = len(EVENTS) // 2
    publish(bench.vhost, [*EVENTS[:half], *EVENTS[:half], *EVENTS[10:], *reversed(EVENTS)])
    bench.turn(len(EVENTS))
    wait_for(lambda: bench.projector.step() or bench.waiting() == 0, 5)

    assert bench.seen() == heard()


def test_messages_that_nobody_can_read_are_passed_over_and_the_log_tells(bench: Bench) -> None:
    bench.projector.step()
    fill(bench.database, EVENTS)
    connection = pika.BlockingConnection(pika.URLParameters(bench.vhost.admin_url))
    channel = connection.channel()
    for body, headers in [
        (b"\xff\xfe", {}),
        (b"{}", {"ce-sequence": "3", "ce-type": "report.submitted.v1"}),
        (b"{}", {"ce-sequence": 7, "ce-type": None}),
        (b"{}", {"ce-sequence": "9" * 20, "ce-type": "case.filed.v1"}),
        (b"{}", {"ce-sequence": "00000000000000000900", "ce-type": "nothing.known.v1"}),
    ]:
        send(channel, body, headers)
    connection.close()
    bench.turn(len(EVENTS))

    assert bench.seen() == heard()
    wait_for(lambda: bench.projector.step() or bench.waiting() == 0, 5)


@pytest.mark.parametrize("by_bus", [True, False], ids=["bus", "log"])
def test_a_poisoned_event_is_set_apart_and_the_rest_goes_on(bench: Bench, by_bus: bool) -> None:
    events = poisoned(EVENTS, 3)
    bad = next(recorded for recorded in events if getattr(recorded.event, "title", "") == "poison")
    if by_bus:
        no_feed(bench)
        publish(bench.vhost, events)
    else:
        fill(bench.database, events)
    bench.turn(len(events))
    recorded = bench.database.query("SELECT projection, position, event_id::text, type, error FROM intake.poisoned")

    assert bench.seen() == [position for position in heard() if position != bad.position]
    assert recorded == [("seen", bad.position, str(bad.event_id), "report.submitted", "ValueError: cannot take poison")]
    assert bench.database.query("SELECT count(*) FROM grid.cases") == [(20,)]
    assert bench.projector.runner.health()["intake.seen"]["poisoned"] == 1


def test_an_event_of_a_newer_release_is_set_apart(bench: Bench) -> None:
    fill(bench.database, EVENTS)
    with psycopg2.connect(bench.database.url("admin")) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE es.events SET schema_version = 99 WHERE seq = 1")
    bench.turn(len(EVENTS))

    assert bench.seen() == heard()[1:]
    [(error,)] = bench.database.query("SELECT error FROM intake.poisoned")
    assert "report.submitted version 99 cannot be read" in error


def test_without_a_broker_the_log_is_followed_and_the_bus_is_taken_up_again(database: Database, vhost: Vhost) -> None:
    down = True

    def dial() -> Bus:
        if down:
            raise ConnectionRefusedError("no broker")
        return Bus(vhost.url("projector"), "projector")

    bench = Bench(database, vhost, make_projector(database, dial))
    fill(database, EVENTS[:100])
    bench.turn(100)

    assert "no broker" in bench.projector.ready()["bus"]
    down = False
    wait_for(lambda: bench.projector.step() or bench.projector.bus is not None, 5)
    no_feed(bench)
    publish(vhost, EVENTS[100:])
    bench.turn(len(EVENTS))
    assert bench.projector.ready() == {}
    assert bench.seen() == heard()
    bench.projector.stop()
    bench.projector.run()


def test_connections_that_the_broker_closes_are_made_again(bench: Bench) -> None:
    publish(bench.vhost, EVENTS[:50])
    fill(bench.database, EVENTS)
    bench.projector.step()
    found = wait_for(lambda: bench.projector.step() or bench.vhost.management.connections(bench.vhost.name), 10)
    for connection in found:
        bench.vhost.management.close_connection(connection["name"])
    bench.turn(len(EVENTS))

    wait_for(lambda: bench.projector.step() or bench.waiting() == 0, 10)
    assert bench.seen() == heard()


def test_database_connections_that_die_are_made_again(bench: Bench) -> None:
    fill(bench.database, EVENTS[:60])
    bench.turn(60)
    fill(bench.database, EVENTS[60:])
    bench.database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'projector:%%'"
        " AND datname = current_database()"
    )
    publish(bench.vhost, EVENTS[60:90])
    bench.turn(len(EVENTS))

    assert bench.seen() == heard()


def test_a_second_projector_stands_by_and_takes_over(bench: Bench) -> None:
    fill(bench.database, EVENTS[:60])
    bench.turn(60)
    second = make_projector(bench.database, lambda: Bus(bench.vhost.url("projector"), "projector"))
    second.step()

    assert (second.leads, second.ready()) == (False, {})
    bench.projector.runner.close()
    fill(bench.database, EVENTS[60:])
    successor = Bench(bench.database, bench.vhost, second)
    successor.turn(len(EVENTS))
    assert successor.seen() == heard()
    second.stop()
    second.run()


def test_two_that_both_believe_they_lead_take_nothing_twice(bench: Bench) -> None:
    fill(bench.database, EVENTS)
    bench.projector.step()
    bench.projector.runner.catch_up()
    connect = connect_as(urls(bench.database))
    run = PostgresFeed().read(connect("grid"), 0, 10_000, SEEN.handles)
    late = Track(SEEN, 0)

    with pytest.raises(Moved):
        late.take(connect("intake"), run)
    late.reload(connect("intake"))
    assert late.position == bench.projector.runner.lowest
    assert bench.seen() == heard()


def test_a_projection_whose_tables_are_gone_is_set_aside_and_the_others_go_on(bench: Bench) -> None:
    fill(bench.database, EVENTS[:60])
    bench.turn(60)
    bench.database.query("DROP TABLE intake.seen")
    fill(bench.database, EVENTS[60:])
    wait_for(lambda: bench.projector.step() or bench.projector.ready(), 10)
    bench.turn(len(EVENTS))

    assert "seen" in bench.projector.ready()["intake.seen"]
    assert bench.database.query("SELECT count(*) FROM intake.poisoned") == [(0,)]
    assert bench.database.query("SELECT max(position) FROM grid.cases") != [(60,)]


# --- as a process -----------------------------------------------------------------------------------------------


def service(database: Database, vhost: Vhost, folder: Path, *arguments: str) -> Service:
    environment = {
        "AMQP_URL": vhost.url("projector"),
        "DATABASE_URL_INTAKE": database.url("intake"),
        "DATABASE_URL_GRID": database.url("grid"),
    }
    return Service("tests.support.tiny_projector", folder, environment, arguments)


def rows(database: Database, table: str) -> list[tuple[Any, ...]]:
    return database.query(f"SELECT * FROM {table} ORDER BY 1, 2, 3" if "counts" in table else f"SELECT * FROM {table}")


def test_killed_between_storing_and_acknowledging_it_takes_nothing_twice(
    database: Database, vhost: Vhost, tmp_path: Path
) -> None:
    first = service(database, vhost, tmp_path, "die-before-ack").start()
    fill(database, EVENTS)
    publish(vhost, EVENTS)
    assert first.process.wait(20) == -signal.SIGKILL
    second = service(database, vhost, tmp_path).start()
    wait_for(lambda: len(database.query("SELECT 1 FROM intake.seen")) == len(heard()), 20)

    assert database.query("SELECT max(n) FROM intake.seen") == [(1,)]
    assert second.stop() == 0


def test_told_to_stop_it_leaves_in_good_order(database: Database, vhost: Vhost, tmp_path: Path) -> None:
    running = service(database, vhost, tmp_path).start()
    fill(database, EVENTS)
    publish(vhost, EVENTS)
    at_the_end = f'wuji_projection_position{{projection="grid.cases"}} {float(len(EVENTS))}'
    wait_for(lambda: len(database.query("SELECT 1 FROM intake.seen")) == len(heard()), 20)
    wait_for(lambda: at_the_end in running.metrics(), 20)
    metrics = running.metrics()

    assert running.stop(patience=5) == 0
    assert 'wuji_projection_lag_events{projection="grid.cases"} 0.0' in metrics


def test_cases_from_the_bus_are_those_from_the_log(bench: Bench, database: Database) -> None:
    no_feed(bench)
    publish(bench.vhost, EVENTS)
    bench.turn(len(EVENTS))
    by_bus = {table: rows(database, f"grid.{table}") for table in CASES.table_names}
    fill(database, EVENTS)
    connect = connect_as(urls(database))
    with psycopg2.connect(database.url("grid")) as connection, connection.cursor() as cursor:
        tables = ", ".join(CASES.table_names)
        cursor.execute(f"SET search_path TO grid; TRUNCATE {tables}; UPDATE watermarks SET position = 0")
    track = Track(CASES, 0)
    track.take(connect("grid"), PostgresFeed().read(connect("grid"), 0, 10_000, CASES.handles))

    assert sorted(by_bus["cases"]) == sorted(rows(database, "grid.cases"))
    assert by_bus["area_counts"] == rows(database, "grid.area_counts")
