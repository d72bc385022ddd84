"""Which documents there are: the Markdown files of the checkout that runs, and so always of the same version."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import unquote

from services.notify.handbook.rendering import Rendered, render

ROOT = Path(__file__).parents[3]
PLACES = {
    "README.md": "readme",
    "CHANGELOG.md": "changelog",
    "deploy/sdk/wuji_events/README.md": "wuji-events",
    "deploy/reference/custom/README.md": "own-city",
}
"""Documents that lie beside what they are about, and what they are called here."""
FOLDERS = {"docs/adr": "/docs/#adr"}
_PICTURES = "docs/pictures/"
MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Document:
    """One Markdown file."""

    path: str
    """In the checkout, such as `docs/case.md`."""
    address: str
    """Where people read it, such as `/docs/case`."""
    text: str = field(repr=False)
    is_decision: bool

    @cached_property
    def shown(self) -> Rendered:
        return render(self.text, lambda href: link(self.path, href), self.address.rpartition("/")[2])

    @property
    def title(self) -> str:
        return self.shown.title


@dataclass(frozen=True)
class Library:
    """All of them, by address."""

    documents: Mapping[str, Document]

    @property
    def guides(self) -> list[Document]:
        return [one for one in self.documents.values() if not one.is_decision]

    @property
    def decisions(self) -> list[Document]:
        return [one for one in self.documents.values() if one.is_decision]


@cache
def library(root: Path = ROOT) -> Library:
    """What the checkout has; read once, for it does not change under a process that runs."""
    guides = [path for path in PLACES if (root / path).is_file()]
    guides[1:1] = sorted(f"docs/{path.name}" for path in (root / "docs").glob("*.md"))
    decisions = sorted(f"docs/adr/{path.name}" for path in (root / "docs" / "adr").glob("*.md"))
    found = [Document(path, address_of(path) or "", (root / path).read_text("utf-8"), False) for path in guides]
    found += [Document(path, address_of(path) or "", (root / path).read_text("utf-8"), True) for path in decisions]
    return Library({one.address: one for one in found})


def address_of(path: str) -> str | None:
    """Where a file of the checkout is shown; None for one that is not."""
    if path in PLACES:
        return f"/docs/{PLACES[path]}"
    folder, name = posixpath.split(path)
    if name.endswith(".md") and folder in ("docs", "docs/adr"):
        return f"/{folder}/{name.removesuffix('.md')}"
    if path.startswith(_PICTURES):
        return f"/{path}"
    return FOLDERS.get(path.rstrip("/"))


def link(source: str, href: str) -> str | None:
    """Where a document's link leads in the product: None for a file that only the checkout has."""
    if href.startswith(("#", "/", "http://", "https://", "mailto:")):
        return href
    path, mark, anchor = unquote(href).partition("#")
    address = address_of(posixpath.normpath(posixpath.join(posixpath.dirname(source), path)))
    return None if address is None else f"{address}{mark}{anchor}"


def picture(name: str, root: Path = ROOT) -> tuple[bytes, str] | None:
    """A picture that documents show, and its media type; None when there is none of that name."""
    found = next((path for path in (root / _PICTURES).iterdir() if path.name == name), None)
    media = MEDIA.get(found.suffix) if found is not None else None
    return (found.read_bytes(), media) if found is not None and media is not None else None
