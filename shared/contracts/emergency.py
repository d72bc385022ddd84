"""Streams `emergency-<area path>`, written by grid: an area is in emergency mode 应急状态, and leaves it again."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.catalogue import event


@event("emergency.started", "emergency", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyStarted:
    """The area and everything below it goes into emergency mode: limits of working time run day and night."""

    area: str
    kind: str
    """What for: `epidemic`, `flood`, `fire`, or another word of the city's."""
    reason: str
    templates: str | None
    """The set of notice templates that is used meanwhile."""


@event("emergency.ended", "emergency", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyEnded:
    """Back to usual: nothing becomes overdue by the change itself."""

    area: str
    kind: str
    reason: str
