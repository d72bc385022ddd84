"""Prepares the next item while the present one is being worked on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """The same items in the same order, up to `depth` of them made beforehand in a thread of its own.

    An error of the source comes out where its item would have come. Leaving the `with` block ends the thread: the
    source is then never asked again.
    """

    def __init__(self, items: Iterator[T], depth: int = 2) -> None:
        self._items = items
        self._ready: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(maxsize=depth)
        self._leaving = threading.Event()
        self._maker = threading.Thread(target=self._make, name="reads-ahead", daemon=True)

    def __enter__(self) -> Iterator[T]:
        self._maker.start()
        return self._take()

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._maker.join()

    def _make(self) -> None:
        try:
            for item in self._items:
                if not self._put((item,)):
                    return
        except BaseException as error:  # noqa: BLE001  # it is raised again in the thread that reads
            self._put(error)
        else:
            self._put(None)

    def _put(self, made: tuple[T] | BaseException | None) -> bool:
        """False when nobody wants it any more."""
        while not self._leaving.is_set():
            try:
                self._ready.put(made, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def _take(self) -> Iterator[T]:
        while (made := self._ready.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made[0]
