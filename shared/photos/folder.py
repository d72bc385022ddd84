"""Photos in a folder: 65,536 folders below it, so that none holds more files than a person could list.

A file appears under its name whole or not at all: it is written beside it, brought to the disk, and renamed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from shared.kernel.errors import Unavailable
from shared.kernel.ids import new_id
from shared.photos.store import Size

LEAST_FREE = 512 * 1024 * 1024
"""Bytes that a disk keeps for others: the log of events may lie on it."""
_ENDINGS = {Size.FULL: ".jpg", Size.THUMBNAIL: ".small.jpg"}
_FULL_DISK = 3600.0


class FolderStore:
    """A folder on this machine, or one that several machines have mounted."""

    def __init__(self, root: Path, *, least_free: int = LEAST_FREE) -> None:
        self.root = root
        self._least_free = least_free

    def put(self, sha256: str, size: Size, content: bytes) -> None:
        """Raises Unavailable when the disk is full or the folder cannot be written."""
        path = self._path(sha256, size)
        if path.exists():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(path.parent).free < self._least_free + len(content):
                raise Unavailable("the disk that keeps photos is full", retry_after=_FULL_DISK)
            self._write(path, content)
        except OSError as error:
            raise Unavailable(f"photos cannot be kept: {error.strerror}") from error

    def get(self, sha256: str, size: Size) -> bytes | None:
        """Raises Unavailable when the folder cannot be read."""
        try:
            return self._path(sha256, size).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"photos cannot be read: {error.strerror}") from error

    def remove(self, sha256: str, still: Callable[[], bool]) -> bool:
        """Raises Unavailable when the folder cannot be written."""
        paths = [self._path(sha256, size) for size in Size]
        try:
            aside = [(path, path.with_name(f".{path.name}.going")) for path in paths]
            for path, beside in aside:
                if path.exists():
                    path.replace(beside)
            # Somebody who died here left them aside: they are found again by this.
            there = [(path, beside) for path, beside in aside if beside.exists()]
            is_going = bool(there) and still()
            for path, beside in there:
                if is_going:
                    beside.unlink(missing_ok=True)
                else:
                    beside.replace(path)
        except OSError as error:
            raise Unavailable(f"photos cannot be removed: {error.strerror}") from error
        return is_going

    def lingers(self, sha256: str) -> bool:
        """Whether any of its bytes are there, under their name or aside."""
        paths = [self._path(sha256, size) for size in Size]
        return any(path.exists() or path.with_name(f".{path.name}.going").exists() for path in paths)

    def exists(self, sha256: str) -> bool:
        return self._path(sha256, Size.FULL).exists()

    def _path(self, sha256: str, size: Size) -> Path:
        return self.root / sha256[:2] / sha256[2:4] / f"{sha256}{_ENDINGS[size]}"

    def _write(self, path: Path, content: bytes) -> None:
        # Two who put the same photo at once must not write into one file.
        beside = path.with_name(f".{new_id()}.part")
        try:
            with beside.open("xb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            beside.rename(path)
        finally:
            beside.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
