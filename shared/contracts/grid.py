"""Streams `grid-<code>`, written by grid: patrol units inside a community."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.catalogue import event


@event("grid.drawn", "grid", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class GridDrawn:
    """A grid exists: which community it lies in and which groups and buildings it takes in."""

    code: str
    name: str
    community: str
    covers: tuple[str, ...]
    """Area paths inside the community."""
    households: int
