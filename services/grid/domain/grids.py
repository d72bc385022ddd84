"""Grids: patrol units that lie inside one community and take in some of its groups and buildings."""

from __future__ import annotations

from services.grid.domain.staffing import GridPlace, Households, takes_in
from shared.contracts.grid import GridDrawn
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid, Refused
from shared.kernel.wording import Wording


def evolve(_grid: GridDrawn | None, event: GridDrawn) -> GridDrawn:
    """The last drawing counts."""
    return event


def draw(
    code: str, name: str, community: Area, covers: tuple[Area, ...], households: int, *, community_exists: bool
) -> GridDrawn:
    """A grid's drawing, checked against the community that it lies in."""
    if community.tier is not Tier.COMMUNITY:
        raise Invalid(f"{community} is a {community.tier.label}: a grid lies in a community", where="community")
    if not community_exists:
        said = Wording(f"社区 {community} 不存在", f"there is no community {community}")
        raise Refused(str(said), rule="grid.community_missing", where="community")
    outside = [area.path for area in covers if not area.is_within(community)]
    if outside:
        said = Wording(f"{outside[0]} 不在社区 {community} 内", f"{outside[0]} does not lie in {community}")
        raise Refused(str(said), rule="grid.outside_community", where="covers")
    return GridDrawn(
        code=code,
        name=name,
        community=community.path,
        covers=tuple(sorted({area.path for area in covers})),
        households=households,
    )


def redraw(grid: GridDrawn, wanted: GridDrawn) -> tuple[GridDrawn, ...]:
    """Other lines for a grid that exists; it stays in its community, and the same lines change nothing."""
    if grid.community != wanted.community:
        said = Wording(
            f"网格 {grid.code} 属于社区 {grid.community}，不能划到 {wanted.community}",
            f"grid {grid.code} lies in {grid.community} and cannot move to {wanted.community}",
        )
        raise Refused(str(said), rule="grid.community_fixed", where="community", hint="draw a new grid there")
    return () if grid == wanted else (wanted,)


def holds(grid: GridDrawn, area: Area) -> bool:
    """Whether something of the area is the grid's: it lies within its lines, or has some of them inside."""
    return takes_in(GridPlace(grid.code, grid.name, grid.community, grid.covers, grid.households), area.path)


def warnings(count: int, households: Households) -> list[str]:
    """What somebody should look at before the grid is used: it may be drawn all the same."""
    drawn = GridPlace("", "", "", (), count)
    if households.judge(drawn) == "fits":
        return []
    if count == 0:
        return [str(Wording("尚未填写户数", "nobody has counted the households yet"))]
    zh = f"{count} 户，不在 {households.least}–{households.most} 户之间"
    return [str(Wording(zh, f"{count} households: a grid is to have {households.least} to {households.most}"))]
