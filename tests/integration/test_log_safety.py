"""What nobody can do to the log, and what an auditor would notice."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg2 import errors

from shared.contracts.envelope import Origin
from shared.kernel.errors import Forbidden
from shared.postgres import PostgresLog, migrate
from shared.postgres.verify import verify
from tests.support.appends import adding, found, new_stream
from tests.support.database import Database

pytestmark = pytest.mark.integration

ROLES = ("owner", "intake", "dispatch", "grid", "survey", "notify", "relay", "importer", "reader")
CHANGES = (
    "UPDATE es.events SET type = 'x'",
    "UPDATE es.events SET data = data WHERE false OR version = 1",
    "DELETE FROM es.events",
    "TRUNCATE es.events",
    "TRUNCATE es.events_default",
    "UPDATE es.feed SET position = position + 1",
    "DELETE FROM es.feed",
    "TRUNCATE es.feed",
)


def _filled(database: Database, streams: int = 3, events: int = 3) -> list[str]:
    names = [new_stream() for _ in range(streams)]
    log = database.log("intake")
    for name in names:
        log.append(adding(name, 0, [found(name, f"第{n}次") for n in range(events)]))
    database.settle()
    return names


def _findings(database: Database) -> list[str]:
    with database.connection("admin") as connection:
        return [str(finding) for finding in verify(connection).findings]


@pytest.mark.parametrize("role", [*ROLES, "admin"])
def test_nobody_changes_what_was_recorded(module_database: Database, role: str) -> None:
    if not module_database.query("SELECT FROM es.feed"):
        _filled(module_database)

    for statement in CHANGES:
        with pytest.raises(errors.InsufficientPrivilege):
            module_database.query(statement, role=role)

    this_month = f"es.events_{datetime.now(UTC):%Y_%m}"
    for statement in (f"UPDATE {this_month} SET type = 'x'", f"DELETE FROM {this_month}", f"TRUNCATE {this_month}"):
        with pytest.raises(errors.InsufficientPrivilege):
            module_database.query(statement, role=role)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
def test_no_service_writes_past_the_append_function(module_database: Database, role: str) -> None:
    for table in ("streams", "events", "idempotency", "categories", "cluster"):
        with pytest.raises(errors.InsufficientPrivilege):
            module_database.query(f"INSERT INTO es.{table} SELECT * FROM es.{table}", role=role)


@pytest.mark.parametrize("role", ["relay", "reader"])
def test_who_owns_no_category_cannot_append_at_all(module_database: Database, role: str) -> None:
    with pytest.raises(Forbidden):
        module_database.log(role).append(adding(new_stream(), 0))


@pytest.mark.parametrize("role", ["dispatch", "grid", "survey", "notify", "importer"])
def test_a_foreign_category_is_refused(module_database: Database, role: str) -> None:
    with pytest.raises(Forbidden):
        module_database.log(role).append(adding(new_stream("report"), 0))


def test_the_importer_brings_in_history_and_nothing_live(module_database: Database) -> None:
    log = module_database.log("importer")

    assert log.append(adding(new_stream(), 0, origin=Origin.IMPORT)).version == 1
    with pytest.raises(Forbidden):
        log.append(adding(new_stream(), 0, origin=Origin.LIVE))


def test_a_service_cannot_look_into_anothers_tables(module_database: Database) -> None:
    module_database.query("CREATE TABLE IF NOT EXISTS intake.secrets AS SELECT 1 AS secret", role="intake")

    for role in ("dispatch", "grid", "survey", "reader", "relay", "importer"):
        with pytest.raises(errors.InsufficientPrivilege):
            module_database.query("SELECT * FROM intake.secrets", role=role)
    assert module_database.query("SELECT secret FROM secrets", role="intake") == [(1,)]


def test_a_whole_log_verifies_and_tells_its_progress(database: Database) -> None:
    _filled(database, streams=4)
    told: list[tuple[int, int]] = []

    with database.connection("reader") as connection:
        verified = verify(connection, progress=lambda done, total: told.append((done, total)))

    assert (verified.streams, verified.events, verified.positions) == (4, 12, 12)
    assert verified.is_whole
    assert told[-1] == (12, 12)
    assert database.query("SELECT * FROM es.verify_chain()", role="reader") == []


@pytest.mark.parametrize(
    "change",
    [
        "data = replace(data::text, '第1次', '第9次')::json",
        'actor = \'{"id":"someone","role":"else"}\'',
        "occurred_at = occurred_at + interval '1 microsecond'",
        "area = '530103'",
        "traceparent = 'x'",
        "hash = sha256(hash)",
    ],
)
def test_a_changed_event_is_found(database: Database, change: str) -> None:
    victim, *_ = _filled(database)
    database.query("ALTER TABLE es.events DISABLE TRIGGER USER")
    month = f"es.events_{datetime.now(UTC):%Y_%m}"
    database.query(f"ALTER TABLE {month} DISABLE TRIGGER USER")

    database.query(f"UPDATE es.events SET {change} WHERE stream = %s AND version = 2", (victim,))

    [finding] = _findings(database)
    assert finding.startswith(f"{victim} at 2: the hash does not follow")
    [(stream, version, _), *_] = database.query("SELECT * FROM es.verify_chain() ORDER BY version")
    assert (stream, version) == (victim, 2)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DELETE FROM es.events WHERE stream = %(stream)s AND version = 2", "{stream} at 2: a hole"),
        ("DELETE FROM es.events WHERE stream = %(stream)s AND version = 3", "{stream} at 2: the head of the stream"),
        ("DELETE FROM es.events WHERE stream = %(stream)s", "{stream} at 3: the stream has a head but no events"),
        ("DELETE FROM es.streams WHERE stream = %(stream)s", "{stream} at 3: events of a stream without a head"),
        ("DELETE FROM es.feed WHERE position = 5", "feed at 6: positions are missing"),
        ("UPDATE es.feed SET txid = txid + 100000 WHERE position = 5", "feed at 6: the order is not"),
    ],
)
def test_what_was_taken_away_or_moved_is_found(database: Database, change: str, problem: str) -> None:
    stream = _filled(database)[1]
    with database.connection("admin") as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # triggers off
        cursor.execute(change, {"stream": stream})

    assert any(finding.startswith(problem.format(stream=stream)) for finding in _findings(database))


def test_a_dump_restored_elsewhere_is_whole_and_goes_on(database: Database, tmp_path: Path) -> None:
    _filled(database)
    log = database.log("intake")
    pending = new_stream()
    log.append(adding(pending, 0, idempotency_key="asked before"))
    before = log.feed(0, 100)
    dump = tmp_path / "log.dump"
    subprocess.run(["pg_dump", "-Fc", "-f", dump, database.url("admin")], check=True, timeout=60)
    restored = Database(database.admin_url, f"{database.name}_restored")
    database.query(f'CREATE DATABASE "{restored.name}" TEMPLATE template0')
    try:
        subprocess.run(["pg_restore", "-d", restored.url("admin"), dump], check=True, timeout=60)
        # As if it were another machine, whose transactions count far behind ours.
        restored.query("UPDATE es.cluster SET system_identifier = 1, shift = 5000000000")
        restored.query(
            "SET session_replication_role = replica; UPDATE es.streams SET last_txid = last_txid + 6000000000"
        )
        migrated = migrate(restored.url("admin"))
        log = restored.log("intake")
        log.append(adding(pending, 1))
        restored.settle()

        assert migrated.adopted
        assert log.feed(0, 9) == before
        assert [recorded.version for recorded in log.stream(pending)] == [1, 2]
        assert all(recorded.position for recorded in log.stream(pending))
        assert log.append(adding(new_stream(), 0, idempotency_key="asked before")).repeated
        assert _findings(restored) == []
        assert restored.query("SELECT * FROM es.verify_chain()") == []
        with pytest.raises(errors.InsufficientPrivilege):
            restored.query("DELETE FROM es.events")
    finally:
        restored.close()
        database.query(f'DROP DATABASE "{restored.name}" WITH (FORCE)')


def test_an_append_in_a_month_without_partition_works(database: Database) -> None:
    stream = new_stream()
    month = f"es.events_{datetime.now(UTC):%Y_%m}"
    database.query(f"DROP TABLE {month}")
    log = database.log("intake")

    log.append(adding(stream, 0))
    made_with_rows_in_the_way = database.query("SELECT es.make_partitions(3)", role="owner")
    log.append(adding(stream, 1))
    database.settle()

    assert database.query("SELECT count(*) FROM es.events_default") == [(2,)]
    assert made_with_rows_in_the_way == []
    assert [recorded.position for recorded in log.stream(stream)] == [1, 2]
    assert _findings(database) == []


def test_partitions_exist_a_year_ahead(module_database: Database) -> None:
    later = datetime.now(UTC) + timedelta(days=360)

    assert module_database.query("SELECT to_regclass(%s)", (f"es.events_{later:%Y_%m}",)) != [(None,)]


def test_a_transaction_left_open_is_ended_by_the_server(module_database: Database) -> None:
    limits = {
        role: module_database.query("SHOW idle_in_transaction_session_timeout", role=role)[0][0]
        for role in ("intake", "relay", "importer")
    }

    assert limits == {"intake": "10s", "relay": "10s", "importer": "30s"}
    assert module_database.query("SHOW statement_timeout", role="grid") == [("30s",)]


def test_a_dead_connection_is_replaced(database: Database) -> None:
    log: PostgresLog = database.log("intake")
    stream = new_stream()
    log.append(adding(stream, 0))
    log.stream(stream)
    with database.connection("admin") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'wuji_intake' "
                       "AND datname = current_database()")  # fmt: skip

    assert log.append(adding(stream, 1)).version == 2
    assert [recorded.version for recorded in log.stream(stream)] == [1, 2]
