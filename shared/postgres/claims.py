"""Rows that one of several processes takes to itself for a moment; the others pass over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from shared.postgres.connection import Pool


@contextmanager
def claimed(pool: Pool, statement: str, parameters: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The rows of a query that ends in `FOR UPDATE SKIP LOCKED`: nobody else is given them while the block runs.

    Nothing is changed by it, so a process that dies in the middle gives its rows back by dying. Keep the block short:
    the transaction that holds the rows also holds back the positions of everything that is appended meanwhile.
    """
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            cursor.execute(statement, parameters)
            names = [column.name for column in cursor.description]
            yield [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            if not connection.closed:
                cursor.execute("ROLLBACK")
