"""Story H where hours have to pass: late, and put aside over a holiday. 调休 and the spring festival of 2026.

Over HTTP everything happens now, so nothing there can be late by hours: here the commands are given at fixed instants,
on a real log, and the figures are counted by the real tables. What happens over HTTP is in
tests/e2e/test_story_h_fireworks.py.

Offices are open 08:00-12:00 and 14:00-18:00. Friday the 13th of February is worked, Saturday the 14th too 调休, the
15th to the 23rd are off, Tuesday the 24th is worked. All cases are dispatched on Friday at 16:40 with 5 工作时.

| | hand arithmetic | due |
|---|---|---|
| as it is | Fri 16:40-18:00 is 1 h 20; Sat 08:00-11:40 makes 5 h | Sat 11:40 |
| 5 工作时 more | Sat 11:40-12:00 is 0 h 20; 14:00-18:00 makes 4 h 20; Tue 08:00-08:40 makes 5 h | Tue 08:40 |
| put aside Sat 10:00 to Tue 11:00 | 1 h 20 + 2 h ran, 1 h 40 are left: Tue 11:00-12:00, 14:00-14:40 | Tue 14:40 |
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from services.dispatch import handlers, reactions
from services.survey.projections import PROJECTIONS
from services.survey.queries.figures import Wanted, figures, window
from tests.support.cases import CHIEF, RULEBOOK, FixedRulebooks, Story, accepted, cause, recorded
from tests.support.clocks import at
from tests.support.database import Database
from tests.support.projected import project

pytestmark = pytest.mark.integration

FRIDAY = at("2026-02-13 16:40")
AFTER = at("2026-03-01 09:00")


def filed(database: Database) -> Story:
    """A case of fireworks' litter on Friday at 16:40, dispatched at once and signed."""
    log: Any = database.log("dispatch")
    event = replace(accepted("E-01-02"), reported_at=FRIDAY)
    reactions.file_report(recorded(event), log, FixedRulebooks(), consumer="dispatch.file_report", at=FRIDAY)
    return Story(log, event.report_id, FRIDAY).signed()


def due(story: Story) -> datetime | None:
    task = story.case.task
    return None if task is None else task.due_at


def then(story: Story, when: str) -> Story:
    story.at = at(when)
    return story


def resume(story: Story) -> None:
    given = cause(CHIEF, story.at)
    handlers.resume(story.log, RULEBOOK, story.case_id, CHIEF, given, reason="节后复工")


def handled_on_time(database: Database, last: date) -> tuple[int, int]:
    """Numerator and denominator of what was due from the 13th to that day."""
    since, until = window(date(2026, 2, 13), last)
    groups = figures(database.rows("survey"), Wanted(since=since, until=until, at=AFTER))["groups"]
    (found,) = [one for group in groups for one in group["figures"] if one["indicator"] == "handled_on_time"]
    return found["numerator"], found["denominator"]


def test_five_working_hours_end_on_the_saturday_that_is_worked(database: Database) -> None:
    assert due(filed(database)) == at("2026-02-14 11:40")


def test_an_extension_counts_from_the_due_instant_over_the_holiday(database: Database) -> None:
    story = then(filed(database), "2026-02-14 11:00").extension_asked(5).approved(CHIEF)

    assert due(story) == at("2026-02-24 08:40")


def test_the_rest_of_the_budget_counts_after_the_resumption(database: Database) -> None:
    story = then(filed(database), "2026-02-14 10:00").suspension_asked().approved(CHIEF)
    resume(then(story, "2026-02-24 11:00"))

    assert due(story) == at("2026-02-24 14:40")


def test_the_formula_counts_exactly_what_is_due_and_not_put_aside(database: Database) -> None:
    in_time, late, extended, resumed, aside, _untouched = (filed(database) for _ in range(6))
    then(in_time, "2026-02-14 11:39").responded()
    then(late, "2026-02-14 11:41").responded()
    then(extended, "2026-02-14 11:00").extension_asked(5).approved(CHIEF)
    then(extended, "2026-02-24 08:30").responded()
    then(resumed, "2026-02-14 10:00").suspension_asked().approved(CHIEF)
    resume(then(resumed, "2026-02-24 11:00"))
    then(resumed, "2026-02-24 14:45").responded()
    then(aside, "2026-02-14 10:00").suspension_asked().approved(CHIEF)
    project(database, PROJECTIONS)

    # Due by Saturday: in time, late, and the one that nobody touched.
    assert handled_on_time(database, date(2026, 2, 14)) == (1, 3)
    # Due by Tuesday: also the extended one, in time, and the one taken up again, late. Never the one put aside.
    assert handled_on_time(database, date(2026, 2, 24)) == (2, 5)
