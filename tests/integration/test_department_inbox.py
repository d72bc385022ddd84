"""The inbox in PostgreSQL, in the caller's own transaction: with psycopg2 and with psycopg."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import psycopg2
import pytest
from wuji_events import inbox

from tests.support.database import Database

pytestmark = pytest.mark.integration
CONNECT: list[Callable[[str], Any]] = [psycopg2.connect, psycopg.connect]


@pytest.fixture(params=CONNECT, ids=["psycopg2", "psycopg"])
def connect(request: pytest.FixtureRequest, database: Database) -> Iterator[Callable[[], Any]]:
    made: list[Any] = []

    def another() -> Any:
        made.append(request.param(database.url("admin")))
        return made[-1]

    first = another()
    inbox.prepare(first, "public.inbox_of_tests")
    first.commit()
    yield another
    for one in made:
        one.close()


def once(connection: Any, event_id: str) -> bool:
    return inbox.once(connection, event_id, "public.inbox_of_tests")


def test_once_is_once_and_what_was_rolled_back_is_not_remembered(connect: Callable[[], Any]) -> None:
    connection = connect()
    assert once(connection, "e-1")
    connection.rollback()
    assert once(connection, "e-1")
    connection.commit()

    assert not once(connection, "e-1")
    connection.rollback()


def test_of_two_at_the_same_time_one_is_first(connect: Callable[[], Any]) -> None:
    one, other = connect(), connect()
    answers: list[bool] = []
    assert once(one, "e-1")
    waiting = threading.Thread(target=lambda: answers.append(once(other, "e-1")))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    one.commit()
    waiting.join(10)

    assert answers == [False]
    other.rollback()


def test_a_connection_in_autocommit_is_refused(connect: Callable[[], Any]) -> None:
    connection = connect()
    connection.autocommit = True

    with pytest.raises(ValueError, match="autocommit"):
        once(connection, "e-1")
