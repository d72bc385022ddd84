"""Datums, shapes, what lies in what, and how it is drawn."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from shared.geometry import datum
from shared.geometry.index import Outlines
from shared.geometry.picture import Frame, figures
from shared.geometry.shapes import (
    metres_between,
    packed,
    points_of,
    polygons_of,
    shape_of,
    simplified,
    simplified_together,
    square_metres,
    unpacked,
)
from tests.support import boundaries

PEKING = (116.404, 39.915)
CENTIMETRE = 1e-7


def near(one: tuple[float, float], other: tuple[float, float], degrees: float = CENTIMETRE) -> bool:
    return abs(one[0] - other[0]) < degrees and abs(one[1] - other[1]) < degrees


def kept(*named: tuple[str, object]) -> Outlines:
    """As the tables keep them."""
    return Outlines((path, bytes.fromhex(packed(polygons_of(shape))[2:])) for path, shape in named)


# --- datums -------------------------------------------------------------------------------------------------------


def test_known_pairs_of_the_three_datums_agree() -> None:
    """What coordtransform and hutool, two libraries in wide use, answer for Tiananmen."""
    assert near(datum.to_gcj02(PEKING), (116.41024449916938, 39.91640428150164))
    assert near(datum.to_gcj02(datum.from_bd09(PEKING)), (116.39762729119315, 39.90865673957631))
    assert near(datum.to_bd09(datum.from_gcj02(PEKING)), (116.41036949371029, 39.92133699351021))
    # Their way back is one step and off by a hand's breadth; ours is exact.
    assert near(datum.from_gcj02(PEKING), (116.39775550083061, 39.91359571849836), 3e-6)


@given(st.floats(75, 134), st.floats(4, 53))
def test_there_and_back_is_a_centimetre_at_most(lon: float, lat: float) -> None:
    assert near(datum.from_gcj02(datum.to_gcj02((lon, lat))), (lon, lat))
    assert near(datum.from_bd09(datum.to_bd09((lon, lat))), (lon, lat), 2e-6)


def test_outside_of_china_nothing_is_shifted() -> None:
    assert datum.to_gcj02((-71.06, 42.36)) == (-71.06, 42.36)
    assert datum.from_gcj02((-71.06, 42.36)) == (-71.06, 42.36)


# --- shapes -------------------------------------------------------------------------------------------------------


def test_a_boundary_goes_through_events_and_tables_unchanged() -> None:
    ring = box(102.7, 25.0, 102.8, 25.1)
    shape = shapely.union_all(
        [shapely.difference(ring, box(102.73, 25.03, 102.75, 25.05)), box(102.9, 25, 102.95, 25.1)]
    )
    said = polygons_of(shape)
    again = unpacked(bytes.fromhex(packed(said)[2:]))

    assert [len(rings) for rings in said] in ([2, 1], [1, 2])
    assert points_of(said) == 15
    assert polygons_of(again) == said
    assert polygons_of(shape_of(said)) == said
    assert square_metres(again) == pytest.approx(square_metres(shape))


def test_a_square_of_a_thousandth_of_a_degree_is_as_large_as_the_ground_says() -> None:
    side = 0.001
    found = square_metres(box(102.7, 25.0, 102.7 + side, 25.0 + side))

    assert found == pytest.approx(111.32 * 111.32 * math.cos(math.radians(25.0005)), rel=1e-3)
    assert metres_between(box(102.7, 25.0, 102.8, 25.1), 102.75, 25.05) == 0
    assert metres_between(box(102.7, 25.0, 102.8, 25.1), 102.75, 25.101) == pytest.approx(111, abs=1)


def test_a_thinned_boundary_stays_near_and_valid() -> None:
    circle = Point(102.7, 25.0).buffer(0.02, quad_segs=200)
    found = simplified(circle, 5)

    assert points_of(polygons_of(found)) < 120
    assert found.is_valid
    assert square_metres(shapely.symmetric_difference(found, circle)) / square_metres(circle) < 0.005


def test_neighbours_keep_the_edge_that_they_share() -> None:
    wave = [(102.75 + 0.002 * math.sin(step / 3), 25.0 + step / 1000) for step in range(101)]
    west = Polygon([(102.7, 25.0), *wave, (102.7, 25.1)])
    east = Polygon([(102.8, 25.0), *wave, (102.8, 25.1)])
    thin_west, thin_east = simplified_together([west, east], 60)

    assert points_of(polygons_of(thin_west)) < points_of(polygons_of(west)) / 2
    assert square_metres(shapely.intersection(thin_west, thin_east)) < 1
    both = shapely.union_all([thin_west, thin_east])
    assert square_metres(shapely.difference(both.convex_hull, both)) < 1


# --- what lies in what --------------------------------------------------------------------------------------------

WEST, EAST = box(102.7, 25.0, 102.75, 25.1), box(102.75, 25.0, 102.8, 25.1)
POND = box(102.71, 25.01, 102.72, 25.02)


def test_a_point_lies_in_the_narrowest_area_that_holds_it() -> None:
    found = kept(
        ("530103", box(102.7, 25.0, 102.8, 25.1)),
        ("530103.001", shapely.difference(WEST, POND)),
        ("530103.002", EAST),
        ("530103.002.001", box(102.77, 25.03, 102.78, 25.04)),
    )

    assert found.holding(102.775, 25.035) == ["530103.002.001", "530103.002", "530103"]
    assert found.holding(102.73, 25.05) == ["530103.001", "530103"]
    # In a hole of its street it is nobody's but the district's.
    assert found.holding(102.715, 25.015) == ["530103"]
    assert found.holding(103.5, 25.0) == []


def test_on_an_edge_it_lies_in_both_and_the_answer_is_always_the_same() -> None:
    found = kept(("530103.002", EAST), ("530103.001", WEST))

    assert found.holding(102.75, 25.05) == ["530103.001", "530103.002"]
    assert found.holding(102.7, 25.0) == ["530103.001"]


def test_how_far_outside_is_said_in_metres() -> None:
    found = kept(("530103.001", WEST))

    assert found.metres_outside("530103.001", 102.73, 25.05) == 0
    assert found.metres_outside("530103.001", 102.76, 25.05) == pytest.approx(1008, abs=5)
    assert found.metres_outside("530103.002", 102.76, 25.05) is None


def test_every_centre_of_panlong_lies_in_the_cell_around_it() -> None:
    shapes = boundaries.panlong()
    found = kept(*shapes.items())
    communities = [path for path in shapes if len(path) == 14]
    inside = [path for path in communities if found.holding(*shapes[path].representative_point().coords[0])[0] == path]

    assert inside == communities


# --- drawings -----------------------------------------------------------------------------------------------------


def test_north_is_up_and_the_picture_is_filled() -> None:
    tall = box(102.7, 25.0, 102.8, 25.3)
    frame = Frame.around([tall], (560, 1000), (440, 920), 14)
    left, bottom = frame.place(102.7, 25.0)
    right, top = frame.place(102.8, 25.3)

    assert frame.height == 920
    assert (top, bottom) == (pytest.approx(14), pytest.approx(906))
    assert frame.width == 560
    assert left == pytest.approx(560 - right)
    # A degree of longitude is shorter than one of latitude by the cosine.
    assert (right - left) / (bottom - top) == pytest.approx(math.cos(math.radians(25.15)) / 3, rel=1e-3)


def test_a_figure_has_its_holes_and_a_place_for_its_name_outside_of_them() -> None:
    ring = shapely.difference(box(102.7, 25.0, 102.8, 25.1), box(102.72, 25.02, 102.78, 25.08))
    frame = Frame.around([ring], (560, 1000), (440, 920), 14)
    (found,) = figures([ring], frame)
    inside = frame.drawn(ring)

    assert found.path.count("M") == 2
    assert inside.covers(Point(found.centre))
    assert found.radius == pytest.approx(found.width / 2, rel=0.5)
