"""Figures for the metrics: open and overdue cases by street."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.grid.domain.time import day_of, start_of
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
