"""How much time is left as people read it: counted time, and which colour it has."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.contracts.shapes import Unit
from shared.kernel.errors import WujiError
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import counted

Json = dict[str, Any]
_MINUTE = timedelta(minutes=1)
_SOON = timedelta(days=1)


def remaining(row: Json, calendar: Calendar, at: datetime) -> Json:
    """Kind of light, minutes left or over, and whether nights count, of a row with `due_at` and its clock's columns."""
    due_at: datetime | None = row["due_at"]
    if due_at is None or not row["is_running"]:
        return {"kind": "idle", "paused": row["is_paused"], "late": False, "minutes": None, "working": False}
    working = row["is_counted"] is not False
    late = due_at < at
    minutes = _minutes(min(at, due_at), max(at, due_at), working, calendar)
    warn_at: datetime = row["warn_at"] or due_at - _SOON
    kind = "idle" if row["is_paused"] else "bad" if late else "warn" if warn_at <= at else "good"
    return {"kind": kind, "paused": row["is_paused"], "late": late, "minutes": minutes, "working": working}


def _minutes(start: datetime, end: datetime, working: bool, calendar: Calendar) -> int | None:
    """None where the calendar of that year was not published."""
    unit = Unit.WORKING_HOURS if working else Unit.URGENT_HOURS
    try:
        return int(counted(start, end, unit, calendar) / _MINUTE)
    except WujiError:
        return None
