"""The projection behind the five views: case rows, and counters that follow them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.grid.projections.case_rows import ARRIVES, CHANGES, COLUMNS, Book, CaseRow
from services.grid.projections.counting import Contribution, Counts, Difference, contributions
from shared.projections import Batch, Cursor, Projection, tables_of
from shared.projections.rows import as_json

_SELECT = f"SELECT case_id::text, {', '.join(COLUMNS[1:])} FROM cases WHERE case_id = ANY (%s::uuid[])"
_NAMES = ", ".join(COLUMNS)
_WRITE = (
    f"INSERT INTO cases ({_NAMES}) SELECT {_NAMES} FROM json_populate_recordset(NULL::cases, %s::json)"
    f" ON CONFLICT (case_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
)
_ADD = """
INSERT INTO area_counts AS counted (area, measure, key, n)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[])
ON CONFLICT (area, measure, key) DO UPDATE SET n = counted.n + excluded.n
"""
# Days on which nothing is due any more would pile up for ever, and every view would read past them.
_FORGET = """
DELETE FROM area_counts counted USING unnest(%s::text[], %s::text[]) AS gone (area, key)
WHERE counted.area = gone.area AND counted.measure = 'due' AND counted.key = gone.key AND counted.n = 0
"""


def apply(batch: Batch, cursor: Cursor) -> None:
    """Bring the rows forward, and the counters by exactly what changed in the rows."""
    book = Book(_load(cursor, {str(recorded.correlation_id) for recorded in batch.events}))
    before = {case_id: (row.area, contributions(row)) for case_id, row in book.rows.items()}
    for recorded in batch.events:
        book.take(recorded)
    difference = Difference()
    nothing: tuple[str, frozenset[Contribution]] = ("", frozenset())
    for case_id, row in book.rows.items():
        difference.change(*before.get(case_id, nothing), row.area, contributions(row))
    _store(cursor, list(book.rows.values()))
    _add(cursor, difference.counts())


def _load(cursor: Cursor, case_ids: set[str]) -> dict[str, CaseRow]:
    cursor.execute(_SELECT, [list(case_ids)])
    return {row[0]: CaseRow(*row) for row in cursor.fetchall()}


def _store(cursor: Cursor, rows: list[CaseRow]) -> None:
    rows.sort(key=lambda row: row.case_id)
    cursor.execute(_WRITE, [as_json(rows)])


def _add(cursor: Cursor, counts: Counts) -> None:
    if not counts:
        return
    found: list[Any] = sorted(counts)
    areas, measures, keys = (list(column) for column in zip(*found, strict=True))
    cursor.execute(_ADD, [areas, measures, keys, [counts[name] for name in found]])
    emptied = [(area, key) for area, measure, key in found if measure == "due" and counts[area, measure, key] < 0]
    if emptied:
        cursor.execute(_FORGET, [list(column) for column in zip(*emptied, strict=True)])


CASES = Projection(
    name="cases",
    service="grid",
    tables=tables_of(str(Path(__file__).parent), "cases"),
    handles=frozenset(ARRIVES) | frozenset(CHANGES),
    apply=apply,
)
