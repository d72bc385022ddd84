"""The clocks of one issue as they stand this moment, and the escalations that nobody has acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.dispatch.clocks.book import Book, Clock
from services.dispatch.clocks.keep import clock_stream
from services.dispatch.clocks.ladder import RUNG_WORDS
from shared.contracts.clock import EscalationRaised, Rung
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, NotFound
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import counted
from shared.ports import EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker
from shared.web.paging import place, read_place

Json = dict[str, Any]

_MINUTE = timedelta(minutes=1)
_OPEN = """
SELECT escalation_id, clock_id, case_id, rung, stage, department, target_area, target_post, because, due_at, raised_at,
       false AS is_acknowledged
FROM escalations
WHERE is_open AND {conditions}
ORDER BY raised_at DESC, escalation_id DESC
LIMIT %(limit)s
"""


def clocks_of(log: EventLog, case_id: UUID, asker: Asker, calendar: Calendar, at: datetime) -> Json:
    """Every clock of the issue, in the order in which they started. Raises NotFound, or Forbidden."""
    history = log.stream(clock_stream(case_id))
    if not history:
        raise NotFound(str(Wording(f"没有案件 {case_id} 的计时", f"no clock was ever started for {case_id}")))
    permission.require(asker, action_area=history[-1].area)
    book = Book.of(one.event for one in history)
    whose = {clock.started.department for clock in book.clocks.values()}
    if asker.role == "department" and asker.department not in whose:
        said = Wording("本案件未派遣给您的部门", f"this case was never given to {asker.department}")
        raise Forbidden(str(said))
    return {"case_id": case_id, "clocks": [_clock(clock, calendar, at) for clock in book.clocks.values()]}


def _clock(clock: Clock, calendar: Calendar, at: datetime) -> Json:
    started, stopped = clock.started, clock.stopped
    return {
        "clock_id": clock.clock_id,
        "stage": clock.stage,
        "stage_zh": clock.stage.zh,
        "task_id": started.task_id,
        "department": started.department,
        "condition": started.condition,
        "loop": started.loop,
        "state": "stopped" if stopped else "paused" if clock.paused else "running",
        "started_at": started.started_at,
        "due_at": calendar.local(clock.due_at),
        "warn_at": clock.warn_at,
        "because": clock.because,
        "day_and_night": clock.day_and_night,
        **_minutes(clock, calendar, at),
        "is_overdue": clock.is_running and clock.due_at < at,
        "stopped_at": None if stopped is None else stopped.stopped_at,
        "on_time": None if stopped is None else stopped.on_time,
        "fulfilled": None if stopped is None else stopped.fulfilled,
        "next_rung": clock.next_rung,
        "next_at": clock.next_at,
        "escalations": [_raised(raised, raised.escalation_id in clock.acknowledged) for raised in clock.raised],
    }


def _minutes(clock: Clock, calendar: Calendar, at: datetime) -> Json:
    if clock.stopped is not None:
        return {"minutes_used": clock.stopped.minutes, "minutes_left": 0}
    if clock.paused is not None:
        return {"minutes_used": clock.minutes_used, "minutes_left": clock.paused.minutes_left}
    used = clock.minutes_used + int(counted(clock.counted_from, at, clock.unit, calendar) / _MINUTE)
    return {"minutes_used": used, "minutes_left": int(counted(at, clock.due_at, clock.unit, calendar) / _MINUTE)}


def _raised(raised: EscalationRaised, is_acknowledged: bool) -> Json:
    return {
        "escalation_id": raised.escalation_id,
        "clock_id": raised.clock_id,
        "case_id": raised.case_id,
        "rung": raised.rung.value,
        "rung_zh": RUNG_WORDS[raised.rung].zh,
        "stage": raised.stage.value,
        "department": raised.department,
        "target_area": raised.target_area,
        "target_post": raised.target_post,
        "because": raised.because,
        "due_at": raised.due_at,
        "is_acknowledged": is_acknowledged,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which escalations."""

    area: Area | None = None
    rung: Rung | None = None
    after: str | None = None
    limit: int = 50


def escalations(rows: Rows, asker: Asker, wanted: Wanted) -> Json:
    """Those that nobody has acknowledged, addressed to an area there, the newest first. Raises Forbidden."""
    if wanted.area is not None:
        permission.require(asker, action_area=wanted.area)
    area = wanted.area or asker.area
    conditions: list[str] = ["true"]
    values: Json = {"limit": wanted.limit + 1}
    if area is not None:
        conditions.append("(target_area = %(area)s OR target_area LIKE %(inside)s)")
        values |= {"area": area.path, "inside": f"{area.path}.%"}
    if wanted.rung is not None:
        conditions.append("rung = %(rung)s")
        values["rung"] = wanted.rung.value
    if wanted.after is not None:
        conditions.append("(raised_at, escalation_id) < (%(after_at)s, %(after_id)s::uuid)")
        after_at, after_id = read_place(wanted.after)
        values |= {"after_at": after_at, "after_id": str(after_id)}
    found = rows.query(_OPEN.format(conditions=" AND ".join(conditions)), values)
    page = found[: wanted.limit]
    more = place(page[-1]["raised_at"], page[-1]["escalation_id"]) if len(found) > wanted.limit else None
    told = [{**row, "rung_zh": RUNG_WORDS[Rung(row["rung"])].zh} for row in page]
    for row in told:
        del row["raised_at"]
    return {"escalations": told, "next_after": more}
