"""Brings a database to the current shape: roles, schemas, the log, each service's own tables, partitions ahead.

It may run at any time and twice at once: one lock in the database lets the second wait, and find nothing to do.
The log's migrations run as `wuji_owner`; each service's run as that service's role, which thereby owns its tables
and alone decides whom it lets in. Each set keeps its own record of what was applied, in its own schema.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg2
import yoyo
from psycopg2 import extensions

from shared.kernel.errors import Invalid
from shared.postgres import roles
from shared.postgres.connection import connect
from shared.postgres.errors import translated

LOG_MIGRATIONS = Path(__file__).parent / "migrations"
SERVICES_ROOT = Path(__file__).parents[2] / "services"
_LOCK = 0x57554A49  # "WUJI"


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a run did: the names of the migrations applied (`es/0001_log`) and of the partitions made."""

    applied: tuple[str, ...]
    partitions: tuple[str, ...]
    adopted: bool
    """True when the database had been restored from another cluster and its transaction count was shifted."""


def migrate(admin_url: str, passwords: Mapping[str, str] | None = None, *, months_ahead: int = 12) -> Migrated:
    """Migrate the database at `admin_url`, whose user may create roles and schemas in it.

    `passwords` maps role names (`wuji_intake`) to passwords; without it roles get none, and the server must let them
    in otherwise. Raises Invalid when the database cannot serve us (encoding, locale), Unavailable when it is away.
    """
    connection = connect(admin_url, application="wuji migrate")
    try:
        with translated(), _one_at_a_time(connection):
            check_text_support(connection)
            roles.create_roles(connection, passwords)
            roles.become_owner(connection)
            roles.create_schemas(connection)
            roles.set_limits(connection)
            applied = [*_apply(admin_url, "es", roles.OWNER, LOG_MIGRATIONS)]
            for service in roles.SERVICES:
                applied += _apply(admin_url, service, f"wuji_{service}", SERVICES_ROOT / service / "migrations")
            partitions, adopted = _upkeep(connection, months_ahead)
            return Migrated(tuple(applied), partitions, adopted)
    finally:
        connection.close()


@contextmanager
def _one_at_a_time(connection: Any) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            yield
        finally:
            if not connection.closed:
                cursor.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def check_text_support(connection: Any) -> None:
    """Chinese text must be stored and searched: UTF-8, and a locale in which Chinese characters are letters."""
    hint = "create it with: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_encoding')")
        (encoding,) = cursor.fetchone()
        if encoding != "UTF8":
            raise Invalid(f"the database's encoding is {encoding}, it must be UTF8", hint=hint)
        try:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public")
        except (psycopg2.errors.UniqueViolation, psycopg2.errors.DuplicateObject):
            cursor.execute("SELECT 1")  # another session made it this very moment
        cursor.execute("SELECT cardinality(public.show_trgm('路灯不亮'))")
        if cursor.fetchone()[0] == 0:
            raise Invalid("the database's locale cannot tell Chinese characters from punctuation", hint=hint)


def _apply(admin_url: str, schema: str, role: str, folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # sqlparse and importlib inside yoyo
        backend = yoyo.get_backend(_yoyo_url(admin_url, schema, role))
        try:
            waiting = backend.to_apply(yoyo.read_migrations(str(folder)))
            names = [f"{schema}/{migration.id}" for migration in waiting]
            # No yoyo lock: ours is held, and a row in a table would outlive a killed process.
            backend.apply_migrations(waiting)
        finally:
            backend.connection.close()
    return names


def _yoyo_url(url: str, schema: str, role: str) -> str:
    """yoyo takes addresses apart itself; everything goes into it as keywords of libpq."""
    known = extensions.parse_dsn(url)
    database = known.pop("dbname", "")
    options = f"{known.pop('options', '')} -c role={role} -c client_min_messages=warning".strip()
    return f"postgresql:///{quote(database)}?" + urlencode({**known, "options": options, "schema": schema})


def _upkeep(connection: Any, months_ahead: int) -> tuple[tuple[str, ...], bool]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {roles.OWNER}")
        try:
            cursor.execute("SELECT es.make_partitions(%s)", (months_ahead,))
            partitions = tuple(name for (name,) in cursor.fetchall())
            cursor.execute("SELECT es.adopt_cluster()")
            (adopted,) = cursor.fetchone()
        finally:
            cursor.execute("RESET ROLE")
    return partitions, bool(adopted)
