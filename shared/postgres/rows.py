"""A service's own tables: queries and single statements, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.postgres.connection import Pool


class PostgresRows:
    """`shared.ports.Rows` on PostgreSQL; the role's search path leads to the service's schema."""

    def __init__(self, source: str | Pool, *, green: bool = False) -> None:
        self._pool = Pool(source, green=green) if isinstance(source, str) else source

    def query(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The answer's rows as dictionaries. Only for reading: it is sent again when the connection was found dead."""
        names, rows = self._pool.table(statement, parameters)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def execute(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> int:
        """Run one statement in a transaction of its own; the number of rows it touched."""
        with self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            touched: int = cursor.rowcount
            return touched

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()
