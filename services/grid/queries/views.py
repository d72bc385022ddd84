"""The five-level views: an area and each of its children, from counters alone.

One statement, so that all figures of one answer are of one moment. Its cost depends on the number of children, issue
types, departments and days shown; the number of cases is not in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.grid.domain.time import day_of, start_of
from services.grid.queries.figures import DEFINITIONS, Found, figures
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import Rows

DAYS = 30
"""Days shown when nobody asks for another number."""

_MEASURES = ["state", "solved", "problem", "type", "type_open", "department", "dept_open", "limit", "answer"]

_VIEW = """
WITH shown AS (
    SELECT path, name, kind, tier FROM areas WHERE {which}
),
due_today AS MATERIALIZED (
    -- Once for all areas shown: each of them would go through the same rows.
    SELECT area FROM cases
    WHERE awaited AND due_at >= %(midnight)s AND due_at < %(now)s AND left(area, length(%(root)s)) = %(root)s
),
stage_today AS MATERIALIZED (
    SELECT area, stage FROM stage_clocks
    WHERE due_at >= %(midnight)s AND due_at < %(now)s AND left(area, length(%(root)s)) = %(root)s
)
SELECT shown.path, shown.name, shown.kind, counted.counters, due.awaited, due.overdue, stages.late, handling.*
FROM shown,
LATERAL (
    SELECT coalesce(json_object_agg(measure, keys), '{{}}') AS counters
    FROM (SELECT measure, json_object_agg(key, n) AS keys
          FROM (SELECT measure, key, n FROM area_counts
                WHERE area = shown.path AND measure = ANY (%(measures)s)
                UNION ALL
                -- Times spent in steps are shown of the area itself.
                SELECT measure, key, n FROM area_counts
                WHERE area = shown.path AND measure = 'step' AND shown.path = %(root)s
                UNION ALL
                SELECT measure, key, n FROM area_counts
                WHERE area = shown.path AND measure IN ('opened', 'closed')
                  AND key BETWEEN %(first_day)s AND %(today)s) found
          GROUP BY measure) measures
) counted,
LATERAL (
    -- Whole months before this one, whole days of this month before today, and today exactly, from the rows.
    SELECT coalesce(sum(n), 0) AS awaited,
           coalesce(sum(n) FILTER (WHERE key < %(month)s), 0)
           + (SELECT coalesce(sum(n), 0) FROM area_counts
              WHERE area = shown.path AND measure = 'due' AND key >= %(month)s AND key < %(today)s)
           + (SELECT count(*) FROM due_today
              WHERE left(due_today.area, length(shown.path)) = shown.path) AS overdue
    FROM area_counts WHERE area = shown.path AND measure = 'due_month'
) due,
LATERAL (
    SELECT coalesce(json_object_agg(stage, n), '{{}}') AS late
    FROM (SELECT stage, sum(n)::bigint AS n
          FROM (SELECT stage, n FROM stage_counts WHERE area = shown.path AND day < %(today)s
                UNION ALL
                SELECT stage, 1 FROM stage_today WHERE left(stage_today.area, length(shown.path)) = shown.path) ones
          GROUP BY stage) each_stage
) stages,
LATERAL (
    -- The rank is looked for among groups of ten buckets first, then among the ten of the group that holds it.
    SELECT coalesce(max(ten.total), 0) AS handled, max(one.key) FILTER (WHERE ten.share = 0.5) AS median,
           max(one.key) FILTER (WHERE ten.share = 0.9) AS p90
    FROM (SELECT DISTINCT ON (share) share, key, upto - n AS before, total, greatest(1, ceil(share * total)) AS rank
          FROM (SELECT key, n, sum(n) OVER (ORDER BY key) AS upto, sum(n) OVER () AS total
                FROM area_counts WHERE area = shown.path AND measure = 'handling_10') tens,
               (VALUES (0.5), (0.9)) AS wanted (share)
          WHERE upto >= greatest(1, ceil(share * total))
          ORDER BY share, key) ten,
    LATERAL (SELECT key FROM (SELECT key, ten.before + sum(n) OVER (ORDER BY key) AS upto
                              FROM area_counts
                              WHERE area = shown.path AND measure = 'handling'
                                AND key BETWEEN ten.key || '0' AND ten.key || '9') ones
             WHERE upto >= ten.rank ORDER BY key LIMIT 1) one
) handling
ORDER BY shown.tier, shown.path
"""
_PLACE_IN_LOG = """
SELECT position, (SELECT coalesce(max(position), 0) FROM es.feed) AS head
FROM watermarks WHERE projection = 'cases'
"""


def view(rows: Rows, area: Area, now: datetime, days: int = DAYS) -> dict[str, Any]:
    """The area's figures and those of each child. Raises NotFound for an area that does not exist."""
    found = _ask(rows, "path = %(root)s OR parent = %(root)s", now, days, area.path)
    if not found or found[0]["path"] != area.path:
        raise NotFound(str(Wording(f"没有区域 {area}", f"there is no area {area}")), where="area")
    own, *children = found
    return {"area": own, "children": children, **_about(rows, now)}


def all_districts(rows: Rows, within: Area | None, now: datetime, days: int = DAYS) -> dict[str, Any]:
    """Every district's figures; with `within`, the district that it lies in."""
    if within is None:
        found = _ask(rows, "parent IS NULL", now, days, "")
    else:
        found = _ask(rows, "path = %(root)s", now, days, within.district.path)
    return {"areas": found, **_about(rows, now)}


def _ask(rows: Rows, which: str, now: datetime, days: int, root: str) -> list[dict[str, Any]]:
    """The figures of the areas that `which` names; all of them lie in `root`, everything lies in the empty one."""
    today = day_of(now)
    shown = [day_of(now - timedelta(days=back)) for back in reversed(range(days))]
    found = rows.query(
        _VIEW.format(which=which),
        {
            "now": now,
            "midnight": start_of(today),
            "today": today,
            "month": today[:7],
            "first_day": shown[0],
            "measures": _MEASURES,
            "root": root,
        },
    )
    return [_shown(row, shown) for row in found]


def _shown(row: dict[str, Any], days: list[str]) -> dict[str, Any]:
    area = Area(row["path"])
    found = Found(
        counters=row["counters"],
        awaited=int(row["awaited"]),
        overdue=int(row["overdue"]),
        late=row["late"],
        handled=int(row["handled"]),
        median=row["median"],
        p90=row["p90"],
        days=days,
    )
    return {
        "path": area.path,
        "code": area.code,
        "name": row["name"],
        "kind": row["kind"],
        "tier": area.tier.label,
        **figures(found),
    }


def _about(rows: Rows, now: datetime) -> dict[str, Any]:
    """When this was true, how far behind the log it may be, and what the words mean."""
    place = rows.query(_PLACE_IN_LOG)
    position, head = (place[0]["position"], place[0]["head"]) if place else (0, 0)
    return {"at": now, "position": position, "behind": max(0, head - position), "definitions": DEFINITIONS}
