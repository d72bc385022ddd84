"""Taking a photo in: drawn anew, kept under the name of its content, and its facts told to the log."""

from __future__ import annotations

from services.intake.photos.erasing import keep_again
from shared.contracts.photo import PhotoStored
from shared.handling import Cause, begin
from shared.kernel.area import Area
from shared.kernel.errors import Conflict
from shared.kernel.ids import derived_id
from shared.photos import PhotoStore, Prepared, Size
from shared.ports import EventLog


def keep(log: EventLog, store: PhotoStore, picture: Prepared, area: Area, cause: Cause) -> PhotoStored:
    """The facts about the photo; those of the first time when it came before, from whoever.

    The bytes are kept before the fact: a fact without its bytes would be a promise that nobody can keep, and bytes
    without a fact are merely bytes. Raises Unavailable when there is no room.
    """
    store.put(picture.sha256, Size.FULL, picture.content)
    store.put(picture.sha256, Size.THUMBNAIL, picture.thumbnail)
    stored = PhotoStored(
        sha256=picture.sha256,
        size=len(picture.content),
        width=picture.width,
        height=picture.height,
        fingerprint=picture.fingerprint,
        taken_at=picture.taken_at,
        point=picture.point,
    )
    stream = f"photo-{picture.sha256}"
    try:
        appended = begin(log, stream, (stored,), cause, area=area, correlation_id=derived_id("photo", picture.sha256))
    except Conflict:
        if keep_again(log, stored, cause):
            # Whoever took it away may have done so between our putting it there and our saying so.
            store.put(picture.sha256, Size.FULL, picture.content)
            store.put(picture.sha256, Size.THUMBNAIL, picture.thumbnail)
        return _first(log, stream)
    return _first(log, appended.stream) if appended.repeated else stored


def _first(log: EventLog, stream: str) -> PhotoStored:
    found: PhotoStored = log.stream(stream)[0].event
    return found
