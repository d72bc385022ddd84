"""What may be wrong with one feature of a file: a name for programs, a sentence, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault(Exception):
    """One thing that keeps a feature out."""

    rule: str
    """For programs: `ring.crosses`."""
    said: str
    hint: str

    def __str__(self) -> str:
        return self.said
