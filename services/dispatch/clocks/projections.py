"""From events to the index of due times, the escalations, who has claimed what, and who stands where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

from services.dispatch.clocks.book import ClockEvent
from shared import rosters
from shared.contracts.appointment import AppointmentEnded, AppointmentStarted
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.clock import (
    ClockBreached,
    ClockPaused,
    ClockRecomputed,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    EscalationAcknowledged,
    EscalationRaised,
    Rung,
)
from shared.contracts.emergency import EmergencyEnded, EmergencyStarted
from shared.contracts.envelope import Recorded
from shared.contracts.task import TaskClaimed
from shared.kernel.working_time import Unit
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]


# --- the index of due times -------------------------------------------------------------------------------------


def take_clocks(batch: Batch, cursor: Cursor) -> None:
    """One row for every clock that the batch touches, brought up to date; and the escalations beside them."""
    rows = _clocks((one.event.clock_id for one in batch.events if hasattr(one.event, "clock_id")), cursor)
    for recorded in batch.events:
        if isinstance(recorded.event, ClockStarted):
            rows[str(recorded.event.clock_id)] = _started(recorded.event, recorded)
        elif (row := rows.get(str(getattr(recorded.event, "clock_id", "")))) is not None:
            row.update(_change(recorded.event, row))
            row["position"] = recorded.position
    for row in rows.values():
        row.update(_falling_due(row))
    upsert(cursor, "clocks", ["clock_id"], list(rows.values()))
    _take_escalations(batch, cursor)


def _clocks(found: Iterable[object], cursor: Cursor) -> dict[str, Row]:
    wanted = sorted({str(clock_id) for clock_id in found})
    rows = select(cursor, "SELECT * FROM clocks WHERE clock_id = ANY(%s::uuid[])", [wanted])
    return {str(row["clock_id"]): row for row in rows}


def _started(event: ClockStarted, recorded: Recorded[ClockEvent]) -> Row:
    return {
        "clock_id": event.clock_id,
        "case_id": event.case_id,
        "area": recorded.area.path,
        "stage": event.stage,
        "task_id": event.task_id,
        "department": event.department,
        "condition": event.condition,
        "loop": event.loop,
        "urgency": event.urgency,
        "started_at": event.started_at,
        "due_at": event.due_at,
        "warn_at": event.warn_at,
        "because": event.because,
        "calendar": event.calendar,
        "is_counted": event.limit is not None and event.limit.unit is not Unit.URGENT_HOURS,
        "day_and_night": event.day_and_night,
        "minutes_used": 0,
        "is_open": True,
        "is_paused": False,
        "is_breached": False,
        "stopped_at": None,
        "on_time": None,
        "fulfilled": None,
        "warned_for": None,
        "breached_for": None,
        "next_rung": None,
        "next_at": None,
        "position": recorded.position,
    }


def _change(event: ClockEvent, row: Row) -> Row:
    """The columns that this event alone changes."""
    match event:
        case ClockPaused():
            return {"is_paused": True}
        case ClockRecomputed():
            return _moved(event, row)
        case ClockStopped():
            ended = {"is_open": False, "is_paused": False, "next_rung": None, "next_at": None}
            told = {"stopped_at": event.stopped_at, "on_time": event.on_time, "fulfilled": event.fulfilled}
            return {**ended, **told, "minutes_used": event.minutes}
        case ClockWarned(due_at=due_at):
            return {"warned_for": due_at}
        case ClockBreached(due_at=due_at, next_rung=next_rung, next_at=next_at):
            reached = {"breached_for": due_at, "is_breached": due_at == row["due_at"]}
            return {**reached, "next_rung": next_rung, "next_at": next_at}
        case EscalationRaised(next_rung=next_rung, next_at=next_at):
            return {"next_rung": next_rung, "next_at": next_at}
        case ClockStarted() | EscalationAcknowledged():
            return {}
        case _:
            assert_never(event)


def _moved(event: ClockRecomputed, row: Row) -> Row:
    is_other = event.due_at != row["due_at"]
    return {
        "due_at": event.due_at,
        "warn_at": event.warn_at,
        "because": event.because,
        "calendar": event.calendar,
        "day_and_night": event.day_and_night,
        "minutes_used": event.minutes_used,
        "is_paused": False,
        "is_breached": row["breached_for"] == event.due_at,
        "next_rung": None if is_other else row["next_rung"],
        "next_at": None if is_other else row["next_at"],
    }


def _falling_due(row: Row) -> Row:
    """What the timer has to say next about the clock, when, and whether it may say so at any hour."""
    fires: str | None = None
    fires_at: datetime | None = None
    if row["is_open"] and not row["is_paused"]:
        if row["is_breached"]:
            fires, fires_at = row["next_rung"], row["next_at"]
        elif row["warn_at"] is not None and row["warned_for"] != row["due_at"]:
            fires, fires_at = Rung.WARNED, row["warn_at"]
        else:
            fires, fires_at = Rung.BREACHED, row["due_at"]
    return {"fires": fires, "fires_at": fires_at, "any_hour": row["day_and_night"] or fires == Rung.BREACHED}


# --- escalations ------------------------------------------------------------------------------------------------


def _take_escalations(batch: Batch, cursor: Cursor) -> None:
    raised = {one.event.escalation_id: _raised(one) for one in batch.events if isinstance(one.event, EscalationRaised)}
    upsert(cursor, "escalations", ["escalation_id"], list(raised.values()))
    for recorded in batch.events:
        match recorded.event:
            case EscalationAcknowledged(escalation_id=escalation_id):
                cursor.execute(
                    "UPDATE escalations SET is_open = false, acknowledged_at = %s, acknowledged_by = %s, position = %s"
                    " WHERE escalation_id = %s",
                    [recorded.occurred_at, recorded.actor.id, recorded.position, str(escalation_id)],
                )
            case _:
                pass
    stopped = [str(one.event.clock_id) for one in batch.events if isinstance(one.event, ClockStopped)]
    if stopped:
        # Who was called upon about what is done by now has nothing to answer for any more.
        cursor.execute("UPDATE escalations SET is_open = false WHERE is_open AND clock_id = ANY(%s::uuid[])", [stopped])


def _raised(recorded: Recorded[Any]) -> Row:
    event: EscalationRaised = recorded.event
    return {
        "escalation_id": event.escalation_id,
        "clock_id": event.clock_id,
        "case_id": event.case_id,
        "area": recorded.area.path,
        "rung": event.rung,
        "stage": event.stage,
        "department": event.department,
        "target_area": event.target_area,
        "target_post": event.target_post,
        "because": event.because,
        "due_at": event.due_at,
        "raised_at": recorded.occurred_at,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "is_open": True,
        "position": recorded.position,
    }


# --- claims -----------------------------------------------------------------------------------------------------

_ENDING = (
    "task.claim_released task.claim_expired task.responded task.part_responded task.returned task.withdrawn"
    " case.dispatched case.dispatch_recalled case.offered"
    " case.level_raised case.level_lowered case.merged case.closed case.transferred_out"
)
"""After these nobody has the case's task in hand any more."""


