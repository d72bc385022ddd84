"""Whether any of the five views takes longer with a million cases than with ten thousand.

Both sets of cases have the same areas, kinds, departments and days, and differ in nothing but their number; the view
of one area per tier is asked for in turn on both.

Run: python -m tests.benchmarks.views DATABASE_URL [CASES] [FEW]
"""

from __future__ import annotations

import io
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any

from services.grid.projections.case_rows import COLUMNS, Book, CaseRow
from services.grid.projections.cases import CASES
from services.grid.projections.counting import contributions, lineage
from services.grid.projections.places import AREAS
from services.grid.queries.views import view
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.ports import Rows
from tests.benchmarks.figures import Figure, table
from tests.support.database import Database, fresh_database
from tests.support.lives import START, City, lives
from tests.support.servers import Servers

DAYS = 300
NOW = START + timedelta(days=200, hours=7)
ASKED = ("530103", "530103.004", "530103.004.003", "530103.004.003.002", "530103.004.003.002.00001")
ROUNDS = 60
AT_MOST = 1.5


def rows_of(cases: int, seed: int = 8) -> Iterator[CaseRow]:
    """So many rows, each like one that a real life led to, somewhere and some time else."""
    book = Book()
    for recorded in lives(min(cases, 5_000), seed):
        book.take(recorded)
    patterns, random, city = list(book.rows.values()), Random(seed), City()
    for number in range(cases):
        row = replace(patterns[number % len(patterns)], case_id=str(derived_id("row", seed, number)))
        row.area, row.position = city.anywhere(random).path, number + 1
        shift = START + timedelta(days=random.random() * DAYS) - row.reported_at
        for name in ("reported_at", "filed_at", "dispatched_at", "due_at", "handled_at", "closed_at"):
            if (at := getattr(row, name)) is not None:
                setattr(row, name, at + shift)
        if row.handled_at is not None:
            row.handled_at += timedelta(hours=random.lognormvariate(2, 1))
        yield row


def prepare(database: Database, cases: int) -> Rows:
    """The read tables with so many cases in them."""
    database.query(f"SET search_path TO grid; {AREAS.tables} {CASES.tables}", role="grid")
    database.query(
        "CREATE TABLE grid.watermarks (projection text, position bigint);"
        "INSERT INTO grid.watermarks VALUES ('cases', 0)",
        role="grid",
    )
    counts, paths = Counter[tuple[str, str, str]](), set[str]()
    chunk = io.StringIO()
    for number, row in enumerate(rows_of(cases), 1):
        chunk.write("\t".join("\\N" if value is None else str(value) for value in astuple(row)) + "\n")
        counts.update((row.area, measure, key) for measure, key in contributions(row))
        paths.update(lineage(row.area))
        if number % 50_000 == 0 or number == cases:
            _copy(database, f"cases ({', '.join(COLUMNS)})", chunk)
            chunk = io.StringIO()
    wide = Counter[tuple[str, str, str]]()
    for (area, measure, key), n in counts.items():
        for above in lineage(area):
            wide[above, measure, key] += n
    _copy(database, "area_counts", io.StringIO("".join(f"{a}\t{m}\t{k}\t{n}\n" for (a, m, k), n in wide.items())))
    _copy(database, "areas (path, parent, tier, name, kind)", io.StringIO("".join(map(_area_line, sorted(paths)))))
    for statement in ("VACUUM ANALYZE grid.cases", "VACUUM ANALYZE grid.area_counts", "ANALYZE grid.areas"):
        database.query(statement, role="grid")
    return database.rows("grid")


def _area_line(path: str) -> str:
    area = Area(path)
    return f"{path}\t{area.parent or chr(92) + 'N'}\t{int(area.tier)}\t{path}\t区\n"


def _copy(database: Database, target: str, lines: io.StringIO) -> None:
    lines.seek(0)
    with database.connection("grid") as connection, connection.cursor() as cursor:
        cursor.execute("SET statement_timeout TO 0")
        cursor.copy_expert(f"COPY grid.{target} FROM STDIN", lines)


@contextmanager
def prepared(servers: Servers, cases: int) -> Iterator[Rows]:
    """Rows of a database of its own."""
    with fresh_database(servers.database_url) as database:
        yield prepare(database, cases)


def _seconds(rows: Rows, area: Area) -> tuple[float, dict[str, Any]]:
    began = time.perf_counter()
    found = view(rows, area, NOW)
    return time.perf_counter() - began, found


def run(servers: Servers, many: int = 1_000_000, few: int = 10_000) -> list[Figure]:
    """One figure per tier: views a second with many cases against views a second with few."""
    figures = []
    with prepared(servers, many) as full, prepared(servers, few) as sparse:
        for path in ASKED:
            area = Area(path)
            for rows in (full, sparse):
                _seconds(rows, area)
            pairs = [(_seconds(full, area)[0], _seconds(sparse, area)[0]) for _ in range(ROUNDS)]
            ours, peer = (1 / median(times) for times in zip(*pairs, strict=True))
            what = f"view of a {area.tier.label}, {many:,} cases against {few:,}"
            figures.append(Figure(what, ours, peer, "views/s", ours / peer, 1 / AT_MOST))
        _check(full, many)
    return figures


def _check(rows: Rows, cases: int) -> None:
    """A figure counts only when the view was right."""
    shown = view(rows, Area(ASKED[0]), datetime(2027, 6, 1, tzinfo=UTC))
    own, children = shown["area"], shown["children"]
    if own["cases"] != cases or own["cases"] != sum(child["cases"] for child in children):
        raise AssertionError(f"the view counts {own['cases']} cases of {cases}")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[2:]]
    print(table(run(Servers(sys.argv[1], "", ""), *given)))
