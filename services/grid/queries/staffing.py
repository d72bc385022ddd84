"""Who stands where, looked up: staffing by grid, who was responsible on a day, who has a seat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.grid.domain.appointments import Seat
from services.grid.domain.posts import FOUR_OFFICERS, ONES, POSTS, SIX_MEMBERS
from services.grid.domain.staffing import GridPlace, Households, Roster, Staffed, Stand, is_about, takes_in, total
from services.grid.officers import officer
from shared.contracts.appointment import Post
from shared.kernel.area import Area, Tier
from shared.ports import Rows

# Above and below the area: a community's grids have their supervisor in the street, and its volunteers in buildings.
_STANDS = """
SELECT person, post, area, grid, since, unit FROM appointments
WHERE since <= %(on)s AND (until IS NULL OR until >= %(on)s)
  AND (%(area)s::text IS NULL OR left(area, length(%(area)s)) = %(area)s OR area = ANY (%(above)s))
ORDER BY area, post, person
"""
# The lines as they were on the day; the first ones where the grid was drawn later than that.
_GRIDS = """
SELECT DISTINCT ON (code) code, name, community, covers, households FROM grid_drawings
WHERE (%(area)s::text IS NULL OR left(community, length(%(area)s)) = %(area)s
       OR left(%(area)s, length(community)) = community)
ORDER BY code, drawn_on > %(on)s, CASE WHEN drawn_on > %(on)s THEN position ELSE -position END
"""

DEFINITIONS = {
    "complete": "1+1+1+N：巡查员、监督员、网格员各有其人，另有志愿者、庭院长、楼栋长等至少一人"
    " / an inspector, a supervisor, a grid worker, and at least one of volunteers, courtyard and building heads",
    "without_person": "既无专职、兼职网格员也无网格长的网格 / grids without any worker or lead",
    "officers": "四专员：网格长、社区民警、城管员、楼栋长 / of the four officers, how many there are",
    "members": "一格六员：党员、楼栋长、志愿者、社工、物业、业主 / of the six members, how many there are",
    "crowded": "一格一员的岗位上多于一人 / more than one person at a post that has room for one",
}


class TableSeats:
    """Seats as the table beside the log has them: never behind it."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def taken(self, wanted: Sequence[str]) -> list[Seat]:
        if not wanted:
            return []
        found = self._rows.query(
            "SELECT appointment_id, person, since, until, (SELECT array_agg(one) FROM unnest(slots) one"
            " WHERE one = ANY (%(wanted)s)) AS slots FROM grid.seats WHERE slots && %(wanted)s ORDER BY since",
            {"wanted": list(wanted)},
        )
        return [
            Seat(UUID(row["appointment_id"]), row["person"], tuple(row["slots"]), row["since"], row["until"])
            for row in found
        ]


def staffing(
    rows: Rows, within: Area | None, on: date, households: Households, *, only_gaps: bool, after: str | None, limit: int
) -> dict[str, Any]:
    """Totals of all grids of the area, and page by page its grids, or those that lack somebody."""
    staffed = staffed_grids(rows, within, on)
    shown = [one for one in staffed if after is None or one.grid.code > after]
    if only_gaps:
        shown = [one for one in shown if one.vacant or not one.is_complete or one.crowded]
    totals = total(staffed, households)
    return {
        "area": within and within.path,
        "on": on,
        "grids": totals.grids,
        "complete": totals.complete,
        "without_person": totals.without_person,
        "crowded": totals.crowded,
        "vacant": [{"post": post.value, "name": POSTS[post].zh, "grids": n} for post, n in totals.vacant.items()],
        "officers": _spread(totals.officers, len(FOUR_OFFICERS)),
        "members": _spread(totals.members, len(SIX_MEMBERS)),
        "sizes": {
            "least": households.least,
            "most": households.most,
            **{name: totals.sizes.get(name, 0) for name in ("fits", "small", "large", "unknown")},
        },
        "by_grid": [_shown(one, households) for one in shown[:limit]],
        "next": shown[limit - 1].grid.code if len(shown) > limit else None,
        "definitions": DEFINITIONS,
    }


