"""What a tick of the timer costs beside a million running limits, with and without a million that have ended; and what
it costs to walk along an issue of two hundred events.

Run: python -m tests.benchmarks.clocks DATABASE_URL [OPEN] [CLOSED]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from statistics import median

from services.dispatch.clocks.facts import draft
from services.dispatch.clocks.projections import PROJECTIONS
from services.dispatch.clocks.timer import DUE
from shared.postgres.claims import claimed
from shared.postgres.connection import Pool
from tests.benchmarks.figures import Figure, table
from tests.support.clocks import RULES, Issue, at
from tests.support.database import Database, fresh_database
from tests.support.servers import Servers

NOW = datetime.fromisoformat("2026-11-23 15:00+08:00")
DUE_NOW = 200
ROUNDS = 40
_PIECE = 20_000
TICK_AT_MOST = 50.0
"""Milliseconds for a look that finds a whole batch."""
FOLD_AT_MOST = 50.0
_ROWS = """
INSERT INTO clocks (clock_id, case_id, area, stage, urgency, started_at, due_at, because, calendar, is_counted,
                    day_and_night, minutes_used, is_open, is_paused, is_breached, fires, fires_at, any_hour, position)
SELECT gen_random_uuid(), gen_random_uuid(), '530103.004.' || lpad((n %% 600)::text, 3, '0'), 'handle', 'normal',
       %(now)s, due, 'because', '2026/1', true, false, 0, %(is_open)s, false, false, 'breached',
       CASE WHEN %(is_open)s THEN due END, true, n
FROM (SELECT n, CASE WHEN %(is_open)s AND n <= %(due_now)s THEN %(now)s - n * interval '1 second'
                     ELSE %(now)s + (n %% 2000000) * interval '1 second' END AS due
      FROM generate_series(%(first)s, %(last)s) AS n) AS made
"""


@contextmanager
def _index(servers: Servers, running: int, ended: int) -> Iterator[Pool]:
    """The index of due times with so many rows."""
    with fresh_database(servers.database_url) as database:
        _fill(database, running, ended)
        pool = Pool(database.url("dispatch"))
        try:
            yield pool
        finally:
            pool.close()


def _fill(database: Database, running: int, ended: int) -> None:
    database.query(f"SET search_path TO dispatch; {PROJECTIONS[0].tables}", role="dispatch")
    for is_open, count in ((True, running), (False, ended)):
        # In pieces: one long transaction would hold back the positions of everything on the server.
        for first in range(1, count + 1, _PIECE):
            values: dict[str, object] = {"now": NOW, "is_open": is_open, "due_now": DUE_NOW}
            values |= {"first": first, "last": min(first + _PIECE - 1, count)}
            database.query("SET search_path TO dispatch, public; " + _ROWS, values)
    database.query("ANALYZE dispatch.clocks")


def _tick(pool: Pool) -> float:
    """Milliseconds for one look that takes a batch."""
    began = time.perf_counter()
    with partial(claimed, pool)(DUE, {"now": NOW, "any_hour": True, "batch": DUE_NOW}) as rows:
        taken = len(rows)
    if taken != DUE_NOW:
        raise AssertionError(f"{taken} of {DUE_NOW} rows were taken")
    return (time.perf_counter() - began) * 1000


def scan(servers: Servers, running: int = 1_000_000, ended: int = 1_000_000) -> list[Figure]:
    """The same look with and without limits that have ended, in turn."""
    with _index(servers, running, 0) as plain, _index(servers, running, ended) as old:
        for pool in (plain, old):
            _tick(pool)
        pairs = [(_tick(old), _tick(plain)) for _ in range(ROUNDS)]
    ours, peer = (median(times) for times in zip(*pairs, strict=True))
    what = f"a tick beside {running:,} running limits"
    return [
        Figure(f"{what}: {ended:,} ended ones against none", ours, peer, "ms", peer / ours, 1 / 1.5),
        Figure(f"{what}: a batch of {DUE_NOW} is taken", ours, TICK_AT_MOST, "ms", TICK_AT_MOST / ours, 1),
    ]


def fold(events: int = 200) -> list[Figure]:
    """Walking along one long issue, and finding that nothing is missing."""
    issue = Issue(at("2026-01-05 09:00")).submitted().accepted().filed().dispatched().signed()
    while len(issue.history) < events:
        issue.now += timedelta(hours=5)
        issue.suspended().resumed()
    took = []
    for _ in range(20):
        began = time.perf_counter()
        draft(issue.history, RULES, issue.now)
        took.append((time.perf_counter() - began) * 1000)
    ours = median(took)
    return [Figure(f"clocks of an issue of {events} events", ours, FOLD_AT_MOST, "ms", FOLD_AT_MOST / ours, 1)]


def run(servers: Servers, quick: bool = False) -> list[Figure]:
    """Both."""
    count = 100_000 if quick else 1_000_000
    return [*scan(servers, count, count), *fold()]


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[2:]]
    print(table([*scan(Servers(sys.argv[1], "", ""), *given), *fold()]))