def take_claims(batch: Batch, cursor: Cursor) -> None:
    """A claim is open until the task is answered, given back, or taken away."""
    for recorded in batch.events:
        event = recorded.event
        if isinstance(event, TaskClaimed):
            row = {"claim_id": event.claim_id, "case_id": event.case_id, "expires_at": event.expires_at}
            upsert(cursor, "claims", ["claim_id"], [{**row, "is_open": True, "position": recorded.position}])
        else:
            cursor.execute(
                "UPDATE claims SET is_open = false, position = %s WHERE is_open AND case_id = %s",
                [recorded.position, str(event.case_id)],
            )


# --- who stands where -------------------------------------------------------------------------------------------


def take_chain(batch: Batch, cursor: Cursor) -> None:
    """Posts and their holders; areas that go into emergency mode and come out of it."""
    posts: dict[object, Row] = {}
    emergencies: dict[str, Row] = {}
    ended: list[Recorded[Any]] = []
    for recorded in batch.events:
        event = recorded.event
        match event:
            case AppointmentStarted():
                posts[event.appointment_id] = _post(event, recorded)
            case AppointmentEnded():
                ended.append(recorded)
            case EmergencyStarted() | EmergencyEnded():
                is_on = isinstance(event, EmergencyStarted)
                turn = {"area": event.area, "is_on": is_on, "turned_at": recorded.occurred_at}
                emergencies[event.area] = {**turn, "position": recorded.position}
            case _:
                pass
    upsert(cursor, "posts", ["appointment_id"], list(posts.values()))
    upsert(cursor, "emergencies", ["area"], list(emergencies.values()))
    for recorded in ended:
        cursor.execute(
            "UPDATE posts SET until = %s, position = %s WHERE appointment_id = %s",
            [recorded.event.until, recorded.position, str(recorded.event.appointment_id)],
        )


def _post(event: AppointmentStarted, recorded: Recorded[Any]) -> Row:
    return {
        "appointment_id": event.appointment_id,
        "person": event.person,
        "post": event.post,
        "area": event.area,
        "since": event.since,
        "until": None,
        "position": recorded.position,
    }


def _names(*shapes: type) -> frozenset[str]:
    return frozenset(OF_SHAPE[shape].name for shape in shapes)


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="clocks",
        service="dispatch",
        tables=tables_of(__file__, "clocks"),
        handles=_names(
            ClockStarted,
            ClockPaused,
            ClockRecomputed,
            ClockStopped,
            ClockWarned,
            ClockBreached,
            EscalationRaised,
            EscalationAcknowledged,
        ),
        apply=take_clocks,
    ),
    Projection(
        name="claims",
        service="dispatch",
        tables=tables_of(__file__, "claims"),
        handles=_names(TaskClaimed) | frozenset(_ENDING.split()),
        apply=take_claims,
    ),
    Projection(
        name="chain",
        service="dispatch",
        tables=tables_of(__file__, "chain"),
        handles=_names(AppointmentStarted, AppointmentEnded, EmergencyStarted, EmergencyEnded),
        apply=take_chain,
    ),
    rosters.projection("dispatch", "GRANT SELECT ON desks, desk_shifts TO wuji_timer;\n"),
)
