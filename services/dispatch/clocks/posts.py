"""Whom a rung addresses: the chain of posts of the case's own area, never whoever has the task.

A case that nobody has is therefore reminded of like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.contracts.appointment import Post
from shared.contracts.case import Loop
from shared.kernel.area import Area, Tier

LOOP_TIERS = {Loop.COMMUNITY: Tier.COMMUNITY, Loop.STREET: Tier.STREET, Loop.DISTRICT: Tier.DISTRICT}

IN_CHARGE: Mapping[Tier, tuple[Post, ...]] = {
    Tier.DISTRICT: (Post.DISTRICT_INSPECTOR,),
    Tier.STREET: (Post.STREET_SUPERVISOR,),
    Tier.COMMUNITY: (Post.GRID_LEAD, Post.GRID_WORKER),
}
"""Who is called upon at each tier: the first of these posts that somebody holds."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody holds a post in an area, from a day to a day."""

    post: Post
    person: str
    """The account, never a name."""
    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rung leads: a post that somebody holds, or a tier's desk when nobody stands in the chain at all."""

    area: Area
    post: Post | None


@dataclass(frozen=True, slots=True)
class Posts:
    """Who stands where, by area path."""

    holders: Mapping[str, tuple[Holder, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Iterable[tuple[str, Holder]]) -> Posts:
        holders: dict[str, tuple[Holder, ...]] = {}
        for path, holder in found:
            holders[path] = (*holders.get(path, ()), holder)
        return cls(holders)

    def target(self, area: Area, loop: Loop | None, up: int, day: date) -> Target:
        """Whoever is in charge `up` tiers above the loop's own, or at the next tier above that where somebody is.

        A case that has no loop yet begins at its community.
        """
        start = max(LOOP_TIERS[loop or Loop.COMMUNITY] - up, Tier.DISTRICT)
        tiers = [tier for tier in reversed(Tier) if Tier.DISTRICT <= tier <= start]
        asked = [at for tier in tiers if (at := area.at(tier)) is not None]
        for place in asked:
            for post in IN_CHARGE[place.tier]:
                if any(holder.post is post and holder.holds(day) for holder in self.holders.get(place.path, ())):
                    return Target(place, post)
        return Target(asked[0] if asked else area.district, None)

    def people(self, area: Area, post: Post, day: date) -> tuple[str, ...]:
        """The accounts of those who hold the post there on the day."""
        found = self.holders.get(area.path, ())
        return tuple(dict.fromkeys(holder.person for holder in found if holder.post is post and holder.holds(day)))
