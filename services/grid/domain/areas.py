"""The five-tier tree: an area exists under a parent that exists; it may be renamed and bounded, never moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from shared.contracts.area import AreaBounded, AreaCreated, AreaRenamed, AreaUnbounded
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.errors import Refused
from shared.kernel.wording import Wording

AreaEvent = AreaCreated | AreaRenamed | AreaBounded | AreaUnbounded


@dataclass(frozen=True, slots=True)
class Place:
    """An area as it is known now."""

    area: Area
    name: str
    kind: str
    boundary: AreaBounded | None = None
    """What bounds it now."""


def evolve(place: Place | None, event: AreaEvent) -> Place:
    """What the event makes of it."""
    match event:
        case AreaCreated():
            # Loaded again with another centre or kind, it is the same ground.
            return Place(Area(event.path), event.name, event.kind, place.boundary if place else None)
        case AreaRenamed():
            return replace(place or Place(Area(event.path), "", ""), name=event.name)
        case AreaBounded():
            return replace(place or Place(Area(event.path), "", ""), boundary=event)
        case AreaUnbounded():
            return replace(place or Place(Area(event.path), "", ""), boundary=None)
        case _:
            assert_never(event)


def create(
    area: Area, known: Place | None, parent: Place | None, name: str, kind: str, centre: Point | None
) -> AreaCreated:
    """A new area, directly under one that exists; the path itself says which that must be."""
    if known is not None:
        said = Wording(f"{area} 已存在，名为{known.name}", f"{area} exists already, as {known.name}")
        raise Refused(str(said), rule="area.exists", hint="rename it instead")
    if area.parent is not None and parent is None:
        said = Wording(f"{area} 的上级 {area.parent} 不存在", f"{area.parent}, the parent of {area}, does not exist")
        raise Refused(str(said), rule="area.parent_missing", where="path", hint="create the parent first")
    return AreaCreated(path=area.path, name=name, kind=kind, centre=centre)


def rename(place: Place, name: str) -> tuple[AreaEvent, ...]:
    """Another name; the name it has already changes nothing."""
    return () if place.name == name else (AreaRenamed(path=place.area.path, name=name),)


def bound(place: Place, boundary: AreaBounded) -> tuple[AreaEvent, ...]:
    """A boundary, or another one; the one that it has already changes nothing."""
    return () if place.boundary == boundary else (boundary,)


def unbound(place: Place, reason: str) -> tuple[AreaEvent, ...]:
    """Its boundary counts no more; without one there is nothing to take back."""
    return () if place.boundary is None else (AreaUnbounded(path=place.area.path, reason=reason),)
