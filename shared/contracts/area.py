"""Streams `area-<path>`, written by grid: the five-tier tree itself."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.catalogue import event
from shared.contracts.shapes import Point


@event("area.created", "area", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCreated:
    """A district, street, community, group or building exists."""

    path: str
    name: str
    kind: str
    """What people call this sort of place: 街道, 镇, 社区, 村 …"""
    centre: Point | None


@event("area.renamed", "area", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRenamed:
    """An area has a new name; its path and its past stay."""

    path: str
    name: str
