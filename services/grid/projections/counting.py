"""What a case adds to the counters of its area and of every area above: a pure function of its row.

measure        key                    what n counts
-------------  ---------------------  ------------------------------------------------------------------------------
`state`        state and loop         all issues: `handling street`, `reported -`; steps, open and closed follow
`opened`       day                    issues reported on that day
`closed`       day                    issues closed on that day, and still closed
`type`         issue type             all issues of the type
`type_open`    issue type             those of them that are open
`department`   department             issues that the department has, or had last
`dept_open`    department             those of them that are open
`solved`       `in_grid`              issues closed in the community's own loop, or put right on the spot
`problem`      `open`, `settled`      problem cases
`due`          day                    issues with a limit that runs: not handled yet, due on that day
`due_month`    month                  the same, due in that month
`limit`        `on_time`, `late`      issues handled within their limit, and after it
`handling`     bucket                 issues handled, by the time from report to handled
`handling_10`  ten buckets            the same, by ten neighbouring buckets
`step`         step and bucket        issues that have left the step, by the time spent in it: `handle 0123`
`answer`       satisfaction, solved   issues by the reporter's last answer: `satisfied yes`

Issues with a limit are `due` and `limit` together; those overdue and open at an instant are the `due` of the days
before that instant's day, and of that day itself the rows that are due before the instant. Days are those of the
city's zone; a bucket is a span of durations, see `services.grid.domain.quantiles`. What would be read by the hundred,
days over years and buckets, is counted in two sizes, so that a view walks the large ones and only then the small.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from functools import lru_cache

from services.grid.domain.quantiles import bucket, wide_bucket
from services.grid.domain.time import day_of
from services.grid.projections.case_rows import TIMED, CaseRow, is_clocked
from shared.contracts.case import Loop
from shared.kernel.case_states import State

Contribution = tuple[str, str]
"""(measure, key), each counting 1."""
Counts = dict[tuple[str, str, str], int]
"""(area, measure, key) → n."""

_CLOSED = frozenset({State.CLOSED.value, State.ARCHIVED.value})


def contributions(row: CaseRow) -> frozenset[Contribution]:
    """What the row counts for; the same row always counts for the same."""
    found = [("state", f"{row.state} {row.loop or '-'}"), _day("opened", row.reported_at)]
    if row.issue_type is not None:
        found.append(("type", row.issue_type))
    if row.department is not None:
        found.append(("department", row.department))
    if row.is_open:
        found += _open(row)
    elif row.state in _CLOSED and row.closed_at is not None:
        found += _closed(row, row.closed_at)
    if row.problem:
        found.append(("problem", "open" if row.is_open else "settled"))
    return frozenset([*found, *_times(row)])


def _closed(row: CaseRow, closed_at: datetime) -> list[Contribution]:
    found = [_day("closed", closed_at)]
    if row.on_the_spot or row.loop == Loop.COMMUNITY.value:
        found.append(("solved", "in_grid"))
    return found


def _times(row: CaseRow) -> list[Contribution]:
    """How long it took, whether that was in time, and what people said of it."""
    found: list[Contribution] = []
    if row.handled_at is not None:
        found += _handled((row.handled_at - row.reported_at).total_seconds())
        if is_clocked(row):
            found.append(("limit", "on_time" if row.on_time else "late"))
    for step, spent in zip(TIMED, (row.in_report, row.in_dispatch, row.in_handle, row.in_check), strict=True):
        if spent is not None:
            found.append(_spent(step, spent))
    if row.satisfaction is not None:
        found.append(("answer", f"{row.satisfaction} {'yes' if row.resolved else 'no'}"))
    return found


def _open(row: CaseRow) -> list[Contribution]:
    found: list[Contribution] = []
    if row.issue_type is not None:
        found.append(("type_open", row.issue_type))
    if row.department is not None:
        found.append(("dept_open", row.department))
    if row.awaited and row.due_at is not None:
        found += _due(row.due_at)
    return found


# A row is looked at after each of its events, and most events leave its instants alone.


@lru_cache(maxsize=50_000)
def _day(measure: str, at: datetime) -> Contribution:
    return (measure, day_of(at))


@lru_cache(maxsize=50_000)
def _due(at: datetime) -> tuple[Contribution, ...]:
    day = day_of(at)
    return (("due", day), ("due_month", day[:7]))


@lru_cache(maxsize=50_000)
def _handled(seconds: float) -> tuple[Contribution, ...]:
    span = bucket(seconds)
    return (("handling", span), ("handling_10", span[:-1]))


@lru_cache(maxsize=50_000)
def _spent(step: str, seconds: int) -> Contribution:
    return ("step", f"{step} {wide_bucket(seconds)}")


class Difference:
    """Adds up what changed in a batch, first per narrowest area, then for all areas above."""

    def __init__(self) -> None:
        self._narrow: Counts = defaultdict(int)

    def change(
        self, area_before: str, before: frozenset[Contribution], area: str, after: frozenset[Contribution]
    ) -> None:
        """A row counted for one thing and counts for another now."""
        narrow = self._narrow
        if area_before == area:
            gone, new = before - after, after - before
        else:
            gone, new = before, after
        for measure, key in gone:
            narrow[area_before, measure, key] -= 1
        for measure, key in new:
            narrow[area, measure, key] += 1

    def counts(self, longest: int = 24) -> Counts:
        """The difference for every area whose path is no longer than that, without zeros."""
        wide: Counts = defaultdict(int)
        for (area, measure, key), n in self._narrow.items():
            if n:
                for above in lineage(area[:longest]):
                    wide[above, measure, key] += n
        return {found: n for found, n in wide.items() if n}


@lru_cache(maxsize=50_000)
def lineage(path: str) -> tuple[str, ...]:
    """The path and everything above it: at most five."""
    return tuple(path[:end] for end in (6, 10, 14, 18, 24) if end <= len(path))
