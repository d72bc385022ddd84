"""Sixteen writers that dawdle before they commit, and a reader that must not lose what they wrote.

The same race shows that the obvious reader, which remembers the highest number it saw, does lose events.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts.envelope import Recorded
from shared.postgres import connect, read_feed
from shared.postgres.encode import append_statement, prepare
from tests.support.appends import adding, new_stream
from tests.support.database import Database
from tests.support.process import wait_for

pytestmark = pytest.mark.integration

WRITERS = 16
TRANSACTIONS = 30


def _dawdle(url: str, seed: int, streams: list[str], stored: dict[str, int], errors: list[BaseException]) -> None:
    """Append to some of one's own streams in one transaction, and sleep before the commit."""
    chance = random.Random(seed)
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            for _ in range(TRANSACTIONS):
                chosen = chance.sample(streams, chance.randint(1, 3))
                batch = [prepare(adding(stream, stored[stream])) for stream in chosen]
                cursor.execute(b"BEGIN; " + append_statement(batch))
                (outcomes, _, _) = cursor.fetchone()
                assert outcomes == ["ok"] * len(chosen)
                time.sleep(chance.choice([0, 0, 0.001, 0.005, 0.02]))
                cursor.execute("ROLLBACK" if chance.random() < 0.1 else "COMMIT")
                if cursor.statusmessage == "COMMIT":
                    for stream in chosen:
                        stored[stream] += 1
    except BaseException as error:  # noqa: BLE001 (raised by the test)
        errors.append(error)
    finally:
        connection.close()


def _race(database: Database, read_on: Callable[[], None]) -> dict[str, int]:
    """Run the writers, reading on all the while and until nothing more can come; versions by stream."""
    url, errors = database.url("intake"), list[BaseException]()
    stored = [{new_stream(): 0 for _ in range(4)} for _ in range(WRITERS)]
    writers = [
        threading.Thread(target=_dawdle, args=(url, seed, list(versions), versions, errors))
        for seed, versions in enumerate(stored)
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        read_on()
        time.sleep(0.001)
    for writer in writers:
        writer.join()
    read_on()
    assert not errors, errors
    return {stream: version for versions in stored for stream, version in versions.items()}


def test_the_feed_misses_doubles_and_disorders_nothing(database: Database) -> None:
    seen: list[Recorded[Any]] = []
    with database.connection("relay") as connection, connection.cursor() as cursor:

        def read_on() -> None:
            cursor.execute("SELECT es.assign_positions(50)")
            while True:
                found = read_feed(cursor, len(seen), 100)
                seen.extend(found)
                if not found:
                    return

        stored = _race(database, read_on)
        database.settle()
        read_on()

    by_stream: dict[str, list[int]] = {}
    for recorded in seen:
        by_stream.setdefault(recorded.stream, []).append(recorded.version)
    assert [recorded.position for recorded in seen] == list(range(1, sum(stored.values()) + 1))
    assert len({recorded.event_id for recorded in seen}) == len(seen)
    assert by_stream == {stream: list(range(1, version + 1)) for stream, version in stored.items() if version}


def test_a_reader_of_the_highest_number_loses_events(database: Database) -> None:
    seen: list[int] = []
    with database.connection("reader") as connection, connection.cursor() as cursor:

        def read_on() -> None:
            cursor.execute("SELECT seq FROM es.events WHERE seq > %s ORDER BY seq", (max(seen, default=0),))
            seen.extend(seq for (seq,) in cursor.fetchall())

        stored = _race(database, read_on)

    assert len(seen) < sum(stored.values())


def test_of_two_who_give_positions_at_once_one_fails_and_nothing_is_doubled(database: Database) -> None:
    log = database.log("intake")
    for _ in range(5):
        log.append(adding(new_stream(), 0))
    with database.connection("relay") as one, database.connection("relay") as other:
        wait_for(lambda: _gives(one) == 5, 20)
        waiting: list[BaseException | None] = []

        def assign() -> None:
            try:
                other.cursor().execute("SELECT es.assign_positions(100)")
                waiting.append(None)
            except Exception as error:  # noqa: BLE001 (looked at below)
                waiting.append(error)

        thread = threading.Thread(target=assign)
        thread.start()
        time.sleep(0.2)
        one.cursor().execute("COMMIT")
        thread.join()

    assert "duplicate key" in str(waiting[0])
    assert len(log.feed(0, 100)) == 5


def _gives(connection: Any) -> int:
    """How many positions a transaction, left open, has given; whatever else runs on the server may hold some back."""
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK; BEGIN; SELECT es.assign_positions(100)")
        return int(cursor.fetchone()[0])


def test_an_older_transaction_may_not_append_after_a_younger_one(database: Database) -> None:
    stream = new_stream()
    with database.connection("intake") as older, older.cursor() as cursor:
        cursor.execute("BEGIN; SELECT pg_current_xact_id()")
        database.log("intake").append(adding(stream, 0))
        cursor.execute(append_statement([prepare(adding(stream, 1))]))
        (outcomes, _, _) = cursor.fetchone()
        cursor.execute("COMMIT")

    assert outcomes == ["retry"]
    assert database.log("intake").append(adding(stream, 1)).version == 2
