"""What the services need from the outside, said as protocols: the adapters answer them, tests may fake them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from shared.contracts.envelope import Actor, Origin, Recorded
from shared.kernel.area import Area
from shared.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Companion:
    """A row that must be stored in the same transaction as the events, or not at all.

    The statement is one `INSERT … VALUES %s …`, idempotent by its own ON CONFLICT, into a table of the same service.
    """

    statement: str
    row: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """One new event and the moment it happened in the street."""

    event: object
    occurred_at: datetime
    event_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """One all-or-nothing addition to one stream."""

    stream: str
    expected: int
    """The version that the writer saw: 0 for a stream that is to be new."""
    happenings: tuple[Happening, ...]
    area: Area
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None = None
    idempotency_key: str | None = None
    """A repeated key answers the first result and adds nothing. For a reaction it is the inbox entry."""
    request_hash: bytes | None = None
    """What the key was used for: a hash of the request as it was sent, never of ids or times made while answering it.
    A key that comes again with another hash is refused; where either has none, only the category must be the same."""
    origin: Origin = Origin.LIVE
    traceparent: str | None = None
    companions: tuple[Companion, ...] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did."""

    stream: str
    version: int
    """The stream's version afterwards: that of the last event of the append."""
    event_ids: tuple[UUID, ...]
    repeated: bool = False
    """True when the idempotency key had been used before: this is the first result again."""


class EventLog(Protocol):
    """The log as a service sees it."""

    def stream(self, stream: str) -> list[Recorded[Any]]:
        """All events of one stream, oldest first; empty when there is none."""

    def append(self, append: Append) -> Appended:
        """Store it. Raises Conflict when the stream is not at the expected version, Invalid when the idempotency
        key was used for something else, Forbidden when the service does not own the category, Unavailable when
        the database cannot be reached. Concurrent callers of one process share a commit."""

    def seen(self, idempotency_key: str, request_hash: bytes | None = None) -> Appended | None:
        """The result that the key already has, if any. Raises Invalid when it was used for another request."""

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        """Every event of one issue, across all services, in order of position (unpositioned ones last)."""


class Rows(Protocol):
    """Reading and writing the tables that the service owns."""

    def query(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The answer's rows as dictionaries."""

    def execute(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> int:
        """Run one statement in a transaction of its own; the number of rows it touched."""
