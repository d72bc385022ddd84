"""The database's roles: one per process, each with a schema, time limits and a password of its own.

Roles belong to the whole server, not to one database, so two databases may be set up at the same moment: creating is
done in ways that a second comer survives. Limits and the search path are set per database, where nobody collides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2 import errors, sql
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random

OWNER = "wuji_owner"
SERVICES = ("intake", "dispatch", "grid", "survey", "notify")


@dataclass(frozen=True, slots=True)
class Role:
    """A login role and its limits; times as PostgreSQL writes them, `0` for none."""

    name: str
    statement_timeout: str
    idle_in_transaction: str
    search_path: str = "es, public"


ROLES: tuple[Role, ...] = (
    Role(OWNER, "0", "10min"),
    *(Role(f"wuji_{service}", "30s", "10s", f"{service}, es, public") for service in SERVICES),
    Role("wuji_relay", "30s", "10s"),
    Role("wuji_courier", "30s", "10s"),
    Role("wuji_timer", "30s", "10s", "dispatch, es, public"),
    Role("wuji_importer", "5min", "30s"),
    Role("wuji_reader", "60s", "60s"),
)

# Two sessions that change one catalogue row at once: the second is told XX000 "tuple concurrently updated".
_COLLISIONS = (errors.InternalError_, errors.UniqueViolation, errors.DuplicateObject, errors.SerializationFailure)


@retry(
    retry=retry_if_exception_type(_COLLISIONS), stop=stop_after_attempt(20), wait=wait_random(0.01, 0.2), reraise=True
)
def create_roles(connection: Any, passwords: Mapping[str, str] | None) -> None:
    """Create the roles that are missing, and give those named in `passwords` theirs (role name → password)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", ([role.name for role in ROLES],))
        present = {name for (name,) in cursor.fetchall()}
        for role in ROLES:
            if role.name not in present:
                cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role.name)))
            if passwords and role.name in passwords:
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                cursor.execute(statement.format(sql.Identifier(role.name), sql.Literal(passwords[role.name])))


def become_owner(connection: Any) -> None:
    """Let the administrator act as every role (a superuser may anyway), and take the database over for the owner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (is_superuser,) = cursor.fetchone()
        if not is_superuser:
            for role in ROLES:
                _grant_membership(cursor, role.name)


def _grant_membership(cursor: Any, role: str) -> None:
    cursor.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", (role,))
    if not cursor.fetchone()[0]:
        cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def set_limits(connection: Any) -> None:
    """Per role and only in this database: time limits, search path, and no just-in-time compilation.

    A transaction that stays open holds back everything that the relay may publish, hence the short limits.
    """
    with connection.cursor() as cursor:
        for role in ROLES:
            settings = {
                "statement_timeout": sql.Literal(role.statement_timeout),
                "idle_in_transaction_session_timeout": sql.Literal(role.idle_in_transaction),
                "search_path": sql.SQL(role.search_path),
                "jit": sql.SQL("off"),
            }
            for setting, value in settings.items():
                cursor.execute(
                    sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                        sql.Identifier(role.name),
                        sql.Identifier(connection.info.dbname),
                        sql.Identifier(setting),
                        value,
                    )
                )


def create_schemas(connection: Any) -> None:
    """`es` for the log, and one schema per service that only this service can look into."""
    with connection.cursor() as cursor:
        for schema, role in (("es", OWNER), *((service, f"wuji_{service}") for service in SERVICES)):
            statement = sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}")
            cursor.execute(statement.format(sql.Identifier(schema), sql.Identifier(role)))
        # A projection is rebuilt in a schema of its own beside the live one, by the service's own role.
        for service in SERVICES:
            grant = sql.SQL("GRANT CREATE ON DATABASE {} TO {}")
            cursor.execute(grant.format(sql.Identifier(connection.info.dbname), sql.Identifier(f"wuji_{service}")))
