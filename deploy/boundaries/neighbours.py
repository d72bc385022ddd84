"""Boundaries beside each other: a child lies in its parent, neighbours do not cover the same ground, parents are full.

What is on no map by law or by mistake shows here; a hair's breadth along an edge does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from shared.geometry.shapes import square_metres

MOST_OUTSIDE = 0.01
"""The share of an area that may lie outside of its parent."""
MOST_SHARED = 0.01
"""The share of the smaller of two neighbours that both may cover."""
MOST_UNCOVERED = 0.01
"""The share of a parent that no child may cover, where all have boundaries."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two areas of one parent that cover the same ground."""

    one: str
    other: str
    share: float
    """Of the smaller one."""


def outside(child: BaseGeometry, parent: BaseGeometry) -> float:
    """The share of the child that lies outside."""
    return _part(shapely.difference(child, parent), child)


def overlaps(shapes: Mapping[str, BaseGeometry]) -> Iterator[Overlap]:
    """Every two of the shapes that cover more of the same ground than an edge."""
    paths = sorted(shapes)
    all_of_them = [shapes[path] for path in paths]
    tree = STRtree(all_of_them)
    for n, shape in enumerate(all_of_them):
        for m in sorted(int(hit) for hit in tree.query(shape, predicate="intersects")):
            if m <= n:
                continue
            smaller = min(shape, all_of_them[m], key=square_metres)
            share = _part(shapely.intersection(shape, all_of_them[m]), smaller)
            if share > MOST_SHARED:
                yield Overlap(paths[n], paths[m], share)


def uncovered(parent: BaseGeometry, children: Sequence[BaseGeometry]) -> float:
    """The share of the parent that none of its children covers."""
    return _part(shapely.difference(parent, shapely.union_all(list(children))), parent)


def _part(of: BaseGeometry, whole: BaseGeometry) -> float:
    total = square_metres(whole)
    return square_metres(of) / total if total else 0.0
