"""Duty looked up: the board of an area, what its posts are, who is elsewhere, and emergencies past and present."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.grid.domain.duty import DutyPost, Shift
from services.grid.domain.duty_clock import AHEAD, gaps, on_duty
from shared.contracts.duty import DutyKind
from shared.kernel.area import Area
from shared.ports import Rows

_POSTS = """
SELECT p.*, EXISTS (SELECT FROM emergencies e WHERE e.ended_at IS NULL AND left(p.area, length(e.area)) = e.area)
       AS in_emergency
FROM duty_posts p
WHERE p.closed_at IS NULL AND (%(area)s::text IS NULL OR left(p.area, length(%(area)s)) = %(area)s)
ORDER BY p.area, p.name
"""
# What lies further back than the last shift says nothing about now, except since when nobody is there.
_SHIFTS = """
SELECT shift_id, post_id, person, starts_at, ends_at, answered_at, notes FROM duty_shifts
WHERE post_id = ANY (%(posts)s::uuid[]) AND cancelled IS NULL
  AND (ends_at > %(from)s
       OR ends_at = (SELECT max(l.ends_at) FROM duty_shifts l
                     WHERE l.post_id = duty_shifts.post_id AND l.cancelled IS NULL AND l.ends_at <= %(from)s))
ORDER BY starts_at, person
"""


def open_posts(rows: Rows, within: Area | None, now: datetime) -> list[tuple[DutyPost, bool]]:
    """Every open post of the area, with whether the area is in emergency mode. Shifts that ended a day ago and more
    are left out but for the last of them, up to which somebody is taken to have been there."""
    found = rows.query(_POSTS, {"area": within and within.path})
    since = now - timedelta(days=1)
    shifts: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.query(_SHIFTS, {"posts": [str(row["post_id"]) for row in found], "from": since}):
        shifts[row["post_id"]].append(row)
    return [(_post(row, shifts[row["post_id"]], since), row["in_emergency"]) for row in found]


def board(rows: Rows, within: Area | None, now: datetime) -> dict[str, Any]:
    """Each open post: who is there now, who comes next, when somebody last answered, and where nobody will be."""
    shown = [_shown(post, now) for post, _ in open_posts(rows, within, now)]
    return {
        "at": now,
        "area": within and within.path,
        "posts": shown,
        "silent": sum(post["silent_since"] is not None for post in shown),
        "taken_over": sum(post["taken_over_by"] is not None for post in shown),
        "with_gaps": sum(bool(post["gaps"]) for post in shown),
        "emergencies": emergencies(rows, within, running=True),
    }


def shifts(rows: Rows, post_id: UUID, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The post's shifts that reach into the span, cancelled ones too, with what was handed over."""
    return rows.query(
        "SELECT shift_id, person, starts_at, ends_at, answered_at, notes, cancelled FROM duty_shifts"
        " WHERE post_id = %(post)s::uuid AND ends_at > %(start)s AND starts_at < %(end)s ORDER BY starts_at, person",
        {"post": str(post_id), "start": start, "end": end},
    )


def elsewhere(rows: Rows, post_id: UUID, wanted: Sequence[tuple[str, datetime, datetime]]) -> set[str]:
    """Who of them is planned to be at another post at an overlapping time."""
    found = rows.query(
        "SELECT DISTINCT s.person FROM duty_shifts s JOIN duty_posts p USING (post_id),"
        " unnest(%(people)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS w (person, starts, ends)"
        " WHERE s.person = w.person AND s.post_id <> %(post)s::uuid AND s.cancelled IS NULL AND p.closed_at IS NULL"
        " AND s.starts_at < w.ends AND s.ends_at > w.starts",
        {
            "post": str(post_id),
            "people": [person for person, _, _ in wanted],
            "starts": [starts for _, starts, _ in wanted],
            "ends": [ends for _, _, ends in wanted],
        },
    )
    return {row["person"] for row in found}


def emergencies(rows: Rows, within: Area | None, *, running: bool) -> list[dict[str, Any]]:
    """Those of the area, of what lies in it and of what it lies in; the newest first."""
    return rows.query(
        "SELECT area, kind, reason, templates, started_at, started_by, ended_at, ended_by, end_reason FROM emergencies"
        " WHERE (NOT %(running)s OR ended_at IS NULL) AND (%(area)s::text IS NULL"
        "  OR left(area, length(%(area)s)) = %(area)s OR left(%(area)s, length(area)) = area)"
        " ORDER BY started_at DESC, area LIMIT 500",
        {"area": within and within.path, "running": running},
    )


def _post(row: dict[str, Any], shifts: Iterable[dict[str, Any]], since: datetime) -> DutyPost:
    kept = tuple(Shift(UUID(one["shift_id"]), one["person"], one["starts_at"], one["ends_at"]) for one in shifts)
    over = [one.ends_at for one in kept if one.ends_at <= since]
    takeover = row["takeover_minutes"]
    return DutyPost(
        post_id=UUID(row["post_id"]),
        area=row["area"],
        name=row["name"],
        kind=DutyKind(row["kind"]),
        # Gaps of the past are history: whoever looks now wants to know of those that are, or come.
        since=max([row["since"], *over]),
        around_the_clock=row["around_the_clock"],
        roll_call=timedelta(minutes=row["roll_call_minutes"]),
        takeover=None if takeover is None else timedelta(minutes=takeover),
        emergency=row["emergency"],
        shifts=kept,
        answered_at=row["answered_at"],
        silent_since=row["silent_since"],
        taken_over_by=row["taken_over_by"],
        gaps_told=frozenset(row["gaps_told"]),
    )


def _shown(post: DutyPost, now: datetime) -> dict[str, Any]:
    coming = [one for one in post.shifts if one.starts_at > now]
    return {
        "post_id": post.post_id,
        "area": post.area,
        "name": post.name,
        "kind": post.kind.value,
        "emergency": post.emergency,
        "around_the_clock": post.around_the_clock,
        "on_duty": [one.person for one in on_duty(post, now)],
        "next": None if not coming else {"person": coming[0].person, "starts_at": coming[0].starts_at},
        "answered_at": post.answered_at,
        "silent_since": post.silent_since,
        "taken_over_by": post.taken_over_by,
        "gaps": [{"starts_at": one.starts_at, "ends_at": one.ends_at} for one in gaps(post, now, now + AHEAD)],
    }
