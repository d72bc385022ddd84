"""How long the five-level view of a past moment takes, at every tier, and whether it depends on the number of cases.

A log of whole lives is projected, many cases and a tenth of them, and the view of one area per tier is asked for as of
moments all over the time that they span: those just after a note of sums, and those as far from one as can be.

Run: python -m tests.benchmarks.past DATABASE_URL [CASES]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from random import Random
from statistics import median

from services.grid.projections.cases import CASES
from services.grid.projections.counting import lineage
from services.grid.projections.past import STRIDE
from services.grid.projections.places import AREAS
from services.grid.queries import past
from shared.kernel.area import Area
from shared.ports import Rows
from shared.projections import Batch
from tests.benchmarks.figures import Figure, table
from tests.support.database import Database, fresh_database
from tests.support.lives import START, City, lives
from tests.support.servers import Servers

DAYS = 300
ASKED = ("530103", "530103.004", "530103.004.003", "530103.004.003.002", "530103.004.003.002.00001")
MOMENTS = 25
AT_MOST = 200.0
"""Milliseconds, at the median."""


def prepare(database: Database, cases: int) -> Rows:
    """The read tables as a rebuild makes them."""
    city, events = City(), lives(cases, days=DAYS)
    with database.connection("grid") as connection, connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout TO 0; SET search_path TO grid; {AREAS.tables} {CASES.tables}")
        cursor.execute("CREATE TABLE watermarks (projection text, position bigint)")
        cursor.execute("INSERT INTO watermarks VALUES ('cases', 0)")
        while part := list(islice(events, STRIDE)):
            cursor.execute("BEGIN")
            CASES.apply(Batch(part), cursor)
            cursor.execute("COMMIT")
        paths = {path for n in range(20_000) for path in lineage(city.anywhere(Random(n)).path)}
        cursor.execute(
            "INSERT INTO areas (path, parent, tier, name, kind)"
            " SELECT path, nullif(regexp_replace(path, '[.]?[0-9]+$', ''), ''), length(path), path, '区'"
            " FROM unnest(%s) AS given (path)",
            [sorted(paths)],
        )
        cursor.execute("ANALYZE cases; ANALYZE case_past; ANALYZE area_sums; ANALYZE area_counts; ANALYZE areas")
    return database.rows("grid")


@contextmanager
def prepared(servers: Servers, cases: int) -> Iterator[Rows]:
    """Rows of a database of its own."""
    with fresh_database(servers.database_url) as database:
        yield prepare(database, cases)


def milliseconds(rows: Rows, area: Area, seed: int = 3) -> float:
    """The median of the moments' times."""
    random, spent = Random(seed), []
    for _ in range(MOMENTS):
        at = START + timedelta(days=5 + (DAYS - 10) * random.random())
        began = time.perf_counter()
        shown = past.view(rows, area, past.moment(rows, at, at))
        spent.append((time.perf_counter() - began) * 1000)
        if shown["area"]["cases"] != sum(child["cases"] for child in shown["children"]) and shown["children"]:
            raise AssertionError(f"{area} and what lies in it do not agree as of {at}")
    return median(spent)


def run(servers: Servers, many: int = 83_000) -> list[Figure]:
    """One figure per tier against the limit; what a tenth of the cases takes stands in the name."""
    figures = []
    with prepared(servers, many) as full, prepared(servers, many // 10) as sparse:
        for path in ASKED:
            area = Area(path)
            milliseconds(full, area, seed=1)
            ours, few = milliseconds(full, area), milliseconds(sparse, area)
            what = f"a {area.tier.label} as of a past moment, {many:,} cases ({few:.0f} ms with a tenth)"
            figures.append(Figure(what, ours, AT_MOST, "ms", AT_MOST / ours, 1))
    return figures


if __name__ == "__main__":
    print(table(run(Servers(sys.argv[1], "", ""), *map(int, sys.argv[2:]))))
