"""One event as it comes out of the queue, and the two answers that a handler may give besides returning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal


class Retry(Exception):
    """Not now: the handler is called again after `after` seconds; without it, after longer and longer waits."""

    def __init__(self, reason: str = "", *, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Park(Exception):
    """Never: the event is put aside for a person, who can send it back with `wuji-events parked redrive`."""


class Unreadable(Exception):
    """A message that is no event of the platform."""


@dataclass(frozen=True)
class Event:
    """Something that happened in the city. The same event may come more than once: its id stays the same."""

    id: str
    type: str
    """`case.dispatched`."""
    version: int
    subject: str
    """The stream that it belongs to: `case-<uuid>`. Events of one stream come in order."""
    area: str
    """Where: district, street, community, group, building: `530103.004.012.003.00007`, or the first of them."""
    position: int
    """In the log of the whole city. It only grows, with gaps."""
    time: datetime
    """When it happened."""
    data: Mapping[str, Any]
    correlation_id: str = ""
    """The same for everything about one issue, from report to archive: the case's id."""
    replay: str | None = None
    """The id of the replay that sent it once more."""
    test: bool = False
    """Somebody asked for it to try a program: the issue does not exist."""
    attempt: int = 1
    """Which time your handler is called with it since your program started."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The area's codes: district, street, community, group, building, as many as are known."""
        return tuple(self.area.split(".")) if self.area else ()

    @property
    def is_replay(self) -> bool:
        """Whether it was sent once more on request."""
        return self.replay is not None

    @classmethod
    def of(cls, headers: Mapping[str, Any] | None, body: bytes) -> Event:
        """The event in a message. Raises Unreadable."""
        found = {name: str(value) for name, value in (headers or {}).items()}
        try:
            name, _, version = found["ce-type"].rpartition(".v")
            return cls(
                id=found["ce-id"],
                type=name,
                version=int(version),
                subject=found["ce-subject"],
                area=found.get("ce-area", ""),
                position=int(found["ce-sequence"]),
                time=datetime.fromisoformat(found["ce-time"]),
                data=json.loads(body),
                correlation_id=found.get("ce-correlationid", ""),
                replay=found.get("ce-replay"),
                test=found.get("ce-test") == "true",
                headers=found,
            )
        except (KeyError, ValueError) as error:
            raise Unreadable(f"this is no event: {type(error).__name__} {error}") from error

    @classmethod
    def example(cls, type: str, data: Mapping[str, Any], *, version: int = 1, **more: Any) -> Event:
        """An event for your own tests; `more` are the other fields."""
        known = {"id": "event-1", "subject": "case-1", "area": "530103", "position": 1, "test": True}
        return cls(type=type, version=version, data=data, **{"time": datetime.now(UTC), **known, **more})

    def cloud_event(self) -> dict[str, Any]:
        """The same as CloudEvents JSON."""
        attributes = {name[3:]: value for name, value in self.headers.items() if name.startswith("ce-")}
        return {**attributes, "datacontenttype": "application/json", "data": dict(self.data)}


@dataclass(frozen=True)
class Outcome:
    """What became of one event."""

    event: Event
    action: Literal["handled", "unknown", "retry", "park"]
    error: BaseException | None = None
    after: float = 0.0
    """Seconds until it is tried again."""
