"""Markdown becomes HTML: our documents' own words and nothing else. No raw HTML, no script, no strange address.

Headings can be linked to, as on the sites where people read Markdown; code is shown plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

Link = Callable[[str], str | None]
"""Where a link of the document leads; None when it leads nowhere that a browser could go."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_NO_WORD = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the text below it, up to the next heading."""

    level: int
    anchor: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document as people read it."""

    title: str
    body: Markup
    sections: tuple[Section, ...]

    @property
    def contents(self) -> list[Section]:
        """The table of contents: what comes below the title."""
        return [one for one in self.sections if one.level in (2, 3)]


def render(text: str, link: Link, name: str = "") -> Rendered:
    """The document; without a heading of its own it is called `name`."""
    parser = _parser()
    tokens = parser.parse(text)
    sections = _sections(tokens)
    _rewrite(tokens, link)
    body = Markup(parser.renderer.render(tokens, parser.options, {}))  # made of our own rules alone
    title = next((one.heading for one in sections if one.level == 1), name)
    return Rendered(title, body, sections)


def _parser() -> MarkdownIt:
    # HTML is recognised so that comments can be left out; the rules below let none of it through.
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for kind, rule in _RULES.items():
        parser.add_render_rule(kind, rule)
    return parser


def _raw_html(_renderer: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    return str(escape(_COMMENT.sub("", tokens[index].content)))


def _code(_renderer: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    # Long lines are scrolled, also by keyboard.
    return f'<pre tabindex="0"><code>{escape(tokens[index].content)}</code></pre>\n'


def _table(*_: Any) -> str:
    return '<div class="scroll" tabindex="0"><table class="list">\n'


def _end_of_table(*_: Any) -> str:
    return "</table></div>\n"


_RULES = {
    "html_block": _raw_html,
    "html_inline": _raw_html,
    "fence": _code,
    "code_block": _code,
    "table_open": _table,
    "table_close": _end_of_table,
}


def _sections(tokens: Sequence[Token]) -> tuple[Section, ...]:
    """What stands below which heading; the headings get their anchors on the way."""
    found: list[tuple[int, str, str, list[str]]] = [(1, "", "", [])]
    taken: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = _plain(tokens[index + 1])
            anchor = _anchor(heading, taken)
            token.attrSet("id", anchor)
            found.append((int(token.tag[1]), anchor, heading, []))
        elif token.type in ("inline", "fence", "code_block") and tokens[index - 1].type != "heading_open":
            found[-1][3].append(_plain(token))
    sections = [Section(level, anchor, heading, " ".join(texts)) for level, anchor, heading, texts in found]
    return tuple(one for one in sections if one.heading or one.text)


def _plain(token: Token) -> str:
    """What somebody reads of it."""
    if token.children is None:
        return " ".join(token.content.split())
    words = (" " if one.type == "softbreak" else one.content for one in token.children if one.type != "html_inline")
    return " ".join("".join(words).split())


def _anchor(heading: str, taken: dict[str, int]) -> str:
    """As the sites do it where Markdown is read: small letters, hyphens for spaces, a number for the second."""
    anchor = _NO_WORD.sub("", heading.lower()).replace(" ", "-") or "section"
    taken[anchor] = taken.get(anchor, -1) + 1
    return f"{anchor}-{taken[anchor]}" if taken[anchor] else anchor


def _rewrite(tokens: Sequence[Token], link: Link) -> None:
    """Links lead to where the product shows the document; what only the checkout has is named and not linked."""
    for token in tokens:
        if token.type in ("th_open", "td_open") and token.attrs.pop("style", None) == "text-align:right":
            token.attrSet("class", "n")  # the browser refuses styles that stand in a page
        left_out = 0
        for child in token.children or ():
            if child.type == "image":
                child.attrSet("src", link(str(child.attrGet("src") or "")) or "")
            elif child.type == "link_open" and (address := link(str(child.attrGet("href") or ""))) is None:
                child.type, child.tag, child.attrs, left_out = "file_open", "span", {"class": "file"}, left_out + 1
            elif child.type == "link_open":
                child.attrSet("href", address or "")
            elif child.type == "link_close" and left_out:
                child.type, child.tag, left_out = "file_close", "span", left_out - 1
