"""What was mended and came back, and who knew first: from reports and closings in a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake import earliness, handlers, reactions, recurrence
from services.intake.desk import Desk
from services.intake.projections import PROJECTIONS
from shared.contracts.case import CaseClosed, CaseReopened
from shared.contracts.report import ReportAccepted, ReportRecurred, Source
from shared.contracts.shapes import Point
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Unavailable
from shared.ports import Append, EventLog, Happening
from shared.security.sealing import Sealer
from tests.support import panlong
from tests.support.database import Database
from tests.support.examples import example
from tests.support.projected import project
from tests.support.reports import ACCEPTOR, AT, HERE, cause, look_and_accept, told

pytestmark = pytest.mark.integration
STREET = Area("530103.004")
NEXT_DOOR = Area("530103.004.012.003.00008")
HOME = Point(lat=25.0400, lon=102.7300)
THIRTY_METRES_ON = Point(lat=25.0400, lon=102.7303)
A_STREET_ON = Point(lat=25.0400, lon=102.7330)


class Town:
    """Reports come in at a given day, and are closed."""

    def __init__(self, database: Database) -> None:
        self.database, self.rows = database, database.rows("intake")
        self.intake, self.dispatch = database.log("intake"), database.log("dispatch")
        self.desk = Desk(self.rows, Sealer(b"m" * 32), b"k" * 32, "https://wuji.example")

    def tell(self, day: int, **changes: Any) -> UUID:
        when = replace(cause(), at=AT + timedelta(days=day))
        return handlers.submit(self.intake, self.desk, told(**changes), when).submitted.report_id

    def close(self, case_id: UUID, day: int) -> None:
        event = replace(example(CaseClosed), case_id=case_id)
        _append(self.dispatch, case_id, event, AT + timedelta(days=day))

    def reopen(self, case_id: UUID, day: int) -> None:
        event = replace(example(CaseReopened), case_id=case_id)
        _append(self.dispatch, case_id, event, AT + timedelta(days=day))

    def note(self, report: UUID) -> None:
        """What intake does about the acceptance, with everything before it projected."""
        project(self.database, PROJECTIONS)
        self.hear(report)

    def hear(self, report: UUID) -> None:
        (accepted,) = [one for one in self.intake.stream(f"report-{report}") if isinstance(one.event, ReportAccepted)]
        reactions.note_recurrence(accepted, self.intake, self.rows, consumer="intake.note_recurrence", at=AT)

    def recurred(self, report: UUID) -> list[ReportRecurred]:
        events = (one.event for one in self.intake.stream(f"report-{report}"))
        return [event for event in events if isinstance(event, ReportRecurred)]

    def earlier(self, report: UUID) -> list[UUID]:
        project(self.database, PROJECTIONS)
        return [UUID(str(one["report_id"])) for one in recurrence.earlier(self.rows, report)]


def _append(log: EventLog, case_id: UUID, event: object, at: datetime) -> None:
    stream = f"case-{case_id}"
    known = len(log.stream(stream))
    log.append(
        Append(
            stream=stream,
            expected=known,
            happenings=(Happening(event, at),),
            area=HERE,
            actor=Cause(actor=ACCEPTOR.actor, at=at).actor,
            correlation_id=case_id,
        )
    )


@pytest.fixture
def town(database: Database) -> Town:
    panlong.settle(database)
    project(database, PROJECTIONS)
    return Town(database)


def test_the_same_thing_in_the_same_building_soon_after_closing_recurs(town: Town) -> None:
    first = town.tell(0)
    town.close(first, 2)
    again = town.tell(10)
    other_kind, next_door, before_it_was_closed = (
        town.tell(10, issue_type="E-01-03"),
        town.tell(10, area=NEXT_DOOR),
        town.tell(1),
    )
    long_after = town.tell(2 + recurrence.WITHIN_DAYS + 1)

    assert town.earlier(again) == [first]
    assert [town.earlier(one) for one in (other_kind, next_door, before_it_was_closed, long_after)] == [[]] * 4
    (said,) = recurrence.earlier(town.rows, again)
    assert (said["days"], said["zh"]) == (8, "同一楼栋同类问题 8 天前刚办结")


def test_a_few_steps_away_is_the_same_place_and_the_next_street_is_not(town: Town) -> None:
    first = town.tell(0, area=HERE, point=HOME)
    town.close(first, 1)
    steps_away = town.tell(5, area=NEXT_DOOR, point=THIRTY_METRES_ON)
    far = town.tell(5, area=NEXT_DOOR, point=A_STREET_ON)

    assert town.earlier(steps_away) == [first]
    assert town.earlier(far) == []


def test_what_was_opened_again_was_never_done_and_cannot_recur(town: Town) -> None:
    first = town.tell(0)
    town.close(first, 1)
    town.reopen(first, 3)

    assert town.earlier(town.tell(5)) == []


def test_an_area_sees_where_mending_does_not_last(town: Town) -> None:
    chain = []
    for day in (0, 10, 20):
        chain.append(town.tell(day))
        town.close(chain[-1], day + 2)
    elsewhere = town.tell(0, area=NEXT_DOOR)
    town.close(elsewhere, 2)
    project(town.database, PROJECTIONS)

    found = recurrence.recurring(town.rows, STREET, AT, 90)
    nothing = recurrence.recurring(town.rows, Area("530103.005"), AT, 90)

    assert (found["closed"], found["recurred"], found["rate"]) == (4, 2, 0.5)
    (place,) = found["places"]
    assert (place["area"], place["issue_type"], place["times"]) == (HERE.path, "E-01-02", 2)
    assert {UUID(str(one["report_id"])) for one in place["reports"]} == set(chain[1:])
    assert nothing == {"closed": 0, "recurred": 0, "rate": None, "places": []}


def test_what_is_back_is_said_once_with_what_it_was_and_in_one_series(town: Town) -> None:
    chain = []
    for day in (0, 10, 100):
        chain.append(town.tell(day))
        look_and_accept(town.intake, chain[-1])
        town.note(chain[-1])
        town.note(chain[-1])
        town.close(chain[-1], day + 2)
    said = [town.recurred(one) for one in chain]

    assert [len(found) for found in said] == [0, 1, 1]
    assert [(found.times, [one.report_id for one in found.earlier]) for (found,) in said[1:]] == [
        (1, chain[:1]),
        (1, chain[1:2]),
    ]
    assert {found.series for (found,) in said[1:]} == {chain[0]}


def test_until_our_reports_stand_where_the_report_does_nothing_is_said(town: Town) -> None:
    first = town.tell(0)
    town.close(first, 2)
    again = town.tell(10)
    look_and_accept(town.intake, again)
    town.database.settle()
    with pytest.raises(Unavailable):
        town.hear(again)
    project(town.database, PROJECTIONS)
    town.hear(again)

    assert len(town.recurred(again)) == 1


def test_who_knew_first_is_told_by_the_report_that_founded_the_issue(town: Town) -> None:
    patrol = town.tell(0, source=Source.GRID_WORKER)
    town.close(patrol, 1)
    residents = [town.tell(day) for day in range(3)]
    town.tell(0, source=Source.SUPERIOR)
    handlers.merge(town.intake, residents[0], patrol, ACCEPTOR, cause())
    handlers.reject(town.intake, residents[1], "abusive", None, ACCEPTOR, cause())
    project(town.database, PROJECTIONS)

    found = earliness.shares(town.rows, STREET, AT - timedelta(days=1))

    assert found == {
        "by_the_city": {"issues": 1, "hours_to_close": 24.0},
        "by_the_public": {"issues": 1, "hours_to_close": None},
        "share": 0.5,
    }
