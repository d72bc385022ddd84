"""The schematic map: every place has its tile, tiles do not overlap, and the same places make the same map."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.grid import area_view
from services.grid.mosaic import HEIGHT, WIDTH, Point, tiles
from shared.pages.formats import duration, share
from shared.pages.page import local_address

AREAS = Path(__file__).parents[2] / "deploy/reference/panlong/areas.csv"
DEGREES = st.floats(24.9, 25.4, allow_nan=False)


def _size(corners: tuple[Point, ...]) -> float:
    pairs = zip(corners, [*corners[1:], corners[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def test_panlong_has_a_tile_for_every_street_that_carries_its_name() -> None:
    with AREAS.open(encoding="utf-8") as file:
        streets = [row for row in csv.DictReader(file) if row["path"].count(".") == 1]
    found = tiles(tuple((float(row["lat"]), float(row["lon"])) for row in streets))

    assert len(found) == 12
    assert min(tile.width for tile in found) > 100


@given(st.lists(st.tuples(DEGREES, DEGREES), min_size=1, max_size=25, unique=True))
def test_every_place_has_a_tile_in_the_picture(places: list[tuple[float, float]]) -> None:
    found = tiles(tuple(places))

    assert len(found) == len(places)
    for tile in found:
        assert len(tile.corners) >= 3
        assert all(-1 <= x <= WIDTH + 1 and -1 <= y <= HEIGHT + 1 for x, y in tile.corners)
    assert sum(_size(tile.corners) for tile in found) <= WIDTH * HEIGHT


@pytest.mark.parametrize("n", [1, 2, 3, 7, 40])
def test_places_that_nobody_knows_have_tiles_too(n: int) -> None:
    found = tiles((None,) * n)

    assert len({tile.centre for tile in found}) == n


@pytest.mark.parametrize(("top", "scale"), [(0, 4), (4, 4), (5, 8), (9, 12), (13, 20), (50, 80), (101, 120)])
def test_a_scale_ends_at_a_number_that_four_lines_divide(top: int, scale: int) -> None:
    found = area_view._trend([{"day": "2026-05-03", "opened": top, "closed": 0}])

    assert found["top"] == scale


def test_numbers_are_said_as_people_read_them() -> None:
    assert [duration(seconds, "zh") for seconds in (None, 4, 3_700, 90_000)] == [
        "—",
        "1 分内",
        "1 小时 1 分",
        "1 天 1 小时",
    ]
    assert [share(value) for value in (None, 1.0, 0.875)] == ["—", "100%", "87.5%"]


@pytest.mark.parametrize("address", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\nb", None])
def test_nobody_is_led_on_to_another_site(address: str | None) -> None:
    assert local_address(address) == "/"
