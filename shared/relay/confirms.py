"""Which messages of a window the broker has answered for, and how: bookkeeping without a broker."""

from __future__ import annotations

from collections.abc import Sequence

_OPEN, _CONFIRMED, _REFUSED, _RETURNED = range(4)


class Confirms:
    """The broker's answers about one window of messages, published with consecutive delivery tags."""

    def __init__(self, first_tag: int, message_ids: Sequence[str]) -> None:
        self._first = first_tag
        self._ids = message_ids
        self._states = bytearray(len(message_ids))
        self._open = len(message_ids)
        self._low = 0
        self._nobody_wants: set[str] = set()

    @property
    def settled(self) -> bool:
        """Whether every message has its answer."""
        return self._open == 0

    @property
    def confirmed(self) -> int:
        """How many messages, counted from the first without a gap, some queue now has."""
        for index, state in enumerate(self._states):
            if state != _CONFIRMED:
                return index
        return len(self._states)

    @property
    def refused(self) -> int:
        """How many messages the broker could not take."""
        return self._states.count(_REFUSED)

    @property
    def returned(self) -> list[str]:
        """The ids of messages that no queue wanted."""
        return [self._ids[index] for index, state in enumerate(self._states) if state == _RETURNED]

    def took_back(self, message_id: str) -> None:
        """A message came back: its confirm, which follows, will only mean that it went nowhere."""
        self._nobody_wants.add(message_id)

    def answer(self, tag: int, *, multiple: bool, positive: bool) -> None:
        """A confirm or refusal for one tag, or for every open one up to it."""
        last = tag - self._first
        if not 0 <= last < len(self._states):
            return
        for index in range(self._low if multiple else last, last + 1):
            if self._states[index] == _OPEN:
                self._states[index] = self._state(index, positive)
                self._open -= 1
        while self._low < len(self._states) and self._states[self._low] != _OPEN:
            self._low += 1

    def _state(self, index: int, positive: bool) -> int:
        if not positive:
            return _REFUSED
        return _RETURNED if self._ids[index] in self._nobody_wants else _CONFIRMED
