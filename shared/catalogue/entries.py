"""What the catalogue tells about each event type, gathered from the contracts and the table of states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.contracts import catalogue, described, history, public, words
from shared.contracts.history import Version
from shared.contracts.message import routing_key
from shared.kernel.case_states import LANDINGS, Move, State, Step, moves_from, sources

EXAMPLE_AREA = "530103.003.007"
_STEPS = {"report": Step.REPORT, "check": Step.CHECK, "feedback": Step.ASSESS}
"""Events that move no case belong to the step of their stream."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One public event type."""

    name: str
    zh: str
    summary: str
    category: str
    service: str
    """Who writes it, and nobody else."""
    step: Step | None
    moves: tuple[Move, ...]
    """The moves of a case that it makes, and who may cause them."""
    follows: tuple[str, ...]
    """Public events that may come next."""
    comes_after: tuple[str, ...]
    """Public events that it may come after."""
    versions: tuple[Version, ...]
    """Newest first."""

    @property
    def newest(self) -> Version:
        return self.versions[0]

    @property
    def leads_to(self) -> State | None:
        return LANDINGS.get(self.name)

    @property
    def key(self) -> str:
        """A routing key such as messages of this type have."""
        return routing_key(self.name, EXAMPLE_AREA)

    def as_json(self) -> dict[str, Any]:
        """The entry as plain values, for programs."""
        return {
            "type": self.name,
            "name": self.zh,
            "summary": self.summary,
            "category": self.category,
            "service": self.service,
            "step": self.step and self.step.value,
            "leads_to": self.leads_to and self.leads_to.value,
            "caused_by": sorted({role for move in self.moves for role in move.roles}),
            "follows": list(self.follows),
            "comes_after": list(self.comes_after),
            "routing_key": self.key,
            "versions": [_version_as_json(one) for one in self.versions],
        }


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a schema's table."""

    path: str
    zh: str
    kind: str
    always: bool
    says: str
    values: tuple[str, ...]
    depth: int


def entries() -> dict[str, Entry]:
    """Every public event type by name: category by category, and in the order of the loop inside one."""
    known = public.public_types()
    order = [name for name in words.TYPES if name in known]
    order += [name for name in known if name not in order]
    categories = list(words.CATEGORIES)
    order.sort(key=lambda name: categories.index(known[name].category))
    return {name: _entry(name, order) for name in order}


def _entry(name: str, order: list[str]) -> Entry:
    found = catalogue.CURRENT[name]
    return Entry(
        name=name,
        zh=words.TYPES.get(name, name),
        summary=described.summary(found.shape),
        category=found.category,
        service=catalogue.OWNERS[found.category],
        step=LANDINGS[name].step if name in LANDINGS else _STEPS.get(found.category),
        moves=sources(name),
        follows=tuple(other for other in order if other in _next(name)),
        comes_after=tuple(other for other in order if name in _next(other)),
        versions=history.versions(name),
    )


def _next(name: str) -> set[str]:
    """The next moves in the same stream, and the answers in others."""
    landing, known = LANDINGS.get(name), catalogue.CURRENT
    moves = {move.event for move in moves_from(landing)} - {name} if landing is not None else set()
    own = {event for event in moves & set(known) if known[event].category == known[name].category}
    return own | set(words.FOLLOWED_BY.get(name, ()))


def status(version: Version, day: date) -> str:
    """`current`, `deprecated` while it is still published beside a newer one, `ended` afterwards."""
    if version.type.deprecated_since is None or version.type.sunset is None:
        return "current"
    if day >= version.type.sunset:
        return "ended"
    return "deprecated" if day >= version.type.deprecated_since else "current"


def fields(schema: dict[str, Any], path: str = "", depth: int = 0) -> list[Field]:
    """The lines of a schema's table; the fields of an object inside stand below it."""
    found: list[Field] = []
    for name, value in schema["properties"].items():
        inner = value["items"] if value["type"] == "array" else value
        found.append(
            Field(
                path=path + name,
                zh=value.get("title", ""),
                kind=_kind(value),
                always=name in schema["required"],
                says=value.get("description", ""),
                values=tuple(inner.get("enum", ())),
                depth=depth,
            )
        )
        if "properties" in inner:
            mark = "[]." if value["type"] == "array" else "."
            found += fields(inner, f"{path}{name}{mark}", depth + 1)
    return found


def _kind(value: dict[str, Any]) -> str:
    if value["type"] == "array":
        return f"list of {_kind(value['items'])}"
    return str(value.get("format") or value["type"])


def _version_as_json(one: Version) -> dict[str, Any]:
    found = one.type
    return {
        "version": found.version,
        "published": one.published and one.published.isoformat(),
        "deprecated_since": found.deprecated_since and found.deprecated_since.isoformat(),
        "sunset": found.sunset and found.sunset.isoformat(),
        "schema": one.schema,
        "example": one.example,
        "changes": [f"{change.field} {change.says}" for change in one.differs],
        "grown": [f"{change.field} {change.says}" for change in one.grown],
    }
