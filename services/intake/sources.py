"""Through which doors reports come, who may use each, and when somebody has to look: data of the city."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from shared.contracts.report import Source
from shared.kernel.errors import Forbidden, Invalid
from shared.security.permission import ROLES

_FILE = Path(__file__).with_name("sources.toml")
_KEYS = {"zh", "en", "look", "roles"}


class Look(StrEnum):
    """When somebody has to look on site before a report is accepted."""

    ALWAYS = "always"
    BY_KIND = "by_kind"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Door:
    """One source of reports."""

    source: Source
    zh: str
    en: str
    look: Look
    roles: frozenset[str]


@cache
def doors(file: Path = _FILE) -> dict[Source, Door]:
    """Every source. Raises Invalid naming the one that is missing or wrong."""
    found: dict[Source, Door] = {}
    for code, said in tomllib.loads(file.read_text(encoding="utf-8")).items():
        where = f"{file.name}: {code}"
        if set(said) != _KEYS or not set(said["roles"]) <= ROLES or said["look"] not in set(Look):
            raise Invalid(f"the source {code} needs zh, en, look and roles that exist", where=where)
        if code not in set(Source):
            raise Invalid(f"there is no source {code}", where=where)
        door = Door(Source(code), said["zh"], said["en"], Look(said["look"]), frozenset(said["roles"]))
        found[door.source] = door
    if missing := [source.value for source in Source if source not in found]:
        raise Invalid(f"nothing is said about {', '.join(missing)}", where=file.name)
    return found


def must_look(source: Source, kind_wants_it: bool) -> bool:
    """Whether somebody has to be on site before a report from there is accepted."""
    look = doors()[source].look
    return look is Look.ALWAYS or (look is Look.BY_KIND and kind_wants_it)


def source_for(role: str | None, named: Source | None, external_number: str | None = None) -> Source:
    """Through which door somebody with this role (None: a resident) comes. Raises Forbidden for a door not theirs.

    A number of another system is believed from a desk only: it answers the first receipt, secret and all, to whoever
    tells it again.
    """
    if role is None and external_number is not None:
        raise Forbidden("only desks that are signed in report with a number of their own", where="external_number")
    allowed = sorted(source for source, door in doors().items() if role in door.roles)
    if role is None:
        allowed = [Source.RESIDENT]
    if named is None and len(allowed) == 1:
        return allowed[0]
    if named is None or named not in allowed:
        said = named.value if named is not None else "no source"
        raise Forbidden(
            f"{role or 'a resident'} may not report with {said}",
            where="source",
            hint=f"allowed: {', '.join(allowed) or 'none, use the account of the desk that reports'}",
        )
    return named
