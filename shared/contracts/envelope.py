"""What surrounds an event: who, where, when, why, and its place in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from shared.kernel.area import Area

E = TypeVar("E", covariant=True)


class Origin(StrEnum):
    """How an event came to us: nobody is notified of imported history."""

    LIVE = "live"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an event: a person by account, or a service by name. Never a person's name."""

    id: str
    role: str
    department: str | None = None

    @classmethod
    def service(cls, name: str) -> Actor:
        return cls(id=name, role="service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Generic[E]):
    """An event as the log holds it."""

    event: E
    event_id: UUID
    stream: str
    version: int
    position: int | None
    """Dense place in the whole log; None until the relay has given it one."""
    type: str
    area: Area
    """The path valid when the event happened."""
    actor: Actor
    correlation_id: UUID
    """The issue that this is about: its whole life, across services, carries one id."""
    causation_id: UUID | None
    """The event that this one answers."""
    origin: Origin
    occurred_at: datetime
    """When it happened in the street."""
    recorded_at: datetime
    """When we learned it."""
    traceparent: str | None = None
