"""Which open reports may be about the same thing, how much so, and why: PostgreSQL gathers, `likeness` compares."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from services.intake.projections import issue_group
from shared.contracts.report import ReportSubmitted
from shared.contracts.shapes import Point
from shared.kernel.area import Area, Tier
from shared.likeness import letters, likeness
from shared.ports import Rows

WITHIN_METRES = 250.0
_METRES_PER_DEGREE = 111_320.0
_GATHERED = 60
_SHOWN = 20
_ENOUGH = 0.45
_TITLES = 0.9
"""Of two long letters about one thing, each tells its own story below the title: like titles nearly suffice."""
_TITLE_SAYS_ENOUGH = 8
"""Characters; shorter titles ("路灯不亮") are alike by chance."""
_LEAST_TEXT_WITHOUT_A_PLACE = 0.45
"""Two reports that only name a whole street may be a kilometre apart: then the words have to be alike."""

_CANDIDATES = """
SELECT report_id, number, area, state, issue_type, title, words, place, lat, lon, reported_at
FROM intake.reports
WHERE is_open AND issue_group = %(group)s AND report_id <> %(report_id)s
  AND (area = %(area)s OR area LIKE %(below)s
       OR (lat BETWEEN %(south)s AND %(north)s AND lon BETWEEN %(west)s AND %(east)s))
ORDER BY public.similarity(title || ' ' || words, %(text)s) DESC, reported_at DESC
LIMIT %(limit)s
"""

_ONE_CLUSTER = 0.55
_PER_PLACE = 200

# The place is the residents' group where one is known, else whatever was told.
_NEWEST = """
SELECT report_id, number, state, issue_type, issue_group, title, words, home FROM (
    SELECT *, row_number() OVER (PARTITION BY issue_group, home ORDER BY reported_at DESC) AS nth FROM (
        SELECT *, left(area, 18) AS home FROM intake.reports
        WHERE is_open AND (%(area)s::text IS NULL OR area = %(area)s OR area LIKE %(area)s || '.%%')
    ) placed
) counted
WHERE nth <= %(limit)s
ORDER BY issue_group, home, reported_at, report_id
"""


@dataclass(frozen=True, slots=True)
class Nearness:
    """How close two reports lie, from 0 to 1, and in which words."""

    score: float
    zh: str
    en: str


def candidates(
    rows: Rows, told: ReportSubmitted, area: Area, beside: Iterable[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Open reports of the same group of issue types, near the same place, most alike first; scores from 0 to 1.

    `beside` are reports of a moment ago, which the tables do not know yet.
    """
    home = area.at(Tier.GROUP) or area
    south, north, west, east = _box(told.point)
    gathered = rows.query(
        _CANDIDATES,
        {
            "group": issue_group(told.issue_type),
            "report_id": str(told.report_id),
            "area": home.path,
            # A street as a whole is no place: only what names the same street, and nothing finer, is compared.
            "below": f"{home.path}.%" if area.tier >= Tier.GROUP else "",
            "south": south,
            "north": north,
            "west": west,
            "east": east,
            "text": f"{told.title} {told.words}",
            "limit": _GATHERED,
        },
    )
    known = {str(row["report_id"]) for row in gathered} | {str(told.report_id)}
    gathered += [row for row in beside if str(row["report_id"]) not in known and _is_like(told, row)]
    found = [judged for row in gathered if (judged := _judge(told, area, row)) is not None]
    return sorted(found, key=lambda one: -one["score"])[:_SHOWN]


def _is_like(told: ReportSubmitted, row: dict[str, Any]) -> bool:
    return issue_group(told.issue_type) == issue_group(row["issue_type"])


def clusters(rows: Rows, area: Area | None) -> list[dict[str, Any]]:
    """Groups of open reports that tell of the same thing in the same place, the largest first.

    What one desk would have to find pair by pair: the wires of one building, the pipes of one street. Looks at the
    newest reports of each place and kind only, as many as a person could deal with.
    """
    found = rows.query(_NEWEST, {"area": None if area is None else area.path, "limit": _PER_PLACE})
    groups: list[list[dict[str, Any]]] = []
    for _, together in groupby(found, key=lambda row: (row["issue_group"], row["home"])):
        groups += _alike(list(together))
    largest = sorted(groups, key=len, reverse=True)[:_SHOWN]
    return [
        {
            "size": len(group),
            "area": group[0]["home"],
            "issue_type": group[0]["issue_type"],
            "title": group[0]["title"],
            "reports": [{name: row[name] for name in ("report_id", "number", "title", "state")} for row in group],
        }
        for group in largest
    ]


