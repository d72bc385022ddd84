"""The feed, read once for all subscriptions that are near the same place."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.contracts.message import Stored

Read = Callable[[int, int], Sequence[Stored]]
"""(after, limit) → consecutive events."""


@dataclass(slots=True)
class _Chunk:
    rows: list[Stored] = field(default_factory=list)
    read_at: float = float("-inf")


class SharedFeed:
    """Keeps what was read lately, in chunks. Used by several threads."""

    def __init__(self, read: Read, *, size: int = 1000, kept: int = 12, fresh: float = 0.05) -> None:
        """`fresh`: the end of the feed is looked at this often, in seconds, however many ask."""
        self._read = read
        self._size = size
        self._kept = kept
        self._fresh = fresh
        self._chunks: OrderedDict[int, _Chunk] = OrderedDict()
        self._mutex = threading.Lock()

    def after(self, position: int) -> Sequence[Stored]:
        """Some events that follow the position, without a gap; none at the end of the feed. Raises Unavailable."""
        start = position // self._size * self._size
        with self._mutex:
            chunk = self._chunks.setdefault(start, _Chunk())
            self._chunks.move_to_end(start)
            while len(self._chunks) > self._kept:
                self._chunks.popitem(last=False)
            known = len(chunk.rows)
            if (known == position - start and known < self._size) or known < position - start:
                self._extend(start, chunk)
            return chunk.rows[position - start :]

    def _extend(self, start: int, chunk: _Chunk) -> None:
        now = time.monotonic()
        if now - chunk.read_at < self._fresh:
            return
        chunk.read_at = now
        chunk.rows += self._read(start + len(chunk.rows), self._size - len(chunk.rows))
