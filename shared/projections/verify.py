"""Is what people read what the log says? The rows are rebuilt apart and compared one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.projections import watermarks
from shared.projections.projection import Cursor, Projection
from shared.projections.rebuild import Building, Connect, Tell, shadow
from shared.projections.rows import Row, select

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not as the log says; None where there is no such row."""

    table: str
    live: Row | None
    rebuilt: Row | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a comparison found, at one position of the log."""

    label: str
    position: int
    rows: int
    """Live rows compared."""
    differing: int
    """How many rows differ in all."""
    differences: tuple[Difference, ...]
    """The first of them, up to twenty per table."""
    poisoned: int
    """Events that the live projection had set apart: each explains a difference."""

    @property
    def is_equal(self) -> bool:
        return self.differing == 0


def verify(projection: Projection, connect: Connect, tell: Tell = lambda _: None) -> Verified:
    """Rebuild the rows apart, compare them with the live ones at the same position, and throw the copy away.

    The projector waits during the comparison itself, not during the rebuild. Raises Conflict when another
    verification of the same projection runs, and Poisoned.
    """
    with shadow(projection, connect, "verify") as building:
        building.follow_live(tell)
        return building.compare(_compare)


def _compare(building: Building, cursor: Cursor) -> Verified:
    projection = building.projection
    rows, differing, found = 0, 0, list[Difference]()
    for table in projection.table_names:
        columns = _columns(cursor, building.schema, table)
        live, copy = f"{projection.service}.{table}", f"{building.schema}.{table}"
        cursor.execute(f"SELECT count(*) FROM {live}")
        rows += cursor.fetchone()[0]
        only_live = _only(cursor, columns, live, copy)
        only_copy = _only(cursor, columns, copy, live)
        key = _key(cursor, building.schema, table) or columns
        pairs = _pair(table, key, only_live, only_copy)
        differing += len(pairs)
        found += pairs[:_SHOWN]
    poisoned = len(_poisoned(cursor, projection))
    return Verified(projection.label, building.position, rows, differing, tuple(found), poisoned)


def _columns(cursor: Cursor, schema: str, table: str) -> list[str]:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " ORDER BY ordinal_position",
        [schema, table],
    )
    return [row[0] for row in cursor.fetchall()]


def _key(cursor: Cursor, schema: str, table: str) -> list[str]:
    """The columns of the primary key; none when the table has none."""
    cursor.execute(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
        " WHERE i.indrelid = to_regclass(%s) AND i.indisprimary ORDER BY a.attnum",
        [f"{schema}.{table}"],
    )
    return [row[0] for row in cursor.fetchall()]


def _only(cursor: Cursor, columns: list[str], left: str, right: str) -> list[Row]:
    """Rows that are in the left table more often than in the right one, as texts so that every type compares."""
    texts = ", ".join(f"{column}::text" for column in columns)
    return select(cursor, f"SELECT {texts} FROM {left} EXCEPT ALL SELECT {texts} FROM {right}")


def _pair(table: str, key: list[str], only_live: list[Row], only_copy: list[Row]) -> list[Difference]:
    def name(row: Row) -> tuple[Any, ...]:
        return tuple(row[column] for column in key)

    copies = {name(row): row for row in only_copy}
    pairs = [Difference(table, row, copies.pop(name(row), None)) for row in only_live]
    return pairs + [Difference(table, None, row) for row in copies.values()]


def _poisoned(cursor: Cursor, projection: Projection) -> list[Row]:
    cursor.execute(f"SET search_path TO {projection.service}")
    return watermarks.poisoned(cursor, projection.name)
