"""Duty posts and their shifts, and which areas are in emergency mode: together, since the one depends on the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.contracts import duty
from shared.contracts.emergency import EmergencyEnded, EmergencyStarted
from shared.contracts.envelope import Recorded
from shared.projections import Batch, Cursor, Projection, tables_of, upsert

Change = Callable[[Cursor, Any, Recorded[Any]], None]


def apply(batch: Batch, cursor: Cursor) -> None:
    """One event after the other: there are few of them, and each touches one row or two."""
    for recorded in batch.events:
        _CHANGES[recorded.type](cursor, recorded.event, recorded)


def _opened(cursor: Cursor, event: duty.DutyPostOpened, _: Recorded[Any]) -> None:
    row: dict[str, Any] = {
        "post_id": str(event.post_id),
        "area": event.area,
        "name": event.name,
        "kind": event.kind.value,
        "since": event.since,
        "around_the_clock": event.around_the_clock,
        "roll_call_minutes": event.roll_call_minutes,
        "takeover_minutes": event.takeover_minutes,
        "emergency": event.emergency,
        "gaps_told": [],
    }
    upsert(cursor, "duty_posts", ("post_id",), [row])


def _closed(cursor: Cursor, event: duty.DutyPostClosed, recorded: Recorded[Any]) -> None:
    cursor.execute(
        "UPDATE duty_posts SET closed_at = %s, silent_since = NULL, taken_over_by = NULL WHERE post_id = %s",
        [recorded.occurred_at, str(event.post_id)],
    )


def _planned(cursor: Cursor, event: duty.ShiftPlanned, _: Recorded[Any]) -> None:
    row = {
        "shift_id": str(event.shift_id),
        "post_id": str(event.post_id),
        "person": event.person,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        # A shift that was cancelled may be planned again.
        "cancelled": None,
    }
    upsert(cursor, "duty_shifts", ("shift_id",), [row])
    cursor.execute(
        "UPDATE duty_posts SET gaps_told = (SELECT coalesce(array_agg(told), '{}') FROM unnest(gaps_told) told"
        " WHERE NOT (told >= %s AND told < %s)) WHERE post_id = %s AND gaps_told <> '{}'",
        [event.starts_at, event.ends_at, str(event.post_id)],
    )


def _cancelled(cursor: Cursor, event: duty.ShiftCancelled, _: Recorded[Any]) -> None:
    cursor.execute("UPDATE duty_shifts SET cancelled = %s WHERE shift_id = %s", [event.reason, str(event.shift_id)])


def _answered(cursor: Cursor, event: duty.ShiftAnswered, _: Recorded[Any]) -> None:
    cursor.execute("UPDATE duty_shifts SET answered_at = %s WHERE shift_id = %s", [event.at, str(event.shift_id)])
    cursor.execute(
        "UPDATE duty_posts SET answered_at = %s, silent_since = NULL WHERE post_id = %s",
        [event.at, str(event.post_id)],
    )


def _handed_over(cursor: Cursor, event: duty.ShiftHandedOver, _: Recorded[Any]) -> None:
    cursor.execute("UPDATE duty_shifts SET notes = %s WHERE shift_id = %s", [event.notes, str(event.shift_id)])


def _silent(cursor: Cursor, event: duty.DutySilent, _: Recorded[Any]) -> None:
    cursor.execute("UPDATE duty_posts SET silent_since = %s WHERE post_id = %s", [event.since, str(event.post_id)])


def _taken_over(cursor: Cursor, event: duty.DutyTakenOver, _: Recorded[Any]) -> None:
    cursor.execute("UPDATE duty_posts SET taken_over_by = %s WHERE post_id = %s", [event.by_area, str(event.post_id)])


def _given_back(cursor: Cursor, event: duty.DutyGivenBack, _: Recorded[Any]) -> None:
    cursor.execute("UPDATE duty_posts SET taken_over_by = NULL WHERE post_id = %s", [str(event.post_id)])


def _gap(cursor: Cursor, event: duty.DutyGapFound, _: Recorded[Any]) -> None:
    cursor.execute(
        "UPDATE duty_posts SET gaps_told = gaps_told || %s::timestamptz WHERE post_id = %s",
        [event.starts_at, str(event.post_id)],
    )


def _started(cursor: Cursor, event: EmergencyStarted, recorded: Recorded[Any]) -> None:
    row = {
        "area": event.area,
        "started_at": recorded.occurred_at,
        "kind": event.kind,
        "reason": event.reason,
        "templates": event.templates,
        "started_by": recorded.actor.id,
    }
    upsert(cursor, "emergencies", ("area", "started_at"), [row])


def _ended(cursor: Cursor, event: EmergencyEnded, recorded: Recorded[Any]) -> None:
    cursor.execute(
        "UPDATE emergencies SET ended_at = %s, ended_by = %s, end_reason = %s WHERE area = %s AND ended_at IS NULL",
        [recorded.occurred_at, recorded.actor.id, event.reason, event.area],
    )


_CHANGES: dict[str, Change] = {
    "duty.post_opened": _opened,
    "duty.post_closed": _closed,
    "shift.planned": _planned,
    "shift.cancelled": _cancelled,
    "shift.answered": _answered,
    "shift.handed_over": _handed_over,
    "duty.silent": _silent,
    "duty.taken_over": _taken_over,
    "duty.given_back": _given_back,
    "duty.gap_found": _gap,
    "emergency.started": _started,
    "emergency.ended": _ended,
}

DUTY = Projection(
    name="duty",
    service="grid",
    tables=tables_of(str(Path(__file__).parent), "duty"),
    handles=frozenset(_CHANGES),
    apply=apply,
)
