"""The fast reader of ids answers what `UUID` answers."""

from __future__ import annotations

import pickle
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.ids import trusted_id


@given(st.uuids())
def test_a_trusted_id_is_the_same_as_a_parsed_one(expected: UUID) -> None:
    found = trusted_id(str(expected))

    assert found == expected
    assert (hash(found), str(found), found.is_safe) == (hash(expected), str(expected), expected.is_safe)
    assert pickle.loads(pickle.dumps(found)) == expected


def test_what_is_not_hexadecimal_is_no_id() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        trusted_id("not an id")
