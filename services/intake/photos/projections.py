"""What is known about each photo, and which issues refer to it."""

from __future__ import annotations

import dataclasses
from typing import Any

from shared.contracts import catalogue
from shared.contracts.envelope import Recorded
from shared.contracts.photo import PhotoStored
from shared.photos import hash_of
from shared.projections import Batch, Cursor, upsert

_CARRIERS = ("photos", "evidence", "before", "after")
"""Fields of events that may name photos."""

USING = frozenset(
    name
    for name, found in catalogue.load().items()
    if any(field.name in _CARRIERS for field in dataclasses.fields(found.shape))
)


def apply_photos(batch: Batch, cursor: Cursor) -> None:
    """One row per photo. The first fact about it stays."""
    rows: dict[str, dict[str, Any]] = {}
    for recorded in batch.events:
        event: PhotoStored = recorded.event
        rows.setdefault(
            event.sha256,
            {
                "sha256": event.sha256,
                "size": event.size,
                "fingerprint": event.fingerprint,
                "taken_at": event.taken_at,
                "lat": None if event.point is None else event.point.lat,
                "lon": None if event.point is None else event.point.lon,
                "area": recorded.area.path,
                "sent_by": recorded.actor.id,
                "stored_at": recorded.occurred_at,
            },
        )
    upsert(cursor, "photos", ("sha256",), list(rows.values()))


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
