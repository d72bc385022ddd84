"""The open pool: what is free to claim, and what somebody has claimed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.kernel.area import Area
from shared.ports import Rows
from shared.security import permission
from shared.security.permission import Asker

Json = dict[str, Any]

_FREE = """
SELECT p.case_id, p.task_id, c.number, c.area, c.issue_type, c.urgency, c.title, c.place, p.what, p.claim_hours,
       c.state, p.due_at, p.offered_at, p.expires_at
FROM pool p JOIN cases c USING (case_id)
WHERE p.is_pooled AND {whose} AND (%(area)s IS NULL OR c.area = %(area)s OR c.area LIKE %(below)s)
ORDER BY coalesce(p.due_at, 'infinity'), p.case_id
LIMIT %(limit)s
"""
_ANYBODYS = "(c.state IN ('dispatched', 'rework') OR (c.state = 'handling' AND p.expires_at <= %(at)s))"
_MINE = "c.state = 'handling' AND p.claimed_by = %(who)s AND p.expires_at > %(at)s"


def open_pool(rows: Rows, asker: Asker, area: Area | None, mine: bool, limit: int, at: datetime) -> Json:
    """Tasks of the pool, the nearest due time first. Raises Forbidden for an area that the asker does not serve."""
    if area is not None:
        permission.require(asker, action_area=area)
    place = area or asker.area
    values = {
        "area": None if place is None else place.path,
        "below": None if place is None else f"{place.path}.%",
        "who": asker.id,
        "at": at,
        "limit": limit,
    }
    return {"tasks": rows.query(_FREE.format(whose=_MINE if mine else _ANYBODYS), values)}
