"""What somebody is to look at: pending checks of an area by their deadline, and what is known of one of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.check import CheckRequested, SpotCheckOrdered
from shared.contracts.envelope import Recorded
from shared.contracts.report import ReportSubmitted
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import EventLog, Rows
from shared.security.permission import Asker

Json = dict[str, Any]
MOST = 100
_SOON = timedelta(hours=8)
_PENDING = """
SELECT c.check_id, c.case_id, c.area, c.kind, c.assigned_to, c.attempt, c.requested_at, c.department,
       k.number, k.title, k.issue_type, t.due_at, t.warn_at, t.because, a.lat, a.lon, a.name AS place
FROM checks c LEFT JOIN cases k USING (case_id) LEFT JOIN check_times t ON t.case_id = c.case_id AND c.kind = 'check'
     LEFT JOIN areas a ON a.path = c.area
WHERE c.outcome IS NULL
  AND (%(area)s::text IS NULL OR left(c.area, length(%(area)s)) = %(area)s)
  AND (%(person)s::text IS NULL OR c.assigned_to IS NULL OR c.assigned_to = %(person)s)
ORDER BY coalesce(t.due_at, c.requested_at), c.check_id LIMIT %(most)s
"""
_BEFORE = {"report.submitted": "photos", "report.verified": "photos", "report.self_handled": "before"}
_AFTER = {"report.self_handled": "after", "task.responded": "evidence", "task.part_responded": "evidence"}
_PHOTO = "photo:"


def pending(rows: Rows, asker: Asker, at: datetime, *, mine: bool) -> list[Json]:
    """Checks that wait in the asker's area, the nearest deadline first; `mine`: without those of other people."""
    area = None if asker.area is None else asker.area.path
    found = rows.query(_PENDING, {"area": area, "person": asker.id if mine else None, "most": MOST})
    return [{**row, "kind_of_light": _kind(row, at)} for row in found]


def _kind(row: Json, at: datetime) -> str:
    due_at: datetime | None = row["due_at"]
    if due_at is None:
        return "idle"
    if due_at < at:
        return "bad"
    return "warn" if (row["warn_at"] or due_at - _SOON) <= at else "good"


def one(log: EventLog, check_id: UUID) -> tuple[Area, Json]:
    """(where it lies, the check with its case: what was told, who answered what, photos). Raises NotFound."""
    own = log.stream(f"check-{check_id}")
    if not own:
        raise NotFound(str(Wording("没有这项核查", "there is no such check")))
    first: CheckRequested | SpotCheckOrdered = own[0].event
    history = log.about(first.case_id)
    answered = next((found for found in own if found.type.endswith((".passed", ".failed"))), None)
    told = next((found.event for found in history if isinstance(found.event, ReportSubmitted)), None)
    return own[0].area, {
        "check_id": check_id,
        "case_id": first.case_id,
        "kind": "spot" if isinstance(first, SpotCheckOrdered) else "check",
        "attempt": first.attempt,
        "told": told,
        "filed": next((found.event for found in history if found.type in ("case.filed", "case.self_handled")), None),
        "answers": [_answer(found) for found in history if found.type in ("task.responded", "task.part_responded")],
        "photos": {"before": _photos(history, _BEFORE), "after": _photos(history, _AFTER)},
        "outcome": None if answered is None else answered.type.rpartition(".")[2],
        "answered": answered,
    }


def _answer(found: Recorded[Any]) -> Json:
    event = found.event
    return {"task_id": event.task_id, "department": event.department, "answer": event.answer, "at": found.occurred_at}


def _photos(history: list[Recorded[Any]], carriers: dict[str, str]) -> list[str]:
    named: dict[str, None] = {}
    for found in history:
        for reference in getattr(found.event, carriers.get(found.type, ""), None) or ():
            if reference.startswith(_PHOTO):
                named[reference.removeprefix(_PHOTO)] = None
    return list(named)
