"""What `wuji doctor` looks at: each check has a code, and says how to mend what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from deploy.local.stack import Stack
from deploy.local.words import say
from deploy.wuji.access import Access


class Level(StrEnum):
    """How serious a finding is."""

    GOOD = "good"
    WARNING = "warning"
    """It works, and will not for ever."""
    BAD = "bad"


@dataclass(frozen=True)
class Found:
    """What one check found."""

    level: Level
    said: str
    fix: str = ""


@dataclass(frozen=True)
class Patient:
    """What is examined."""

    stack: Stack
    access: Access


@dataclass(frozen=True)
class Check:
    """One check; `look` may raise anything: not being able to look is a bad finding too."""

    code: str
    zh: str
    en: str
    look: Callable[[Patient], Found]

    @property
    def title(self) -> str:
        return say(self.zh, self.en)


def good(said: str) -> Found:
    return Found(Level.GOOD, said)


def warning(said: str, fix: str) -> Found:
    return Found(Level.WARNING, said, fix)


def bad(said: str, fix: str) -> Found:
    return Found(Level.BAD, said, fix)
