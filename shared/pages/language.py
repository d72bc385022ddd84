"""The two languages of the pages. Chinese is what the templates say; English is in `en.po` beside them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from babel.messages.pofile import read_po

from shared.web.call import Call

HERE = Path(__file__).parent
LANGUAGES = ("zh", "en")
COOKIE = "wuji_lang"


def chosen(query: str, cookies: Mapping[str, str]) -> str:
    """`?lang=en` for once, else what the browser was told to remember, else Chinese."""
    asked = parse_qs(query).get("lang", [""])[0] or cookies.get(COOKIE, "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def of_call(call: Call) -> str:
    """The language in which a call is to be answered."""
    return chosen(call.address.partition("?")[2], call.cookies)


@cache
def catalogue(folder: Path) -> Mapping[str, str]:
    """Chinese → English of the templates in a folder."""
    path = folder / "en.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id and one.string}


class Translator:
    """One language of one service's pages: the shared words, then the service's own."""

    def __init__(self, language: str, folder: Path | None = None) -> None:
        self.language = language
        self._english = {**catalogue(HERE), **(catalogue(folder) if folder is not None else {})}

    def gettext(self, text: str) -> str:
        """The text in this language. What has no English yet stays Chinese: better than nothing."""
        return text if self.language == "zh" else self._english.get(text, text)

    def ngettext(self, one: str, many: str, n: int) -> str:
        """Chinese has one form; so have our English texts."""
        return self.gettext(one if n == 1 else many)
