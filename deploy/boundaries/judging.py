"""A verdict for each feature of a file: what it would change, what is to be known about it, or what keeps it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from deploy.boundaries import matching, neighbours, rings, solid
from deploy.boundaries.faults import Fault
from deploy.boundaries.ground import Ground, Known
from deploy.boundaries.matching import Wish
from deploy.boundaries.reading import Feature
from deploy.local.words import say
from shared.contracts.area import AreaBounded
from shared.contracts.shapes import Point
from shared.geometry.datum import to_gcj02
from shared.geometry.shapes import polygons_of, square_metres
from shared.kernel.area import Area

FAR = 100_000.0
"""Metres from where an area is known to be: further off it is another place."""

Told = Callable[[int, int], None]
"""Hears how many features are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the file is to be understood."""

    source: str
    datum: str = "wgs84"
    order: str = "lon-lat"
    repair: bool = False
    metres: float = 0.0
    """Thin every boundary by that much."""
    wish: Wish = field(default_factory=Wish)


@dataclass(slots=True)
class Verdict:
    """What became of one feature."""

    index: int
    name: str
    known: Known | None = None
    sound: solid.Sound | None = None
    boundary: AreaBounded | None = None
    outcome: str = "refused"
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def path(self) -> str | None:
        return None if self.known is None else self.known.area.path

    def plain(self) -> dict[str, Any]:
        """For programs."""
        found = {
            "feature": self.index,
            "name": self.name,
            "area": self.path,
            "outcome": self.outcome,
            "notes": self.notes,
            "faults": [{"rule": one.rule, "said": one.said, "hint": one.hint} for one in self.faults],
        }
        if self.sound is not None:
            square_kilometres = round(square_metres(self.sound.shape) / 1e6, 4)
            found |= {"points": self.sound.points, "tolerance": self.sound.tolerance, "km2": square_kilometres}
        return found


def judge(features: Sequence[Feature], ground: Ground, reading: Reading, told: Told = lambda *_: None) -> list[Verdict]:
    """Every feature in the order of the file."""
    verdicts = []
    for done, feature in enumerate(features, 1):
        verdicts.append(_alone(feature, ground, reading))
        told(done, len(features))
    _once(verdicts)
    _in_parents(verdicts, ground)
    _apart(verdicts, ground)
    for verdict in _good(verdicts):
        _concluded(verdict, ground, reading)
    return verdicts


def looks_like_gcj02(verdicts: Iterable[Verdict]) -> bool:
    """Whether the areas' centres lie in the boundaries only if those are taken to be shifted as public maps are."""
    plain = shifted = n = 0
    for verdict in verdicts:
        if verdict.known is None or verdict.sound is None or verdict.known.centre is None:
            continue
        n += 1
        plain += verdict.sound.shape.covers(shapely.Point(verdict.known.centre))
        shifted += verdict.sound.shape.covers(shapely.Point(to_gcj02(verdict.known.centre)))
    return n >= 3 and shifted >= 0.8 * n and plain <= 0.6 * n


# --- one by one ---------------------------------------------------------------------------------------------------


def _alone(feature: Feature, ground: Ground, reading: Reading) -> Verdict:
    verdict = Verdict(feature.index, matching.name_of(feature.properties, reading.wish))
    try:
        verdict.known = matching.area_of(feature.properties, ground, reading.wish)
        verdict.name = verdict.name or verdict.known.name
        read = rings.read(feature.geometry, reading.datum, reading.order)
        verdict.sound = solid.sound(read, repair=reading.repair, metres=reading.metres)
        verdict.notes += verdict.sound.notes
        _near(verdict, verdict.known, verdict.sound.shape, ground)
    except Fault as fault:
        verdict.faults.append(fault)
    return verdict


