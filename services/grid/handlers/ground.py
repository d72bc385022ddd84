"""The ground itself: areas are created, renamed and bounded, grids are drawn."""

from __future__ import annotations

from services.grid.domain import areas, grids
from services.grid.handlers.common import area_stream, earlier, grid_stream, place
from shared.contracts.area import AreaBounded
from shared.contracts.shapes import Point
from shared.handling import Cause, amend, begin
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker


def create_area(
    log: EventLog, area: Area, asker: Asker, cause: Cause, *, name: str, kind: str, centre: Point | None
) -> Appended:
    """A new area under one that exists. Raises Refused `area.exists`, `area.parent_missing`."""
    permission.require(asker, action_area=area)
    if (first := earlier(log, cause)) is not None:
        return first
    parent = None if area.parent is None else place(log, area.parent)
    created = areas.create(area, place(log, area), parent, name, kind, centre)
    return begin(log, area_stream(area), [created], cause, area=area, correlation_id=derived_id("area", area))


def rename_area(log: EventLog, area: Area, asker: Asker, cause: Cause, *, name: str) -> Appended:
    """Another name for an area. Raises NotFound."""
    permission.require(asker, action_area=area)
    return amend(log, area_stream(area), areas.evolve, lambda found: areas.rename(found, name), cause)


def bound_area(log: EventLog, boundary: AreaBounded, asker: Asker, cause: Cause) -> Appended:
    """A boundary for an area, instead of the one that it may have. Raises NotFound."""
    area = Area(boundary.path)
    permission.require(asker, action_area=area)
    return amend(log, area_stream(area), areas.evolve, lambda found: areas.bound(found, boundary), cause)


def unbound_area(log: EventLog, area: Area, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """An area's boundary counts no more. Raises NotFound."""
    permission.require(asker, action_area=area)
    return amend(log, area_stream(area), areas.evolve, lambda found: areas.unbound(found, reason), cause)


def draw_grid(
    log: EventLog,
    code: str,
    asker: Asker,
    cause: Cause,
    *,
    name: str,
    community: Area,
    covers: tuple[Area, ...],
    households: int,
) -> Appended:
    """A new grid, or other lines for one that exists."""
    permission.require(asker, action_area=community)
    exists = place(log, community) is not None
    wanted = grids.draw(code, name, community, covers, households, community_exists=exists)
    stream = grid_stream(code)
    if log.stream(stream):
        return amend(log, stream, grids.evolve, lambda grid: grids.redraw(grid, wanted), cause)
    return begin(log, stream, [wanted], cause, area=community, correlation_id=derived_id("grid", code))
