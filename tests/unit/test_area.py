"""Area codes and paths: what is right comes back equal, what is wrong is told why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid

widths = (6, 3, 3, 3, 5)


@st.composite
def paths(draw: st.DrawFn) -> str:
    depth = draw(st.integers(1, 5))
    return ".".join(str(draw(st.integers(1, 10**width - 1))).zfill(width) for width in widths[:depth])


@given(paths())
def test_a_path_comes_back_equal_and_so_does_its_national_code(path: str) -> None:
    area = Area.parse(path)

    assert str(area) == path
    # A code of twelve digits may be a padded street or district: only an unpadded one is unambiguous.
    if not area.code.endswith("000"):
        assert Area.parse(area.code) == area


@given(paths())
def test_ancestors_run_from_the_district_to_the_area_itself(path: str) -> None:
    area = Area.parse(path)
    ancestors = list(area.ancestors())

    assert [ancestor.tier for ancestor in ancestors] == [Tier(n) for n in range(1, area.tier + 1)]
    assert ancestors[-1] == area
    assert ancestors[0] == area.district
    assert all(area.is_within(ancestor) for ancestor in ancestors)
    assert area.parent == (ancestors[-2] if len(ancestors) > 1 else None)
    assert [area.at(tier) for tier in Tier] == ancestors + [None] * (5 - len(ancestors))


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("530103", "530103"),
        ("530103000000", "530103"),
        ("530103004", "530103.004"),
        ("530103004000", "530103.004"),
        ("530103004012", "530103.004.012"),
        ("530103004012003", "530103.004.012.003"),
        ("53010300401200300007", "530103.004.012.003.00007"),
    ],
)
def test_national_codes_of_every_length_are_read(code: str, path: str) -> None:
    assert Area.parse(code).path == path


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "53010",
        "5301033",
        "530103.4",
        "530103.0044",
        "530103..004",
        "530103.004.",
        "五三零一零三",
        "５３０１０３",
        "530103\n",
    ],
)
def test_a_wrong_code_is_told_what_a_right_one_looks_like(wrong: str) -> None:
    with pytest.raises(Invalid) as caught:
        Area.parse(wrong)

    assert "digits" in str(caught.value)


def test_a_neighbour_whose_path_begins_alike_is_not_within() -> None:
    assert not Area.parse("530103.0041"[:10]).is_within(Area.parse("530103.003"))
    assert not Area("530103.004.012").is_within(Area("530103.004.01"))


def test_segments_fill_missing_tiers_with_a_dash() -> None:
    assert Area.parse("530103.004").segments() == ("530103", "004", "-", "-", "-")
