"""A sentence in the two languages that people here read: Chinese first, English beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """The same sentence twice; `str()` gives both on one line, for a message or an event's `because`."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"
