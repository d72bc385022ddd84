"""People who find, plan, put right, look and strike off; and remedies brought to any state: for tests of remedies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.dispatch.remedies import handlers, reactions
from services.dispatch.remedies.decisions import Plan
from services.dispatch.remedies.domain import Remedy
from services.dispatch.remedies.handlers import Found
from services.dispatch.remedies.whereabouts import load
from shared.contracts.envelope import Recorded
from shared.contracts.remedy import RemedyKind, Severity
from shared.contracts.report import Earlier, ReportRecurred
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.ids import derived_id, new_id
from shared.ports import Appended, EventLog
from shared.security.permission import Asker
from tests.support.cases import (
    CHIEF,
    DISPATCHER,
    DISTRICT,
    RULEBOOK,
    SANITATION,
    STREET,
    SUPERVISOR,
    THURSDAY,
    FixedRulebooks,
    cause,
    recorded,
)
from tests.support.memory import MemoryLog

LEADER = Asker("l.fang", "leader", DISTRICT)
WORKER = Asker("g.wen", "grid_worker", STREET)
GROUP = Area("530103.004.012.003")
BUILDING = Area("530103.004.012.003.00007")
BEFORE, AFTER = "photo:" + "b" * 64, "photo:" + "a" * 64
OFTEN = 3


def nowhere(_issue_type: str, _area: Area, _point: Point | None) -> UUID | None:
    """The register of a city in which nothing is on the list, or not yet."""
    return None


def found(**changes: Any) -> Found:
    """A hidden danger in a building: wires in the air."""
    said: dict[str, Any] = {
        "kind": RemedyKind.HIDDEN_DANGER,
        "severity": Severity.GENERAL,
        "issue_type": "E-01-02",
        "title": "楼道飞线充电",
        "words": "三楼拉线到楼下充电，电话13888888888。",
        "area": BUILDING,
        "photos": (BEFORE,),
    }
    return Found(**{**said, **changes})


def plan(**changes: Any) -> Plan:
    """Ten days, and what it takes."""
    said: dict[str, Any] = {
        "department": "sanitation",
        "measures": "拆除飞线，装充电桩",
        "funding": "物业维修金 3 万元",
        "due_at": THURSDAY + timedelta(days=10),
        "interim": "每晚巡查，断开私拉电源",
    }
    return Plan(**{**said, **changes})


def opened(log: EventLog, by: Asker = WORKER, **changes: Any) -> UUID:
    return handlers.open_(log, RULEBOOK, nowhere, found(**changes), by, cause(by))


def planned(log: EventLog, at: datetime = THURSDAY, **changes: Any) -> UUID:
    remedy_id = opened(log, **changes)
    handlers.plan(log, RULEBOOK, remedy_id, plan(), DISPATCHER, cause(DISPATCHER, at))
    return remedy_id


def rectified(log: EventLog, at: datetime = THURSDAY, **changes: Any) -> UUID:
    remedy_id = planned(log, **changes)
    handlers.rectify(log, remedy_id, "已拆除", (AFTER,), SANITATION, cause(SANITATION, at))
    return remedy_id


def passed(log: EventLog, **changes: Any) -> UUID:
    remedy_id = rectified(log, **changes)
    handlers.reinspect(log, remedy_id, True, "线已拆", (), SUPERVISOR, cause(SUPERVISOR))
    return remedy_id


def cleared(log: EventLog, **changes: Any) -> UUID:
    remedy_id = passed(log, **changes)
    by = LEADER if changes.get("severity") is Severity.MAJOR else CHIEF
    handlers.clear(log, remedy_id, None, by, cause(by))
    return remedy_id


def withdrawn(log: EventLog, **changes: Any) -> UUID:
    remedy_id = opened(log, **changes)
    handlers.withdraw(log, remedy_id, "重复登记", LEADER, cause(LEADER))
    return remedy_id


TO: dict[str, Callable[[EventLog], UUID]] = {
    "found": opened,
    "rectifying": planned,
    "rectified": rectified,
    "passed": passed,
    "cleared": cleared,
    "withdrawn": withdrawn,
}


def remedy(log: EventLog, remedy_id: UUID) -> Remedy:
    return load(log, remedy_id)[0]


def recurrence(times: int = OFTEN, at: datetime = THURSDAY, area: Area = BUILDING, **changes: Any) -> Recorded[Any]:
    """The issue is back for the so-manieth time; the earlier ones were closed day by day before it."""
    earlier = tuple(
        Earlier(
            report_id=derived_id("earlier", area, n),
            number=f"2026110{n}530103000001",
            closed_at=at - timedelta(days=n),
        )
        for n in range(1, times + 1)
    )
    said: dict[str, Any] = {
        "report_id": new_id(),
        "number": "20261126530103000017",
        "issue_type": "E-01-02",
        "place": None,
        "point": None,
        "reported_at": at,
        "within_days": 90,
        "times": times,
        "earlier": earlier,
        "series": derived_id("series", area),
    }
    return recorded(ReportRecurred(**{**said, **changes}), area=area)


def heard(log: MemoryLog, told: Recorded[Any], near: Any = nowhere, at: datetime = THURSDAY) -> Appended | None:
    """What dispatch does about it."""
    return reactions.find_root(told, log, near, FixedRulebooks(), OFTEN, consumer="dispatch.find_root", at=at)
