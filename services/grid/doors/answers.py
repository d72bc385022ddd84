"""What several of grid's doors do with a call and a result."""

from __future__ import annotations

from datetime import date

from services.grid.domain.staffing import Households
from services.grid.domain.time import day_of
from shared.config import Config
from shared.kernel.area import Area
from shared.ports import Appended
from shared.security import permission
from shared.web.call import Call, Reply

GROUND = ("operator", "duty_chief", "supervisor")
"""Who may change the tree, the grids and the posts, each within their own area."""


def within(call: Call) -> Area | None:
    """The area asked for, if the asker serves it; else all that the asker serves."""
    asked: Area | None = call.query["area"]
    asker = permission.require(call.asker, action_area=asked)
    return asked or asker.area


def households(settings: Config) -> Households:
    """How many households a grid is to have, as the city has set it."""
    return Households(settings.count("WUJI_GRID_LEAST_HOUSEHOLDS"), settings.count("WUJI_GRID_MOST_HOUSEHOLDS"))


def today(call: Call) -> date:
    """The city's own day."""
    return date.fromisoformat(day_of(call.at))


def done(appended: Appended, **more: object) -> Reply:
    """What a command did."""
    found = {"stream": appended.stream, "version": appended.version, "events": len(appended.event_ids)}
    return Reply({**found, **more})
