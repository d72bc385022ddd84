"""What is asked of a place that keeps photos: a folder answers it here, an object store may elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol


class Size(StrEnum):
    """How large a photo is wanted."""

    FULL = "full"
    THUMBNAIL = "thumbnail"


class PhotoStore(Protocol):
    """Bytes by the hash of the full picture. What was put stays; putting it again changes nothing."""

    def put(self, sha256: str, size: Size, content: bytes) -> None:
        """Keep it, on disk before this returns. Raises Unavailable when there is no room, or no store."""

    def get(self, sha256: str, size: Size) -> bytes | None:
        """The bytes; None when they were never put. Raises Unavailable when the store cannot be read."""

    def remove(self, sha256: str, still: Callable[[], bool]) -> bool:
        """Take both sizes away for good; whether there were any. They are set aside first, and put back when `still`
        says that they are wanted after all. Raises Unavailable when the store cannot be written."""

    def lingers(self, sha256: str) -> bool:
        """Whether anything of it is still there, also what was set aside."""

    def exists(self, sha256: str) -> bool:
        """Whether the full picture is there."""
