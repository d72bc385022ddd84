"""Connections to PostgreSQL: opened when first needed, opened again when lost, shared by threads plain or green."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import extensions

from shared.kernel.errors import Unavailable
from shared.postgres.errors import is_broken, translated

_OPTIONS = "-c timezone=UTC -c jit=off -c standard_conforming_strings=on"


def connect(url: str, *, green: bool = False, application: str = "wuji") -> Any:
    """A new connection in autocommit mode, speaking UTF-8 and UTC. Raises Unavailable.

    `green` makes psycopg2 yield to eventlet's other threads while it waits; it is a switch of the whole process,
    so a process is either green or plain. Green connections cannot COPY.
    """
    if green and extensions.get_wait_callback() is None:
        from eventlet.support.psycopg2_patcher import make_psycopg_green

        make_psycopg_green()
    given = extensions.parse_dsn(url).get("options", "")
    with translated():
        connection = psycopg2.connect(
            url,
            options=f"{_OPTIONS} {given}".strip(),
            client_encoding="UTF8",
            connect_timeout=10,
            keepalives_idle=30,
            application_name=application,
        )
    connection.autocommit = True
    return connection


class Pool:
    """At most `size` connections; the one used last is lent first, so that idle ones can be closed by the server."""

    def __init__(self, url: str, *, green: bool = False, size: int = 10, application: str = "wuji") -> None:
        self.url = url
        self.green = green
        self.size = size
        self.application = application
        self._idle: list[Any] = []
        self._free = threading.BoundedSemaphore(size)
        self._mutex = threading.Lock()

    @contextmanager
    def connection(self, patience: float = 30.0) -> Iterator[Any]:
        """Lend a connection; one that broke, or was left inside a transaction, is not lent again.

        Raises Unavailable when none becomes free within `patience` seconds or the server cannot be reached;
        psycopg2's errors come out as the platform's.
        """
        if not self._free.acquire(timeout=patience):
            raise Unavailable(f"all {self.size} connections to the database were busy for {patience:.0f} s")
        try:
            connection = self._take()
            try:
                with translated():
                    yield connection
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def _take(self) -> Any:
        with self._mutex:
            while self._idle:
                connection = self._idle.pop()
                if not connection.closed:
                    return connection
        return connect(self.url, green=self.green, application=self.application)

    def _give_back(self, connection: Any) -> None:
        if connection.closed or connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE:
            connection.close()
            return
        with self._mutex:
            self._idle.append(connection)

    def probe(self) -> None:
        """Whether the server lets us in and answers, on a connection of its own. Raises Unavailable."""
        connection = connect(self.url, green=self.green, application=self.application)
        try:
            with translated(), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        finally:
            connection.close()

    def read(self, statement: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        """The rows of one query; see `table`."""
        return self.table(statement, parameters)[1]

    def table(self, statement: str, parameters: Any = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of one query.

        A connection that turns out to be dead is replaced once, since reading is harmless.
        """
        try:
            return self._table(statement, parameters)
        except Unavailable as error:
            if not (isinstance(error.__cause__, psycopg2.Error) and is_broken(error.__cause__)):
                raise
        self.forget()
        return self._table(statement, parameters)

    def _table(self, statement: str, parameters: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return [column.name for column in cursor.description], cursor.fetchall()

    def forget(self) -> None:
        """Close the idle connections: the server has restarted, or the process stops."""
        with self._mutex:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    close = forget
