"""The five-level views: an area and each of its children, from counters alone.

One statement, so that all figures of one answer are of one moment. Its cost depends on the number of children, issue
types, departments and days shown; the number of cases is not in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.grid.domain.time import day_of, start_of
from services.grid.queries.figures import DEFINITIONS, figures
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import Rows

DAYS = 30
"""Days shown when nobody asks for another number."""

_BY_DAY = ["opened", "closed"]
_ALWAYS = [
    "state", "type", "type_open", "department", "dept_open", "due", "on_time", "late", "unlimited", "answer",
]  # fmt: skip

_VIEW = """
WITH shown AS (
    SELECT path, parent, name, kind, tier FROM areas WHERE {which}
)
SELECT shown.path, shown.parent, shown.name, shown.kind, shown.tier, counted.counters,
       (SELECT count(*) FROM cases
        WHERE awaited AND due_at >= %(midnight)s AND due_at < %(now)s
          AND left(cases.area, length(shown.path)) = shown.path) AS due_today
FROM shown, LATERAL (
    SELECT coalesce(json_object_agg(measure, keys), '{{}}') AS counters
    FROM (SELECT measure, json_object_agg(key, n) AS keys
          FROM (SELECT measure, key, n FROM area_counts
                WHERE area = shown.path AND measure = ANY (%(always)s)
                UNION ALL
                SELECT measure, key, n FROM area_counts
                WHERE area = shown.path AND measure = ANY (%(by_day)s) AND key >= %(since)s) found
          GROUP BY measure) measures
) counted
ORDER BY shown.tier, shown.path
"""
_PLACE_IN_LOG = """
SELECT position, (SELECT coalesce(max(position), 0) FROM es.feed) AS head
FROM watermarks WHERE projection = 'cases'
"""


def view(rows: Rows, area: Area, now: datetime, days: int = DAYS) -> dict[str, Any]:
    """The area's figures and those of each child. Raises NotFound for an area that does not exist."""
    found = _ask(rows, "path = %(area)s OR parent = %(area)s", now, days, area=area.path)
    if not found or found[0]["path"] != area.path:
        raise NotFound(str(Wording(f"没有区域 {area}", f"there is no area {area}")), where="area")
    own, *children = (_shown(row, now) for row in found)
    return {"area": own, "children": children, **_about(rows, now)}


def all_districts(rows: Rows, within: Area | None, now: datetime, days: int = DAYS) -> dict[str, Any]:
    """Every district's figures; with `within`, the district that it lies in."""
    if within is None:
        found = _ask(rows, "parent IS NULL", now, days)
    else:
        found = _ask(rows, "path = %(area)s", now, days, area=within.district.path)
    return {"areas": [_shown(row, now) for row in found], **_about(rows, now)}


def _ask(rows: Rows, which: str, now: datetime, days: int, **more: Any) -> list[dict[str, Any]]:
    today = day_of(now)
    return rows.query(
        _VIEW.format(which=which),
        {
            "now": now,
            "midnight": start_of(today),
            "since": day_of(now - timedelta(days=days - 1)),
            "always": _ALWAYS,
            "by_day": _BY_DAY,
            **more,
        },
    )


def _shown(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "path": row["path"],
        "code": row["path"].replace(".", ""),
        "name": row["name"],
        "kind": row["kind"],
        "tier": Area(row["path"]).tier.label,
        **figures(row["counters"], day_of(now), row["due_today"]),
    }


def _about(rows: Rows, now: datetime) -> dict[str, Any]:
    """When this was true, how far behind the log it may be, and what the words mean."""
    place = rows.query(_PLACE_IN_LOG)
    position, head = (place[0]["position"], place[0]["head"]) if place else (0, 0)
    return {"at": now, "position": position, "behind": max(0, head - position), "definitions": DEFINITIONS}
