"""Every post there is, and how many people may stand at it: one table, and the only one.

专职一格一员: a full-time worker has one grid, and a grid has one. 专业一员多格: a professional has any number of grids,
and a grid that names its own has one of the kind. 兼职一格多员: a grid has as many part-timers as it finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.appointment import AppointmentStarted, Post
from shared.kernel.area import Tier


class Bond(StrEnum):
    """How somebody is bound to a post: 专职, 专业, 兼职, or as a neighbour."""

    FULL_TIME = "full_time"
    PROFESSIONAL = "professional"
    PART_TIME = "part_time"
    NEIGHBOUR = "neighbour"


class Place(StrEnum):
    """What a post is bound to: a grid, an area, or a unit of an area that has no path of its own."""

    GRID = "grid"
    """It names its grid."""
    GRID_OR_AREA = "grid_or_area"
    """It names a grid, or stands for all that lie in its area."""
    AREA = "area"
    UNIT = "unit"
    """It names a courtyard, a stairwell or a household of its area."""


@dataclass(frozen=True, slots=True)
class PostRule:
    """Where a post may be, and how many stand there."""

    zh: str
    bond: Bond
    tiers: tuple[Tier, ...]
    place: Place
    one_per_place: bool
    """One active person for each grid, area or unit that the post names."""
    one_per_person: bool
    """One active place for each person."""


_D, _S, _C, _G, _B = Tier
_BELOW = (_C, _G, _B)
_ANY = tuple(Tier)


def _rule(
    zh: str, bond: Bond, tiers: tuple[Tier, ...], place: Place, *, one: bool = False, alone: bool = False
) -> PostRule:
    return PostRule(zh, bond, tiers, place, one, alone)


POSTS: dict[Post, PostRule] = {
    Post.CENTRE_CHIEF: _rule("指挥中心值班长", Bond.FULL_TIME, (_D, _S, _C), Place.AREA, one=True),
    Post.DISTRICT_INSPECTOR: _rule("区级巡查员", Bond.PROFESSIONAL, (_D,), Place.GRID_OR_AREA),
    Post.STREET_SUPERVISOR: _rule("街道监督员", Bond.PROFESSIONAL, (_S,), Place.GRID_OR_AREA, one=True),
    Post.GRID_WORKER: _rule("社区网格员", Bond.FULL_TIME, (_C,), Place.GRID, one=True, alone=True),
    Post.PART_TIME_WORKER: _rule("兼职网格员", Bond.PART_TIME, _BELOW, Place.GRID_OR_AREA),
    Post.GRID_LEAD: _rule("网格长", Bond.PART_TIME, (_C,), Place.GRID, one=True),
    Post.COMMUNITY_POLICE: _rule("社区民警", Bond.PROFESSIONAL, (_S, _C), Place.GRID_OR_AREA, one=True),
    Post.URBAN_OFFICER: _rule("城管员", Bond.PROFESSIONAL, (_S, _C), Place.GRID_OR_AREA, one=True),
    Post.GROUP_LEAD: _rule("小组长", Bond.NEIGHBOUR, (_G,), Place.AREA, one=True),
    Post.BUILDING_HEAD: _rule("楼栋长", Bond.NEIGHBOUR, (_B,), Place.AREA, one=True),
    Post.COURTYARD_HEAD: _rule("庭院长", Bond.NEIGHBOUR, (_G, _B), Place.UNIT, one=True),
    Post.STAIRWELL_HEAD: _rule("楼道长", Bond.NEIGHBOUR, (_B,), Place.UNIT, one=True),
    Post.HOUSEHOLD_HEAD: _rule("户长", Bond.NEIGHBOUR, (_B,), Place.UNIT, one=True, alone=True),
    Post.VOLUNTEER: _rule("志愿者", Bond.NEIGHBOUR, _ANY, Place.GRID_OR_AREA),
    Post.ACTIVE_RESIDENT: _rule("热心居民", Bond.PART_TIME, _BELOW, Place.GRID_OR_AREA),
    Post.PARTY_MEMBER: _rule("党员", Bond.NEIGHBOUR, _BELOW, Place.GRID_OR_AREA),
    Post.SOCIAL_WORKER: _rule("社工", Bond.PROFESSIONAL, _BELOW, Place.GRID_OR_AREA),
    Post.PROPERTY_STAFF: _rule("物业", Bond.PROFESSIONAL, _BELOW, Place.GRID_OR_AREA),
    Post.OWNER: _rule("业主", Bond.NEIGHBOUR, _BELOW, Place.GRID_OR_AREA),
    Post.COUNCIL_CHAIR: _rule("理事长", Bond.NEIGHBOUR, (_C,), Place.AREA, one=True),
    Post.COUNCILLOR: _rule("理事", Bond.NEIGHBOUR, (_C,), Place.AREA),
    Post.MODEL_HOUSEHOLD: _rule("党员中心户", Bond.NEIGHBOUR, (_G, _B), Place.UNIT, one=True),
    Post.MODEL_POST: _rule("党员先锋岗", Bond.NEIGHBOUR, _ANY, Place.AREA),
}

ONES = (Post.DISTRICT_INSPECTOR, Post.STREET_SUPERVISOR, Post.GRID_WORKER)
"""The three ones of 1+1+1+N: each grid has somebody at each of them."""
OTHERS = (Post.VOLUNTEER, Post.COURTYARD_HEAD, Post.BUILDING_HEAD, Post.STAIRWELL_HEAD, Post.GROUP_LEAD,
          Post.PART_TIME_WORKER, Post.ACTIVE_RESIDENT)  # fmt: skip
"""The N: at least one of them in each grid."""
FOUR_OFFICERS = (Post.GRID_LEAD, Post.COMMUNITY_POLICE, Post.URBAN_OFFICER, Post.BUILDING_HEAD)
"""四专员进网格."""
SIX_MEMBERS = (Post.PARTY_MEMBER, Post.BUILDING_HEAD, Post.VOLUNTEER, Post.SOCIAL_WORKER, Post.PROPERTY_STAFF,
               Post.OWNER)  # fmt: skip
"""一格六员."""


def slots(started: AppointmentStarted) -> tuple[str, ...]:
    """The seats that the appointment takes, of which each has room for one person at a time.

    Empty where any number may stand. A place that is an area has a seat only when the rule is about areas: two
    supervisors may share a street, and never a grid.
    """
    rule = POSTS[started.post]
    found = []
    if rule.one_per_place:
        if started.grid is not None:
            found.append(f"grid {started.post.value} {started.grid}")
        elif rule.place in (Place.AREA, Place.UNIT):
            found.append(f"area {started.post.value} {started.area} {started.unit or ''}".rstrip())
    if rule.one_per_person:
        found.append(f"person {started.post.value} {started.person}")
    return tuple(found)
