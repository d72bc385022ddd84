"""The register of event types: a dataclass declared with `@event` is the one definition of its wire shape."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

E = TypeVar("E")
Step = Callable[[dict[str, object]], dict[str, object]]
"""From the body of one version of an event type to the body of the version beside it."""

MODULES = (
    "report",
    "subject",
    "case",
    "task",
    "clock",
    "admission",
    "demand",
    "volunteer",
    "remedy",
    "campaign",
    "rulebook",
    "area",
    "grid",
    "appointment",
    "account",
    "emergency",
    "duty",
    "visit",
    "check",
    "photo",
    "feedback",
    "appraisal",
    "flag",
    "notice",
    "subscription",
)


@dataclass(frozen=True, slots=True)
class EventType:
    """What is known about one version of one event type."""

    name: str
    version: int
    category: str
    shape: type
    public: bool = False
    """Whether departments may receive it. What is not said to be public stays inside."""
    upcast: Step | None = None
    """For an old version: its body → the body of the next version."""
    downcast: Step | None = None
    """For an old version: the body of the next version → its own, for subscribers who still ask for it."""
    deprecated_since: date | None = None
    """For an old version: the day from which a newer one is published beside it."""
    sunset: date | None = None
    """For an old version: the first day on which nobody can have it any more."""


EVENTS: dict[tuple[str, int], EventType] = {}
CURRENT: dict[str, EventType] = {}
OF_SHAPE: dict[type, EventType] = {}

OWNERS: dict[str, str] = {
    "report": "intake",
    "subject": "intake",
    "photo": "intake",
    "case": "dispatch",
    "clock": "dispatch",
    "admission": "dispatch",
    "demand": "dispatch",
    "volunteer": "dispatch",
    "remedy": "dispatch",
    "campaign": "dispatch",
    "rulebook": "dispatch",
    "area": "grid",
    "grid": "grid",
    "appointment": "grid",
    "duty": "grid",
    "emergency": "grid",
    "visit": "grid",
    "account": "grid",
    "check": "grid",
    "feedback": "survey",
    "appraisal": "survey",
    "flag": "survey",
    "notice": "notify",
    "subscription": "notify",
}
"""Stream category → the only service that appends to it."""


def event(name: str, category: str, version: int = 1, *, public: bool = False) -> Callable[[type[E]], type[E]]:
    """Register a frozen dataclass as an event type: `@event("case.filed", "case", public=True)`."""

    def register(shape: type[E]) -> type[E]:
        _add(EventType(name, version, category, shape, public))
        return shape

    return register


@dataclass(frozen=True, slots=True)
class Overlap:
    """How long an old version is still published beside the newer one, and how its bodies are made."""

    downcast: Step
    """The body of the next version → the body of the old one."""
    since: date
    sunset: date


def superseded(
    name: str, category: str, version: int, upcast: Step, *, overlap: Overlap | None = None
) -> Callable[[type], type]:
    """Register an old version of an event type together with the step that lifts its body to the next version.

    An old version of a public type needs its overlap: those who read it must be able to change over in their own time.
    """

    def register(shape: type) -> type:
        if overlap is None:
            _add(EventType(name, version, category, shape, upcast=upcast))
        else:
            downcast, since, sunset = overlap.downcast, overlap.since, overlap.sunset
            _add(EventType(name, version, category, shape, True, upcast, downcast, since, sunset))
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
