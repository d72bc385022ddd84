"""The reasons for which a report may be refused: data of the city, checked when the service starts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shared.kernel.errors import Invalid

_FILE = Path(__file__).with_name("reasons.toml")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason in the words that the reporter is told."""

    code: str
    zh: str
    en: str


@cache
def reasons(file: Path = _FILE) -> dict[str, Reason]:
    """Every reason by its code. Raises Invalid naming the line's code when a language is missing."""
    found = {}
    for code, words in tomllib.loads(file.read_text(encoding="utf-8")).items():
        if set(words) != {"zh", "en"} or not all(isinstance(said, str) and said for said in words.values()):
            raise Invalid(f"the reason {code} needs zh and en, and nothing else", where=f"{file.name}: {code}")
        found[code] = Reason(code, words["zh"], words["en"])
    return found


def reason(code: str) -> Reason:
    """The reason with this code. Raises Invalid listing the known codes."""
    known = reasons()
    if code not in known:
        raise Invalid(
            f"there is no reason {code[:40]!r}", where="reason_code", hint=f"known: {', '.join(sorted(known))}"
        )
    return known[code]
