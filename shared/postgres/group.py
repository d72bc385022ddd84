"""Lets concurrent callers of one process share a commit: whoever comes while one is running goes along with the next.

Nobody waits for company: a caller who finds no commit running leads at once. When a leader has its answer it hands the
lead to the first of those who queued meanwhile. Works with threads and, under eventlet, with green threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.kernel.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Entry(Generic[T, R]):
    """One caller's item, and in the end its answer or its error."""

    __slots__ = ("_wake", "answer", "error", "is_appointed", "item", "unsure")

    def __init__(self, item: T) -> None:
        self.item = item
        self.answer: R | None = None
        self.error: BaseException | None = None
        self.unsure = False
        """True once an earlier attempt ended without our knowing whether it was stored."""
        self.is_appointed = False
        """True once the lead was handed to this entry's caller."""
        # A lock that is taken is the cheapest thing to wait for; releasing it wakes exactly one.
        self._wake = threading.Lock()
        self._wake.acquire()

    @property
    def is_settled(self) -> bool:
        return self.answer is not None or self.error is not None

    def wait(self) -> None:
        self._wake.acquire()

    def wake(self) -> None:
        self._wake.release()


class SharedCommit(Generic[T, R]):
    """Gathers items and gives them in batches to `commit`, which settles every entry (answer or error)."""

    def __init__(self, commit: Callable[[list[Entry[T, R]]], None], largest: int = 64) -> None:
        self._commit = commit
        self._largest = largest
        self._mutex = threading.Lock()
        self._waiting: deque[Entry[T, R]] = deque()
        self._is_led = False

    def submit(self, item: T) -> R:
        """The item's answer, or its error raised; returns when it is committed."""
        entry: Entry[T, R] = Entry(item)
        with self._mutex:
            self._waiting.append(entry)
            follows, self._is_led = self._is_led, True
        if follows:
            self._follow(entry)
        if not entry.is_settled:
            self._lead()
        if entry.error is not None:
            raise entry.error
        if entry.answer is None:
            raise Unavailable("the commit that this shared was interrupted")
        return entry.answer

    def _follow(self, entry: Entry[T, R]) -> None:
        try:
            entry.wait()
        except BaseException:
            # The caller was killed while it waited: the others must not wait for it to lead.
            with self._mutex:
                if entry in self._waiting:
                    self._waiting.remove(entry)
                following = self._appoint() if entry.is_appointed and not entry.is_settled else None
            if following is not None:
                following.wake()
            raise

    def _appoint(self) -> Entry[T, R] | None:
        """Hand the lead to the first who waits, or to nobody. The mutex must be held."""
        following = self._waiting[0] if self._waiting else None
        self._is_led = following is not None
        if following is not None:
            following.is_appointed = True
        return following

    def _lead(self) -> None:
        with self._mutex:
            batch = [self._waiting.popleft() for _ in range(min(self._largest, len(self._waiting)))]
        try:
            self._commit(batch)
        finally:
            self._hand_over(batch)

    def _hand_over(self, batch: list[Entry[T, R]]) -> None:
        """Wake the next leader first, so that the database gets work again, then those who have their answers.

        When the leader was killed half-way its followers go again: they may have been stored, hence `unsure`.
        """
        followers = batch[1:]
        again = [entry for entry in followers if not entry.is_settled]
        with self._mutex:
            for entry in reversed(again):
                entry.unsure = True
                self._waiting.appendleft(entry)
            following = self._appoint()
        if following is not None:
            following.wake()
        for entry in followers:
            if entry.is_settled:
                entry.wake()
