"""The pages' words in English: `python -m deploy.web.words` brings every `en.po` up to date with the templates;
`python -m deploy.web.words grid` that of one service (or of `shared`).

What a template says and the catalogue does not have is added without a translation, for a person to fill in; what no
template says any more goes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from deploy.local.places import PROJECT
from deploy.local.words import say
from shared.pages import doors

SHARED = PROJECT / "shared" / "pages"
_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "extensions": "jinja2.ext.do"}


@dataclass(frozen=True, slots=True)
class Words:
    """One `en.po` and the texts that it should have."""

    path: Path
    wanted: frozenset[str]

    def known(self) -> dict[str, str]:
        """Chinese → English, as it stands."""
        if not self.path.exists():
            return {}
        with self.path.open("rb") as file:
            return {str(one.id): str(one.string or "") for one in read_po(file) if one.id}


def catalogues() -> list[Words]:
    """That of the shared frame, then each service's; what the frame says no service says again."""
    shared = _texts(SHARED / "templates") | _names_of_doors()
    found = [Words(SHARED / "en.po", frozenset(shared))]
    for folder in sorted((PROJECT / "services").glob("*/pages")):
        found.append(Words(folder / "en.po", frozenset(_texts(folder) - shared)))
    return found


def bring_up_to_date(words: Words) -> list[str]:
    """Write the catalogue anew; the texts that lack a translation."""
    known = words.known()
    made = Catalog(locale="en", project="wuji", fuzzy=False, header_comment="# Chinese → English.")
    for text in sorted(words.wanted):
        made.add(text, known.get(text, ""))
    with words.path.open("wb") as file:
        write_po(file, made, width=0, omit_header=True, sort_output=True)
    return [text for text in sorted(words.wanted) if not known.get(text)]


def _texts(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in sorted([*folder.glob("**/*.html"), *folder.glob("**/*.txt")]):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), [], _OPTIONS):
                texts = message if isinstance(message, tuple) else (message,)
                found |= {text for text in texts if isinstance(text, str)}
    return found


def _names_of_doors() -> set[str]:
    return {text for one in (*doors.STAFF, *doors.PUBLIC) for text in (one.name, one.what)}


def main(only: Sequence[str] = ()) -> int:
    """The command."""
    lacking = 0
    for words in catalogues():
        if only and words.path.parts[-3] not in only and words.path.parent.name not in only:
            continue
        for text in bring_up_to_date(words):
            lacking += 1
            sys.stdout.write(f"{words.path.relative_to(PROJECT)}: {text}\n")
    if lacking:
        sys.stdout.write(say(f"{lacking} 句还没有英文", f"{lacking} texts have no English yet") + "\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
