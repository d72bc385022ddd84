"""Fresh databases for tests, each cloned from a template that was migrated once."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg2
import pytest
from psycopg2 import extensions, sql

from shared.kernel.ids import new_id
from shared.postgres import PostgresLog, PostgresRows, connect, migrate
from shared.postgres.roles import create_roles, create_schemas, set_limits
from tests.support.servers import Servers

_ROOT = Path(__file__).parents[2]
_LOCK = 0x5445_5354


@dataclass
class Database:
    """A migrated database of the test's own. Roles: owner, the five services, relay, courier, timer,
    importer, reader, admin."""

    admin_url: str
    name: str
    _logs: list[PostgresLog] = field(default_factory=list)

    def url(self, role: str = "owner") -> str:
        """The address with which that role connects."""
        known = extensions.parse_dsn(self.admin_url) | {"dbname": self.name}
        if role == "admin":
            return _uri(known)
        return _uri(known | _login(self.admin_url, f"wuji_{role}"))

    def log(self, role: str) -> PostgresLog:
        """A log that appends as that role; closed with the test."""
        self._logs.append(PostgresLog(self.url(role)))
        return self._logs[-1]

    def rows(self, role: str) -> PostgresRows:
        """The tables of that service."""
        return PostgresRows(self.url(role))

    @contextmanager
    def connection(self, role: str = "owner") -> Iterator[Any]:
        """A plain psycopg2 connection in autocommit mode."""
        connection = connect(self.url(role))
        try:
            yield connection
        finally:
            connection.close()

    def query(self, statement: str, parameters: Any = (), role: str = "admin") -> list[tuple[Any, ...]]:
        """Rows of one statement (empty when it answers none)."""
        with self.connection(role) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def settle(self, patience: float = 20.0) -> int:
        """Give positions to everything appended so far, as the relay does; how many there were.

        Transactions of other databases on the same server hold the horizon back, so it may take a moment.
        """
        waiting = "SELECT (SELECT count(*) FROM es.events) - (SELECT count(*) FROM es.feed)"
        deadline, given = time.monotonic() + patience, 0
        with self.connection("relay") as connection, connection.cursor() as cursor:
            while True:
                cursor.execute("SELECT es.assign_positions(1000000)")
                given += cursor.fetchone()[0]
                cursor.execute(waiting)
                if cursor.fetchone()[0] == 0:
                    return given
                if time.monotonic() > deadline:
                    raise TimeoutError(f"a transaction has held the horizon back for {patience:.0f} s")
                time.sleep(0.005)

    def close(self) -> None:
        for log in self._logs:
            log.close()


@cache
def _login(admin_url: str, role: str) -> dict[str, str]:
    """User and password of a role that the whole server shares: tests never change a password that it has.

    Where the server asks for one and the role has none, it gets one that only the administrator can work out.
    """
    known = extensions.parse_dsn(admin_url)
    secret = known.pop("password", "")
    derived = {"user": role, "password": hmac.digest(secret.encode(), f"test {role}".encode(), "sha256").hex()}
    for login in ({"user": role, "password": ""}, derived):
        if _lets_in(known | login):
            return login
    with _administrator(admin_url) as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        if _lets_in(known | derived):
            return derived  # another process of this run has just given it the same
        cursor.execute("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = %s", (role,))
        if not cursor.fetchone()[0]:
            pytest.fail(
                f"{role} has a password at the tests' server that the tests do not know: give them another server"
            )
        create_roles(cursor.connection, {role: derived["password"]})
    return derived


def _lets_in(login: dict[str, str]) -> bool:
    try:
        psycopg2.connect(**login).close()
    except psycopg2.OperationalError:
        return False
    return True


def _uri(known: dict[str, str]) -> str:
    """postgresql://…, for libraries that take addresses apart themselves."""
    rest = dict(known)
    user, password = rest.pop("user", ""), rest.pop("password", None)
    host, port, name = rest.pop("host", ""), rest.pop("port", ""), rest.pop("dbname")
    who = quote(user) + (f":{quote(password)}" if password else "") + ("@" if user else "")
    where = f"{host}:{port}" if port else host
    if host.startswith("/"):
        where, rest = "", rest | {"host": host} | ({"port": port} if port else {})
    return f"postgresql://{who}{where}/{quote(name)}" + (f"?{urlencode(rest, quote_via=quote)}" if rest else "")


def _fingerprint() -> str:
    """Changes with anything that shapes a database."""
    digest = hashlib.sha256((_ROOT / "shared/postgres/roles.py").read_bytes())
    for path in sorted([*_ROOT.glob("services/*/migrations/*.sql"), *_ROOT.glob("shared/postgres/migrations/*.sql")]):
        digest.update(str(path.relative_to(_ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _administrator(url: str) -> Iterator[Any]:
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def make_template(admin_url: str) -> str:
    """The name of a migrated database that may be cloned; made when the migrations have changed."""
    name = f"wuji_template_{os.getuid()}_{_fingerprint()}"
    with _administrator(admin_url) as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        cursor.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", (name,))
        found = cursor.fetchone()
        if found is not None and found[0]:
            return name
        if found is not None:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
        cursor.execute(sql.SQL(create).format(sql.Identifier(name)))
        migrate(extensions.make_dsn(admin_url, dbname=name))
        # Only a finished template is marked as one: a test run that was killed leaves none behind that looks whole.
        cursor.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
        _drop_old_templates(cursor, name)
    return name


def _drop_old_templates(cursor: Any, current: str) -> None:
    """Keep the newest few: other test runs of another working tree may still be cloning them."""
    cursor.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s AND datistemplate ORDER BY oid DESC OFFSET 5",
        (f"wuji\\_template\\_{os.getuid()}\\_%",),
    )
    for (name,) in cursor.fetchall():
        if name != current:
            cursor.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(name)))
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def fresh_database(admin_url: str) -> Iterator[Database]:
    """A clone of the template, dropped afterwards."""
    template = make_template(admin_url)
    name = f"wuji_test_{new_id().hex}"
    with _administrator(admin_url) as cursor:
        clone = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        cursor.execute(clone.format(sql.Identifier(name), sql.Identifier(template)))
    with _administrator(extensions.make_dsn(admin_url, dbname=name)) as cursor:
        # All that is not cloned: what belongs to the database and is not in it.
        set_limits(cursor.connection)
        create_schemas(cursor.connection)
    database = Database(admin_url, name)
    try:
        yield database
    finally:
        database.close()
        with _administrator(admin_url) as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database(servers: Servers) -> Iterator[Database]:
    """A fresh, migrated, empty database for this one test."""
    with fresh_database(servers.database_url) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_database(servers: Servers) -> Iterator[Database]:
    """A fresh, migrated database that the tests of one module share."""
    with fresh_database(servers.database_url) as fresh:
        yield fresh
