"""What the city has: how many areas of each tier are bounded, and what does not fit together among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import shapely

from deploy.boundaries import neighbours
from deploy.boundaries.ground import Ground, Known
from deploy.local.words import say
from shared.geometry.shapes import polygons_of
from shared.kernel.area import Area, Tier


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at."""

    rule: str
    area: str
    said: str


def counted(ground: Ground, within: Area | None = None) -> list[tuple[Tier, int, int]]:
    """Of each tier how many areas there are, and how many of them have boundaries."""
    meant = [one for one in ground.areas.values() if within is None or one.area.is_within(within)]
    return [
        (tier, len(known), sum(1 for one in known if one.area.path in ground.shapes))
        for tier in Tier
        if (known := [one for one in meant if one.area.tier is tier])
    ]


def findings(ground: Ground, within: Area | None = None) -> Iterator[Finding]:
    """What does not fit, area by area."""
    for path in sorted(ground.shapes):
        if within is None or Area(path).is_within(within):
            yield from _alone(path, ground)
            yield from _family(path, ground)


def _alone(path: str, ground: Ground) -> Iterator[Finding]:
    shape, known, parent = ground.shapes[path], ground.areas.get(path), Area(path).parent
    if known is not None and known.centre is not None and not shape.covers(shapely.Point(known.centre)):
        yield Finding("centre.outside", path, say("中心点在边界之外", "its centre lies outside of its boundary"))
    if parent is not None and parent.path in ground.shapes:
        share = neighbours.outside(shape, ground.shapes[parent.path])
        if share > neighbours.MOST_OUTSIDE:
            yield Finding(
                "shape.outside", path, say(f"{share:.1%} 在 {parent} 之外", f"{share:.1%} lies outside of {parent}")
            )


def _family(path: str, ground: Ground) -> Iterator[Finding]:
    """The children of the area among themselves, and whether they fill it."""
    children = ground.children(path)
    shapes = {one.area.path: ground.shapes[one.area.path] for one in children if one.area.path in ground.shapes}
    if not shapes:
        return
    for found in neighbours.overlaps(shapes):
        yield Finding(
            "shape.overlaps",
            found.one,
            say(f"与 {found.other} 重叠 {found.share:.1%}", f"it overlaps {found.other} by {found.share:.1%}"),
        )
    missing = [one for one in children if one.area.path not in shapes]
    if missing:
        named = "、".join(one.name for one in missing[:5]) + ("…" if len(missing) > 5 else "")
        yield Finding(
            "family.partly",
            path,
            say(f"下级 {len(missing)} 个还没有边界: {named}", f"{len(missing)} below have no boundary: {named}"),
        )
        return
    share = neighbours.uncovered(ground.shapes[path], list(shapes.values()))
    if share > neighbours.MOST_UNCOVERED:
        yield Finding(
            "family.gaps", path, say(f"下级没有盖满，缺 {share:.1%}", f"those below leave {share:.1%} of it uncovered")
        )


def collection(ground: Ground, within: Area | None, tier: Tier | None) -> dict[str, Any]:
    """A GeoJSON FeatureCollection (RFC 7946) of the boundaries as they are kept."""
    wanted = [
        known
        for path in sorted(ground.shapes)
        if (known := ground.areas.get(path)) is not None
        and (within is None or known.area.is_within(within))
        and (tier is None or known.area.tier is tier)
    ]
    return {"type": "FeatureCollection", "features": [_feature(one, ground) for one in wanted]}


def _feature(known: Known, ground: Ground) -> dict[str, Any]:
    path = known.area.path
    return {
        "type": "Feature",
        "properties": {
            "path": path,
            "code": known.area.code,
            "tier": known.area.tier.label,
            "name": known.name,
            "kind": known.kind,
            "source": ground.sources[path],
            "tolerance": ground.tolerances[path],
        },
        "geometry": {"type": "MultiPolygon", "coordinates": polygons_of(ground.shapes[path])},
    }


def branches(ground: Ground, root: Area | None, depth: int) -> list[dict[str, Any]]:
    """The tree below an area, itself included, so many tiers deep; without one every district's."""
    tops = [one for one in ground.areas.values() if (one.area == root if root else one.area.parent is None)]
    return [_branch(one, ground, depth) for one in tops]


def _branch(known: Known, ground: Ground, depth: int) -> dict[str, Any]:
    children = ground.children(known.area.path)
    return {
        "path": known.area.path,
        "name": known.name,
        "tier": known.area.tier.label,
        "bounded": known.area.path in ground.shapes,
        "below": len(children),
        "children": [_branch(one, ground, depth - 1) for one in children] if depth > 1 else [],
    }
