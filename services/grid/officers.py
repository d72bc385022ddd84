"""Which officer of a grid goes to a place, by what it is about: police matters to the police, the city's order to its
officer. The lines are data (`officers.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared.contracts.appointment import Post
from shared.kernel.errors import Invalid

FILE = Path(__file__).with_name("officers.toml")
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Topic:
    """One line: for these issue types these posts, the first of them that somebody stands at."""

    issue_type: str
    posts: tuple[Post, ...]

    def covers(self, issue_type: str) -> bool:
        return self.issue_type == EVERYTHING or issue_type.startswith(self.issue_type)


@cache
def topics() -> tuple[Topic, ...]:
    """The lines, the narrowest first."""
    with FILE.open("rb") as file:
        return read(tomllib.load(file))


def read(content: Mapping[str, Any]) -> tuple[Topic, ...]:
    """Check the lines. Raises Invalid for an unknown post, a type that is there twice, or when `*` is missing."""
    found: dict[str, Topic] = {}
    for line in content.get("topic", ()):
        name = line["issue_type"]
        try:
            posts = tuple(Post(post) for post in (line["post"], *line.get("or_else", ())))
        except ValueError as error:
            raise Invalid(f"{name}: {error}", where="officers.toml") from error
        if name in found:
            raise Invalid(f"{name} is there twice", where="officers.toml")
        found[name] = Topic(name, posts)
    if EVERYTHING not in found:
        raise Invalid("no line says who goes for everything else", where="officers.toml", hint='add issue_type = "*"')
    return tuple(sorted(found.values(), key=lambda topic: (topic.issue_type == EVERYTHING, -len(topic.issue_type))))


def officer(issue_type: str, standing: Iterable[Post], lines: Iterable[Topic] | None = None) -> Post | None:
    """The post that goes, of those that somebody stands at; None when nobody of them is there."""
    there = set(standing)
    line = next(topic for topic in (topics() if lines is None else lines) if topic.covers(issue_type))
    return next((post for post in line.posts if post in there), None)
