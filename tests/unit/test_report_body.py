"""The quick reader of report bodies says what the schema says, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.intake import quick
from services.intake.schemas import SubmitReportBody
from shared.web.fields import Body

PLAIN: dict[str, Any] = {
    "title": "楼下飞线充电",
    "words": "三栋楼下有人拉线。\n很危险。",
    "issue_type": "E-01-02",
    "area": "530103.004.012",
    "place": "3 栋",
    "point": {"lat": 25.07, "lon": 102.73},
    "contact": {"name": "王大妈", "phone": "13888886666"},
}

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=400),
    st.lists(st.text(max_size=3), max_size=2),
    st.sampled_from(
        [
            "",
            " ",
            "\n",
            "a\nb",
            "a\u2028b",
            "\x00",
            "\ud800",
            "👨‍👩‍👧",
            "530103",
            "53010",
            "５３０１０３",
            "长" * 301,
            "长" * 10_001,
        ]
    ),
)
points = st.fixed_dictionaries({}, optional={"lat": odd, "lon": odd, "accuracy": odd, "x": odd}) | odd
contacts = (
    st.fixed_dictionaries({}, optional={"name": odd, "phone": odd | st.just("13888886666"), "email": odd, "x": odd})
    | odd
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "title": odd | st.just(PLAIN["title"]),
        "words": odd | st.just(PLAIN["words"]),
        "issue_type": odd | st.just("E-01-02"),
        "area": odd | st.just("530103.004"),
        "place": odd,
        "point": points | st.just(PLAIN["point"]),
        "contact": contacts | st.just(PLAIN["contact"]),
        "urgency": odd | st.just("urgent"),
        "source": odd | st.just("hotline"),
        "external_number": odd,
        "x": odd,
    },
)


def slowly(body: dict[str, Any]) -> Any:
    """What the schema itself says; None when it refuses."""
    try:
        return Body.load(SubmitReportBody(), body)
    except ValidationError:
        return None


def test_a_plain_report_is_read_at_once() -> None:
    assert quick.read(PLAIN) == slowly(PLAIN) == SubmitReportBody().load(PLAIN)


@settings(max_examples=400, deadline=None)
@given(bodies)
def test_whatever_is_sent_both_readers_agree(body: dict[str, Any]) -> None:
    found = quick.read(body)

    assert found is None or found == slowly(body)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(PLAIN)), odd | points | contacts)
def test_one_odd_field_is_seen_by_both(name: str, value: Any) -> None:
    body = {**PLAIN, name: value}
    found = quick.read(body)

    assert found is None or found == slowly(body)


@pytest.mark.parametrize("changes", [{"urgency": "urgent"}, {"contact": {"email": "a@b.cn"}}, {"words": "👨‍👩‍👧"}])
def test_what_is_unusual_and_right_takes_the_long_way(changes: dict[str, Any]) -> None:
    body = {**PLAIN, **changes}

    assert quick.read(body) is None
    assert SubmitReportBody().load(body) == slowly(body)


def test_a_point_may_stand_for_the_area_and_nothing_for_both() -> None:
    without = {name: value for name, value in PLAIN.items() if name != "area"}
    neither = {name: value for name, value in without.items() if name != "point"}
    loaded = SubmitReportBody().load(without)

    assert quick.read(without) is None
    assert (loaded["area"], loaded["point"].lat) == (None, 25.07)
    for body in (neither, {**neither, "point": None, "area": None}):
        with pytest.raises(ValidationError) as caught:
            SubmitReportBody().load(body)
        assert list(caught.value.messages_dict) == ["area"]
