"""An event type that exists in tests only, in two versions side by side for an announced overlap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from shared.catalogue import site
from shared.contracts import catalogue
from shared.contracts.catalogue import Overlap
from shared.contracts.shapes import Internal

NAME = "case.rehearsed"
SINCE, SUNSET = date(2026, 9, 1), date(2026, 12, 1)
DURING, AFTER = date(2026, 10, 1), SUNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedOnce:
    """As it was at first: the level is a text."""

    case_id: UUID
    level: str
    subject_id: Internal[UUID | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A case goes to the next level, and somebody says why."""

    case_id: UUID
    level: int
    """Counts from 1."""
    reason: str
    subject_id: Internal[UUID | None]


def up(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "level": int(body["level"]), "reason": ""}


def down(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "reason"} | {"level": str(body["level"])}


@contextmanager
def declared() -> Iterator[str]:
    """The type's name, while it is declared."""
    catalogue.load()
    catalogue.superseded(NAME, "case", 1, up, overlap=Overlap(down, SINCE, SUNSET))(RaisedOnce)
    catalogue.event(NAME, "case", 2, public=True)(Raised)
    site.files.cache_clear()
    try:
        yield NAME
    finally:
        for version, shape in ((1, RaisedOnce), (2, Raised)):
            del catalogue.EVENTS[NAME, version]
            del catalogue.OF_SHAPE[shape]
        del catalogue.CURRENT[NAME]
        site.files.cache_clear()
