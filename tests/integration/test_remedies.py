"""The registers of remedies and campaigns on a real PostgreSQL: what projections make, and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from services.dispatch.campaigns import handlers as campaigns
from services.dispatch.campaigns import queries as figures
from services.dispatch.campaigns.domain import State as Campaigning
from services.dispatch.campaigns.projections import PROJECTIONS as CAMPAIGNS
from services.dispatch.projections.work import WORK
from services.dispatch.remedies import queries
from services.dispatch.remedies.domain import State
from services.dispatch.remedies.projections import PROJECTIONS as REMEDIES
from services.dispatch.remedies.queries import Wanted
from shared.contracts.case import CaseFiled
from shared.contracts.remedy import RemedyKind, Severity
from shared.contracts.report import ReportRecurred
from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden
from shared.kernel.ids import derived_id
from shared.ports import Append, EventLog, Happening, Rows
from shared.security.permission import Asker
from tests.support.cases import CHIEF, COMMUNITY, RULEBOOK, STRANGER, THURSDAY, cause
from tests.support.database import Database
from tests.support.examples import example
from tests.support.projected import project
from tests.support.remedies import BUILDING, GROUP, LEADER, WORKER, cleared, opened, planned, recurrence, withdrawn
from tests.unit.test_campaigns import wish

pytestmark = pytest.mark.integration
DAY = timedelta(days=1)
HOME = Point(lat=25.0400, lon=102.7300)
STEPS_AWAY, A_STREET_ON = Point(lat=25.0400, lon=102.7303), Point(lat=25.0400, lon=102.7330)


@dataclass(frozen=True)
class Registers:
    """A danger that is overdue, one that is struck off, one withdrawn; a root cause of a case; and a campaign."""

    log: EventLog
    rows: Rows
    late: UUID
    done: UUID
    root: UUID
    case_id: UUID
    campaign: UUID


def _told(log: EventLog, n: int, day: int) -> UUID:
    case_id = derived_id("case", n)
    event = replace(example(CaseFiled), case_id=case_id, number=f"2026{n:016d}", reported_at=THURSDAY + day * DAY)
    _append(log, f"case-{case_id}", event, case_id)
    return case_id


def _back(database: Database, n: int, day: int) -> None:
    event: ReportRecurred = replace(
        recurrence(1, at=THURSDAY + day * DAY).event, report_id=derived_id("case", n), reported_at=THURSDAY + day * DAY
    )
    _append(database.log("intake"), f"report-{event.report_id}", event, event.report_id)


def _append(log: EventLog, stream: str, event: object, about: UUID) -> None:
    happening = Happening(event, THURSDAY)
    log.append(
        Append(
            stream=stream, expected=0, happenings=(happening,), area=BUILDING, actor=CHIEF.actor, correlation_id=about
        )
    )


@pytest.fixture
def registers(database: Database) -> Registers:
    log, rows = database.log("dispatch"), database.rows("dispatch")
    for n, day in enumerate((-20, -10, 2, 3, 40)):
        _told(log, n, day)
    for n, day in ((1, -10), (3, 3)):
        _back(database, n, day)
    case_id = derived_id("case", 2)
    late, done = planned(log), cleared(log, severity=Severity.MAJOR)
    withdrawn(log)
    about = {"kind": RemedyKind.ROOT_CAUSE, "area": GROUP, "point": HOME, "case_ids": (case_id,)}
    root = opened(log, CHIEF, **about)
    campaign = campaigns.open_(log, RULEBOOK, wish(area=COMMUNITY), CHIEF, cause(CHIEF))
    project(database, (WORK, *REMEDIES, *CAMPAIGNS))
    return Registers(log, rows, late, done, root, case_id, campaign)


def _ids(registers: Registers, by: Asker = CHIEF, days: int = 0, **wanted: object) -> set[UUID]:
    listed = queries.remedies(registers.rows, by, Wanted(**wanted), THURSDAY + days * DAY)  # type: ignore[arg-type]
    return {UUID(str(row["remedy_id"])) for row in listed["remedies"]}


def test_the_register_is_asked_by_everything_that_people_ask_it_by(registers: Registers) -> None:
    everything = _ids(registers)
    root, late, done = registers.root, registers.late, registers.done

    assert len(everything) == 4
    assert _ids(registers, kind=RemedyKind.ROOT_CAUSE) == _ids(registers, case_id=registers.case_id) == {root}
    assert _ids(registers, severity=Severity.MAJOR) == _ids(registers, states=(State.CLEARED,)) == {done}
    assert _ids(registers, overdue=True) == set()
    assert _ids(registers, overdue=True, days=10) == _ids(registers, department="sanitation", is_open=True) == {late}
    assert _ids(registers, is_open=True) == {late, root}
    assert _ids(registers, area=BUILDING) == everything - {root}
    assert _ids(registers, issue_type="E-01") == everything
    assert _ids(registers, issue_type="E-0") == _ids(registers, by=STRANGER) == set()
    assert set(_page_by_page(registers)) == everything
    with pytest.raises(Forbidden):
        _ids(registers, by=STRANGER, area=BUILDING)


def _page_by_page(registers: Registers) -> Iterator[UUID]:
    after, more = None, True
    while more:
        page = queries.remedies(registers.rows, CHIEF, Wanted(after=after, limit=1), THURSDAY)
        yield from (UUID(str(row["remedy_id"])) for row in page["remedies"])
        after, more = page["next_after"], page["next_after"] is not None


def test_cases_gauges_and_places_know_their_remedies(registers: Registers) -> None:
    (row,) = queries.of_case(registers.rows, registers.case_id)
    near = partial(queries.near, registers.rows)

    assert (str(row["remedy_id"]), row["state_zh"]) == (str(registers.root), "待定方案")
    assert queries.of_case(registers.rows, derived_id("case", 0)) == []
    assert queries.counted(registers.rows, THURSDAY + 10 * DAY) == {
        ("hidden_danger", False): 0,
        ("hidden_danger", True): 1,
        ("root_cause", False): 1,
        ("root_cause", True): 0,
    }
    assert near("E-01-02", COMMUNITY, STEPS_AWAY) == registers.root
    assert near("E-01-02", COMMUNITY, A_STREET_ON) is None
    assert near("E-01-05", COMMUNITY, STEPS_AWAY) is None
    assert near("E-01-02", GROUP, None) is None


def test_campaigns_are_listed_where_they_are_and_counted_by_place_kind_and_time(registers: Registers) -> None:
    at = THURSDAY + 45 * DAY
    shown = figures.one_campaign(registers.log, registers.rows, registers.campaign, CHIEF, 30, at)
    counted = shown["figures"]
    told = {name: (one["recurred"], one["reported"]) for name, one in counted["recurrence"].items()}

    assert shown["state"] == "over"
    assert counted["cases"] == {"reported": 2, "closed": 0, "open": 2, "overdue": 0}
    assert counted["remedies"] == {
        "hidden_danger": {"opened": 2, "cleared": 1, "overdue": 1},
        "root_cause": {"opened": 1, "cleared": 0, "overdue": 0},
    }
    assert told == {"before": (1, 2), "during": (1, 2), "after": (0, 1)}
    assert (counted["recurrence"]["before"]["rate"], counted["recurrence"]["after"]["days_passed"]) == (0.5, 15)
    assert _listed(registers, LEADER) == _listed(registers, WORKER) == ["running"]
    assert _listed(registers, LEADER, days=31) == ["over"]
    assert _listed(registers, STRANGER) == _listed(registers, CHIEF, area=Area("530103.005")) == []
    assert _listed(registers, CHIEF, state=Campaigning.ENDED) == []


def _listed(registers: Registers, by: Asker, days: int = 0, **wanted: object) -> list[str]:
    asked = figures.Wanted(**wanted)  # type: ignore[arg-type]
    found = figures.campaigns(registers.rows, by, asked, THURSDAY + days * DAY)
    return [row["state"] for row in found["campaigns"]]
