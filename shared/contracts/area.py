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


@event("area.bounded", "area")
@dataclass(frozen=True, slots=True, kw_only=True)
class AreaBounded:
    """The boundary of an area as the city gave it; the latest word counts."""

    path: str
    polygons: tuple[tuple[tuple[tuple[float, ...], ...], ...], ...]
    """As a GeoJSON MultiPolygon has them: of each polygon the outer ring, then its holes; a ring closes where it began.
    Positions are longitude and latitude in WGS-84 degrees."""
    source: str
    """Who drew it, and when: 盘龙区民政局 2026-03."""
    tolerance: float = 0.0
    """Metres by which it was simplified before it was stored."""


@event("area.unbounded", "area")
@dataclass(frozen=True, slots=True, kw_only=True)
class AreaUnbounded:
    """The boundary of an area counts no more; the area stays."""

    path: str
    reason: str
