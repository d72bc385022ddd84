"""Paths into other systems' messages find what stands there, and nothing else, whatever the message is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.inbound import paths
from shared.kernel.errors import Invalid

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.b[1].c", 3), ("a.b[0]", None), ("a.b[9].c", None), ("a.c", None), ("a.b.c", None), ("号", "7"), ("x-y", 1)],
)
def test_a_path_leads_through_names_and_numbers(path: str, found: Any) -> None:
    assert re.match(paths.PATH, path)
    assert paths.at({"a": {"b": [None, {"c": 3}]}, "号": "7", "x-y": 1}, path) == found


@given(ANYTHING, st.from_regex(paths.PATH))
def test_no_message_breaks_a_path(document: Any, path: str) -> None:
    found = paths.at(document, path)

    if isinstance(found, bool | dict | list):
        with pytest.raises(Invalid, match=re.escape(path)):
            paths.text(document, path)
    else:
        assert paths.text(document, path) == (str(found).strip() or None if found is not None else None)


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[x]", "[0]", "a[0", "a b", "a[1000]", ".".join("a" * 11)])
def test_what_is_no_path_is_known_as_none(path: str) -> None:
    assert not re.match(paths.PATH, path)


def test_a_number_may_be_spelled() -> None:
    assert paths.number({"lat": " 25.5 "}, "lat") == 25.5
    with pytest.raises(Invalid, match="lat: 'north' is no number"):
        paths.number({"lat": "north"}, "lat")
