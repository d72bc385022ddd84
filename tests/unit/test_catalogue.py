"""The catalogue is whole, hangs together, needs nothing from outside, and is the same from a disk and from a door."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from deploy.local.routes import service_of
from deploy.wuji import stored
from services.notify.catalogue import CatalogueDoors
from shared.catalogue import site
from shared.catalogue.entries import entries, fields
from shared.contracts import catalogue, public, words
from shared.kernel.errors import NotFound
from shared.web.call import Call

DAY = date(2026, 11, 21)
SITE = site.files(DAY)
ENTRIES = entries()
PAGES = sorted(path for path in SITE if path.endswith(".html"))


class Page(HTMLParser):
    """What a page links to, its anchors, and which elements it is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)
        for name, value in attrs:
            if name in ("href", "src") and value is not None:
                self.links.append(value)
            if name == "id" and value is not None:
                self.anchors.add(value)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _page(path: str) -> Page:
    return Page(SITE[path].content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_every_link_leads_somewhere_inside(path: str) -> None:
    page = _page(path)
    for link in page.links:
        target, _, anchor = link.partition("#")
        found = normpath(join(dirname(path), target)) if target else path

        assert found in SITE, link
        if anchor:
            assert anchor in _page(found).anchors, link
    assert page.open == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_for_nothing_from_outside_and_runs_nothing(path: str) -> None:
    text = SITE[path].content.decode()

    assert not re.search(r"https?://|//[a-z]", text)
    assert not _page(path).elements & {"script", "img", "iframe", "style", "form"}
    assert not re.search(r"\son\w+=|style=", text)


def test_the_style_sheet_asks_for_nothing_either() -> None:
    assert not re.search(r"url\(|@import|https?:", SITE["docs/style.css"].content.decode())


def test_every_public_type_and_no_other_has_its_page_and_schemas() -> None:
    for name, found in catalogue.load().items():
        assert (f"docs/{name}.html" in SITE) == found.public
        assert (f"schemas/{name}/{found.version}.json" in SITE) == found.public
    assert set(ENTRIES) == set(public.public_types())


@pytest.mark.parametrize("name", ENTRIES)
def test_everything_has_a_name_and_a_meaning_in_both_languages(name: str) -> None:
    entry = ENTRIES[name]

    assert name in words.TYPES
    assert entry.summary
    for field in fields(entry.newest.schema):
        assert field.says, f"{name}: {field.path} has no meaning: write a docstring below it"
        assert field.zh, f"{name}: {field.path} has no Chinese name: shared/contracts/words.py"


@pytest.mark.parametrize("name", ENTRIES)
def test_a_schema_is_a_schema_and_the_example_satisfies_it(name: str) -> None:
    schema = json.loads(SITE[f"schemas/{name}/{ENTRIES[name].newest.type.version}.json"].content)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(ENTRIES[name].newest.example, schema)
    assert schema["$id"] == f"urn:wuji:schema:{name}:1"


def test_no_page_shows_what_stays_inside() -> None:
    everything = b"".join(file.content for file in SITE.values())

    assert b"subject_id" not in everything
    assert not [name for name, found in catalogue.CURRENT.items() if not found.public and name.encode() in everything]


def test_words_are_about_events_that_exist() -> None:
    assert set(words.TYPES) <= set(catalogue.CURRENT)
    assert set(words.CATEGORIES) == set(catalogue.OWNERS)
    assert set(words.SERVICES) == set(catalogue.OWNERS.values())
    for before, after in words.FOLLOWED_BY.items():
        assert {before, *after} <= set(catalogue.CURRENT)


def test_a_type_tells_where_it_stands_in_the_loop() -> None:
    entry = ENTRIES["case.dispatched"]

    assert entry.leads_to is not None
    assert entry.leads_to.value == "dispatched"
    assert set(entry.comes_after) >= {"case.filed", "task.returned", "case.reopened", "case.level_raised"}
    assert "case.closed" not in entry.comes_after
    assert set(entry.follows) >= {"task.signed", "task.returned", "return.requested", "task.claimed"}
    assert "task.responded" not in entry.follows
    assert "check.requested" in ENTRIES["case.sent_to_check"].follows


def test_the_tail_of_the_log_uses_the_same_names() -> None:
    assert all(stored.title(name).startswith(zh) for name, zh in words.TYPES.items())


def _call(**path: Any) -> Call:
    return Call(at=datetime(2026, 11, 21, 8, tzinfo=UTC), path=path)


def test_the_doors_serve_the_files() -> None:
    doors = CatalogueDoors()

    assert doors.catalogue(_call()).headers == {"Location": "/events/docs/"}
    assert doors.catalogue_index(_call()).body == SITE["docs/index.html"].content
    assert doors.catalogue_style(_call()).media.startswith("text/css")
    assert doors.catalogue_page(_call(page="case.filed.html")).body == SITE["docs/case.filed.html"].content
    assert json.loads(doors.asyncapi(_call()).body)["asyncapi"] == "3.0.0"
    assert json.loads(doors.event_schema(_call(name="case.filed", version="1.json")).body)["title"] == "case.filed.v1"
    assert "default-src 'none'" in (doors.catalogue_index(_call()).headers or {})["Content-Security-Policy"]


def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="the catalogue has no"):
        CatalogueDoors().catalogue_page(_call(page="notice.requested.html"))


def test_nginx_knows_the_way() -> None:
    assert service_of("/events/docs/case.filed.html") == "notify"


def test_the_command_lists_and_writes(tmp_path: Path) -> None:
    from deploy.wuji.events import events

    listed = CliRunner().invoke(events, ["catalogue", "-o", "json"])
    written = CliRunner().invoke(events, ["catalogue", "--write", str(tmp_path)])

    assert listed.exit_code == written.exit_code == 0, written.output
    assert [one["type"] for one in json.loads(listed.output)] == list(ENTRIES)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == set(SITE)
