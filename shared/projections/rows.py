"""Many rows in one statement: what every projection does with its cursor."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from shared.projections.projection import Cursor

Row = dict[str, Any]


def select(cursor: Cursor, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[Row]:
    """The answer's rows as dictionaries."""
    cursor.execute(statement, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def upsert(cursor: Cursor, table: str, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, or replace the columns given where a row with the same key is there.

    All rows have the columns of the first one, and no two have the same key. Values may be str, int, float, bool,
    None, UUID, datetime (with zone), date, enum members, and lists or dictionaries for json and array columns.

    The rows travel as one JSON parameter and PostgreSQL converts them by the table's own column types: that is
    several times cheaper than one placeholder per value.
    """
    if not rows:
        return
    columns = list(rows[0])
    names = ", ".join(columns)
    others = [column for column in columns if column not in key]
    change = f"UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in others)}" if others else "NOTHING"
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s::json)"
        f" ON CONFLICT ({', '.join(key)}) DO {change}",
        [as_json(rows)],
    )


def copy(cursor: Cursor, table: str, columns: Sequence[str], lines: Sequence[str]) -> None:
    """Add rows that are new for certain: the cheapest way in. A line has the columns as `said`, with tabs between."""
    cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", io.StringIO("\n".join(lines) + "\n"))


@lru_cache(maxsize=100_000)
def said(value: str | int | datetime | None) -> str:
    """A value as `copy` takes it; the same few values come again and again."""
    if value is None:
        return r"\N"
    return value.isoformat() if isinstance(value, datetime) else str(value).translate(_ESCAPED)


_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"})


def as_json(rows: Sequence[Any]) -> str:
    """The rows as the text of a JSON array, for `json_populate_recordset` or `json_to_recordset`."""
    return orjson.dumps(rows).decode()
