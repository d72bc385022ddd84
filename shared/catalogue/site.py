"""Every file of the catalogue: path → content. The pages ask for nothing from anywhere else, and run no script."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from shared.catalogue import entries as found_entries
from shared.catalogue.entries import Entry
from shared.contracts import asyncapi, headers, words
from shared.kernel.case_states import Step

HERE = Path(__file__).parent
_WORD = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|-?[0-9.]+)\b')


@dataclass(frozen=True, slots=True)
class File:
    """One file of the site."""

    media: str
    content: bytes


@lru_cache(maxsize=2)
def files(day: date) -> dict[str, File]:
    """The whole site by path, for example `docs/case.filed.html`, as it stands on a day: versions come and go."""
    entries = found_entries.entries()
    site = {
        "asyncapi.json": _json(asyncapi.document()),
        "docs/style.css": File("text/css; charset=utf-8", (HERE / "style.css").read_bytes()),
        "docs/index.html": _page("index.html", steps=_by_step(entries), categories=_by_category(entries)),
        "docs/messages.html": _page(
            "messages.html", headers=headers.HEADERS, tiers=asyncapi.TIERS, entry=entries["case.dispatched"]
        ),
    }
    for entry in entries.values():
        site[f"docs/{entry.name}.html"] = _page("type.html", entry=entry, entries=entries, day=day)
        for one in entry.versions:
            site[f"schemas/{entry.name}/{one.type.version}.json"] = _json(one.schema)
    return site


def write(folder: Path, day: date) -> int:
    """Write the site below a folder; how many files. The pages work from a disk as they do from a server."""
    site = files(day)
    for path, file in site.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    return len(site)


def _by_category(entries: dict[str, Entry]) -> list[tuple[str, str, str, list[Entry]]]:
    found = []
    for name, (zh, en) in words.CATEGORIES.items():
        if own := [entry for entry in entries.values() if entry.category == name]:
            found.append((name, zh, en, own))
    return found


def _by_step(entries: dict[str, Entry]) -> list[tuple[Step, list[Entry]]]:
    return [(step, [entry for entry in entries.values() if entry.step is step]) for step in Step]


def _json(document: dict[str, Any]) -> File:
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return File("application/json", text.encode())


def _page(template: str, **values: Any) -> File:
    text = _environment().get_template(template).render(**values)
    return File("text/html; charset=utf-8", text.encode())


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"code": _code, "prose": _prose, "service": words.SERVICES.__getitem__}
    made.globals |= {
        "fields": found_entries.fields,
        "status": found_entries.status,
        "example_headers": asyncapi.example_headers,
    }
    return made


def _code(document: Any) -> Markup:
    """JSON with its names, texts and numbers marked for the style sheet."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    parts, end = [], 0
    for word in _WORD.finditer(text):
        parts.append(escape(text[end : word.start()]))
        kind = "k" if word[2] else "s" if word[1] else "n"
        parts.append(Markup('<span class="{}">{}</span>').format(kind, word[1] or word[3]))
        parts.append(escape(word[2] or ""))
        end = word.end()
    return Markup("").join([*parts, escape(text[end:])])


def _prose(text: str) -> Markup:
    """A sentence in which `code` is set as code."""
    parts = text.split("`")
    made = [Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)]
    return Markup("").join(made)
