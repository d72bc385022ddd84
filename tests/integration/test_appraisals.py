"""Announced figures never change, a late correction is a new version; flags come out of a real log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.survey import appraisals, handlers, reactions
from services.survey.appraisals import Announcement
from services.survey.projections import PROJECTIONS
from services.survey.queries import appraisals as announcements
from services.survey.queries.figures import By, window
from services.survey.queries.flags import Wanted, flag_list
from shared.contracts.envelope import Actor
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import derived_id
from shared.security.permission import Asker
from tests.support.database import Database, fresh_database
from tests.support.histories import HOUR, Histories
from tests.support.logs import fill
from tests.support.projected import project
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

DISTRICT = Area("530103")
CHIEF = Asker("c-1", "duty_chief", DISTRICT)
JUNE = datetime(2026, 6, 2, tzinfo=UTC)
MAY = window(date(2026, 5, 1), date(2026, 5, 31))
WANTED = Announcement(title="五月考核", area=DISTRICT, by=By.STREET, since=MAY[0], until=MAY[1])


def because(key: str | None = None, at: datetime = JUNE) -> Cause:
    return Cause(actor=CHIEF.actor, at=at, idempotency_key=key)


@pytest.fixture
def told(servers: Servers) -> Iterator[tuple[Database, Histories]]:
    log = Histories()
    for number in range(5):
        issue = log.issue(f"may-{number}").reported().accepted().filed().dispatched(HOUR, 9 * HOUR)
        if number:
            issue.answered((3 if number < 4 else 20) * HOUR).closed(21 * HOUR)
    with fresh_database(servers.database_url) as fresh:
        fill(fresh, log.events)
        project(fresh, PROJECTIONS)
        yield fresh, log


def shown(database: Database, version: int | None = None) -> dict[str, tuple[int, int | None]]:
    found = announcements.one(database.log("survey"), WANTED.appraisal_id, CHIEF, version)
    return {figure["indicator"]: (figure["numerator"], figure["denominator"]) for figure in found["figures"]}


def test_a_published_quarter_stays_as_it_was_and_a_correction_stands_beside_it(
    told: tuple[Database, Histories],
) -> None:
    database, log = told
    appraisals.publish(database.log("survey"), database.rows("survey"), WANTED, CHIEF, because())
    known = len(log.events)
    log.issue("late").reported().accepted().filed().dispatched(HOUR, 9 * HOUR).answered(2 * HOUR)
    shift = database.query("SELECT max(position) FROM es.feed")[0][0]
    fill(database, [replace(one, position=shift + number) for number, one in enumerate(log.events[known:], 1)])
    project(database, PROJECTIONS)
    before = shown(database)
    appraisals.restate(
        database.log("survey"), database.rows("survey"), WANTED.appraisal_id, "补录一件", CHIEF, because()
    )
    found = announcements.one(database.log("survey"), WANTED.appraisal_id, CHIEF, None)

    assert before["handled_on_time"] == (3, 5)
    assert shown(database, 1) == before
    assert shown(database, 2)["handled_on_time"] == (4, 6)
    assert (found["version"], found["versions"], found["reason"]) == (2, 2, "补录一件")
    changed = {each["after"]["indicator"] for each in found["changed"] if each["after"]}
    assert "handled_on_time" in changed


def test_it_is_announced_once_and_not_before_the_window_has_ended(told: tuple[Database, Histories]) -> None:
    database, _ = told
    log, rows = database.log("survey"), database.rows("survey")

    with pytest.raises(Invalid, match="has not ended"):
        appraisals.publish(log, rows, WANTED, CHIEF, because(at=MAY[1] - HOUR))
    first = appraisals.publish(log, rows, WANTED, CHIEF, because("once"))
    again = appraisals.publish(log, rows, WANTED, CHIEF, because("once"))
    with pytest.raises(Conflict):
        appraisals.publish(log, rows, WANTED, CHIEF, because())
    with pytest.raises(Refused, match="no figure has changed"):
        appraisals.restate(log, rows, WANTED.appraisal_id, "再看一遍", CHIEF, because())

    assert (first.repeated, again.repeated) == (False, True)


def test_who_serves_a_street_neither_announces_nor_reads_the_districts(told: tuple[Database, Histories]) -> None:
    database, _ = told
    log, rows = database.log("survey"), database.rows("survey")
    street = Asker("s-1", "duty_chief", Area("530103.004"))
    appraisals.publish(log, rows, WANTED, CHIEF, because())
    project(database, PROJECTIONS)

    with pytest.raises(Forbidden):
        appraisals.publish(log, rows, WANTED, street, because())
    with pytest.raises(Forbidden):
        announcements.one(log, WANTED.appraisal_id, street, None)
    with pytest.raises(NotFound):
        announcements.one(log, derived_id("nothing"), CHIEF, None)
    assert [found["title"] for found in announcements.announced(rows, CHIEF, None)["appraisals"]] == ["五月考核"]
    assert announcements.announced(rows, street, None)["appraisals"] == []


def test_a_flag_is_raised_once_however_often_the_history_is_looked_at_and_settled_once(servers: Servers) -> None:
    log = Histories()
    issue = log.issue("fast").reported().accepted().filed().dispatched(HOUR, 9 * HOUR).answered(HOUR)
    answered = log.events[-1]
    with fresh_database(servers.database_url) as fresh:
        fill(fresh, log.events)
        survey, rows = fresh.log("survey"), fresh.rows("survey")
        project(fresh, PROJECTIONS)
        first = reactions.look_for_flags(answered, survey, rows, consumer="survey.look_for_flags", at=JUNE)
        again = reactions.look_for_flags(answered, survey, rows, consumer="survey.another_look", at=JUNE)
        fresh.settle()
        project(fresh, PROJECTIONS)
        (flag,) = flag_list(rows, CHIEF, Wanted())["flags"]
        cause = Cause(actor=Actor("c-1", "duty_chief"), at=JUNE)
        handlers.settle_flag(
            survey, issue.case_id, UUID(str(flag["flag_id"])), CHIEF, cause, founded=False, words="队伍就在旁边"
        )
        fresh.settle()
        project(fresh, PROJECTIONS)

        assert first is not None
        assert again is None
        assert flag["suspicion"] == "too_fast"
        assert flag_list(rows, CHIEF, Wanted(settled=False))["flags"] == []
        assert flag_list(rows, CHIEF, Wanted(settled=True))["flags"][0]["founded"] is False
        other = Asker("u-1", "department", DISTRICT, "urban")
        assert flag_list(rows, other, Wanted())["flags"] == []
