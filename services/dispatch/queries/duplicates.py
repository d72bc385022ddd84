"""Open cases that may be about the same thing as this one, and those merged into it: suggested, never done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.dispatch.domain.evolve import evolve
from services.dispatch.handlers import case_stream
from shared.handling import fold
from shared.kernel.area import Area, Tier
from shared.kernel.case_states import State
from shared.kernel.wording import Wording
from shared.likeness import likeness
from shared.ports import EventLog, Rows

Json = dict[str, Any]

WITHIN = timedelta(days=14)
_GATHERED, _SHOWN = 60, 6
_ENOUGH = 0.5
MERGEABLE = (State.FILED.value, State.RETURNED.value)

# Of the same residents' group where it is known, and what is known no nearer than its community.
_CANDIDATES = """
SELECT case_id, number, area, title, place, state, department, reported_at
FROM cases
WHERE is_open AND issue_type = %(issue_type)s AND case_id <> %(case_id)s
  AND (area = ANY(%(around)s) OR area LIKE %(inside)s)
  AND reported_at BETWEEN %(since)s AND %(until)s
ORDER BY public.similarity(title, %(title)s) DESC, reported_at DESC, case_id LIMIT %(limit)s
"""
_MERGED = "SELECT case_id, number, title, reported_at FROM cases WHERE merged_into = %s ORDER BY number"
_BY_NUMBER = "SELECT case_id FROM cases WHERE number = %s"


def candidates(rows: Rows, case: Json) -> list[Json]:
    """The most alike first, each with a score from 0 to 1, why, and whether it is the earlier one of the two."""
    area = Area(str(case["area"]))
    home = area.at(Tier.GROUP) or area
    community = area.at(Tier.COMMUNITY)
    values = {
        "case_id": str(case["case_id"]),
        "issue_type": case["issue_type"],
        "title": case["title"],
        "around": [home.path, *([community.path] if community is not None else [])],
        "inside": f"{home.path}.%",
        "since": case["reported_at"] - WITHIN,
        "until": case["reported_at"] + WITHIN,
        "limit": _GATHERED,
    }
    judged = [_judged(case, area, row) for row in rows.query(_CANDIDATES, values)]
    return sorted((one for one in judged if one["score"] >= _ENOUGH), key=lambda one: -one["score"])[:_SHOWN]


def _judged(case: Json, area: Area, row: Json) -> Json:
    alike = likeness(f"{case['title']}{case['place'] or ''}", f"{row['title']}{row['place'] or ''}")
    near, where = _nearness(area, Area(row["area"]))
    own, other = (case["reported_at"], str(case["case_id"])), (row["reported_at"], str(row["case_id"]))
    percent = round(alike * 100)
    why = Wording(f"{where.zh}，文字相似 {percent}%", f"{where.en}, words {percent}% alike")
    return {**row, "score": round(0.6 * alike + 0.4 * near, 3), "why": why, "is_earlier": other < own}


def _nearness(here: Area, there: Area) -> tuple[float, Wording]:
    if here == there:
        return (1.0 if here.tier >= Tier.GROUP else 0.6), Wording(f"同一{here.tier.zh}", f"same {here.tier.label}")
    if here.at(Tier.GROUP) is not None and here.at(Tier.GROUP) == there.at(Tier.GROUP):
        return 0.8, Wording("同一居民小组", "same residents' group")
    return 0.5, Wording("同一社区", "same community")


def merged(log: EventLog, rows: Rows, case_id: UUID, just_now: UUID | None) -> list[Json]:
    """The cases that were merged into this one; the one of a moment ago is read from the log."""
    found = rows.query(_MERGED, [str(case_id)])
    if just_now is None:
        return found
    # The list may not know yet that it came, or that it went.
    others = [row for row in found if str(row["case_id"]) != str(just_now)]
    case = fold(log.stream(case_stream(just_now)), evolve)
    if case is None or case.merged_into != case_id:
        return others
    told = {"number": case.filed.number, "title": case.filed.title, "reported_at": case.filed.reported_at}
    return sorted([*others, {"case_id": just_now, **told}], key=lambda row: str(row["number"]))


def by_number(rows: Rows, number: str) -> UUID | None:
    """The case of that number."""
    found = rows.query(_BY_NUMBER, [number])
    return UUID(str(found[0]["case_id"])) if found else None
