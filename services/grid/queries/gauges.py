"""Figures for the metrics: open and overdue cases by street, vacant posts by kind, checks and duty as a whole."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from services.grid.domain.staffing import Households, total
from services.grid.domain.time import day_of, start_of
from services.grid.queries.staffing import staffed_grids
from shared.kernel.case_states import SETTLED
from shared.ports import Rows

_STREETS = """
SELECT path,
       (SELECT coalesce(sum(n), 0) FROM area_counts
        WHERE area = path AND measure = 'state' AND split_part(key, ' ', 1) <> ALL (%(settled)s)) AS open,
       (SELECT coalesce(sum(n), 0) FROM area_counts WHERE area = path AND measure = 'due' AND key < %(today)s)
       + (SELECT count(*) FROM cases
          WHERE awaited AND due_at >= %(midnight)s AND due_at < %(now)s AND left(cases.area, 10) = path) AS overdue
FROM areas WHERE tier = 2
"""


def by_street(rows: Rows, now: datetime) -> list[dict[str, Any]]:
    """`path`, `open` and `overdue` of every street."""
    today = day_of(now)
    settled = sorted(state.value for state in SETTLED)
    return rows.query(_STREETS, {"settled": settled, "today": today, "midnight": start_of(today), "now": now})


def vacancies(rows: Rows, on: date) -> tuple[dict[str, int], int]:
    """(post → how many grids lack somebody there, grids that have nobody of their own) in the whole municipality."""
    found = total(staffed_grids(rows, None, on), Households())
    return {post.value: n for post, n in found.vacant.items()}, found.without_person


def duty(rows: Rows, now: datetime) -> dict[str, int]:
    """`checks` that wait, `silent` posts, and posts that are `empty` now."""
    found = rows.query(
        "SELECT (SELECT count(*) FROM checks WHERE outcome IS NULL) AS checks,"
        " count(*) FILTER (WHERE silent_since IS NOT NULL) AS silent,"
        " count(*) FILTER (WHERE around_the_clock AND NOT EXISTS ("
        "  SELECT FROM duty_shifts s WHERE s.post_id = p.post_id AND s.cancelled IS NULL"
        "  AND s.starts_at <= %(now)s AND s.ends_at > %(now)s)) AS empty"
        " FROM duty_posts p WHERE closed_at IS NULL AND since <= %(now)s",
        {"now": now},
    )
    return dict(found[0])
