"""Finds requests, services and updates for Open311."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from shared.ports import Rows

WINDOW = timedelta(days=90)
_KINDS = "SELECT code, name, name_en, group_name, keywords, limit_amount, limit_unit FROM intake.issue_types"

_COLUMNS = """
SELECT r.report_id, r.number, r.area, r.state, r.issue_type, r.urgency, r.title, r.words, r.place, r.lat, r.lon,
       r.merged_into, r.reported_at, r.told_openly, r.due_at, r.outcome, r.updated_at,
       k.name AS kind, d.name AS department
FROM intake.reports r
LEFT JOIN intake.issue_types k ON k.code = r.issue_type
LEFT JOIN intake.departments d ON d.code = r.department
"""
_WITHIN = "(%(area)s::text IS NULL OR r.area = %(area)s OR r.area LIKE %(area)s || '.%%')"
_CHOSEN = f"""{_COLUMNS}
WHERE {_WITHIN}
  AND (%(codes)s::text[] IS NULL OR r.issue_type = ANY (%(codes)s::text[]))
  AND (%(is_open)s::boolean IS NULL OR r.is_open = %(is_open)s)
"""
_BY_TIME = f"""{_CHOSEN}
  AND r.reported_at BETWEEN %(since)s AND %(until)s
ORDER BY r.reported_at DESC, r.report_id LIMIT %(limit)s OFFSET %(offset)s
"""
_BY_CHANGE = f"""{_CHOSEN}
  AND r.updated_at BETWEEN %(since)s AND %(until)s
  AND (%(from)s::timestamptz IS NULL OR r.reported_at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR r.reported_at <= %(to)s)
ORDER BY r.updated_at, r.report_id LIMIT %(limit)s OFFSET %(offset)s
"""
_NUMBERED = f"{_COLUMNS} WHERE {_WITHIN} AND r.number = ANY (%(numbers)s) ORDER BY r.reported_at DESC, r.report_id"

_STEPS = """
SELECT m.report_id, r.number, r.told_openly, m.position, m.type, m.note, m.happened_at,
       d.name AS department, d.name_en AS department_en
FROM intake.milestones m
JOIN intake.reports r ON r.report_id = m.report_id
LEFT JOIN intake.departments d ON d.code = m.note ->> 'department'
"""
_STEPS_OF = f"{_STEPS} WHERE m.report_id = ANY (%s::uuid[]) ORDER BY m.position"
_UPDATES = f"""{_STEPS}
WHERE {_WITHIN} AND m.happened_at BETWEEN %(since)s AND %(until)s AND m.type = ANY (%(types)s)
  AND (%(numbers)s::text[] IS NULL OR r.number = ANY (%(numbers)s::text[]))
ORDER BY m.happened_at, m.position LIMIT %(limit)s OFFSET %(offset)s
"""


def kinds(rows: Rows) -> list[dict[str, Any]]:
    """Every issue type that is in use."""
    return rows.query(f"{_KINDS} WHERE NOT is_withdrawn ORDER BY code")


def kind(rows: Rows, code: str) -> dict[str, Any] | None:
    """One issue type."""
    found = rows.query(f"{_KINDS} WHERE code = %s", [code])
    return found[0] if found else None


def districts(rows: Rows) -> list[str]:
    """The codes of the jurisdictions: our districts."""
    return [row["path"] for row in rows.query("SELECT path FROM intake.areas WHERE tier = 1 ORDER BY path")]


def numbered(rows: Rows, area: Area | None, numbers: Sequence[str]) -> list[dict[str, Any]]:
    """The reports with these tracking numbers."""
    return rows.query(_NUMBERED, {"area": None if area is None else area.path, "numbers": list(numbers)})


def chosen(rows: Rows, area: Area | None, query: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The reports that the query describes: newest first, or in order of their last change when it asks for changes.

    Raises Invalid for a span of more than 90 days.
    """
    statuses = set(query["status"] or ())
    values = {
        "area": None if area is None else area.path,
        "codes": query["service_code"],
        "is_open": None if len(statuses) != 1 else "open" in statuses,
        **_page(query),
    }
    if query["updated_after"] is None and query["updated_before"] is None:
        values["since"], values["until"] = span(query["start_date"], query["end_date"], now)
        return rows.query(_BY_TIME, values)
    values["since"], values["until"] = span(query["updated_after"], query["updated_before"], now, "updated_after")
    values["from"], values["to"] = query["start_date"], query["end_date"]
    return rows.query(_BY_CHANGE, values)


def steps_of(rows: Rows, report_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Every milestone of these reports, in order."""
    return rows.query(_STEPS_OF, [list(report_ids)]) if report_ids else []


def updates(
    rows: Rows, area: Area | None, query: dict[str, Any], types: Sequence[str], now: datetime
) -> list[dict[str, Any]]:
    """Milestones of these types, oldest first. Raises Invalid for a span of more than 90 days."""
    since, until = span(query["start_date"], query["end_date"], now)
    return rows.query(
        _UPDATES,
        {
            "area": None if area is None else area.path,
            "since": since,
            "until": until,
            "types": list(types),
            "numbers": query["service_request_id"],
            **_page(query),
        },
    )


def area_names(rows: Rows, paths: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Name and centre of each area."""
    found = rows.query("SELECT path, name, lat, lon FROM intake.areas WHERE path = ANY (%s)", [list(paths)])
    return {row["path"]: row for row in found}


def span(
    start: datetime | None, end: datetime | None, now: datetime, name: str = "start_date"
) -> tuple[datetime, datetime]:
    """From when to when: 90 days where an end is open, the last 90 where both are."""
    if start is None:
        end = end or now
        return end - WINDOW, end
    if end is None:
        return start, start + WINDOW
    if end < start:
        raise Invalid("the time ends before it starts", where=name)
    if end - start > WINDOW:
        raise Invalid("the time may not span more than 90 days", where=name, hint="ask for one part after another")
    return start, end


def _page(query: dict[str, Any]) -> dict[str, int]:
    size: int = query["page_size"]
    return {"limit": size, "offset": size * (query["page"] - 1)}
