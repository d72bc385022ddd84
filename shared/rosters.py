"""Who is at a centre's desk when: a read table that every service may keep for itself, of the same events.

Only desks count: somebody at a checkpoint or a building's door cannot see to a case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.duty import DutyKind, DutyPostClosed, DutyPostOpened, ShiftCancelled, ShiftPlanned
from shared.kernel.duty_hours import Rosters, Shift
from shared.ports import Rows
from shared.projections import Batch, Cursor, Projection, upsert

_TABLES = """
-- Desks that are staffed by shifts, and the shifts.
CREATE TABLE desks (
    post_id   uuid PRIMARY KEY,
    area      text NOT NULL,
    is_closed boolean NOT NULL,
    position  bigint NOT NULL
);
CREATE TABLE desk_shifts (
    shift_id     uuid PRIMARY KEY,
    post_id      uuid NOT NULL,
    person       text NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    is_cancelled boolean NOT NULL,
    position     bigint NOT NULL
);
CREATE INDEX desk_shifts_to_come ON desk_shifts (ends_at) WHERE NOT is_cancelled;
"""
_EDITION = """
SELECT coalesce((SELECT max(position) FROM desks), 0) + coalesce((SELECT max(position) FROM desk_shifts), 0) AS edition
"""
_SHIFTS = """
SELECT d.area, s.person, s.starts_at, s.ends_at FROM desk_shifts s JOIN desks d USING (post_id)
WHERE NOT s.is_cancelled AND NOT d.is_closed AND s.ends_at > %(at)s ORDER BY s.starts_at, s.shift_id
"""


def edition(rows: Rows) -> int:
    """Moves with every word about a desk: rosters that were read at the same edition are the same."""
    return int(rows.query(_EDITION)[0]["edition"])


def read(rows: Rows, at: datetime) -> Rosters:
    """Every shift that is not over at the instant."""
    found = rows.query(_SHIFTS, {"at": at})
    return Rosters.of((row["area"], Shift(row["person"], row["starts_at"], row["ends_at"])) for row in found)


def take(batch: Batch, cursor: Cursor) -> None:
    """One event after the other: there are few of them."""
    for recorded in batch.events:
        position = recorded.position
        match recorded.event:
            case DutyPostOpened(post_id=post_id, area=area, kind=DutyKind.DESK):
                row: dict[str, Any] = {"post_id": post_id, "area": area, "is_closed": False, "position": position}
                upsert(cursor, "desks", ("post_id",), [row])
            case DutyPostClosed(post_id=post_id):
                statement = "UPDATE desks SET is_closed = true, position = %s WHERE post_id = %s"
                cursor.execute(statement, [position, str(post_id)])
            case ShiftPlanned() as shift:
                upsert(cursor, "desk_shifts", ("shift_id",), [_shift(shift, position)])
            case ShiftCancelled(shift_id=shift_id):
                statement = "UPDATE desk_shifts SET is_cancelled = true, position = %s WHERE shift_id = %s"
                cursor.execute(statement, [position, str(shift_id)])
            case _:
                pass


def _shift(event: ShiftPlanned, position: int | None) -> dict[str, Any]:
    return {
        "shift_id": event.shift_id,
        "post_id": event.post_id,
        "person": event.person,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        # A shift that was cancelled may be planned again.
        "is_cancelled": False,
        "position": position,
    }


def projection(service: str, more: str = "") -> Projection:
    """The projection for a service; `more` is SQL for it alone, rights for example."""
    return Projection(
        name="rosters",
        service=service,
        tables=_TABLES.strip() + "\n" + more,
        handles=frozenset({"duty.post_opened", "duty.post_closed", "shift.planned", "shift.cancelled"}),
        apply=take,
    )
