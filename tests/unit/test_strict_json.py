"""The JSON reader of the doors."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import Invalid
from shared.web import strict_json

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES, st.booleans())
def test_every_value_comes_back_as_it_was_written(value: Any, escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=escaped).encode()

    assert strict_json.parse(body) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    try:
        value = strict_json.parse(body)
    except Invalid:
        return

    assert json.dumps(value, allow_nan=False).encode()


@given(st.dictionaries(_TEXT, st.integers(-(10**30), 10**30), min_size=1), st.data())
def test_a_name_that_appears_twice_is_refused_by_name(values: dict[str, int], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(sorted(values)))
    pairs = [*values.items(), (twice, 0)]
    body = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"

    with pytest.raises(Invalid, match="twice"):
        strict_json.parse(body.encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{} {}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"[1, 2",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b"-1e999",
        b"9" * 5000,
        b'"\\u0000"',
        b'{"\\u0000": 1}',
        b'"\\ud800"',
        b'{"\\udc00x": 1}',
        b'"\x01"',
        b'"\xff"',
        b'\xef\xbb\xbf"a"',
        '"路灯"'.encode("utf-16"),
        '"路灯"'.encode("gb18030"),
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_ambiguous_or_dangerous_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        strict_json.parse(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"[" * 32 + b"]" * 32, None),
        (b'"' + b"[" * 200 + b'"', "[" * 200),
        (b'["\\"' + b"{" * 100 + b'"]', ['"' + "{" * 100]),
        (b"1e308", 1e308),
    ],
    ids=["escaped backslash", "whole pair", "deep enough", "brackets in a text", "after a quote", "large"],
)
def test_what_only_looks_dangerous_is_read(body: bytes, value: Any) -> None:
    found = strict_json.parse(body)

    assert value is None or found == value
    assert not isinstance(found, float) or math.isfinite(found)
