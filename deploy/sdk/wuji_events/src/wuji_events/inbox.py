"""Each event once in effect: its id is remembered in the same transaction as what you do about it.

    with connection:                                   # your own transaction, SQLite or psycopg
        if inbox.once(connection, event.id):
            connection.execute("INSERT INTO work_orders …")

Commit, and both are there; fail, and neither is. The same event once more finds its id and does nothing.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from typing import Any

TABLE = "wuji_inbox"
_IDLE = 0


def prepare(connection: Any, table: str = TABLE) -> None:
    """Make the table unless it is there. The caller commits."""
    _execute(
        connection,
        f"CREATE TABLE IF NOT EXISTS {_name(table)} "
        "(event_id text PRIMARY KEY, seen_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    )


def once(connection: Any, event_id: str, table: str = TABLE) -> bool:
    """True the first time. False when the event's effect is committed already.

    Somebody else's transaction with the same event is waited for. Raises ValueError where no transaction is possible:
    on a connection in autocommit, the id would be kept even if your work failed.
    """
    _in_transaction(connection)
    statement = f"INSERT INTO {_name(table)} (event_id) VALUES (?) ON CONFLICT (event_id) DO NOTHING"
    return _execute(connection, statement, event_id) == 1


def forget(connection: Any, before: datetime, table: str = TABLE) -> int:
    """Delete ids seen before that time (UTC); how many. Keep them longer than any replay reaches back."""
    is_sqlite = isinstance(connection, sqlite3.Connection)
    moment = before.strftime("%Y-%m-%d %H:%M:%S") if is_sqlite else before
    return _execute(connection, f"DELETE FROM {_name(table)} WHERE seen_at < ?", moment)


def _execute(connection: Any, statement: str, *values: object) -> int:
    if not isinstance(connection, sqlite3.Connection):
        statement = statement.replace("?", "%s")
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _in_transaction(connection: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        lasting = connection.isolation_level is None and not connection.in_transaction
    else:
        lasting = bool(connection.autocommit) and int(connection.info.transaction_status) == _IDLE
    if lasting:
        raise ValueError("the connection is in autocommit: begin a transaction first")


def _name(table: str) -> str:
    if not table.replace("_", "").replace(".", "").isalnum():
        raise ValueError(f"{table!r} is no table name")
    return table
