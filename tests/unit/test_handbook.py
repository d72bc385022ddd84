"""The documents inside the product: no raw HTML, every link leads somewhere, and any part of a word is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.notify.handbook import search
from services.notify.handbook.library import ROOT, Document, library, picture
from services.notify.handbook.rendering import render

DOCUMENTS = list(library().documents.values())
OURS = {"a", "blockquote", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre"}
OURS |= {"br", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
_SOURCE_LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "before <img src=x onerror=alert(1)> after",
        "[x](javascript:alert(1))",
        "<!-- a comment --><b onclick=x>bold</b>",
        "```html\n<script>alert(1)</script>\n```",
        "[x](<data:text/html,hello>)",
    ],
)
def test_no_html_and_no_strange_address_is_let_through(text: str) -> None:
    body = render(text, lambda href: href).body

    assert set(re.findall(r"<([a-z0-9]+)", body)) <= OURS - {"img"}
    assert not re.search(r'(href|src)="(javascript|data):', body)
    assert "comment" not in body


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.path)
def test_a_document_is_made_of_our_own_elements_and_has_one_title(document: Document) -> None:
    body = document.shown.body

    assert set(re.findall(r"<([a-z0-9]+)", body)) <= OURS
    assert not re.search(r"<[^>]*style=", body)
    assert body.count("<h1") == 1
    assert "<!--" not in body


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.path)
def test_every_link_of_a_document_leads_somewhere(document: Document) -> None:
    lost = [href for href in re.findall(r'(?:href|src)="([^"]*)"', document.shown.body) if not _exists(href, document)]

    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.path)
def test_every_file_that_a_document_names_is_in_the_checkout(document: Document) -> None:
    """Also those that are named in the product and not linked."""
    folder = (ROOT / document.path).parent
    named = [one for one in _SOURCE_LINK.findall(document.text) if not one.startswith(("http", "#", "/"))]

    assert [one for one in named if not (folder / one.partition("#")[0]).exists()] == []


def test_a_link_between_documents_leads_to_the_page_and_one_to_a_program_is_only_named() -> None:
    assert 'href="/docs/departments"' in library().documents["/docs/readme"].shown.body
    assert '<span class="file">' in library().documents["/docs/readme"].shown.body


def test_every_document_of_the_folder_is_there() -> None:
    expected = {f"/docs/{path.stem}" for path in (ROOT / "docs").glob("*.md")}
    expected |= {f"/docs/adr/{path.stem}" for path in (ROOT / "docs" / "adr").glob("*.md")}

    assert expected <= set(library().documents)
    assert len(library().decisions) == len(list((ROOT / "docs" / "adr").glob("*.md")))


def test_a_part_of_a_chinese_sentence_is_found_and_marked() -> None:
    hits = search.search(DOCUMENTS, "接入指南")

    assert hits[0].document.path == "docs/departments.md"
    assert "<mark>接入指南</mark>" in hits[0].heading


def test_all_words_must_occur_in_any_case() -> None:
    hits = search.search(DOCUMENTS, "WEBHOOK signature")
    other = search.search(DOCUMENTS, "webhook xyzzy")

    assert hits
    assert other == []
    assert search.search(DOCUMENTS, "  ") == []


def test_what_was_asked_for_is_shown_as_text() -> None:
    assert search.highlighted("a <b> c", ["<b>"]) == "a <mark>&lt;b&gt;</mark> c"


def test_two_headings_with_the_same_words_have_anchors_of_their_own() -> None:
    found = render("# T\n\n## 重试\n\n## 重试\n", lambda href: href)

    assert [one.anchor for one in found.contents] == ["重试", "重试-1"]


def test_a_picture_is_found_by_its_name_alone(tmp_path: Path) -> None:
    shown = [picture(name) for name in ("loop.svg", "district.png")]

    assert [found and found[1] for found in shown] == ["image/svg+xml", "image/png"]
    assert picture("../../README.md") is None


def _exists(href: str, document: Document) -> bool:
    path, _, anchor = href.partition("#")
    if path.startswith(("http://", "https://")):
        return True
    if path.startswith("/docs/pictures/"):
        return picture(path.rpartition("/")[2]) is not None
    if path == "/docs/":
        return anchor in ("", "adr")
    target = document if not path else library().documents.get(path)
    return target is not None and (not anchor or any(one.anchor == anchor for one in target.shown.sections))
