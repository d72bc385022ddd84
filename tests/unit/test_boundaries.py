"""Files of boundaries: what is read, what is put right, what is refused and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely import Point, box

from deploy.boundaries.faults import Fault
from deploy.boundaries.ground import Ground, Known, of_events
from deploy.boundaries.judging import Reading, Verdict, judge, looks_like_gcj02
from deploy.boundaries.matching import Wish
from deploy.boundaries.reading import features_of
from deploy.boundaries.rings import read
from deploy.boundaries.solid import MOST_POINTS, sound
from deploy.boundaries.standing import collection, counted, findings
from shared.contracts.area import AreaCreated
from shared.contracts.shapes import Point as Place
from shared.geometry.datum import to_gcj02
from shared.geometry.shapes import moved, polygons_of
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid
from tests.support.boundaries import collection as file_of
from tests.support.boundaries import feature, panlong

SQUARE = [[102.70, 25.0], [102.72, 25.0], [102.72, 25.02], [102.70, 25.02], [102.70, 25.0]]
READING = Reading("示意")


def created(path: str, name: str, lon: float, lat: float) -> AreaCreated:
    return AreaCreated(path=path, name=name, kind="街道", centre=Place(lat=lat, lon=lon))


def city() -> Ground:
    """A district with two streets side by side, the eastern one with a community."""
    return of_events(
        [
            created("530103", "盘龙区", 102.72, 25.01),
            created("530103.001", "西街道", 102.71, 25.01),
            created("530103.002", "东街道", 102.73, 25.01),
            created("530103.002.001", "东社区", 102.725, 25.005),
        ]
    )


def written(tmp_path: Path, content: Any, name: str = "areas.geojson", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes((content if isinstance(content, str) else json.dumps(content)).encode(encoding))
    return path


def judged(tmp_path: Path, *features: dict[str, Any], ground: Ground | None = None, **how: Any) -> list[Verdict]:
    path = written(tmp_path, {"type": "FeatureCollection", "features": list(features)})
    return judge(features_of(path, "utf-8"), ground or city(), Reading("示意", **how))


def polygon(code: str, *rings: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code, **properties},
        "geometry": {"type": "Polygon", "coordinates": list(rings)},
    }


def rules(verdicts: list[Verdict]) -> list[list[str]]:
    return [[fault.rule for fault in one.faults] for one in verdicts]


# --- files --------------------------------------------------------------------------------------------------------


def test_geojson_with_a_mark_at_its_beginning_and_lines_and_csv_are_the_same_features(tmp_path: Path) -> None:
    one = polygon("530103001", SQUARE)
    whole = written(tmp_path, "\ufeff" + json.dumps({"type": "FeatureCollection", "features": [one]}))
    lines = written(tmp_path, "\x1e" + json.dumps(one) + "\r\n\n", "a.geojsonl")
    cell = json.dumps(one["geometry"]).replace('"', '""')
    table = written(tmp_path, f'code,geometry\n530103001,"{cell}"\n', "a.csv")
    wkt = written(tmp_path, "code;wkt\n".replace(";", ",") + f'530103001,"{shapely.Polygon(SQUARE).wkt}"\n', "b.csv")
    pairs = ";".join(f"{lon},{lat}" for lon, lat in SQUARE)
    polyline = written(tmp_path, f"code\tpolyline\n530103001\t{pairs}\n", "c.tsv")
    found = [judge(features_of(path, "utf-8"), city(), READING)[0] for path in (whole, lines, table, wkt, polyline)]

    assert [one.outcome for one in found] == ["new"] * 5
    assert len({one.boundary for one in found}) == 1


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ('{"type": "FeatureCollection", "features": [', "a.geojson", "JSON"),
        ('{"type": "Topology"}', "a.geojson", "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": []}', "a.geojson", "features"),
        ("whatever", "a.shp", "GeoJSON"),
        ("code,name\n1,2\n", "a.csv", "column"),
        ('code,wkt\n1,"POLY', "a.csv", "CSV"),
        ('{"type":"FeatureCollection","crs":{"properties":{"name":"EPSG:4547"}},"features":[]}', "a.json", "EPSG:4547"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(tmp_path: Path, content: str, name: str, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        features_of(written(tmp_path, content, name), "utf-8")

    assert caught.value.hint


def test_another_encoding_is_named_and_read_when_said(tmp_path: Path) -> None:
    content = f'名称,边界\n西街道,"{shapely.Polygon(SQUARE).wkt}"\n'
    path = written(tmp_path, content, "a.csv", "gb18030")
    with pytest.raises(Invalid, match="utf-8") as caught:
        features_of(path, "utf-8")
    (found,) = judge(features_of(path, "gb18030"), city(), READING)

    assert "gb18030" in str(caught.value.hint)
    assert (found.path, found.outcome) == ("530103.001", "new")


# --- rings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ring", "rule"),
    [
        ([[102.7, 25.0], [102.71, 25.0]], "ring.short"),
        ([[102.7, 25.0], [102.7, 25.0], [102.7, 25.0], [102.7, 25.0]], "ring.short"),
        ([[102.7, 25.0], [102.71, None], [102.7, 25.1]], "position.number"),
        ([[102.7, 25.0], [102.71, float("nan")], [102.7, 25.1]], "position.number"),
        ([[102.7, 25.0], ["102.71", 25.0], [102.7, 25.1]], "position.number"),
        ("102.7,25.0", "ring.form"),
        ([[25.0, 102.7], [25.0, 102.71], [25.01, 102.7]], "position.order"),
        ([[34567890.1, 2770000.0], [34567990.1, 2770000.0], [34567890.1, 2770100.0]], "position.metres"),
        ([[102.7, 25.0], [102.72, 25.02], [102.72, 25.0], [102.7, 25.02]], "ring.crosses"),
        ([[102.7, 25.0], [102.71, 25.0], [102.72, 25.0]], "shape.empty"),
        ([[110.7, 35.0], [110.72, 35.0], [110.72, 35.02]], "shape.far"),
    ],
)
def test_what_is_wrong_with_a_ring_has_a_name_and_an_advice(tmp_path: Path, ring: Any, rule: str) -> None:
    (found,) = judged(tmp_path, polygon("530103001", ring))

    assert (found.outcome, [fault.rule for fault in found.faults]) == ("refused", [rule])
    assert found.faults[0].hint


@pytest.mark.parametrize(
    ("geometry", "rule"),
    [
        ({"type": "LineString", "coordinates": SQUARE}, "geometry.kind"),
        ({"type": "Point", "coordinates": [102.7, 25.0]}, "geometry.kind"),
        (None, "geometry.kind"),
        ({"type": "Polygon", "coordinates": []}, "geometry.empty"),
        ({"type": "MultiPolygon", "coordinates": []}, "geometry.empty"),
        ("POLYGON((102.7 25, 102.8 25", "geometry.text"),
        ("elsewhere", "position.number"),
    ],
)
def test_only_polygons_are_boundaries(geometry: Any, rule: str) -> None:
    with pytest.raises(Fault) as caught:
        read(geometry, "wgs84", "lon-lat")

    assert caught.value.rule == rule


def test_what_can_be_put_right_without_guessing_is(tmp_path: Path) -> None:
    open_ring = [[lon, lat, 1890.5] for lon, lat in SQUARE[:-1]]
    (found,) = judged(tmp_path, polygon("530103001.0", open_ring))

    assert found.outcome == "new"
    assert any("closed" in note for note in found.notes)


def test_swapped_positions_are_read_when_that_is_said(tmp_path: Path) -> None:
    (found,) = judged(tmp_path, polygon("530103001", [[lat, lon] for lon, lat in SQUARE]), order="lat-lon")

    assert found.outcome == "new"
    assert found.sound is not None
    assert found.sound.shape.covers(Point(102.71, 25.01))


def test_holes_and_several_parts_come_in(tmp_path: Path) -> None:
    hole = [[102.705, 25.005], [102.705, 25.01], [102.71, 25.01], [102.71, 25.005], [102.705, 25.005]]
    island = [[102.73, 25.03], [102.74, 25.03], [102.74, 25.04], [102.73, 25.03]]
    both = {"type": "MultiPolygon", "coordinates": [[SQUARE, hole], [island]]}
    (found,) = judged(tmp_path, {"type": "Feature", "properties": {"name": "西街道"}, "geometry": both})

    assert found.boundary is not None
    assert sorted(len(rings) for rings in found.boundary.polygons) == [1, 2]


def test_a_crossing_is_mended_only_when_that_is_asked_for(tmp_path: Path) -> None:
    # A spike of a few metres that crosses over itself at a corner.
    spike = [*SQUARE[:2], [102.72, 25.01], [102.72001, 25.01001], [102.71999, 25.01001], [102.72, 25.01], *SQUARE[2:]]
    bow = [[102.7, 25.0], [102.72, 25.02], [102.72, 25.0], [102.7, 25.02]]
    mended = sound(read({"type": "Polygon", "coordinates": [spike]}, "wgs84", "lon-lat"), repair=True, metres=0)
    (refused,) = judged(tmp_path, polygon("530103001", spike))
    (bowed,) = judged(tmp_path, polygon("530103001", bow), repair=True)

    assert mended.shape.is_valid
    assert mended.notes
    assert refused.outcome == "refused"
    # A bow has two halves, and both are kept.
    assert bowed.boundary is not None
    assert len(bowed.boundary.polygons) == 2


def test_public_maps_are_brought_to_wgs84_and_suspected_where_nobody_says_so(tmp_path: Path) -> None:
    """Squares of 400 m: public maps show them some 300 m further off."""
    corners = {f"530103.{n:03}": (102.7 + n * 0.005, 25.05) for n in range(1, 9)}
    plain = {path: box(lon, lat, lon + 0.004, lat + 0.004) for path, (lon, lat) in corners.items()}
    ground = of_events(created(path, path, shape.centroid.x, shape.centroid.y) for path, shape in plain.items())
    path = written(tmp_path, file_of({path: moved(shape, to_gcj02) for path, shape in plain.items()}))
    silent = judge(features_of(path, "utf-8"), ground, READING)
    told = judge(features_of(path, "utf-8"), ground, Reading("示意", datum="gcj02"))
    pairs = zip(told, plain.values(), strict=True)
    off = [shapely.hausdorff_distance(one.sound.shape, shape) for one, shape in pairs if one.sound]

    assert looks_like_gcj02(silent)
    assert not looks_like_gcj02(told)
    assert {one.outcome for one in told} == {"new"}
    assert len(off) == 8
    assert max(off) < 3e-7


def test_what_is_too_large_for_the_log_is_thinned_and_says_so() -> None:
    circle = [list(one) for one in Point(102.71, 25.01).buffer(0.05, quad_segs=9_000).exterior.coords]
    found = sound(read({"type": "Polygon", "coordinates": [circle]}, "wgs84", "lon-lat"), repair=False, metres=0)

    assert len(circle) > 30_000
    assert found.points <= MOST_POINTS
    assert 0 < found.tolerance <= 1
    assert found.notes


# --- which area, and beside which ---------------------------------------------------------------------------------


def test_areas_are_told_by_code_or_by_name(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        polygon("530103001000", SQUARE),
        polygon("", SQUARE, name="东 街道"),
        polygon("530199", SQUARE),
        polygon("banana", SQUARE),
        polygon("", SQUARE),
        polygon("530103.001", SQUARE),
    )

    assert rules(found) == [[], ["area.unknown"], ["area.unknown"], ["area.code"], ["area.unnamed"], ["area.twice"]]
    assert found[1].faults[0].hint == "东街道"


def test_a_tier_or_a_place_that_was_not_meant_is_refused(tmp_path: Path) -> None:
    wrong_tier = judged(tmp_path, polygon("530103", SQUARE), wish=Wish(tier=Tier.STREET))
    elsewhere = judged(tmp_path, polygon("530103001", SQUARE), wish=Wish(within=Area("530103.002")))

    assert rules([*wrong_tier, *elsewhere]) == [["area.tier"], ["area.elsewhere"]]


def test_a_child_outside_of_its_parent_and_neighbours_on_the_same_ground_are_refused(tmp_path: Path) -> None:
    west, east = box(102.70, 25.0, 102.72, 25.02), box(102.715, 25.0, 102.74, 25.02)
    community = box(102.73, 25.0, 102.75, 25.01)
    apart = judged(tmp_path, feature("530103.001", west), feature("530103.002", east))
    inside = judged(tmp_path, feature("530103.002.001", community), feature("530103.002", east))

    assert rules(apart) == [["shape.overlaps"], ["shape.overlaps"]]
    assert rules(inside) == [["shape.outside"], []]
    assert "50.0%" in inside[0].faults[0].said


def test_what_is_there_already_counts_for_what_comes_and_stays_when_it_comes_again(tmp_path: Path) -> None:
    west = box(102.70, 25.0, 102.72, 25.02)
    ground = city()
    ground.shapes["530103.001"], ground.sources["530103.001"] = west, "示意"
    again = judged(tmp_path, feature("530103.001", west), ground=ground)
    beside = judged(tmp_path, feature("530103.002", box(102.71, 25.0, 102.74, 25.02)), ground=ground)
    other = judged(tmp_path, feature("530103.001", box(102.70, 25.0, 102.71, 25.02)), ground=ground)

    assert [one.outcome for one in (*again, *beside, *other)] == ["unchanged", "refused", "changed"]


def test_the_whole_of_panlong_fits_together_and_a_gap_is_found() -> None:
    shapes = panlong()
    known = {path: Known(Area(path), path, "", None) for path in shapes}
    ground = Ground(known, dict(shapes), dict.fromkeys(shapes, "示意"), dict.fromkeys(shapes, 0.0))
    whole = list(findings(ground))
    gone = next(path for path in shapes if len(path) == 14)
    del ground.shapes[gone]
    partly = list(findings(ground))
    del ground.areas[gone]
    gaps = list(findings(ground))

    assert whole == []
    assert [(one.rule, one.area) for one in partly] == [("family.partly", gone[:10])]
    assert [(one.rule, one.area) for one in gaps] == [("family.gaps", gone[:10])]
    assert counted(ground)[0] == (Tier.DISTRICT, 1, 1)


def test_what_is_exported_comes_in_again_unchanged(tmp_path: Path) -> None:
    shapes = {path: shape for path, shape in panlong().items() if len(path) <= 10}
    known = {path: Known(Area(path), path, "", None) for path in shapes}
    ground = Ground(known, shapes, dict.fromkeys(shapes, "示意"), dict.fromkeys(shapes, 0.0))
    again = judge(features_of(written(tmp_path, collection(ground, None, None)), "utf-8"), ground, READING)

    assert {one.outcome for one in again} == {"unchanged"}
    assert len(again) == len(polygons_of(shapes["530103"])) + 12
