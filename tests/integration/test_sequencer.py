"""Positions: dense, given once, never past a transaction that may still bring something."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from psycopg2 import extensions

from shared.kernel.errors import Conflict, Invalid, Unavailable
from shared.postgres.sequencer import Sequencer
from tests.support.appends import adding, found, new_stream
from tests.support.database import Database

pytestmark = pytest.mark.integration


@pytest.fixture
def sequencer(database: Database) -> Iterator[Sequencer]:
    made = Sequencer(database.url("relay"))
    yield made
    made.close()


def numbered(sequencer: Sequencer, count: int) -> bool:
    """Number so many events, waiting for whoever else holds the horizon: it is one for all databases of a server."""
    deadline = time.monotonic() + 20
    left = count
    while left > 0 and time.monotonic() < deadline:
        left -= sequencer.number(left)
        time.sleep(0.02)
    return left == 0


def test_committed_events_get_dense_positions_in_order(database: Database, sequencer: Sequencer) -> None:
    log = database.log("intake")
    stream = new_stream()
    log.append(adding(stream, 0, [found(stream), found(stream)]))
    log.append(adding(stream, 2))

    assert numbered(sequencer, 2)
    assert numbered(sequencer, 1)
    assert sequencer.number(100) == 0
    assert [(row.position, row.stream, row.version) for row in sequencer.window(0, 10)] == [
        (1, stream, 1),
        (2, stream, 2),
        (3, stream, 3),
    ]
    assert [row.position for row in sequencer.window(1, 1)] == [2]
    assert sequencer.window(3, 10) == []


def test_nothing_is_numbered_past_a_transaction_that_still_runs(database: Database, sequencer: Sequencer) -> None:
    with database.connection("intake") as slow, slow.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_current_xact_id()")
        database.log("intake").append(adding(new_stream(), 0))
        time.sleep(0.1)

        assert sequencer.number(100) == 0
        standing = sequencer.standing()
        assert (standing.head, standing.unnumbered, standing.depth) == (0, 1, 1)
        assert standing.horizon_age > 0.1
        assert standing.oldest_age > 0.1
        cursor.execute("COMMIT")

    assert numbered(sequencer, 1)
    assert sequencer.standing().unnumbered == 0


def test_only_one_session_leads(database: Database, sequencer: Sequencer) -> None:
    other = Sequencer(database.url("relay"))

    assert sequencer.try_to_lead()
    assert sequencer.leads()
    assert not other.try_to_lead()
    assert not other.leads()
    sequencer.close()
    # The server lets go of the lock a moment after the connection is closed.
    deadline = time.monotonic() + 5
    while not other.try_to_lead() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert other.leads()
    other.close()


def test_the_cursor_moves_only_from_where_it_was_seen(database: Database, sequencer: Sequencer) -> None:
    log = database.log("intake")
    for _ in range(3):
        log.append(adding(new_stream(), 0))
    assert numbered(sequencer, 2)
    assert sequencer.advance(0, 2, 100) in (0, 1)
    assert sequencer.published() == 2

    with pytest.raises(Conflict, match="somebody else moved"):
        sequencer.advance(0, 1, 100)

    assert sequencer.published() == 2
    assert sequencer.standing().depth == 1


def test_two_that_number_at_once_give_each_event_one_position(database: Database) -> None:
    log = database.log("intake")
    sessions = [Sequencer(database.url("relay")) for _ in range(3)]
    stop = threading.Event()

    def number(session: Sequencer) -> None:
        while not stop.is_set():
            with suppress(Conflict):
                session.number(7)
        session.close()

    with ThreadPoolExecutor(max_workers=3) as pool, ExitStack() as at_last:
        at_last.callback(stop.set)
        running = [pool.submit(number, session) for session in sessions]
        for _ in range(200):
            log.append(adding(new_stream(), 0))
        deadline = time.monotonic() + 20
        while database.query("SELECT count(*) FROM es.feed") != [(200,)] and time.monotonic() < deadline:
            time.sleep(0.05)
    feed = database.query("SELECT position FROM es.feed f JOIN es.events e USING (txid, seq) ORDER BY position")

    assert [one.exception() for one in running] == [None] * 3
    assert [position for (position,) in feed] == list(range(1, 201))


def test_a_position_without_an_event_stops_everything(database: Database, sequencer: Sequencer) -> None:
    database.log("intake").append(adding(new_stream(), 0))
    assert numbered(sequencer, 1)
    with database.connection("relay") as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO es.feed (position, txid, seq, recorded_at) VALUES (2, 1, -5, now())")
        cursor.execute("INSERT INTO es.feed (position, txid, seq, recorded_at) VALUES (3, 1, -4, now())")

    with pytest.raises(Invalid, match="position 2 of the feed has no event"):
        sequencer.window(0, 100)
    with pytest.raises(Invalid, match="position 2 of the feed has no event"):
        sequencer.window(1, 100)


@pytest.mark.parametrize("inside_a_transaction", [False, True])
def test_a_silent_session_is_ended_by_the_server(database: Database, inside_a_transaction: bool) -> None:
    session = Sequencer(database.url("relay"), silence=0.2)
    assert session.try_to_lead()
    # A process may be frozen anywhere, also in the midst of moving the cursor.
    session._connection.autocommit = not inside_a_transaction
    assert session.leads()
    time.sleep(0.8)

    with pytest.raises(Unavailable):
        session.leads()


def test_a_database_without_a_log_is_named(database: Database) -> None:
    bare = extensions.make_dsn(database.admin_url, dbname="postgres")
    session = Sequencer(bare)

    with pytest.raises(Unavailable, match="run wuji migrate"):
        session.published()
    session.close()
    with pytest.raises(Unavailable):
        Sequencer("postgresql://nobody@127.0.0.1:1/nothing")
