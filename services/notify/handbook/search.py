"""Finding things in the documents: any part of a word or sentence, in headings first, with the words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from services.notify.handbook.library import Document
from services.notify.handbook.rendering import Section

MOST = 40
_AROUND = 70


@dataclass(frozen=True, slots=True)
class Hit:
    """A section that has every word that was asked for."""

    document: Document
    heading: Markup
    address: str
    snippet: Markup


def search(documents: Iterable[Document], asked: str) -> list[Hit]:
    """The sections in which all the words occur, those first that name them in their heading; at most MOST."""
    words = [word.casefold() for word in asked.split()]
    if not words:
        return []
    found = [
        (_rank(document, section, words), _hit(document, section, words))
        for document in documents
        for section in document.shown.sections
        if _has_all(f"{document.title} {section.heading} {section.text}", section, words)
    ]
    found.sort(key=lambda pair: pair[0])
    return [hit for _, hit in found[:MOST]]


def _has_all(text: str, section: Section, words: Sequence[str]) -> bool:
    """The document's title may give some of the words, never all: else every section of it would be found."""
    own = f"{section.heading} {section.text}".casefold()
    return any(word in own for word in words) and all(word in text.casefold() for word in words)


def _rank(document: Document, section: Section, words: Sequence[str]) -> tuple[bool, int, int]:
    heading, text = section.heading.casefold(), section.text.casefold()
    in_heading = sum(word in heading for word in words)
    return document.is_decision, -in_heading, -sum(text.count(word) for word in words)


def _hit(document: Document, section: Section, words: Sequence[str]) -> Hit:
    address = f"{document.address}#{section.anchor}" if section.anchor else document.address
    heading = section.heading or document.title
    return Hit(document, highlighted(heading, words), address, highlighted(_around(section.text, words), words))


def _around(text: str, words: Sequence[str]) -> str:
    """The first word that is found, with what stands around it."""
    lower = text.casefold()
    first = min((lower.find(word) for word in words if word in lower), default=0)
    start, end = max(0, first - _AROUND), min(len(text), first + 2 * _AROUND)
    return ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")


def highlighted(text: str, words: Sequence[str]) -> Markup:
    """The text with the words marked."""
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    parts, last = [], 0
    for match in pattern.finditer(text):
        parts += [escape(text[last : match.start()]), Markup("<mark>{}</mark>").format(match.group())]
        last = match.end()
    return Markup("").join([*parts, escape(text[last:])])