def _near(verdict: Verdict, known: Known, shape: BaseGeometry, ground: Ground) -> None:
    if verdict.name and verdict.name != known.name:
        verdict.notes.append(say(f"文件里叫“{verdict.name}”，系统里叫“{known.name}”",
                                 f"the file calls it {verdict.name}, we call it {known.name}"))  # fmt: skip
    centre = ground.centre_near(known.area)
    if centre is None:
        return
    middle = shape.centroid
    away = Point(lat=middle.y, lon=middle.x).metres_to(Point(lat=centre[1], lon=centre[0]))
    if away > FAR:
        km = round(away / 1000)
        raise Fault(
            "shape.far",
            say(f"离 {known.name} 有 {km} 公里", f"it lies {km} km from {known.name}"),
            say("检查代码和坐标系", "look at its code, and at the reference system of the file"),
        )
    if centre == known.centre and not shape.covers(shapely.Point(centre)):
        verdict.notes.append(say("已知的中心点在边界之外", "the centre that we know lies outside of it"))


def _good(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [one for one in verdicts if not one.faults and one.sound is not None]


# --- together -----------------------------------------------------------------------------------------------------


def _once(verdicts: Sequence[Verdict]) -> None:
    first: dict[str, int] = {}
    for verdict in _good(verdicts):
        before = first.setdefault(str(verdict.path), verdict.index)
        if before != verdict.index:
            verdict.faults.append(
                Fault(
                    "area.twice",
                    say(f"第 {before} 个要素已是 {verdict.path}", f"feature {before} is {verdict.path} already"),
                    say("合成一个 MultiPolygon", "make one MultiPolygon of them"),
                )
            )


def _in_parents(verdicts: Sequence[Verdict], ground: Ground) -> None:
    """The widest first: what is refused bounds nobody."""
    shapes = dict(ground.shapes)
    for verdict in sorted(_good(verdicts), key=lambda one: (len(str(one.path)), one.index)):
        assert verdict.known is not None
        assert verdict.sound is not None
        parent = verdict.known.area.parent
        around = None if parent is None else shapes.get(parent.path)
        share = 0.0 if around is None else neighbours.outside(verdict.sound.shape, around)
        if share > neighbours.MOST_OUTSIDE:
            verdict.faults.append(
                Fault(
                    "shape.outside",
                    say(f"有 {share:.1%} 在上级 {parent} 的边界之外", f"{share:.1%} of it lies outside of {parent}"),
                    say("改正它或上级的边界", "correct it, or the boundary of the wider area"),
                )
            )
        else:
            shapes[str(verdict.path)] = verdict.sound.shape


def _apart(verdicts: Sequence[Verdict], ground: Ground) -> None:
    families: dict[Area | None, dict[str, BaseGeometry]] = defaultdict(dict)
    for path, shape in ground.shapes.items():
        families[Area(path).parent][path] = shape
    of_file = {str(verdict.path): verdict for verdict in _good(verdicts)}
    for path, verdict in of_file.items():
        if verdict.sound is not None:
            families[Area(path).parent][path] = verdict.sound.shape
    for parent in {Area(path).parent for path in of_file}:
        for found in neighbours.overlaps(families[parent]):
            for path, other in ((found.one, found.other), (found.other, found.one)):
                if path in of_file:
                    of_file[path].faults.append(_overlapping(other, found.share, ground))


def _overlapping(other: str, share: float, ground: Ground) -> Fault:
    name = ground.areas[other].name if other in ground.areas else ""
    return Fault(
        "shape.overlaps",
        say(
            f"与 {other} {name} 重叠（小的一方的 {share:.1%}）",
            f"it overlaps {other} {name} ({share:.1%} of the smaller)",
        ),
        say("改正两者的共同边界", "correct the edge that they share"),
    )


def _concluded(verdict: Verdict, ground: Ground, reading: Reading) -> None:
    assert verdict.sound is not None
    path = str(verdict.path)
    tolerance = verdict.sound.tolerance
    verdict.boundary = AreaBounded(
        path=path, polygons=polygons_of(verdict.sound.shape), source=reading.source, tolerance=tolerance
    )
    before = ground.shapes.get(path)
    if before is None:
        verdict.outcome = "new"
    elif (polygons_of(before), ground.sources[path]) == (verdict.boundary.polygons, reading.source):
        verdict.outcome = "unchanged"
    else:
        verdict.outcome = "changed"
