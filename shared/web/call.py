"""What a door hands to its method, and what the method hands back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.envelope import Actor
from shared.handling import Cause
from shared.kernel.errors import Unauthenticated
from shared.security.permission import Asker
from shared.security.sessions import Session

ANYONE: tuple[str, ...] = ("*",)
"""Roles of a door that residents use: no token is needed; one that is sent is verified all the same."""
SIGNED_IN: tuple[str, ...] = ("signed in",)
"""Roles of a door for everybody who has a token, whatever their role."""


@dataclass(slots=True)
class Call:
    """One request, checked: everything in it has the type that the door declared."""

    at: datetime
    """When it arrived."""
    body: dict[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    """The body as it came, for whoever checks a signature; empty at a door that takes none."""
    query: dict[str, Any] = field(default_factory=dict)
    path: dict[str, Any] = field(default_factory=dict)
    asker: Asker | None = None
    """None at a door for ANYONE when no token was sent."""
    session: Session | None = None
    """The browser's, when it sent one that is valid."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    """Path and query string as they were asked for."""
    idempotency_key: str | None = None
    """The sender's key, widened by service, asker and door, so that two senders cannot meet by accident."""
    request_hash: bytes | None = None
    """What the key was sent with: a key that comes again with another request is refused."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names."""
    traceparent: str | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def signed_in(self) -> Asker:
        """The asker of a door that is not for ANYONE. Raises Unauthenticated when there is none."""
        if self.asker is None:
            raise Unauthenticated("this needs somebody who is signed in")
        return self.asker

    def cause(self, default_actor: Actor | None = None) -> Cause:
        """Why something is appended: the asker wants it now. Without an asker, `default_actor` does, or a resident."""
        actor = self.asker.actor if self.asker is not None else default_actor
        return Cause(
            actor=actor or Actor("anonymous", "resident"),
            at=self.at,
            idempotency_key=self.idempotency_key,
            request_hash=self.request_hash,
            traceparent=self.traceparent,
        )

    def note(self, **fields: str | int | float | UUID | None) -> None:
        """Add fields, such as case_id, to the request's log line."""
        self.notes.update(fields)


@dataclass(slots=True)
class Reply:
    """An answer. A body of dictionaries and lists becomes JSON (ids, times, dates and enums are understood);
    text, bytes and streams of bytes go out as they are, under the `media` type."""

    body: Any = None
    status: int | None = None
    """None: what the door declared."""
    headers: Mapping[str, str] | None = None
    media: str = "application/json"
    cookies: tuple[str, ...] = ()
    """Set-Cookie headers."""
    wait: Callable[[], None] | None = None
    """Not the answer yet: the door waits by this, holding neither a worker nor a connection to the database, and asks
    its method again."""

    @property
    def is_stream(self) -> bool:
        """Whether the body is produced while it is sent."""
        return isinstance(self.body, Iterable) and not isinstance(
            self.body, str | bytes | Mapping | list | tuple | set | frozenset
        )
