"""The published past of every event version: its schema as it was promised, its example, and what changed since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from shared.contracts import catalogue, described, public
from shared.contracts.catalogue import EventType
from shared.contracts.changes import Change, changes

PUBLISHED = Path(__file__).parent / "published"
"""Written by `python -m tests.contracts.publish`."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a public event type, as departments see it."""

    type: EventType
    schema: dict[str, Any]
    example: dict[str, Any]
    """A body without internal fields."""
    published: date | None
    grown: tuple[Change, ...]
    """What this version gained since it was published; it never loses anything."""
    differs: tuple[Change, ...]
    """How it differs from the version before it."""

    @property
    def label(self) -> str:
        return f"v{self.type.version}"


def versions(name: str) -> tuple[Version, ...]:
    """Every version of a public type that is still known, newest first. Those without a `sunset` are current."""
    numbers = sorted((number for other, number in catalogue.EVENTS if other == name), reverse=True)
    found = [catalogue.EVENTS[name, number] for number in numbers]
    return tuple(_version(one, before) for one, before in zip(found, [*found[1:], None], strict=True) if one.public)


def _version(found: EventType, before: EventType | None) -> Version:
    now = described.payload(found)
    promised = _stored("schemas", found)
    return Version(
        type=found,
        schema=described.schema(found),
        example=_without(_stored("examples", found) or {}, found),
        published=_dates().get(f"{found.name}.v{found.version}"),
        grown=() if promised is None else tuple(changes(_public_part(promised, found), now)),
        differs=() if before is None else tuple(changes(public.public_schema(before.shape), now)),
    )


def _stored(folder: str, found: EventType) -> dict[str, Any] | None:
    path = PUBLISHED / folder / f"{found.name}.v{found.version}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _without(body: dict[str, Any], found: EventType) -> dict[str, Any]:
    hidden = public.internal_fields(found.shape)
    return {name: value for name, value in body.items() if name not in hidden}


def _public_part(schema: dict[str, Any], found: EventType) -> dict[str, Any]:
    return {**schema, "properties": _without(schema["properties"], found)}


@cache
def _dates() -> dict[str, date]:
    found = json.loads((PUBLISHED / "dates.json").read_text(encoding="utf-8"))
    return {key: date.fromisoformat(day) for key, day in found.items()}
