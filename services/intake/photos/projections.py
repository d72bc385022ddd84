"""What is known about each photo, and which issues refer to it."""

from __future__ import annotations

import dataclasses
from typing import Any

from shared.contracts import catalogue
from shared.contracts.envelope import Recorded
from shared.contracts.photo import PhotoErased, PhotoStored
from shared.photos import hash_of
from shared.projections import Batch, Cursor, select, upsert

_CARRIERS = ("photos", "evidence", "before", "after")
"""Fields of events that may name photos."""

USING = frozenset(
    name
    for name, found in catalogue.load().items()
    if any(field.name in _CARRIERS for field in dataclasses.fields(found.shape))
)


def apply_photos(batch: Batch, cursor: Cursor) -> None:
    """One row per photo. The first fact about it stays, until it is erased; sent again after that it is a new one."""
    wanted = [recorded.event.sha256 for recorded in batch.events]
    rows = {row["sha256"]: row for row in select(cursor, "SELECT * FROM photos WHERE sha256 = ANY (%s)", [wanted])}
    for recorded in batch.events:
        event: PhotoStored | PhotoErased = recorded.event
        known = rows.get(event.sha256)
        if isinstance(event, PhotoErased):
            if known is not None:
                known.update(erased_at=recorded.occurred_at, erased_why=event.why.value)
        elif known is None or known["erased_at"] is not None:
            rows[event.sha256] = _row(event, recorded)
    upsert(cursor, "photos", ("sha256",), list(rows.values()))


def _row(event: PhotoStored, recorded: Recorded[Any]) -> dict[str, Any]:
    return {
        "sha256": event.sha256,
        "size": event.size,
        "fingerprint": event.fingerprint,
        "taken_at": event.taken_at,
        "lat": None if event.point is None else event.point.lat,
        "lon": None if event.point is None else event.point.lon,
        "area": recorded.area.path,
        "sent_by": recorded.actor.id,
        "stored_at": recorded.occurred_at,
        "erased_at": None,
        "erased_why": None,
    }


def apply_uses(batch: Batch, cursor: Cursor) -> None:
    """One row for each issue that names a photo, whatever it names it for."""
    rows = {
        (sha256, str(recorded.correlation_id)): {
            "sha256": sha256,
            "issue": str(recorded.correlation_id),
            "area": recorded.area.path,
        }
        for recorded in batch.events
        for sha256 in photos_of(recorded)
    }
    upsert(cursor, "photo_uses", ("sha256", "issue"), list(rows.values()))


def photos_of(recorded: Recorded[Any]) -> list[str]:
    """The hashes of every photo that the event names."""
    named = [getattr(recorded.event, name, ()) for name in _CARRIERS]
    references = [one for names in named if isinstance(names, tuple) for one in names if isinstance(one, str)]
    return [sha256 for one in references if (sha256 := hash_of(one)) is not None]
