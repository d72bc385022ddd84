"""Figures as SQL counts them: against what a city published, against counting by hand, and as of any position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.survey.domain.counted import Book, Kind, Row
from services.survey.domain.counting import take
from services.survey.domain.indicators import INDICATORS
from services.survey.projections import PROJECTIONS
from services.survey.queries.figures import By, Part, Wanted, cases_behind, figures, window
from shared.contracts import clock
from shared.contracts.case import ReturnKind
from shared.contracts.feedback import Satisfaction
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from shared.projections.process import connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from tests.support.database import Database, fresh_database
from tests.support.histories import BEGIN, DAY, HOUR, Histories
from tests.support.lives import START, City, lives
from tests.support.logs import fill
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

MAY = window(date(2026, 5, 1), date(2026, 5, 31))
JUNE_1 = datetime(2026, 6, 1, tzinfo=UTC)


def projected(fresh: Database, events: Any) -> None:
    fill(fresh, events)
    runner = Runner(PROJECTIONS, connect_as({"survey": fresh.url("survey")}), PostgresFeed(), limit=500)
    assert runner.open()
    runner.catch_up()
    runner.tidy()
    runner.close()


def the(found: dict[str, Any], indicator: str, key: str = "") -> Any:
    (group,) = (group for group in found["groups"] if group["key"] == key)
    (figure,) = (figure for figure in group["figures"] if figure["indicator"] == indicator)
    return figure["numerator"], figure["denominator"], figure["ratio"]


def may(**more: Any) -> Wanted:
    return Wanted(since=MAY[0], until=MAY[1], at=JUNE_1, **more)


# --- a city's own figures ---------------------------------------------------------------------------------------


def tianmen() -> Histories:
    """天门: 1,054 taken in, 996 filed, 972 due to be closed, 911 closed, 737 of them on time."""
    log = Histories()
    for number in range(1054):
        issue = log.issue(f"tianmen-{number}").reported()
        if number >= 996:
            issue.refused(HOUR)
            continue
        issue.accepted(HOUR).filed(HOUR)
        if number < 737:
            issue.dispatched(2 * HOUR, 3 * DAY).answered(2 * DAY).closed(3 * DAY)
        elif number < 911:
            issue.dispatched(2 * HOUR, 3 * DAY).answered(4 * DAY).closed(5 * DAY)
        elif number < 972:
            issue.dispatched(2 * HOUR, 3 * DAY)
        elif number < 984:
            issue.dispatched(2 * HOUR, 3 * DAY).suspended(DAY)
        else:
            issue.dispatched(2 * HOUR, 40 * DAY).answered(2 * DAY).closed(3 * DAY)
    return log


@pytest.fixture(scope="module")
def city(servers: Servers) -> Iterator[Database]:
    with fresh_database(servers.database_url) as fresh:
        projected(fresh, tianmen().events)
        yield fresh


def test_tianmens_rates_come_out_as_tianmen_published_them(city: Database) -> None:
    found = figures(city.rows("survey"), may())

    assert the(found, "closed") == (911, 972, pytest.approx(0.9372, abs=5e-5))
    assert the(found, "closed_on_time") == (737, 972, pytest.approx(0.7582, abs=5e-5))


def test_neither_what_was_reported_nor_what_was_filed_is_the_denominator(city: Database) -> None:
    found = figures(city.rows("survey"), may())

    assert the(found, "reported")[0] == 1054
    assert the(found, "filed")[0] == 996
    assert the(found, "closed_late") == (911 - 737, 972, pytest.approx((911 - 737) / 972, abs=1e-6))
    assert the(found, "unclosed") == (996 - 911 - 12, 1054, pytest.approx(73 / 1054, abs=1e-6))


def test_the_cases_behind_a_number_are_exactly_those_that_it_counts(city: Database) -> None:
    rows, seen, after = city.rows("survey"), set[str](), None
    wanted, (indicator,) = may(), [found for found in INDICATORS if found.code == "closed_on_time"]
    while True:
        page = cases_behind(rows, wanted, indicator, Part.NUMERATOR, None, after, 200)
        seen |= {str(case["case_id"]) for case in page["cases"]}
        after = page["next_after"]
        if after is None:
            break

    assert len(seen) == 737
    assert all(case["on_time"] and case["outcome"] == "done" for case in page["cases"])


def test_a_count_has_no_denominator_to_list(city: Database) -> None:
    (indicator,) = [found for found in INDICATORS if found.code == "filed"]

    with pytest.raises(Invalid, match="no denominator"):
        cases_behind(city.rows("survey"), may(), indicator, Part.DENOMINATOR, None, None, 10)


# --- as of a position -------------------------------------------------------------------------------------------


def test_a_figure_as_of_a_position_is_what_it_was_then(servers: Servers) -> None:
    log = Histories()
    issue = log.issue("a").reported().accepted().filed().dispatched(HOUR, 5 * HOUR)
    before_answer = len(log.events)
    issue.answered(4 * HOUR).closed(5 * HOUR)
    after_closing = len(log.events)
    issue.sent_back(6 * HOUR).reopened(DAY).dispatched(DAY, 3 * DAY)

    with fresh_database(servers.database_url) as fresh:
        projected(fresh, log.events)
        rows = fresh.rows("survey")
        told = {place: figures(rows, may(position=place)) for place in (before_answer, after_closing, len(log.events))}

        assert the(told[before_answer], "handled") == (0, 1, 0.0)
        assert the(told[after_closing], "handled_on_time") == (1, 1, 1.0)
        assert the(told[after_closing], "closed") == (1, 1, 1.0)
        assert the(told[len(log.events)], "closed") == (0, 1, 0.0)
        assert figures(rows, may())["groups"] == told[len(log.events)]["groups"]
        assert figures(rows, may(position=0))["groups"] == []


# --- every figure, by every grouping, against counting by hand --------------------------------------------------


def complete() -> Histories:
    """Something of everything that is counted, over two streets."""
    log = Histories()
    for number, area in enumerate(("530103.004.001.002", "530103.005.002.001", "530103.004.001.003") * 6):
        issue = log.issue(f"case-{number}", area=area, issue_type=("E-01-02", "E-02-01")[number % 2])
        issue.reported().accepted(HOUR).filed(HOUR)
        signing = issue.dispatched(2 * HOUR, (30 + number) * HOUR).clock(clock.Stage.SIGN, 2 * HOUR, 4 * HOUR)
        issue.stopped(signing, (3 + number % 3) * HOUR, on_time=number % 3 < 2)
        match number % 6:
            case 0:
                issue.answered(20 * HOUR).closed(25 * HOUR).rated(30 * HOUR, Satisfaction.SATISFIED)
            case 1:
                issue.extended(5 * HOUR, 60 * HOUR).answered(50 * HOUR).sent_back(51 * HOUR).answered(59 * HOUR)
            case 2:
                issue.suspended(4 * HOUR)
            case 3:
                issue.returned(4 * HOUR, ReturnKind.WRONG_DEPARTMENT).dispatched(5 * HOUR, 9 * HOUR, "urban")
            case 4:
                issue.returned(4 * HOUR, ReturnKind.NOTHING_TO_DO).voided(5 * HOUR)
            case _:
                issue.answered(90 * HOUR).closed(99 * HOUR).rated(100 * HOUR, Satisfaction.UNSATISFIED, resolved=False)
    return log


@pytest.fixture(scope="module")
def mixed(servers: Servers) -> Iterator[Database]:
    with fresh_database(servers.database_url) as fresh:
        projected(fresh, complete().events)
        yield fresh


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda found: found.code)
def test_every_number_lists_exactly_the_rows_that_it_counts(mixed: Database, indicator: Any) -> None:
    rows = mixed.rows("survey")
    found = figures(rows, may(by=By.STREET))
    parts = [Part.NUMERATOR] + ([Part.DENOMINATOR] if indicator.is_rate else [])
    for group in found["groups"]:
        counted = the(found, indicator.code, group["key"])
        for number, part in enumerate(parts):
            behind = cases_behind(rows, may(by=By.STREET), indicator, part, group["key"], None, 1000)["cases"]

            assert sum(case["weight"] if part is Part.NUMERATOR else 1 for case in behind) == counted[number]
            assert {case["area"][:10] for case in behind} <= {group["key"]}


@pytest.mark.parametrize("by", [by for by in By if by not in (By.NOTHING, By.GRID)])
def test_groups_add_up_to_all_of_them(mixed: Database, by: By) -> None:
    rows = mixed.rows("survey")
    together, apart = figures(rows, may()), figures(rows, may(by=by))

    for indicator in INDICATORS:
        whole = the(together, indicator.code)
        parts = [the(apart, indicator.code, group["key"]) for group in apart["groups"]]
        assert sum(part[0] for part in parts) == whole[0], indicator.code
        assert sum(part[1] or 0 for part in parts) == (whole[1] or 0), indicator.code


def test_the_denominators_of_handling_are_as_they_are_pinned(mixed: Database) -> None:
    book = Book()
    for recorded in complete().events:
        tuple(take(book, recorded))
    tasks = [
        row for row in book.rows.values() if row.kind is Kind.TASK and row.due_at and MAY[0] <= row.due_at < MAY[1]
    ]
    due = [row for row in tasks if row.outcome in ("open", "done") and not row.is_suspended]
    found = figures(mixed.rows("survey"), may())

    assert the(found, "handled")[:2] == (_done(due), len(due))
    assert the(found, "handled_on_time")[:2] == (_done([row for row in due if row.on_time]), len(due))
    assert the(found, "extended")[0] == sum(row.extensions > 0 for row in due)
    assert the(found, "returned")[0] == 6
    assert the(found, "dispatched_rightly")[:2] == (18, 21)
    assert the(found, "failed_checks")[0] == 3
    assert the(found, "satisfied") == (3, 6, 0.5)


def _done(rows: list[Row]) -> int:
    return sum(row.outcome == "done" for row in rows)


def test_a_figure_is_narrowed_by_area_department_issue_type_and_role(mixed: Database) -> None:
    rows = mixed.rows("survey")
    street = figures(rows, may(area=Area("530103.004")))
    urban = figures(rows, may(department="urban"))
    kind = figures(rows, may(issue_type="E-02"))
    dispatcher = figures(rows, may(role="dispatcher"))

    assert the(street, "filed")[0] == 12
    assert the(urban, "handled")[:2] == (0, 3)
    assert the(kind, "filed")[0] == 9
    assert [found["indicator"] for found in dispatcher["groups"][0]["figures"]] == [
        "dispatched_on_time",
        "dispatched_rightly",
    ]


def test_at_once_means_on_the_same_day_in_the_city(servers: Servers) -> None:
    log = Histories()
    # It begins at 09:00 in the city: 23:30 is the same day there, 00:30 is not, whatever day it is in Greenwich.
    for name, given, done in (("same", 0, 14.5), ("next", 13, 15.5), ("early", 16, 16.5)):
        issue = log.issue(name).filed().dispatched(given * HOUR, 90 * HOUR)
        issue.answered(done * HOUR)

    with fresh_database(servers.database_url) as fresh:
        projected(fresh, log.events)

        assert the(figures(fresh.rows("survey"), may()), "at_once")[0] == 2


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Invalid, match="begin before"):
        replace(may(), until=MAY[0])


def test_grids_group_the_areas_that_they_cover(servers: Servers) -> None:
    from shared.contracts.grid import GridDrawn

    log = Histories()
    covers = ("530103.004.001.002", "530103.004.001.003")
    log.tell(
        "grid-G1", GridDrawn(code="G1", name="一网格", community=covers[0][:14], covers=covers, households=250), BEGIN
    )
    for number, area in enumerate((*covers, "530103.004.001.002.00007", "530103.005.002.001")):
        log.issue(f"case-{number}", area=area).reported().accepted().filed()

    with fresh_database(servers.database_url) as fresh:
        projected(fresh, log.events)
        found = figures(fresh.rows("survey"), may(by=By.GRID))

        assert {group["key"]: group["name"] for group in found["groups"]} == {"": None, "G1": "一网格"}
        assert the(found, "filed", "G1")[0] == 3
        assert the(found, "filed", "")[0] == 1


def test_rows_made_in_one_batch_or_in_many_are_the_same(servers: Servers) -> None:
    events = list(lives(40, 3, City(2, 2, 2, 2), days=20))
    told = []
    for limit in (7, 5000):
        with fresh_database(servers.database_url) as fresh:
            fill(fresh, events)
            runner = Runner(PROJECTIONS, connect_as({"survey": fresh.url("survey")}), PostgresFeed(), limit=limit)
            assert runner.open()
            runner.catch_up()
            runner.close()
            told.append(fresh.rows("survey").query("SELECT * FROM counted ORDER BY kind, ref, from_position"))
            year = Wanted(since=START, until=START + 300 * DAY, at=START + 300 * DAY)
            told.append(figures(fresh.rows("survey"), year)["groups"])

    assert told[0] == told[2]
    assert told[1] == told[3]
    assert told[0]
