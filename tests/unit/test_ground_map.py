"""The map of an area: real boundaries or none, names that do not lie on each other, drawn again when a word changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from shapely.geometry.base import BaseGeometry

from services.grid import spot_map
from services.grid.ground_map import HEIGHTS, WIDTHS, Label, Maps, labelled
from services.intake import place_map
from services.intake.place_map import MOST_POINTS, PlaceMaps
from shared.contracts.shapes import Point
from shared.geometry.picture import Figure
from shared.geometry.shapes import packed, polygons_of
from shared.kernel.area import Area
from tests.support.boundaries import panlong

DISTRICT = "530103"


class Tables:
    """The two answers that a map asks for, and how often shapes were read."""

    def __init__(self, shapes: Mapping[str, BaseGeometry]) -> None:
        self.rows = [
            {"path": path, "position": n, "shape": bytes.fromhex(packed(polygons_of(shape))[2:])}
            for n, (path, shape) in enumerate(shapes.items(), 1)
        ]
        self.read = 0

    def query(self, statement: str, *_: Any) -> list[dict[str, Any]]:
        self.read += "shape" in statement
        return self.rows

    def execute(self, *_: Any) -> int:
        raise AssertionError("a map changes nothing")


def streets() -> dict[str, BaseGeometry]:
    return {path: shape for path, shape in panlong().items() if len(path) == 10}


def children(paths: list[str]) -> list[dict[str, Any]]:
    return [
        {"path": path, "name": "青云街道", "centre": {"lat": 25.0, "lon": 102.7 + n / 100}}
        for n, path in enumerate(paths)
    ]


def test_where_every_child_has_a_boundary_the_map_is_real() -> None:
    shapes = streets()
    found = Maps().of(Tables(shapes), DISTRICT, children(list(shapes)))

    assert found is not None
    assert found.is_real
    assert len(found.tiles) == 12
    assert all(tile.path.startswith("M") and tile.path.endswith("Z") for tile in found.tiles)
    assert WIDTHS[0] <= found.width <= WIDTHS[1]
    assert HEIGHTS[0] <= found.height <= HEIGHTS[1]
    assert sum(len(tile.path) for tile in found.tiles) < 12_000


def test_where_one_lacks_a_boundary_the_whole_map_is_schematic_and_says_how_many_do() -> None:
    shapes = streets()
    known = dict(list(shapes.items())[:-2])
    found = Maps().of(Tables(known), DISTRICT, children(list(shapes)))
    none = Maps().of(Tables({}), DISTRICT, children(list(shapes)))

    assert found is not None
    assert none is not None
    assert (found.is_real, found.without) == (False, 2)
    assert (none.is_real, none.without) == (False, 0)
    assert len(found.tiles) == len(none.tiles) == 12
    assert Maps().of(Tables({}), DISTRICT, []) is None


def test_it_is_drawn_once_and_again_when_a_boundary_changes() -> None:
    shapes = streets()
    tables, maps = Tables(shapes), Maps()
    for _ in range(3):
        maps.of(tables, DISTRICT, children(list(shapes)))
    first = tables.read
    tables.rows[0]["position"] = 99
    maps.of(tables, DISTRICT, children(list(shapes)))

    assert (first, tables.read) == (1, 2)


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("n", [1, 4, 12, 40])
def test_no_name_lies_on_another(n: int) -> None:
    """Many small areas close to each other, beside one that is large."""
    figures = [Figure("", (60 + 31 * (i % 8), 60 + 24 * (i // 8)), 12, 24) for i in range(n)]
    figures.append(Figure("", (700, 400), 200, 420))
    names = ["白沙河社区"] * len(figures)
    found = labelled(figures, names, 1000, 600)
    shown = [label.box(5) for label in found if label.is_shown]

    assert not any(overlap(one, other) for i, one in enumerate(shown) for other in shown[:i])
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= 1000 and box[3] <= 600 for box in shown)
    assert found[-1] == Label(700, 400, 26.0)


def test_the_ground_for_choosing_a_place_is_small_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = Tables({path: shape for path, shape in panlong().items() if len(path) > 6})
    for row in tables.rows:
        row |= {"name": row["path"], "tier": row["path"].count(".") + 1, "lat": 25.0, "lon": 102.7}
    tables.rows[-1]["shape"] = None
    tables.rows[-2] |= {"shape": None, "lat": None}
    monkeypatch.setattr(place_map.BOUNDARIES, "standing", lambda _rows: (len(tables.rows), 1))
    maps = PlaceMaps()
    found = orjson.loads(maps.of(tables, None))
    again = maps.of(tables, None)
    other = maps.of(tables, Area(DISTRICT))
    kinds = [one["geometry"]["type"] for one in found["features"]]

    assert len(again) < 60_000
    assert (kinds.count("MultiPolygon"), kinds.count("Point")) == (len(tables.rows) - 2, 1)
    assert (
        sum(len(rings[0]) for one in found["features"][:-1] for rings in one["geometry"]["coordinates"]) < MOST_POINTS
    )
    assert tables.read == 2
    assert other == again


# --- where one case lies ------------------------------------------------------------------------------------------


def test_a_case_lies_in_its_community_among_the_neighbours_or_in_its_street() -> None:
    shapes = {path: shape for path, shape in panlong().items() if path.startswith("530103.004.")}
    middle = shapes["530103.004.006"].representative_point()
    rows = Tables({**shapes, "530103.004": shapes["530103.004.006"]})
    for row in rows.rows:
        row["name"] = row["path"]
    point = Point(lat=middle.y, lon=middle.x)
    own = spot_map.around(rows, Area("530103.004.006.003.00001"), point)
    of_street = spot_map.around(rows, Area("530103.004"), None)

    assert own is not None
    assert own["name"] == "530103.004.006"
    assert len(own["others"]) == len(rows.rows) - 1
    assert 0 < own["at"][0] < own["width"]
    assert 0 < own["at"][1] < own["height"]
    assert of_street is not None
    assert (of_street["name"], of_street["at"]) == ("530103.004", None)


def test_a_point_outside_of_its_community_is_in_the_picture_all_the_same() -> None:
    shapes = {path: shape for path, shape in panlong().items() if path.startswith("530103.004.")}
    rows = Tables(shapes)
    for row in rows.rows:
        row["name"] = row["path"]
    _, south, east, _ = shapes["530103.004.006"].bounds
    far = spot_map.around(rows, Area("530103.004.006"), Point(lat=south - 0.02, lon=east + 0.02))

    assert far is not None
    assert 0 < far["at"][0] < far["width"]
    assert 0 < far["at"][1] < far["height"]


def test_where_nobody_gave_boundaries_there_is_no_small_map() -> None:
    assert spot_map.around(Tables({}), Area("530103.004.006.003.00001"), None) is None
    assert spot_map.around(Tables(panlong()), Area(DISTRICT), None) is None
