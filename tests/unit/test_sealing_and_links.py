"""Sealed words open with the right key only, and a link's token cannot be moved to another thing."""

from __future__ import annotations

import os

import pytest

from shared.kernel.errors import Invalid
from shared.kernel.ids import new_id
from shared.security import links
from shared.security.sealing import Sealer


def test_what_was_sealed_opens_with_the_stored_key() -> None:
    sealer, subject = Sealer(os.urandom(32)), new_id()
    box = sealer.new_box(subject)

    sealed = box.seal("contact", {"phone": "13888886666", "name": "王大妈"})

    assert sealer.box(subject, box.wrapped_key).open("contact", sealed) == {"phone": "13888886666", "name": "王大妈"}
    assert b"13888886666" not in sealed + box.wrapped_key


def test_a_sealed_part_does_not_open_as_another_part_or_for_another_subject() -> None:
    sealer, subject, other = Sealer(os.urandom(32)), new_id(), new_id()
    box = sealer.new_box(subject)
    sealed = box.seal("contact", {"phone": "13888886666"})

    with pytest.raises(Invalid):
        box.open("words", sealed)
    with pytest.raises(Invalid):
        sealer.box(other, box.wrapped_key)
    with pytest.raises(Invalid):
        sealer.new_box(other).open("contact", sealed)


def test_another_master_key_and_changed_bytes_are_refused() -> None:
    subject = new_id()
    box = Sealer(os.urandom(32)).new_box(subject)
    sealed = bytearray(box.seal("contact", {"phone": "13888886666"}))
    sealed[-1] ^= 1

    with pytest.raises(Invalid):
        Sealer(os.urandom(32)).box(subject, box.wrapped_key)
    with pytest.raises(Invalid):
        box.open("contact", bytes(sealed))
    with pytest.raises(Invalid):
        box.open("contact", b"")
    with pytest.raises(Invalid, match="32"):
        Sealer(b"short")


def test_two_sealings_of_the_same_words_differ() -> None:
    box = Sealer(os.urandom(32)).new_box(new_id())

    assert box.seal("words", {"words": "飞线"}) != box.seal("words", {"words": "飞线"})


def test_a_token_is_good_for_its_purpose_and_id_only() -> None:
    key, report = os.urandom(32), new_id()
    shown = links.token(key, "report", report)

    assert links.verify(key, "report", report, shown)
    assert not links.verify(key, "feedback", report, shown)
    assert not links.verify(key, "report", new_id(), shown)
    assert not links.verify(os.urandom(32), "report", report, shown)
    assert not links.verify(key, "report", report, "")
    assert not links.verify(key, "report", report, "密" * 22)
    assert not links.verify(key, "report", report, "\ud800")


def test_a_short_link_key_is_refused() -> None:
    with pytest.raises(Invalid, match="link key"):
        links.token(b"short", "report", new_id())
