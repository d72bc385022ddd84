"""Chinese and English for the people who read the terminal: one of them by LANG, else both."""

from __future__ import annotations

import os
from functools import cache


@cache
def language() -> str:
    """`zh`, `en`, or `both` when the environment does not say (LANG unset, C or POSIX)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "").lower()
        if value.startswith(("zh", "en")):
            return value[:2]
        if value:
            break
    return "both"


def say(zh: str, en: str) -> str:
    """The sentence in the reader's language; both, Chinese first, when the language is not known."""
    match language():
        case "zh":
            return zh
        case "en":
            return en
        case _:
            return f"{zh} · {en}"
