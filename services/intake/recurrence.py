"""The same issue in the same place again, not long after it was closed: what was mended did not last (长效).

The same place is the same building, or a point not further away than a few steps.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from services.intake.duplicates import distance
from shared.contracts.shapes import Point
from shared.kernel.area import Area, Tier
from shared.ports import Rows

WITHIN_DAYS = 90
WITHIN_METRES = 50.0
_DEGREES = WITHIN_METRES / 111_320.0
_MOST = 1_000

# A point's box is made a little too wide to the east; the metres are then counted one by one.
_PAIRS = """
SELECT n.report_id, n.number, n.title, n.issue_type, n.area, n.lat, n.lon, n.reported_at,
       p.report_id AS before_id, p.number AS before_number, p.lat AS before_lat, p.lon AS before_lon, p.closed_at,
       p.area AS before_area
FROM intake.reports n CROSS JOIN LATERAL (
    SELECT * FROM intake.reports p
    WHERE p.issue_type = n.issue_type AND p.area = n.area AND length(n.area) = %(building)s
      AND p.closed_at IS NOT NULL AND p.closed_at <= n.reported_at AND p.closed_at > n.reported_at - %(within)s
    UNION
    SELECT * FROM intake.reports p
    WHERE p.issue_type = n.issue_type AND p.closed_at IS NOT NULL AND p.lat IS NOT NULL
      AND p.lat BETWEEN n.lat - %(degrees)s AND n.lat + %(degrees)s
      AND p.lon BETWEEN n.lon - 3 * %(degrees)s AND n.lon + 3 * %(degrees)s
      AND p.closed_at <= n.reported_at AND p.closed_at > n.reported_at - %(within)s
) p
WHERE p.report_id <> n.report_id AND n.merged_into IS NULL AND n.state <> 'rejected'
"""
_OF_ONE = f"{_PAIRS} AND n.report_id = %(report_id)s ORDER BY p.closed_at DESC LIMIT %(most)s"
_OF_AREA = f"""
{_PAIRS}
AND n.reported_at >= %(since)s AND (%(area)s::text IS NULL OR n.area = %(area)s OR n.area LIKE %(area)s || '.%%')
ORDER BY n.issue_type, n.area, n.reported_at, n.report_id, p.closed_at DESC LIMIT %(most)s
"""
_CLOSED = """
SELECT count(*) AS closed FROM intake.reports
WHERE closed_at >= %(since)s AND (%(area)s::text IS NULL OR area = %(area)s OR area LIKE %(area)s || '.%%')
"""
_BUILDING = len("530103.004.012.003.00007")


def earlier(rows: Rows, report_id: UUID, days: int = WITHIN_DAYS) -> list[dict[str, Any]]:
    """The same issue in the same place before this report, closed within so many days before it, newest first."""
    found = rows.query(_OF_ONE, {**_frame(days), "report_id": str(report_id)})
    return [_said(pair) for pair in found if _is_near(pair)]


def recurring(rows: Rows, area: Area | None, since: datetime, days: int) -> dict[str, Any]:
    """Every place of the area with an issue that came back, those that came back most often first; and how large a
    share of what was closed in that time that is."""
    where = {"area": None if area is None else area.path, "since": since}
    pairs = [pair for pair in rows.query(_OF_AREA, _frame(days) | where) if _is_near(pair)]
    closed: int = rows.query(_CLOSED, where)[0]["closed"]
    again = {str(pair["report_id"]) for pair in pairs}
    places = [
        _place(issue_type, path, list(group))
        for (issue_type, path), group in groupby(pairs, key=lambda pair: (pair["issue_type"], pair["area"]))
    ]
    return {
        "closed": closed,
        "recurred": len(again),
        "rate": round(len(again) / closed, 4) if closed else None,
        "places": sorted(places, key=lambda place: -place["times"]),
    }


def _place(issue_type: str, path: str, pairs: list[dict[str, Any]]) -> dict[str, Any]:
    reports = {
        str(pair["report_id"]): {name: pair[name] for name in ("report_id", "number", "title", "reported_at")}
        | {"before": _said(pair)}
        for pair in reversed(pairs)
    }
    return {"issue_type": issue_type, "area": path, "times": len(reports), "reports": list(reports.values())}


def _said(pair: dict[str, Any]) -> dict[str, Any]:
    days = (pair["reported_at"] - pair["closed_at"]).days
    near = ("同一楼栋", "same building") if _metres(pair) is None else (f"相距 {_metres(pair):.0f} 米", "same place")
    return {
        "report_id": pair["before_id"],
        "number": pair["before_number"],
        "closed_at": pair["closed_at"],
        "days": days,
        "zh": f"{near[0]}同类问题 {days} 天前刚办结",
        "en": f"{near[1]}: the same kind of issue was closed {days} days before",
    }


def _is_near(pair: dict[str, Any]) -> bool:
    metres = _metres(pair)
    if metres is not None and metres <= WITHIN_METRES:
        return True
    return bool(pair["area"] == pair["before_area"] and Area(pair["area"]).tier is Tier.BUILDING)


def _metres(pair: dict[str, Any]) -> float | None:
    if pair["lat"] is None or pair["before_lat"] is None:
        return None
    here = Point(lat=pair["lat"], lon=pair["lon"])
    return distance(here, Point(lat=pair["before_lat"], lon=pair["before_lon"]))


def _frame(days: int) -> dict[str, Any]:
    return {"building": _BUILDING, "within": timedelta(days=days), "degrees": _DEGREES, "most": _MOST}
