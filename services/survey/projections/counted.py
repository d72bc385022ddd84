"""What is counted, with the past kept: every row says from which position to which it held.

A figure as of any position is a question to the same table, so a published one can be counted again and never changes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from pathlib import Path
from typing import Any

from services.survey.domain.counted import Book, Kind, Row
from services.survey.domain.counting import COUNTED, take
from shared.contracts.catalogue import OF_SHAPE
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert
from shared.projections.rows import as_json

FOREVER = 2**63 - 1
"""The end of what still holds."""
COLUMNS = tuple(found.name for found in fields(Row))
_TABLES = str(Path(__file__).parent)

Versions = dict[tuple[Kind, str], list[tuple[int, Row]]]


def take_counted(batch: Batch, cursor: Cursor) -> None:
    """A new version of every row that an event changes; the one before it ends where the new one begins."""
    book = _book(batch, cursor)
    versions: Versions = defaultdict(list)
    for recorded in batch.events:
        for row in take(book, recorded):
            versions[row.key].append((recorded.position or 0, row))
    _end_former(versions, cursor)
    upsert(cursor, "counted", ["kind", "ref", "from_position"], list(_stored(versions)))


def _book(batch: Batch, cursor: Cursor) -> Book:
    """The rows that hold now of every issue that the batch speaks of."""
    wanted = sorted({_issue(recorded.event) for recorded in batch.events})
    found = select(
        cursor,
        f"SELECT {', '.join(COLUMNS)} FROM counted WHERE case_id = ANY(%s::uuid[]) AND until_position = {FOREVER}",
        [wanted],
    )
    book = Book()
    for values in found:
        texts = {"kind": Kind(values["kind"]), "ref": str(values["ref"]), "case_id": str(values["case_id"])}
        row = Row(**{**values, **texts})
        book.rows[row.key] = row
    return book


def _issue(event: Any) -> str:
    return str(event.case_id if hasattr(event, "case_id") else event.report_id)


def _end_former(versions: Versions, cursor: Cursor) -> None:
    ends = [{"kind": kind.value, "ref": ref, "at": changes[0][0]} for (kind, ref), changes in versions.items()]
    cursor.execute(
        f"UPDATE counted SET until_position = ended.at"
        f" FROM json_to_recordset(%s::json) AS ended (kind text, ref uuid, at bigint)"
        f" WHERE counted.kind = ended.kind AND counted.ref = ended.ref AND counted.until_position = {FOREVER}",
        [as_json(ends)],
    )


def _stored(versions: Versions) -> Any:
    for changes in versions.values():
        ends = [position for position, _ in changes[1:]] + [FOREVER]
        for (position, row), end in zip(changes, ends, strict=True):
            yield {name: getattr(row, name) for name in COLUMNS} | {"from_position": position, "until_position": end}


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="counted",
        service="survey",
        tables=tables_of(_TABLES, "counted"),
        handles=frozenset(OF_SHAPE[shape].name for shape in COUNTED),
        apply=take_counted,
        revision=2,
    ),
)
