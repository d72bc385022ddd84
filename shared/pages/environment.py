"""What templates know: words, icons, assets, times, numbers; one environment per service and language."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

from shared.pages import assets, doors, formats, words
from shared.pages.language import LANGUAGES, Translator

HERE = Path(__file__).parent
THEMES = ("light", "dark", "auto")
SENIOR_COOKIE, THEME_COOKIE = "wuji_senior", "wuji_theme"


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody wants to see the pages; remembered by the browser."""

    senior: bool = False
    """长辈版: larger letters and buttons."""
    theme: str = "light"


def look(cookies: Mapping[str, str]) -> Look:
    """What the cookies say."""
    theme = cookies.get(THEME_COOKIE, "light")
    return Look(cookies.get(SENIOR_COOKIE) == "1", theme if theme in THEMES else "light")


@cache
def of(service: str, folder: Path | None) -> dict[str, Environment]:
    """Language → environment of a service's templates."""
    return {language: _made(service, folder, language) for language in LANGUAGES}


def _made(service: str, folder: Path | None, language: str) -> Environment:
    folders = [HERE / "templates"] if folder is None else [folder, HERE / "templates"]
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(found) for found in folders]),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(language),
    )
    translator = Translator(language, folder)
    # The extension adds this method when it is installed, which no type checker sees.
    install: Any = getattr(made, "install_gettext_callables")  # noqa: B009
    install(translator.gettext, translator.ngettext, newstyle=True)
    made.globals |= {
        "lang": language,
        "service": service,
        "asset": assets.asset,
        "icon": assets.icon,
        "is_demo": is_demo,
        "map_approval": map_approval,
        "doors": doors.STAFF,
        "public_doors": doors.PUBLIC,
    }
    made.filters |= formats.filters(language) | words.filters(language)
    # Macros that every template, and every block of one, may call without importing them.
    made.globals["ui"] = made.get_template("ui.html").module
    return made


def _compiled(language: str) -> FileSystemBytecodeCache | None:
    """Where compiled templates are kept from one start to the next; each language has its own, for what is constant in
    a template is worked out when it is compiled."""
    folder = assets.BUILT / "compiled"
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return FileSystemBytecodeCache(str(folder), f"{language}-%s") if os.access(folder, os.W_OK) else None


def is_demo() -> bool:
    """Whether this is a demonstration, and says so on every page."""
    return _SAID.shown


def map_approval() -> str:
    """The number 审图号 under which the city may show its boundaries to the public; empty when it has named none."""
    return _SAID.map_approval


class _Said:
    shown = False
    map_approval = ""


_SAID = _Said()


def show_demo_banner(shown: bool) -> None:
    """Said once at the start of a process."""
    _SAID.shown = shown


def show_map_approval(number: str) -> None:
    """Said once at the start of a process."""
    _SAID.map_approval = number
