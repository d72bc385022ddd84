"""What the events of an issue add to what is counted: the denominators as they are pinned."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from services.survey.domain import indicators
from services.survey.domain.counted import Book, Kind, Row
from services.survey.domain.counting import COUNTED, take
from services.survey.domain.scores import jinhua, jinniu
from shared.contracts import clock
from shared.contracts.case import ReturnKind
from shared.contracts.feedback import Satisfaction
from shared.kernel.errors import NotFound
from tests.support.histories import BEGIN, DAY, HOUR, Histories, Issue


def book_of(history: Histories) -> Book:
    book = Book()
    for recorded in history.events:
        tuple(take(book, recorded))
    return book


def the(book: Book, kind: Kind, issue: Issue, ref: object = None) -> Row:
    return book.rows[kind, str(ref or issue.case_id)]


def test_an_extension_moves_the_instant_by_which_being_on_time_is_judged() -> None:
    log = Histories()
    issue = log.issue("a").reported().accepted().filed().dispatched(HOUR, 5 * HOUR)
    issue.extended(2 * HOUR, 9 * HOUR).answered(8 * HOUR)

    task = the(book_of(log), Kind.TASK, issue, issue.task())
    assert (task.due_at, task.on_time, task.extensions) == (BEGIN + 9 * HOUR, True, 1)


def test_a_corrected_calendar_moves_the_instant_by_which_being_on_time_is_judged() -> None:
    log = Histories()
    issue = log.issue("a").reported().accepted().filed().dispatched(HOUR, 5 * HOUR)
    issue.recounted(2 * HOUR, 29 * HOUR).answered(28 * HOUR).recounted(30 * HOUR, 40 * HOUR)

    task = the(book_of(log), Kind.TASK, issue, issue.task())
    assert (task.due_at, task.on_time, task.extensions) == (BEGIN + 29 * HOUR, True, 0)


def test_a_suspension_takes_the_task_and_the_case_out_until_they_go_on() -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR).suspended(2 * HOUR)
    stopped = book_of(log)
    issue.resumed(3 * DAY, 4 * DAY)
    going = book_of(log)

    assert the(stopped, Kind.TASK, issue, issue.task()).is_suspended
    assert the(stopped, Kind.CASE, issue).is_suspended
    assert not the(going, Kind.TASK, issue, issue.task()).is_suspended
    assert the(going, Kind.CASE, issue).due_at == BEGIN + 4 * DAY


@pytest.mark.parametrize("kind", list(ReturnKind))
def test_an_agreed_return_leaves_the_denominator_of_who_returned_it(kind: ReturnKind) -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR)
    first = issue.task()
    issue.returned(2 * HOUR, kind).dispatched(3 * HOUR, 9 * HOUR, "urban")

    book = book_of(log)
    assert the(book, Kind.TASK, issue, first).outcome == kind.value
    assert the(book, Kind.TASK, issue, issue.task()).outcome == "open"
    assert the(book, Kind.CASE, issue).due_at == BEGIN + 9 * HOUR


def test_a_case_is_due_when_the_last_of_its_mandatory_tasks_is() -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR)
    issue.joined(HOUR, 8 * HOUR, "urban").joined(HOUR, 20 * HOUR, "parks", mandatory=False)

    assert the(book_of(log), Kind.CASE, issue).due_at == BEGIN + 8 * HOUR


def test_who_answered_in_time_is_not_late_by_the_time_that_looking_takes() -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR).answered(4 * HOUR)
    issue.clock(clock.Stage.CHECK, 4 * HOUR, 12 * HOUR)
    issue.closed(10 * HOUR)

    case = the(book_of(log), Kind.CASE, issue)
    assert (case.due_at, case.on_time) == (BEGIN + 12 * HOUR, True)


def test_who_answered_late_gains_nothing_from_the_check() -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR).answered(6 * HOUR)
    issue.clock(clock.Stage.CHECK, 6 * HOUR, 24 * HOUR)
    issue.closed(7 * HOUR)

    case = the(book_of(log), Kind.CASE, issue)
    assert (case.due_at, case.on_time) == (BEGIN + 5 * HOUR, False)


def test_a_failed_check_reopens_only_the_tasks_that_it_names_and_is_counted() -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR).joined(HOUR, 8 * HOUR, "urban")
    issue.part_answered(2 * HOUR, "urban").answered(3 * HOUR)
    issue.sent_back(4 * HOUR, issue.task("urban"))

    book = book_of(log)
    assert the(book, Kind.TASK, issue, issue.task()).outcome == "done"
    again = the(book, Kind.TASK, issue, issue.task("urban"))
    assert (again.outcome, again.due_at, again.failed_checks) == ("open", BEGIN + 8 * HOUR, 1)
    assert the(book, Kind.CASE, issue).failed_checks == 1


def test_a_case_that_comes_back_is_open_and_due_anew() -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR).answered(2 * HOUR).closed(3 * HOUR).reopened(DAY)
    open_again = the(book_of(log), Kind.CASE, issue)
    issue.dispatched(DAY + HOUR, 2 * DAY)

    case = the(book_of(log), Kind.CASE, issue)
    assert (open_again.outcome, open_again.on_time) == ("open", None)
    assert (case.due_at, case.round) == (BEGIN + 2 * DAY, 2)


def test_a_clock_that_fell_away_is_neither_done_nor_late() -> None:
    log = Histories()
    issue = log.issue("a").reported()
    gone = issue.clock(clock.Stage.SIGN, HOUR, 3 * HOUR)
    issue.stopped(gone, 9 * HOUR, on_time=False, fulfilled=False)

    row = the(book_of(log), Kind.CLOCK, issue, gone)
    assert (row.outcome, row.on_time) == ("fallen", None)


def test_what_the_reporter_says_is_counted_for_the_department_that_had_it() -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR).answered(2 * HOUR).closed(3 * HOUR)
    issue.rated(DAY, Satisfaction.FAIRLY_SATISFIED, resolved=False)

    (row,) = (row for row in book_of(log).rows.values() if row.kind is Kind.QUESTION)
    assert (row.department, row.outcome, row.resolved) == ("sanitation", "fairly_satisfied", False)


def test_what_began_before_our_time_is_passed_over() -> None:
    log = Histories()
    log.issue("a").answered(HOUR).sent_back(2 * HOUR).closed(3 * HOUR)

    assert book_of(log).rows == {}


def test_the_same_history_gives_the_same_rows_and_says_which_changed() -> None:
    log = Histories()
    log.issue("a").reported().accepted(HOUR).filed(HOUR).dispatched(HOUR, 5 * HOUR)
    book = Book()
    changed = [sorted(row.kind.value for row in take(book, recorded)) for recorded in log.events]

    assert changed == [["report"], ["report"], ["case"], ["case", "task"]]
    assert book.rows == book_of(log).rows


def test_every_indicator_has_its_own_code_and_both_languages() -> None:
    codes = [found.code for found in indicators.INDICATORS]

    assert len(set(codes)) == len(codes)
    assert all(found.name.zh and found.name.en for found in indicators.INDICATORS)
    assert all(found.formula.zh and found.formula.en for found in indicators.INDICATORS)
    with pytest.raises(NotFound, match="no indicator"):
        indicators.indicator("handeld")


def test_all_that_is_counted_is_about_one_issue() -> None:
    names = [{field.name for field in fields(shape)} for shape in COUNTED]

    assert all(found & {"case_id", "report_id"} for found in names)


def test_jinniu_weighs_five_figures_and_none_without_a_denominator() -> None:
    ratios = {"handled_on_time": 0.9, "handled": 1.0, "rework": 0.1, "overdue": 0.0, "extended": 0.2}

    assert jinniu(ratios) == pytest.approx(30 * 0.9 + 20 + 20 * 0.9 + 20 + 10 * 0.8)
    assert jinniu(ratios | {"handled": None}) is None


def test_jinhua_takes_more_from_the_third_time_on() -> None:
    assert jinhua(0.7, 0.9, []) == 70
    assert jinhua(0.35, 0.9, []) == 45
    assert jinhua(1.0, 1.0, [1, 3]) == pytest.approx(70 - 0.2 - 0.4 - 0.5)
    assert jinhua(None, 1.0, []) is None


def test_nothing_is_late_before_it_is_due() -> None:
    log = Histories()
    issue = log.issue("a").filed().dispatched(HOUR, 5 * HOUR).answered(5 * HOUR).closed(5 * HOUR)
    late = log.issue("b").filed().dispatched(HOUR, 5 * HOUR).answered(5 * HOUR + timedelta(seconds=1))

    book = book_of(log)
    assert the(book, Kind.TASK, issue, issue.task()).on_time is True
    assert the(book, Kind.TASK, late, late.task()).on_time is False
