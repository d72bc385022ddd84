"""Who stands where, and when they may be told, for tests without tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.notify.people import Colleague
from shared.kernel.area import Area


@dataclass
class Book:
    """A directory that is written down in the test."""

    posts: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """Area path → post → people."""
    ways: dict[str, frozenset[str]] = field(default_factory=dict)
    """Accounts, and how each is reached."""
    roles: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """(role, area path) → accounts."""

    def holders(self, area: Area, at: datetime) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002
        return self.posts.get(area.path, {})

    def colleagues(self, names: Iterable[str]) -> tuple[Colleague, ...]:
        return tuple(Colleague(name, self.ways[name]) for name in names if name in self.ways)

    def of_role(self, roles: tuple[str, ...], area: Area) -> tuple[Colleague, ...]:
        return self.colleagues(name for role in roles for name in self.roles.get((role, area.path), ()))


@dataclass
class Opening:
    """Everybody may be told from this moment on; None for at once."""

    opens: datetime | None = None
    asked: list[tuple[str | None, str]] = field(default_factory=list)

    def may_tell(self, centre: Area | None, about: Area, at: datetime) -> datetime:
        self.asked.append((centre.path if centre else None, about.path))
        return at if self.opens is None else max(self.opens, at)
