"""Shared commits: companions, bad neighbours, dying connections, green threads."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from psycopg2 import extensions

from shared.kernel.errors import Conflict, Invalid, Unavailable
from shared.ports import Appended, Companion
from shared.postgres import PostgresLog, migrate
from tests.support.appends import adding, new_stream
from tests.support.database import Database
from tests.support.log_contract import at_once

pytestmark = pytest.mark.integration

INSERT = "INSERT INTO intake.notes (id, words) VALUES %s ON CONFLICT (id) DO NOTHING"


def _notes(database: Database) -> set[str]:
    return {words for (words,) in database.query("SELECT words FROM intake.notes")}


def _with_notes(database: Database) -> PostgresLog:
    database.query("CREATE TABLE intake.notes (id text PRIMARY KEY, words text NOT NULL)", role="intake")
    return database.log("intake")


def test_companions_are_stored_with_their_events_or_not_at_all(database: Database) -> None:
    log = _with_notes(database)
    taken = new_stream()
    log.append(adding(taken, 0, companions=(Companion(INSERT, ("0", "first")),)))

    calls: list[Callable[[], Any]] = [
        lambda n=n: log.append(adding(new_stream(), 0, companions=(Companion(INSERT, (f"{n}", f"fine {n}")),)))
        for n in range(1, 9)
    ]
    calls.append(lambda: log.append(adding(taken, 0, companions=(Companion(INSERT, ("x", "conflict")),))))
    calls.append(lambda: log.append(adding(new_stream(), 0, companions=(Companion(INSERT, ("y", None)),))))
    answers = at_once(calls)

    assert all(isinstance(answer, Appended) for answer in answers[:8])
    assert [type(answer) for answer in answers[8:]] == [Conflict, Invalid]
    assert _notes(database) == {"first"} | {f"fine {n}" for n in range(1, 9)}
    assert database.query("SELECT count(*) FROM es.events") == [(9,)]


def test_concurrent_callers_share_commits(database: Database) -> None:
    log = database.log("intake")
    calls: list[Callable[[], Any]] = [lambda: [log.append(adding(new_stream(), 0)) for _ in range(20)]] * 16

    at_once(calls)

    [(events, transactions)] = database.query("SELECT count(*), count(DISTINCT txid) FROM es.events")
    assert events == 320
    assert transactions < 200


class _Wire:
    """A TCP proxy in front of the server that cuts a connection at the moment it is told to."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut_after: bytes | None = None
        """Cut before the server's answer to the first message that contains this gets through."""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            state: dict[str, bool] = {"cut": False}
            threading.Thread(target=self._up, args=(client, server, state), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client, state), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, state: dict[str, bool]) -> None:
        while data := _received(client):
            if self.cut_after is not None and self.cut_after in data:
                self.cut_after = None
                state["cut"] = True
            server.sendall(data)
        server.close()

    def _down(self, server: socket.socket, client: socket.socket, state: dict[str, bool]) -> None:
        while data := _received(server):
            if state["cut"]:
                break
            client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)
        client.close()

    def close(self) -> None:
        self._listener.close()


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


@pytest.mark.parametrize("key", [None, "the key"])
@pytest.mark.parametrize("cut_after", [b"es.append", b"COMMIT"])
def test_a_connection_that_dies_during_the_commit_neither_doubles_nor_loses(
    database: Database, key: str | None, cut_after: bytes
) -> None:
    _with_notes(database)
    known = extensions.parse_dsn(database.url("intake"))
    wire = _Wire(known["host"], int(known["port"]))
    log = PostgresLog(extensions.make_dsn(**{**known, "port": wire.port}))
    log.append(adding(new_stream(), 0))
    stream = new_stream()
    companions = (Companion(INSERT, ("1", "once")),) if cut_after == b"COMMIT" else ()
    append = adding(stream, 0, idempotency_key=key, companions=companions)

    wire.cut_after = cut_after
    appended = log.append(append)
    log.close()
    wire.close()

    assert appended == Appended(stream, 1, (append.happenings[0].event_id,))
    assert [recorded.event_id for recorded in database.log("intake").stream(stream)] == list(appended.event_ids)
    assert wire.cut_after is None


def test_a_server_that_is_away_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    log = PostgresLog(f"postgresql://nobody@127.0.0.1:{port}/nothing")

    for call in (lambda: log.append(adding(new_stream(), 0)), lambda: log.stream("report-1")):
        with pytest.raises(Unavailable):
            call()


GREEN = """
import eventlet; eventlet.monkey_patch()
import sys, time
from shared.postgres import PostgresLog
from tests.support.appends import adding, new_stream
log = PostgresLog(sys.argv[1], green=True)
ticks = []
def tick():
    while True:
        ticks.append(time.monotonic()); eventlet.sleep(0.01)
ticker = eventlet.spawn(tick)
def append(times):
    return [log.append(adding(new_stream(), 0)) for _ in range(times)]
done = sum(len(found) for found in eventlet.GreenPool(16).imap(append, [10] * 16))
victim = eventlet.spawn(append, 1000)
others = [eventlet.spawn(append, 30) for _ in range(8)]
eventlet.sleep(0.03); victim.kill()
done += sum(len(other.wait()) for other in others)
log.bulk_append([adding(new_stream(), 0) for _ in range(100)])
assert log.stream("report-none") == []
ticker.kill()
print(done, max(b - a for a, b in zip(ticks, ticks[1:])))
"""


def test_green_threads_share_commits_and_never_stop_the_process(database: Database) -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", GREEN, database.url("intake")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert finished.returncode == 0, finished.stderr
    done, longest_pause = finished.stdout.split()
    assert int(done) == 16 * 10 + 8 * 30
    assert float(longest_pause) < 1.0


def test_two_migrations_at_once_are_one(database: Database) -> None:
    name = f"{database.name}_bare"
    database.query(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    bare = Database(database.admin_url, name)
    try:
        answers = at_once([lambda: migrate(bare.url("admin"))] * 4)

        assert sum(bool(answer.applied) for answer in answers) == 1
        assert sum(len(answer.partitions) for answer in answers) == 13
        assert migrate(bare.url("admin")).applied == ()
    finally:
        database.query(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("made_with", ["ENCODING 'LATIN1' LOCALE 'C'", "ENCODING 'UTF8' LOCALE 'C'"])
def test_a_database_that_cannot_hold_chinese_text_is_refused_with_a_hint(database: Database, made_with: str) -> None:
    name = f"{database.name}_latin"
    database.query(f'CREATE DATABASE "{name}" TEMPLATE template0 {made_with}')
    try:
        with pytest.raises(Invalid) as refused:
            migrate(Database(database.admin_url, name).url("admin"))
        assert "C.UTF-8" in (refused.value.hint or "")
    finally:
        database.query(f'DROP DATABASE "{name}" WITH (FORCE)')
