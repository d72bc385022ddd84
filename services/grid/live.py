"""What has just changed, told to every open page: one look at the views' watermark for all of them together.

Pages hear of a change when it is *in the views*, so that whoever looks again sees it. Each page has a small queue of
its own; one that does not keep up is told to look at everything again, and delays nobody.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import eventlet
import orjson
from eventlet.event import Event
from nameko.extensions import DependencyProvider

from shared.entrypoints.providers import rows_of
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.errors import WujiError
from shared.ports import Rows
from shared.telemetry.logs import logger

LOOK_EVERY = 0.25
"""Seconds between two looks while anybody watches."""
BEAT_EVERY = 5.0
STREAM_SECONDS = 1500.0
"""A stream ends before the session that opened it, and the page opens another."""
_REMEMBERED = 2000
_QUEUE = 64
_MOST_AT_ONCE = 500

_STANDING = """
SELECT position, (SELECT coalesce(max(position), 0) FROM es.feed) AS head FROM watermarks WHERE projection = 'cases'
"""
_CHANGES = """
SELECT f.position, e.area, e.type FROM es.feed f
JOIN es.events e ON e.txid = f.txid AND e.seq = f.seq AND e.recorded_at = f.recorded_at
WHERE f.position > %(after)s AND f.position <= %(upto)s ORDER BY f.position
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One event that is in the views now."""

    position: int
    area: str
    type: str


@dataclass(eq=False, slots=True)
class Watcher:
    """One open page."""

    area: str
    """What it shows; empty for everything."""
    waiting: deque[Change] = field(default_factory=deque)
    is_behind: bool = False
    """It missed something, and is to look at everything again."""
    called: Event = field(default_factory=Event)

    def hear(self, changes: list[Change]) -> None:
        """Those that lie in its area."""
        own = [change for change in changes if _lies_in(change.area, self.area)]
        if len(self.waiting) + len(own) > _QUEUE:
            self.waiting.clear()
            self.is_behind = True
        else:
            self.waiting.extend(own)
        if own:
            self.call()

    def call(self) -> None:
        """Wake it."""
        if not self.called.ready():
            self.called.send()

    def wait(self, seconds: float) -> None:
        """Until something is there, or the time is over."""
        with eventlet.Timeout(seconds, False):
            self.called.wait()
        self.called = Event()


class Hub:
    """All open pages of this process, and what they have to know."""

    def __init__(self, rows: Rows, now: Callable[[], datetime] = utc_now) -> None:
        self._rows = rows
        self._now = now
        self._watchers: set[Watcher] = set()
        self._recent: deque[Change] = deque(maxlen=_REMEMBERED)
        self._somebody = Event()
        self._stopped = False
        self.position = 0
        self.head = 0
        self.as_of: datetime = now()
        """When the views were last known to be level with the log."""

    # --- one green thread looks -----------------------------------------------------------------------------------

    def run(self) -> None:
        """Look as long as somebody watches; sleep while nobody does."""
        while not self._stopped:
            if not self._watchers:
                # What happens while nobody looks is of no use to whoever comes next.
                self.position = 0
                self._recent.clear()
                self._somebody.wait()
                self._somebody = Event()
            try:
                self.look()
            except WujiError as error:
                # The pages see by the beat's time that nothing is new; the database will be back.
                logger("grid").warning("live_not_updated", error=str(error))
                eventlet.sleep(1.0)
            eventlet.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Whether the views have gone on, and what is new in them."""
        found = self._rows.query(_STANDING)
        position, self.head = (found[0]["position"], found[0]["head"]) if found else (0, 0)
        if position >= self.head:
            self.as_of = self._now()
        if self.position == 0:
            self.position = position
        if position <= self.position:
            return
        after, self.position = self.position, position
        if position - after > _MOST_AT_ONCE:
            self._recent.clear()
            for watcher in self._watchers:
                watcher.is_behind = True
                watcher.call()
            return
        rows = self._rows.query(_CHANGES, {"after": after, "upto": position})
        changes = [Change(row["position"], row["area"], row["type"]) for row in rows]
        self._recent.extend(changes)
        for watcher in list(self._watchers):
            watcher.hear(changes)

    def stop(self) -> None:
        """Every stream ends; the pages come back by themselves."""
        self._stopped = True
        for watcher in list(self._watchers):
            watcher.call()

    # --- many pages listen ----------------------------------------------------------------------------------------

    def stream(self, area: Area | None, last_seen: int | None) -> Iterator[bytes]:
        """Server-sent events for one page, from the one that it saw last."""
        watcher = Watcher(area.path if area else "")
        if self.position == 0:
            self.look()
        if last_seen is not None:
            self._catch_up(watcher, last_seen)
        self._watchers.add(watcher)
        if not self._somebody.ready():
            self._somebody.send()
        return self._frames(watcher)

    def _frames(self, watcher: Watcher) -> Iterator[bytes]:
        ends = time.monotonic() + STREAM_SECONDS
        try:
            yield b"retry: 2000\n\n" + self._beat()
            while not self._stopped and time.monotonic() < ends:
                watcher.wait(BEAT_EVERY)
                yield self._next(watcher)
        finally:
            self._watchers.discard(watcher)

    def _next(self, watcher: Watcher) -> bytes:
        if watcher.is_behind:
            watcher.is_behind = False
            watcher.waiting.clear()
            return _frame("reset", self.position, {}) + self._beat()
        changes = list(watcher.waiting)
        watcher.waiting.clear()
        if not changes:
            return self._beat()
        told = {"areas": sorted({one.area for one in changes}), "types": sorted({one.type for one in changes})}
        return _frame("change", changes[-1].position, told) + self._beat()

    def _beat(self) -> bytes:
        """That we are alive, and how far the views are."""
        told = {"position": self.position, "behind": max(0, self.head - self.position), "as_of": self.as_of.isoformat()}
        return _frame("beat", None, told)

    def _catch_up(self, watcher: Watcher, last_seen: int) -> None:
        if last_seen >= self.position > 0:
            return
        if self._recent and self._recent[0].position <= last_seen + 1:
            watcher.hear([change for change in self._recent if change.position > last_seen])
        else:
            watcher.is_behind = True
            watcher.call()


def _lies_in(area: str, wanted: str) -> bool:
    return not wanted or area == wanted or area.startswith(wanted + ".")


def _frame(event: str, position: int | None, data: dict[str, Any]) -> bytes:
    """Ids are padded, so that they sort as texts."""
    number = b"" if position is None else b"id: %020d\n" % position
    return number + b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


if TYPE_CHECKING:
    # What a method finds behind the attribute: nameko swaps the provider for it at run time.
    def Live() -> Hub: ...  # noqa: N802

else:

    class Live(DependencyProvider):
        """The hub of this process."""

        def setup(self) -> None:
            self._hub = Hub(rows_of(self.container))

        def start(self) -> None:
            self.container.spawn_managed_thread(self._hub.run, identifier="live")

        def stop(self) -> None:
            self._hub.stop()

        def get_dependency(self, _worker: Any) -> Hub:
            return self._hub
