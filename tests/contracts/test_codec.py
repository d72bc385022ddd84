"""The two derived decoders agree, and a wrong body is answered with everything that is wrong."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import catalogue, codec
from shared.kernel.errors import Invalid
from tests.support.examples import all_examples

EXAMPLES = all_examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_encoded_comes_back_equal_through_both_decoders(name: str) -> None:
    found, example = catalogue.CURRENT[name], EXAMPLES[name]
    body = codec.encode(example)

    assert codec.revive(name, found.version, body) == example
    assert codec.load(name, found.version, body) == example


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_body_satisfies_its_json_schema(name: str) -> None:
    schema = codec.json_schema(catalogue.CURRENT[name].shape)

    jsonschema.validate(codec.encode(EXAMPLES[name]), schema)


@pytest.mark.parametrize("name", EXAMPLES)
def test_optional_fields_may_be_absent_or_null(name: str) -> None:
    found = catalogue.CURRENT[name]
    required = set(codec.json_schema(found.shape)["required"])
    body = codec.encode(EXAMPLES[name])
    bare = {field: value for field, value in body.items() if field in required}
    nulled = {field: body[field] if field in required else None for field in body}

    assert codec.load(name, found.version, bare) == codec.revive(name, found.version, bare)
    assert codec.load(name, found.version, nulled) == codec.revive(name, found.version, bare)


@pytest.mark.parametrize("name", EXAMPLES)
def test_fields_that_a_newer_sender_adds_are_passed_over(name: str) -> None:
    version = catalogue.CURRENT[name].version
    body = codec.encode(EXAMPLES[name]) | {"added_later": {"deep": [1]}}

    assert codec.load(name, version, body) == EXAMPLES[name]
    assert codec.revive(name, version, body) == EXAMPLES[name]


def test_every_wrong_field_is_named() -> None:
    body = codec.encode(EXAMPLES["case.dispatched"]) | {
        "task_id": "x",
        "attempt": "one",
        "due_at": "2026-05-03T09:00:00",
    }

    with pytest.raises(Invalid) as caught:
        codec.load("case.dispatched", 1, body)

    assert set(caught.value.errors) == {"task_id", "attempt", "due_at"}
    assert "zone" in str(caught.value.errors["due_at"])


def test_an_unknown_type_or_version_is_invalid() -> None:
    with pytest.raises(Invalid, match=r"no event type case\.vanished version 1"):
        codec.load("case.vanished", 1, {})
    with pytest.raises(Invalid, match="version 99"):
        codec.load("case.filed", 99, {})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    name=st.sampled_from(sorted(EXAMPLES)),
    damage=st.dictionaries(st.text(max_size=12), json_values, max_size=4),
    data=st.data(),
)
def test_a_damaged_body_is_invalid_or_still_means_something(
    name: str, damage: dict[str, Any], data: st.DataObject
) -> None:
    body = codec.encode(EXAMPLES[name])
    for field in data.draw(st.lists(st.sampled_from(sorted(body)), max_size=3)):
        body[field] = data.draw(json_values)
    body |= damage

    try:
        loaded = codec.load(name, catalogue.CURRENT[name].version, body)
    except Invalid:
        return
    assert codec.load(name, catalogue.CURRENT[name].version, codec.encode(loaded)) == loaded
