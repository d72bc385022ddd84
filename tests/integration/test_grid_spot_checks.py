"""Spot checks drawn by chance, and the reopening of what fails: grid and dispatch, each with its own log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dispatch import reactions
from services.grid.domain import checks
from shared.contracts.case import CaseArchived, CaseClosed, CaseFiled, Loop
from shared.contracts.envelope import Actor
from shared.contracts.report import Source, Urgency
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.errors import Refused
from shared.kernel.ids import new_id
from shared.ports import Append, Happening
from tests.support.database import Database
from tests.support.grid_doors import BUILDING, DISTRICT, STREET, Doors, running
from tests.support.servers import Servers

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def doors(module_database: Database, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with running(module_database, servers, tmp_path_factory.mktemp("grid")) as found:
        yield found


def closed(doors: Doors, *more: Any, area: Area = BUILDING) -> UUID:
    """A case that was closed a moment ago."""
    case_id, now = new_id(), utc_now()
    filed = CaseFiled(
        case_id=case_id, number=str(case_id)[:8], source=Source.RESIDENT, subject_id=None, issue_type="E-01-02",
        urgency=Urgency.NORMAL, loop=Loop.COMMUNITY, title="垃圾", words="垃圾", place=None, point=None,
        reported_at=now - timedelta(days=1),
    )  # fmt: skip
    events = [filed, CaseClosed(case_id=case_id, answer="已清", attempt=1), *(one(case_id) for one in more)]
    doors.database.log("dispatch").append(
        Append(
            stream=f"case-{case_id}",
            expected=0,
            happenings=tuple(Happening(event, now) for event in events),
            area=area,
            actor=Actor("zbz-1", "duty_chief"),
            correlation_id=case_id,
        )
    )
    return case_id


def archived(case_id: UUID) -> CaseArchived:
    return CaseArchived(case_id=case_id)


def failed(doors: Doors, case_id: UUID) -> Any:
    """The event of a spot check that failed."""
    doors.done("/spot-checks", {"case_id": str(case_id), "reason": "回访时有疑问"}, role="supervisor")
    which = checks.spot_check_id(case_id, 1)
    doors.done(f"/checks/{which}/fail", {"findings": "还在"}, role="supervisor", account="xcy-1")
    return doors.database.log("grid").stream(f"check-{which}")[-1]


def react(doors: Doors, recorded: Any) -> Any:
    consumer = "dispatch.reopen_on_spot_check"
    return reactions.reopen_on_spot_check(recorded, doors.database.log("dispatch"), consumer=consumer, at=utc_now())


def test_what_fails_a_spot_check_comes_back_in_the_inspectors_name_once(doors: Doors) -> None:
    case_id = closed(doors)
    recorded = failed(doors, case_id)
    react(doors, recorded)
    react(doors, recorded)
    last = doors.database.log("dispatch").stream(f"case-{case_id}")[2:]

    assert [(one.type, one.event.reason, one.actor.id) for one in last] == [("case.reopened", "还在", "xcy-1")]


def test_an_archived_case_keeps_its_state_and_the_finding_beside_it(doors: Doors) -> None:
    case_id = closed(doors, archived)
    recorded = failed(doors, case_id)

    with pytest.raises(Refused):
        react(doors, recorded)
    assert "spot_check.failed" in [one.type for one in doors.database.log("grid").about(case_id)]


def test_a_draw_takes_as_many_as_asked_for_of_what_nobody_has_looked_at_and_can_be_repeated(doors: Doors) -> None:
    cases = {str(checks.spot_check_id(closed(doors), 1)) for _ in range(6)}
    doors.project()
    body = {"area": BUILDING.path, "count": 4, "days": 2, "seed": "2026-W47"}
    first = doors.done("/spot-checks/draw", body, role="supervisor")
    repeated = doors.done("/spot-checks/draw", body, role="supervisor")
    doors.project()
    rest = doors.done("/spot-checks/draw", {**body, "count": 50}, role="supervisor")
    waiting = doors.found("/checks?kind=spot&mine=true", role="supervisor", account="supervisor-1")["checks"]

    assert first["checks"] == repeated["checks"]
    assert len(first["checks"]) == 4
    assert not set(first["checks"]) & set(rest["checks"])
    assert set(first["checks"]) & cases <= {one["check_id"] for one in waiting}


def test_a_draw_is_the_districts(doors: Doors) -> None:
    closed(doors)
    doors.project()
    body = {"area": STREET.path, "count": 1, "days": 2, "seed": "x"}

    assert doors.call("POST", "/spot-checks/draw", body, role="supervisor", area=STREET).status_code == 403
    assert doors.call("POST", "/spot-checks/draw", body, role="grid_worker", area=DISTRICT).status_code == 403
