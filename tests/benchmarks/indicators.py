"""Every indicator of a district's year by street, and as of half a year ago, against the limit of a second each.

A year of a district like Panlong is some 25,000 cases. The peer is the limit that people who wait in front of a page
set; the second figure shows that keeping the past costs a question about now little.

Run: python -m tests.benchmarks indicators
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

from services.survey.projections import PROJECTIONS
from services.survey.queries.figures import By, Wanted, figures
from shared.projections.process import connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from tests.benchmarks.figures import Figure
from tests.support.database import fresh_database
from tests.support.lives import START, lives
from tests.support.logs import fill
from tests.support.servers import Servers

CASES, DAYS = 25_000, 360
LIMIT = 1_000
"""Milliseconds."""
ROUNDS = 9


def run(servers: Servers, cases: int = CASES) -> list[Figure]:
    """Milliseconds of one answer with every indicator for every street."""
    with fresh_database(servers.database_url) as database:
        events = fill(database, lives(cases, 11, days=DAYS))
        runner = Runner(PROJECTIONS, connect_as({"survey": database.url("survey")}), PostgresFeed(), limit=5_000)
        if not runner.open():
            raise RuntimeError("another projector leads in this database")
        runner.catch_up()
        runner.close()
        database.query("VACUUM ANALYZE survey.counted", role="survey")
        rows = database.rows("survey")
        year = Wanted(since=START, until=START + timedelta(days=DAYS), at=START + timedelta(days=DAYS), by=By.STREET)
        now = _milliseconds(lambda: figures(rows, year))
        then = _milliseconds(lambda: figures(rows, _as_of(year, events // 2)))
    return [
        Figure("indicators of a district's year, by street", now, LIMIT, "ms", LIMIT / now, 1),
        Figure("the same as of a position half a year ago", then, LIMIT, "ms", LIMIT / then, 1),
    ]


def _as_of(wanted: Wanted, position: int) -> Wanted:
    return Wanted(since=wanted.since, until=wanted.until, at=wanted.at, by=wanted.by, position=position)


def _milliseconds(ask: Callable[[], object]) -> float:
    spans = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        spans.append((time.perf_counter() - began) * 1_000)
    return median(spans)