def staffed_grids(rows: Rows, within: Area | None, on: date) -> list[Staffed]:
    """Every grid of the area with its people, by code."""
    roster = Roster(_stands(rows, within, on))
    return [roster.of(grid) for grid in grids_on(rows, within, on)]


def grids_on(rows: Rows, within: Area | None, on: date) -> list[GridPlace]:
    """The grids of the area (or around it) as they were drawn on the day, by code."""
    found = rows.query(_GRIDS, {"area": within and within.path, "on": on})
    return [GridPlace(**{**row, "covers": tuple(row["covers"])}) for row in found]


def responsible(rows: Rows, area: Area, on: date, issue_type: str | None = None) -> dict[str, Any]:
    """Everybody who was responsible for the area on the day, from the district down, tier by tier; and, for an issue
    of a type, who of them goes there."""
    grids = grids_on(rows, area, on)
    found = [stand for stand in _stands(rows, area, on) if is_about(stand, area, grids)]
    tiers: dict[Tier, list[dict[str, Any]]] = {tier: [] for tier in Tier if tier <= area.tier}
    for stand in sorted(found, key=lambda stand: (list(Post).index(stand.post), stand.person)):
        tier = min(Area(stand.area).tier, area.tier)
        tiers[tier].append(_person(stand))
    above = {one.tier: one for one in area.ancestors()}
    post = None if issue_type is None else officer(issue_type, {stand.post for stand in found})
    return {
        "area": area.path,
        "on": on,
        "goes": [_person(stand) for stand in found if stand.post is post],
        "grids": [grid.code for grid in grids if takes_in(grid, area.path)],
        "tiers": [
            {"tier": tier.label, "name": tier.zh, "area": above[tier].path, "people": people}
            for tier, people in tiers.items()
        ],
    }


def supervisor_of(rows: Rows, area: Area, on: date, of_district: bool) -> str | None:
    """Who looks after what was handled in the area: its grid's own supervisor, else its street's, the longest there
    first. Where the street itself handled it, an inspector of the district."""
    wanted = Post.DISTRICT_INSPECTOR if of_district else Post.STREET_SUPERVISOR
    grids = grids_on(rows, area, on)
    found = [one for one in _stands(rows, area, on) if one.post is wanted and is_about(one, area, grids)]
    found.sort(key=lambda stand: (stand.grid is None, stand.since, stand.person))
    return found[0].person if found else None


def _stands(rows: Rows, within: Area | None, on: date) -> list[Stand]:
    above = [] if within is None else [one.path for one in within.ancestors()]
    found = rows.query(_STANDS, {"area": within and within.path, "above": above, "on": on})
    return [Stand(**{**row, "post": Post(row["post"])}) for row in found]


def _spread(found: dict[int, int], most: int) -> dict[str, int]:
    return {str(n): found.get(n, 0) for n in range(most + 1)}


def _shown(one: Staffed, households: Households) -> dict[str, Any]:
    grid = one.grid
    wanted = dict.fromkeys((*ONES, *FOUR_OFFICERS, *SIX_MEMBERS))
    return {
        "code": grid.code,
        "name": grid.name,
        "community": grid.community,
        "households": grid.households,
        "size": households.judge(grid),
        "complete": one.is_complete,
        "others": one.others,
        "officers": len(one.officers),
        "members": len(one.members),
        "vacant": [post.value for post in one.vacant],
        "crowded": [post.value for post in one.crowded],
        "people": {post.value: [stand.person for stand in one.people[post]] for post in wanted if post in one.people},
    }


def _person(stand: Stand) -> dict[str, Any]:
    return {
        "person": stand.person,
        "post": stand.post.value,
        "name": POSTS[stand.post].zh,
        "area": stand.area,
        "grid": stand.grid,
        "unit": stand.unit,
        "since": stand.since,
    }
