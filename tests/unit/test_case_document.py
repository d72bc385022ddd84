"""docs/case.md says what the table of states says."""

from __future__ import annotations

from tests.support.case_document import DOCUMENT, every_state_is_shown, written


def test_the_document_of_the_case_says_what_the_table_says() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert text == written(text), "python -m tests.support.case_document writes it anew"
    assert every_state_is_shown(text)