def _alike(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Each report joins the first group that its words are like; groups of one are none."""
    groups: list[list[dict[str, Any]]] = []
    for row in rows:
        text = f"{row['title']} {row['words']}"
        for group in groups:
            if likeness(text, f"{group[0]['title']} {group[0]['words']}") >= _ONE_CLUSTER:
                group.append(row)
                break
        else:
            groups.append([row])
    return [group for group in groups if len(group) > 1]


def _judge(told: ReportSubmitted, area: Area, row: dict[str, Any]) -> dict[str, Any] | None:
    point = None if row["lat"] is None else Point(lat=row["lat"], lon=row["lon"])
    near = nearness(area, told.point, Area(row["area"]), point)
    if near is None:
        return None
    alike = max(
        likeness(f"{told.title} {told.words}", f"{row['title']} {row['words']}"),
        _TITLES * _titles_alike(told.title, row["title"]),
    )
    same_kind = told.issue_type == row["issue_type"]
    score = 0.55 * alike + 0.3 * near.score + (0.15 if same_kind else 0.0)
    vague = near.score < 0.5 and alike < _LEAST_TEXT_WITHOUT_A_PLACE
    if score < _ENOUGH or vague:
        return None
    kind = ("同一事项类别", "same issue type") if same_kind else ("同一大类", "same group of issue types")
    percent = round(alike * 100)
    return {
        "report_id": row["report_id"],
        "number": row["number"],
        "area": row["area"],
        "state": row["state"],
        "issue_type": row["issue_type"],
        "title": row["title"],
        "words": row["words"],
        "place": row["place"],
        "reported_at": row["reported_at"],
        "score": round(score, 3),
        "why": [
            {"zh": kind[0], "en": kind[1]},
            {"zh": near.zh, "en": near.en},
            {"zh": f"文字相似度 {percent}%", "en": f"words are {percent}% alike"},
        ],
    }


def nearness(here: Area, here_point: Point | None, there: Area, there_point: Point | None) -> Nearness | None:
    """How near two reports are; None when they are near in no way. Two points that are near say more than any area."""
    if here_point is not None and there_point is not None:
        metres = distance(here_point, there_point)
        if metres <= WITHIN_METRES:
            return Nearness(1 - metres / (2 * WITHIN_METRES), f"相距 {metres:.0f} 米", f"{metres:.0f} m apart")
    if here == there:
        if here.tier is Tier.BUILDING:
            return Nearness(1.0, "同一楼栋", "same building")
        if here.tier is not Tier.GROUP:
            return Nearness(0.3, f"同一{here.tier.zh}，地点未细化", f"same {here.tier.label}, no finer place known")
    home = here.at(Tier.GROUP)
    if home is not None and home == there.at(Tier.GROUP):
        return Nearness(0.7, "同一居民小组", "same residents' group")
    return None


def _titles_alike(one: str, other: str) -> float:
    if min(len(letters(one)), len(letters(other))) < _TITLE_SAYS_ENOUGH:
        return 0.0
    return likeness(one, other)


def distance(one: Point, other: Point) -> float:
    """Metres between two points that are near each other."""
    north = (one.lat - other.lat) * _METRES_PER_DEGREE
    east = (one.lon - other.lon) * _METRES_PER_DEGREE * math.cos(math.radians((one.lat + other.lat) / 2))
    return math.hypot(north, east)


def _box(point: Point | None) -> tuple[float | None, float | None, float | None, float | None]:
    """South, north, west and east of everything within reach; four times nothing without a point."""
    if point is None:
        return None, None, None, None
    up = WITHIN_METRES / _METRES_PER_DEGREE
    wide = up / max(0.01, math.cos(math.radians(point.lat)))
    return point.lat - up, point.lat + up, point.lon - wide, point.lon + wide
