"""Stream `photo-<hash>`, written by intake: a picture that somebody took. Its bytes are kept outside of the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.catalogue import event
from shared.contracts.shapes import Point


@event("photo.stored", "photo")
@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoStored:
    """Somebody sent a picture; it was drawn anew without what the camera had hidden in it, and kept."""

    sha256: str
    """Of the picture as it is kept: its name."""
    size: int
    """Bytes."""
    width: int
    height: int
    fingerprint: str
    """64 bits in hexadecimal, alike for pictures that look alike."""
    taken_at: datetime | None
    """By the camera's own clock, where it said so."""
    point: Point | None
    """Where the camera believed to be, where it said so."""
