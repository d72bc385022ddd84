"""Forms are read strictly: what two readers could understand differently is refused."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import Invalid
from shared.web import form

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40)


@given(st.dictionaries(TEXT, TEXT, max_size=20))
def test_what_was_written_as_a_form_is_read_again(fields: dict[str, str]) -> None:
    assert form.parse(urlencode(fields).encode()) == fields


def test_a_field_that_comes_again_becomes_a_list() -> None:
    assert form.parse(b"a=1&b=2&a=3&a=") == {"a": ["1", "3", ""], "b": "2"}


@pytest.mark.parametrize("body", [b"a=%ff", b"a=\xff", b"a=%00", b"%00=a", b"&".join([b"a=1"] * 201)])
def test_what_cannot_be_read_one_way_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        form.parse(body)
