"""Whether each grid has the people that it is to have: a pure function of grids and of who stands where on a day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.grid.domain.posts import FOUR_OFFICERS, ONES, OTHERS, POSTS, SIX_MEMBERS, Place
from shared.contracts.appointment import Post
from shared.kernel.area import Area

_COMMUNITY = len("530103.004.012")


@dataclass(frozen=True, slots=True)
class GridPlace:
    """A grid as it is drawn."""

    code: str
    name: str
    community: str
    covers: tuple[str, ...]
    """Groups and buildings; empty for the whole community."""
    households: int


@dataclass(frozen=True, slots=True)
class Stand:
    """Somebody stands somewhere on the day."""

    person: str
    post: Post
    area: str
    grid: str | None
    since: date
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Households:
    """How many households a grid is to have: outside of this somebody should draw it anew."""

    least: int = 200
    most: int = 300

    def judge(self, grid: GridPlace) -> str:
        """`fits`, `small`, `large`, or `unknown` where nobody counted."""
        if grid.households == 0:
            return "unknown"
        if grid.households < self.least:
            return "small"
        return "large" if grid.households > self.most else "fits"


@dataclass(frozen=True, slots=True)
class Staffed:
    """One grid and who is there for it."""

    grid: GridPlace
    people: dict[Post, tuple[Stand, ...]]
    """By post, those who stand on the grid, in it, or for all that it lies in."""
    others: int
    """The N of 1+1+1+N: how many of them stand in the grid itself or for its whole community."""

    @property
    def missing(self) -> tuple[Post, ...]:
        """Which of the three ones nobody stands at."""
        return tuple(post for post in ONES if post not in self.people)

    @property
    def is_complete(self) -> bool:
        """1+1+1+N."""
        return not self.missing and self.others > 0

    @property
    def officers(self) -> tuple[Post, ...]:
        """Which of the four officers 四专员 there are."""
        return tuple(post for post in FOUR_OFFICERS if post in self.people)

    @property
    def members(self) -> tuple[Post, ...]:
        """Which of the six members 一格六员 there are."""
        return tuple(post for post in SIX_MEMBERS if post in self.people)

    @property
    def has_nobody(self) -> bool:
        """No full-time worker, no part-time one and no lead: whoever lives there has nobody of their own."""
        return not {Post.GRID_WORKER, Post.PART_TIME_WORKER, Post.GRID_LEAD} & self.people.keys()

    @property
    def crowded(self) -> tuple[Post, ...]:
        """Posts of which the grid is to have one and has several: 一格一员 is broken."""
        own = Counter(stand.post for stands in self.people.values() for stand in stands if stand.grid == self.grid.code)
        return tuple(post for post, n in own.items() if n > 1 and POSTS[post].one_per_place)

    @property
    def vacant(self) -> tuple[Post, ...]:
        """Of the posts that every grid is to have, those that nobody stands at."""
        wanted = dict.fromkeys((*ONES, *FOUR_OFFICERS))
        return tuple(post for post in wanted if post not in self.people)


class Roster:
    """Everybody who stands somewhere on a day, found by grid."""

    def __init__(self, stands: Iterable[Stand]) -> None:
        self._by_grid: dict[str, list[Stand]] = defaultdict(list)
        self._by_area: dict[str, list[Stand]] = defaultdict(list)
        for stand in stands:
            if stand.grid is not None:
                self._by_grid[stand.grid].append(stand)
            else:
                # Below the community it is the grid's lines that decide.
                self._by_area[stand.area[:_COMMUNITY]].append(stand)

    def of(self, grid: GridPlace) -> Staffed:
        """The grid and who is there for it."""
        people: dict[Post, list[Stand]] = defaultdict(list)
        others = 0
        for stand in self._for(grid):
            people[stand.post].append(stand)
            if stand.post in OTHERS and (stand.grid is not None or len(stand.area) >= _COMMUNITY):
                others += 1
        return Staffed(grid, {post: tuple(found) for post, found in people.items()}, others)

    def _for(self, grid: GridPlace) -> Iterator[Stand]:
        yield from self._by_grid.get(grid.code, ())
        for above in (grid.community[:6], grid.community[:10], grid.community):
            for stand in self._by_area.get(above, ()):
                if takes_in(grid, stand.area):
                    yield stand


def takes_in(grid: GridPlace, area: str) -> bool:
    """Whether somebody who stands for the area stands for the grid, too: for all of it, or inside it."""
    if _within(grid.community, area):
        return True
    if not _within(area, grid.community):
        return False
    return not grid.covers or any(_within(area, one) or _within(one, area) for one in grid.covers)


def _within(path: str, other: str) -> bool:
    """`Area.is_within` on the paths themselves: a district asks it many ten thousand times."""
    return path.startswith(other) and (len(path) == len(other) or path[len(other)] == ".")


@dataclass(frozen=True, slots=True)
class Totals:
    """All grids of an area added up."""

    grids: int
    complete: int
    without_person: int
    vacant: dict[Post, int]
    officers: dict[int, int]
    """How many of the four officers → grids."""
    members: dict[int, int]
    """How many of the six members → grids."""
    sizes: dict[str, int]
    crowded: int


def total(staffed: Sequence[Staffed], households: Households) -> Totals:
    """What the grids come to."""
    vacant = Counter(post for one in staffed for post in one.vacant)
    return Totals(
        grids=len(staffed),
        complete=sum(one.is_complete for one in staffed),
        without_person=sum(one.has_nobody for one in staffed),
        vacant={post: vacant[post] for post in dict.fromkeys((*ONES, *FOUR_OFFICERS))},
        officers=dict(Counter(len(one.officers) for one in staffed)),
        members=dict(Counter(len(one.members) for one in staffed)),
        sizes=dict(Counter(households.judge(one.grid) for one in staffed)),
        crowded=sum(bool(one.crowded) for one in staffed),
    )


def is_about(stand: Stand, area: Area, grids: Sequence[GridPlace]) -> bool:
    """Whether somebody is responsible for what happens in the area: stands for it, for what it lies in, or on one of
    the grids that take it in."""
    if stand.grid is not None:
        return any(grid.code == stand.grid and takes_in(grid, area.path) for grid in grids)
    return POSTS[stand.post].place is not Place.GRID and area.is_within(Area(stand.area))
