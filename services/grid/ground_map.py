"""The map of an area: its children by their real boundaries where every one of them has one, else a schematic one.

A map half drawn and half invented would be believed for the wrong half. Names go where they fit: inside, beside, or
nowhere, and then a pointer or the keyboard brings them up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from services.grid import mosaic
from shared.ports import Rows

if TYPE_CHECKING:
    from shared.geometry.picture import Figure

WIDTHS, HEIGHTS = (560.0, 1000.0), (440.0, 860.0)
"""How large a map of real boundaries may be: high where the ground is long from north to south."""
_MARGIN = 14.0
_SMALLEST, _LARGEST = 13.0, 26.0
_PHONE, _READ = 700.0, 20.0
_KEPT = 64
"""Maps that one process remembers."""

_STANDING = "SELECT path, position FROM boundaries WHERE parent = %s ORDER BY path"
_SHAPES = "SELECT path, shape FROM boundaries WHERE parent = %s ORDER BY path"

_Drawn = tuple[Mapping[str, "Figure"], tuple[float, float]]
"""The figures by path, and how large the picture is."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name and the number below it: where, how large, and whether the name has room."""

    x: float
    y: float
    size: float
    is_shown: bool = True

    def box(self, letters: int) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of both lines."""
        half = max(letters, 2) * self.size / 2 if self.is_shown else self.size
        top = self.y - 4 - self.size if self.is_shown else self.y
        return self.x - half, top, self.x + half, self.y + self.size * 1.3 + 6


@dataclass(frozen=True, slots=True)
class Tile:
    """One child as it is drawn."""

    path: str
    """As an SVG path has it."""
    label: Label


@dataclass(frozen=True, slots=True)
class GroundMap:
    """All children of an area, in their order."""

    tiles: tuple[Tile, ...]
    width: float
    height: float
    is_real: bool
    without: int
    """Children that have no boundary, where some have one."""

    @property
    def is_roomy(self) -> bool:
        """Whether every name can still be read when the whole map is as wide as a phone."""
        return self.width <= _PHONE and all(tile.label.is_shown and tile.label.size >= _READ for tile in self.tiles)


class Maps:
    """The maps that one process has drawn: one is drawn again when a boundary in it changes."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[tuple[Any, ...], _Drawn] = OrderedDict()

    def of(self, rows: Rows, path: str, children: Sequence[Mapping[str, Any]]) -> GroundMap | None:
        """The map of the area with these children; None when there are none."""
        if not children:
            return None
        standing = tuple((row["path"], row["position"]) for row in rows.query(_STANDING, [path]))
        bounded = {one for one, _ in standing}
        without = sum(1 for child in children if child["path"] not in bounded)
        if without:
            return _schematic(children, without if bounded else 0)
        figures, (width, height) = self._figures(rows, path, standing)
        chosen = [figures[child["path"]] for child in children]
        labels = labelled(chosen, [child["name"] for child in children], width, height)
        tiles = tuple(Tile(figure.path, label) for figure, label in zip(chosen, labels, strict=True))
        return GroundMap(tiles, width, height, True, 0)

    def _figures(self, rows: Rows, path: str, standing: tuple[tuple[str, int], ...]) -> _Drawn:
        key = (path, standing)
        if key not in self._drawn:
            self._drawn[key] = _draw(rows, path)
            while len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        self._drawn.move_to_end(key)
        return self._drawn[key]


def _draw(rows: Rows, path: str) -> _Drawn:
    # A city without boundaries needs no geometry.
    from shared.geometry.picture import Frame, figures
    from shared.geometry.shapes import unpacked

    shapes = {row["path"]: unpacked(row["shape"]) for row in rows.query(_SHAPES, [path])}
    frame = Frame.around(list(shapes.values()), WIDTHS, HEIGHTS, _MARGIN)
    return dict(zip(shapes, figures(list(shapes.values()), frame), strict=True)), (frame.width, frame.height)


def _schematic(children: Sequence[Mapping[str, Any]], without: int) -> GroundMap:
    centres = tuple(
        None if child["centre"] is None else (child["centre"]["lat"], child["centre"]["lon"]) for child in children
    )
    tiles = tuple(
        Tile(f"M{tile.path}Z", Label(*tile.centre, _size(tile.width, child["name"])))
        for child, tile in zip(children, mosaic.tiles(centres), strict=True)
    )
    return GroundMap(tiles, mosaic.WIDTH, mosaic.HEIGHT, False, without)


def _size(width: float, name: str) -> float:
    """A letter is as wide as it is high; a name takes what its tile has."""
    return max(_SMALLEST, min(_LARGEST, width * 0.8 / max(4, len(name))))


def labelled(figures: Sequence[Figure], names: Sequence[str], width: float, height: float) -> list[Label]:
    """A label for each figure: the widest choose first, the others take what is left around them."""
    taken: list[tuple[float, float, float, float]] = []
    found: dict[int, Label] = {}
    for n in sorted(range(len(figures)), key=lambda n: -figures[n].width):
        figure, letters = figures[n], len(names[n])
        wanted = Label(*figure.centre, _size(figure.width, names[n]))
        label = next(
            (one for one in _places(wanted, figure) if _is_free(one.box(letters), taken, width, height)),
            replace(wanted, size=_SMALLEST, y=figure.centre[1] - _SMALLEST / 2, is_shown=False),
        )
        taken.append(label.box(letters))
        found[n] = label
    return [found[n] for n in range(len(figures))]


def _places(wanted: Label, figure: Figure) -> list[Label]:
    """Inside; else, for a small one, a little below, above and beside."""
    step = figure.radius + wanted.size
    moves = ((0.0, 0.0), (0.0, step * 0.6), (0.0, -step * 0.6), (step, 0.0), (-step, 0.0))
    return [replace(wanted, x=wanted.x + x, y=wanted.y + y) for x, y in moves]


def _is_free(
    box: tuple[float, float, float, float],
    taken: Sequence[tuple[float, float, float, float]],
    width: float,
    height: float,
) -> bool:
    left, top, right, bottom = box
    if left < 0 or top < 0 or right > width or bottom > height:
        return False
    return not any(
        left < east and west < right and top < south and north < bottom for west, north, east, south in taken
    )
