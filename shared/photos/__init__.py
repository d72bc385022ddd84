"""Pictures that people take: made harmless, named by their content, and kept in a place outside of the log.

An event never holds a picture, only `photo:<sha256>`; what is behind the name can neither change nor pretend.
"""

from __future__ import annotations

import re

from shared.photos.folder import FolderStore
from shared.photos.images import Prepared, prepare
from shared.photos.store import PhotoStore, Size

__all__ = ["REFERENCE", "FolderStore", "PhotoStore", "Prepared", "Size", "hash_of", "prepare", "reference"]

REFERENCE = re.compile(r"photo:([0-9a-f]{64})")


def reference(sha256: str) -> str:
    """How events and requests name a photo."""
    return f"photo:{sha256}"


def hash_of(named: str) -> str | None:
    """The hash in a reference; None when it is a reference to something else."""
    found = REFERENCE.fullmatch(named)
    return None if found is None else found[1]
