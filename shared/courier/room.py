"""How much more a replay may put into a queue: what nobody reads must not grow without end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from shared.courier.ports import Route
from shared.courier.replay import WINDOW, Replay

_LOOK = 2.0


@dataclass(slots=True)
class _Seen:
    at: float
    room: int


class QueueRoom:
    """Looks at the queue now and then, and counts in between. Used by one thread."""

    def __init__(self, depth: Callable[[Replay, Route], int], limit: Callable[[Replay], int]) -> None:
        """`depth`: messages in the queue, perhaps some seconds old; `limit`: how many there may be."""
        self._depth = depth
        self._limit = limit
        self._seen: dict[UUID, _Seen] = {}

    def __call__(self, replay: Replay, route: Route) -> int:
        """At most a window. Raises Unavailable."""
        if route.kind != "amqp":
            return WINDOW
        seen, now = self._seen.get(replay.replay_id), time.monotonic()
        if seen is None or now - seen.at > _LOOK:
            seen = _Seen(now, max(0, self._limit(replay) - self._depth(replay, route)))
            self._seen[replay.replay_id] = seen
        room = min(WINDOW, seen.room)
        seen.room -= room
        return room
