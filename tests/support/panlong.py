"""A corner of Panlong in a database: a few places, kinds and departments, as their services would append them."""

from __future__ import annotations

from shared.contracts.area import AreaCreated
from shared.contracts.case import Loop
from shared.contracts.envelope import Actor
from shared.contracts.rulebook import DepartmentRegistered, IssueTypeDefined
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import derived_id
from shared.ports import Append, EventLog, Happening
from tests.support.database import Database

PLACES = (
    "530103",
    "530103.004",
    "530103.004.012",
    "530103.004.012.003",
    "530103.004.012.003.00007",
    "530103.004.012.003.00008",
    "530103.004.012.004",
    "530103.004.012.004.00001",
    "530103.005",
)
KINDS = {"E-01-02": False, "E-01-03": False, "E-02-01": True}
"""Issue type → whether somebody has to look first."""


def settle(database: Database) -> None:
    """Append places, kinds and departments."""
    grid, dispatch = database.log("grid"), database.log("dispatch")
    for path in PLACES:
        _begin(grid, f"area-{path}", AreaCreated(path=path, name=f"地点 {path[-3:]}", kind="社区", centre=None))
    for code, needs in KINDS.items():
        kind = IssueTypeDefined(
            code=code,
            group="市容环境",
            name="暴露垃圾",
            name_en="Litter",
            loop=Loop.COMMUNITY,
            limit=None,
            needs_verification=needs,
            keywords=(),
        )
        _begin(dispatch, f"rulebook-issue_type-{code}", kind)
    department = DepartmentRegistered(code="sanitation", name="环卫", name_en="Sanitation", contact="env@example.cn")
    _begin(dispatch, "rulebook-department-sanitation", department)


def _begin(log: EventLog, stream: str, event: object) -> None:
    log.append(
        Append(
            stream=stream,
            expected=0,
            happenings=(Happening(event, utc_now()),),
            area=Area("530103"),
            actor=Actor("operator-1", "operator"),
            correlation_id=derived_id("reference", stream),
        )
    )
