"""Lets concurrent callers of one process share a commit: whoever comes while one is running goes along with the next.

Nobody waits for company: a caller who finds no commit running leads at once. When a batch has its answers, the last of
those who shared it hands the lead to the first of those who queued meanwhile: the others of the batch, who often come
straight back with their next item, then go along. Works with threads and, under eventlet, with green threads.

What a commit costs hardly depends on how many share it, so a second one at the same time pays only when it is well
filled: few large batches take a fraction of the processor that many small ones do.
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

    __slots__ = ("_wake", "answer", "error", "is_appointed", "is_gone", "item", "unsure")

    def __init__(self, item: T) -> None:
        self.item = item
        self.answer: R | None = None
        self.error: BaseException | None = None
        self.unsure = False
        """True once an earlier attempt ended without our knowing whether it was stored."""
        self.is_appointed = False
        """True once it is for this entry's caller to lead, or, when it has its answer, to hand the lead over."""
        self.is_gone = False
        """True once its caller was killed while it waited."""
        self._wake: threading.Lock | None = None

    @property
    def is_settled(self) -> bool:
        return self.answer is not None or self.error is not None

    def make_wakeable(self) -> None:
        """Before anybody else may see it."""
        # A lock that is taken is the cheapest thing to wait for; releasing it wakes exactly one.
        self._wake = threading.Lock()
        self._wake.acquire()

    def wait(self) -> None:
        if self._wake is not None:
            self._wake.acquire()

    def wake(self) -> None:
        if self._wake is not None:
            self._wake.release()


class SharedCommit(Generic[T, R]):
    """Gathers items and gives them in batches to `commit`, which settles every entry (answer or error).

    A further lane opens when `enough` are waiting: then one batch is made and sent while another waits for the disk.
    """

    def __init__(
        self, commit: Callable[[list[Entry[T, R]]], None], *, largest: int = 64, lanes: int = 2, enough: int = 16
    ) -> None:
        self._commit = commit
        self._largest = largest
        self._enough = enough
        self._lanes = lanes
        self._mutex = threading.Lock()
        self._waiting: deque[Entry[T, R]] = deque()
        self._leaders = 0

    def submit(self, item: T, *, unsure: bool = False) -> R:
        """The item's answer, or its error raised; returns when it is committed."""
        entry: Entry[T, R] = Entry(item)
        entry.unsure = unsure
        with self._mutex:
            is_crowded = len(self._waiting) + 1 >= self._enough
            leads = self._leaders == 0 or (is_crowded and self._leaders < self._lanes)
            if leads:
                self._leaders += 1
            else:
                entry.make_wakeable()
                self._waiting.append(entry)
        if not leads:
            self._follow(entry)
        if not entry.is_settled:
            self._lead(entry)
        elif entry.is_appointed:
            self._hand_over()
        if entry.error is not None:
            raise entry.error
        if entry.answer is None:
            raise Unavailable("the commit that this shared was interrupted")
        return entry.answer

    def _follow(self, entry: Entry[T, R]) -> None:
        try:
            entry.wait()
        except BaseException:
            # The caller was killed while it waited: nobody may wait for it to lead.
            with self._mutex:
                entry.is_gone = True
                if entry in self._waiting:
                    self._waiting.remove(entry)
            if entry.is_appointed:
                self._hand_over()
            raise

    def _lead(self, entry: Entry[T, R]) -> None:
        with self._mutex:
            company = [self._waiting.popleft() for _ in range(min(self._largest - 1, len(self._waiting)))]
        try:
            self._commit([entry, *company])
        finally:
            self._release(company)

    def _release(self, company: list[Entry[T, R]]) -> None:
        """Wake those who have their answers, the last of them with the duty to hand over.

        When the leader was killed half-way its followers go again: they may have been stored, hence `unsure`.
        """
        with self._mutex:
            here = [entry for entry in company if not entry.is_gone]
            settled = [entry for entry in here if entry.is_settled]
            for entry in reversed(here):
                if not entry.is_settled:
                    entry.unsure = True
                    self._waiting.appendleft(entry)
            if settled:
                settled[-1].is_appointed = True
        for entry in settled:
            entry.wake()
        if not settled:
            self._hand_over()

    def _hand_over(self) -> None:
        with self._mutex:
            following = self._waiting.popleft() if self._waiting else None
            if following is None:
                self._leaders -= 1
            else:
                following.is_appointed = True
        if following is not None:
            following.wake()
