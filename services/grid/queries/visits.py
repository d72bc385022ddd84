"""Visits looked up: lists, what waits for an answer, and the shares of households visited and met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.grid.domain.staffing import GridPlace, takes_in
from services.grid.queries.staffing import grids_on
from shared.kernel.area import Area
from shared.ports import Rows

_COLUMNS = """
visit_id, area, grid, household, day, visited_at, recorded_at, visitor, met, outcome, words, report_id, reply_due_at,
replied_at, reply, on_time, satisfaction
"""
# A household is its number in its area: the same number in another building is another household.
_BY_GRID = """
SELECT grid, sum(visits)::integer AS visits, sum(met)::integer AS met,
       count(*)::integer AS households_visited, count(*) FILTER (WHERE met > 0)::integer AS households_met,
       sum(handled_on_site)::integer AS handled_on_site, sum(reported)::integer AS reported,
       sum(replies_owed)::integer AS replies_owed, sum(replies_on_time)::integer AS replies_on_time,
       sum(replies_overdue)::integer AS replies_overdue, sum(ratings)::integer AS ratings,
       sum(satisfied)::integer AS satisfied
FROM (SELECT grid, count(*) AS visits, count(*) FILTER (WHERE met) AS met,
             count(*) FILTER (WHERE outcome = 'handled') AS handled_on_site,
             count(*) FILTER (WHERE outcome = 'reported') AS reported,
             count(reply_due_at) AS replies_owed,
             count(*) FILTER (WHERE on_time) AS replies_on_time,
             count(*) FILTER (WHERE replied_at IS NULL AND reply_due_at < %(now)s) AS replies_overdue,
             count(satisfaction) AS ratings,
             count(*) FILTER (WHERE satisfaction IN ('satisfied', 'fairly_satisfied')) AS satisfied
      FROM visits
      WHERE day >= %(first)s AND day <= %(last)s AND {where}
      GROUP BY grid, area, household) households
GROUP BY grid ORDER BY grid
"""
_SUMS = ("visits", "met", "households_visited", "households_met", "handled_on_site", "reported", "replies_owed",
         "replies_on_time", "replies_overdue", "ratings", "satisfied")  # fmt: skip

DEFINITIONS = {
    "day": "走访当天（现场时间），不是上传的那天 / the day in the field, not the day on which it was sent",
    "met_share": "见面率：见到人的走访 ÷ 全部走访 / visits at which somebody was met ÷ visits",
    "coverage": "走访覆盖率：期内走访过的户数 ÷ 网格户数 / households visited in the window ÷ households of the grids",
    "met_coverage": "见面覆盖率：期内见到人的户数 ÷ 网格户数 / households met in the window ÷ households of the grids",
    "reply_share": "按时回复率：按时回复 ÷ 应回复 / answered in time ÷ answers owed",
    "satisfied_share": "满意率：满意与基本满意 ÷ 评价 / satisfied and fairly satisfied ÷ ratings",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which visits; what is None does not matter."""

    within: Area | None
    grid: str | None = None
    waiting: bool | None = None
    """Whether an answer is owed and has not come."""
    visitor: str | None = None
    after: UUID | None = None
    limit: int = 50


def visits(rows: Rows, wanted: Wanted) -> dict[str, Any]:
    """Newest first by the time in the field, page by page."""
    found = rows.query(
        f"SELECT {_COLUMNS} FROM visits"
        " WHERE (%(area)s::text IS NULL OR left(area, length(%(area)s)) = %(area)s)"
        " AND (%(grid)s::text IS NULL OR grid = %(grid)s)"
        " AND (%(visitor)s::text IS NULL OR visitor = %(visitor)s)"
        " AND (%(waiting)s::boolean IS NULL"
        "      OR (reply_due_at IS NOT NULL AND replied_at IS NULL) = %(waiting)s)"
        " AND (%(after)s::uuid IS NULL OR (visited_at, visit_id)"
        "      < (SELECT visited_at, visit_id FROM visits WHERE visit_id = %(after)s::uuid))"
        " ORDER BY visited_at DESC, visit_id DESC LIMIT %(limit)s",
        {
            "area": wanted.within and wanted.within.path,
            "grid": wanted.grid,
            "visitor": wanted.visitor,
            "waiting": wanted.waiting,
            "after": wanted.after and str(wanted.after),
            "limit": wanted.limit + 1,
        },
    )
    page = found[: wanted.limit]
    return {"visits": page, "next": page[-1]["visit_id"] if len(found) > wanted.limit else None}


def rates(rows: Rows, within: Area | None, grid: str | None, first: date, last: date, now: datetime) -> dict[str, Any]:
    """Of the area's grids (or the one), each and all together: visits, households met, answers, ratings."""
    where, path = "true", None if within is None else within.path
    if grid is not None:
        where = "grid = %(grid)s"
    elif path is not None:
        # One of these has an index, whatever the tier.
        start = {6: "true", 10: "left(area, 10) = %(area)s"}.get(len(path), "community = left(%(area)s, 14)")
        where = f"{start} AND left(area, length(%(area)s)) = %(area)s"
    found = rows.query(
        _BY_GRID.format(where=where), {"area": path, "grid": grid, "first": first, "last": last, "now": now}
    )
    drawn = {one.code: one for one in grids_on(rows, within, last) if grid is None or one.code == grid}
    counted = {row["grid"]: row for row in found}
    shown = [_rate(code, place.name, place.households, counted.pop(code, None)) for code, place in drawn.items()]
    # What happened in no grid that is drawn here still happened.
    shown += [_rate(code, None, 0, row) for code, row in counted.items()]
    return {
        "area": path,
        "first": first,
        "last": last,
        "all": _rate(None, None, sum(place.households for place in drawn.values()), _together(found)),
        "by_grid": shown,
        "definitions": DEFINITIONS,
    }


def grid_of(rows: Rows, area: Area, on: date) -> str | None:
    """The one grid that takes the area in; None when there is none, or several."""
    found = [one.code for one in grids_on(rows, area, on) if _holds(one, area)]
    return found[0] if len(found) == 1 else None


def waiting_too_long(rows: Rows, now: datetime, limit: int) -> list[UUID]:
    """Visits whose answer is overdue, of which nobody was told yet."""
    found = rows.query(
        "SELECT visit_id FROM visits WHERE reply_due_at < %(now)s AND replied_at IS NULL AND NOT told_overdue"
        " ORDER BY reply_due_at LIMIT %(limit)s",
        {"now": now, "limit": limit},
    )
    return [UUID(row["visit_id"]) for row in found]


def _holds(grid: GridPlace, area: Area) -> bool:
    if not grid.covers:
        return area.is_within(Area(grid.community))
    return takes_in(grid, area.path) and any(area.is_within(Area(one)) for one in grid.covers)


def _together(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: sum(row[name] for row in found) for name in _SUMS}


def _rate(code: str | None, name: str | None, households: int, row: dict[str, Any] | None) -> dict[str, Any]:
    n = {one: 0 if row is None else row[one] for one in _SUMS}
    return {
        "grid": code,
        "name": name,
        "households": households,
        **n,
        "met_share": _share(n["met"], n["visits"]),
        "coverage": _share(n["households_visited"], households),
        "met_coverage": _share(n["households_met"], households),
        "reply_share": _share(n["replies_on_time"], n["replies_owed"]),
        "satisfied_share": _share(n["satisfied"], n["ratings"]),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
