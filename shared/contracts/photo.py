"""Stream `photo-<hash>`, written by intake: a picture that somebody took. Its bytes are kept outside of the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


class ErasedWhy(StrEnum):
    """What a photo went for: its reporter was erased, or nobody ever named it."""

    SUBJECT_ERASED = "subject_erased"
    NEVER_NAMED = "never_named"


@event("photo.erased", "photo")
@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoErased:
    """The picture is gone for good. Its name stays in events, and shows nothing."""

    sha256: str
    why: ErasedWhy
    reason: str
    by: str
    """The account that wished it, or our own service."""
