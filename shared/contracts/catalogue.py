"""The register of event types: a dataclass declared with `@event` is the one definition of its wire shape."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

E = TypeVar("E")

MODULES = (
    "report",
    "subject",
    "case",
    "rulebook",
    "area",
    "grid",
    "appointment",
    "check",
    "feedback",
    "notice",
)


@dataclass(frozen=True, slots=True)
class EventType:
    """What is known about one version of one event type."""

    name: str
    version: int
    category: str
    shape: type
    upcast: Callable[[dict[str, object]], dict[str, object]] | None = None
    """For an old version: its body → the body of the next version."""


EVENTS: dict[tuple[str, int], EventType] = {}
CURRENT: dict[str, EventType] = {}
OF_SHAPE: dict[type, EventType] = {}

OWNERS: dict[str, str] = {
    "report": "intake",
    "subject": "intake",
    "case": "dispatch",
    "rulebook": "dispatch",
    "area": "grid",
    "grid": "grid",
    "appointment": "grid",
    "check": "grid",
    "feedback": "survey",
    "notice": "notify",
}
"""Stream category → the only service that appends to it."""


def event(name: str, category: str, version: int = 1) -> Callable[[type[E]], type[E]]:
    """Register a frozen dataclass as an event type: `@event("case.filed", "case")`."""

    def register(shape: type[E]) -> type[E]:
        _add(EventType(name, version, category, shape))
        return shape

    return register


def superseded(
    name: str, category: str, version: int, upcast: Callable[[dict[str, object]], dict[str, object]]
) -> Callable[[type], type]:
    """Register an old version of an event type together with the step that lifts its body to the next version."""

    def register(shape: type) -> type:
        _add(EventType(name, version, category, shape, upcast))
        return shape

    return register


def _add(found: EventType) -> None:
    key = (found.name, found.version)
    if key in EVENTS:
        raise TypeError(f"event {found.name} version {found.version} is declared twice")
    EVENTS[key] = found
    OF_SHAPE[found.shape] = found
    newest = CURRENT.get(found.name)
    if newest is None or newest.version < found.version:
        CURRENT[found.name] = found


def load() -> dict[str, EventType]:
    """Import every event module and answer the current event types by name."""
    for module in MODULES:
        importlib.import_module(f"shared.contracts.{module}")
    return CURRENT
