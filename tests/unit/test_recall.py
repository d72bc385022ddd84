"""A dispatch that was taken back: the case is what it was, and nothing anywhere counts that it had been given away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dispatch import handlers
from services.dispatch.domain import pool
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.recall import recall as take_back
from services.dispatch.projections.work_changes import CHANGES, Entry
from services.dispatch.projections.work_changes import filed as row_of
from services.dispatch.queries.case import one_case
from services.grid.domain.checks import handling
from services.grid.projections.case_rows import Book as Rows
from services.intake.projections import move
from services.survey.domain.counted import Book, Kind
from services.survey.domain.counting import take
from services.survey.domain.flags import suspicions
from shared.contracts.case import CaseDispatchRecalled, ProblemKind, Waiting
from shared.contracts.check import CheckPassed
from shared.contracts.clock import Stage
from shared.contracts.envelope import Actor, Recorded
from shared.kernel.case_states import State
from shared.kernel.errors import Conflict, Forbidden, Refused
from shared.kernel.ids import new_id
from tests.support.cases import (
    DISPATCHER,
    OTHER_DISPATCHER,
    RULEBOOK,
    THURSDAY,
    TO,
    URBAN,
    OvertakenLog,
    Story,
    cause,
    recorded,
)
from tests.support.clocks import Issue, at
from tests.support.histories import BEGIN, HOUR, Histories

SOON = THURSDAY + timedelta(seconds=50)


def dispatch(story: Story, department: str = "urban") -> Story:
    handlers.dispatch(
        story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER, story.at), department=department, reason="近"
    )
    return story


def recall(story: Story, at: Any = SOON, key: str | None = None) -> Story:
    handlers.recall(story.log, story.case_id, OTHER_DISPATCHER, cause(OTHER_DISPATCHER, at, key))
    return story


def given_too_often() -> Story:
    """Twice given and twice given back: the next department makes it a problem case."""
    story = TO["dispatched"]()
    for _ in range(2):
        story.return_asked().approved(DISPATCHER)
        story.dispatched()
    return story.return_asked().approved(DISPATCHER)


@pytest.mark.parametrize("start", [TO["filed"], TO["returned"], TO["reopened"], given_too_often])
def test_the_case_stands_again_as_it_stood(start: Callable[[], Story]) -> None:
    story = start()
    before = story.case
    recall(dispatch(story))
    after = story.case

    assert story.types[-1] == "case.dispatch_recalled"
    assert (after.state, after.tasks, after.transfers) == (before.state, before.tasks, before.transfers)
    assert (after.handlers, after.returned_as) == (before.handlers, before.returned_as)
    assert (after.problem, after.supervised_by, after.adjudicated) == (None, None, before.adjudicated)


def test_the_next_dispatch_has_tasks_of_its_own_and_counts_as_the_first_would_have() -> None:
    story = given_too_often()
    dispatch(recall(dispatch(story)), "water")
    given = [one.event.task_id for one in story.log.stream(f"case-{story.case_id}") if one.type == "case.dispatched"]

    assert len(set(given)) == len(given) == 5
    assert story.case.problem is ProblemKind.TRANSFERS
    assert story.case.transfers == 3


def test_the_department_does_not_see_the_case_any_more() -> None:
    story = recall(dispatch(TO["filed"]()))

    with pytest.raises(Forbidden):
        one_case(story.log, story.case_id, URBAN, SOON)


def test_after_a_minute_it_is_too_late_and_the_case_says_so() -> None:
    story = dispatch(TO["filed"]())
    late = THURSDAY + timedelta(seconds=61)
    with pytest.raises(Refused) as refusal:
        recall(story, late)
    told = one_case(story.log, story.case_id, DISPATCHER, late)["actions"]

    assert refusal.value.rule == "recall.too_late"
    assert next(one["rule"] for one in told if one["action"] == "recall") == "recall.too_late"


def test_the_same_click_twice_takes_back_once() -> None:
    story = recall(recall(dispatch(TO["filed"]()), key="k"), key="k")

    assert story.types.count("case.dispatch_recalled") == 1


def test_a_department_that_signs_first_keeps_the_case() -> None:
    story = dispatch(TO["filed"]())
    log = OvertakenLog(story.log, lambda inner: handlers.sign(inner, story.case_id, URBAN, cause(URBAN, SOON)))
    with pytest.raises(Conflict):  # the door tries again, and then it is refused
        handlers.recall(log, story.case_id, DISPATCHER, cause(DISPATCHER, SOON))
    with pytest.raises(Refused) as refusal:
        recall(story)

    assert refusal.value.rule == "case.not_recallable"
    assert story.case.state is State.HANDLING


def test_what_is_in_the_open_pool_is_taken_out_of_it_in_another_way() -> None:
    case = recall(dispatch(TO["filed"]())).case
    (offered,) = pool.offer(case, DISPATCHER, pool.Offer(what="扶起来", claim_hours=4))
    with pytest.raises(Refused) as refusal:
        take_back(evolve(case, offered), DISPATCHER, THURSDAY, SOON)

    assert refusal.value.rule == "case.not_recallable"


# --- whoever counts ---------------------------------------------------------------------------------------------


def recalled(case_id: UUID, task_id: UUID, back_to: Waiting = Waiting.FILED) -> CaseDispatchRecalled:
    told: dict[str, Any] = {"department": "sanitation", "co_handlers": (), "attempt": 1, "was_problem": False}
    return CaseDispatchRecalled(case_id=case_id, task_id=task_id, back_to=back_to, **told)


def test_its_clocks_fall_away_and_no_time_is_won_by_it() -> None:
    issue = Issue(at("2026-11-23 10:00")).filed()
    due_at = issue.clock(Stage.DISPATCH).due_at
    issue.at("2026-11-23 10:20").dispatched().at("2026-11-23 10:21")
    issue.happens(recalled(issue.case_id, issue.task_id))

    assert [clock.stage for clock in issue.book.running] == [Stage.DISPATCH]
    assert issue.clock(Stage.DISPATCH).due_at == due_at
    assert "撤回派遣不另给时限" in issue.clock(Stage.DISPATCH).because


def test_neither_its_tasks_nor_its_round_nor_the_time_it_took_are_counted() -> None:
    log = Histories()
    issue = log.issue("a").reported().accepted().filed()
    waited = issue.clock(Stage.DISPATCH, timedelta(), HOUR)
    issue.dispatched(HOUR / 2, 5 * HOUR).stopped(waited, HOUR / 2, on_time=True)
    taken_back = issue.task()
    issue._case(recalled(issue.case_id, taken_back), HOUR / 2)
    issue.dispatched(3 * HOUR, 9 * HOUR)
    book = Book()
    for one in log.events:
        tuple(take(book, one))
    case = book.rows[Kind.CASE, str(issue.case_id)]

    assert case.round == 1
    assert case.due_at == BEGIN + 9 * HOUR
    assert [row.ref for row in book.in_hand(issue.case_id)] == [str(issue.task())]
    assert book.rows[Kind.CLOCK, str(waited)].outcome == "fallen"


def test_a_dispatch_clock_that_is_heard_to_stop_after_the_recall_still_does_not_count() -> None:
    log = Histories()
    issue = log.issue("a").reported().accepted().filed()
    waited = issue.clock(Stage.DISPATCH, timedelta(), HOUR)
    issue.dispatched(HOUR / 2, 5 * HOUR)
    issue._case(recalled(issue.case_id, issue.task()), HOUR / 2).stopped(waited, HOUR / 2, on_time=True)
    book = Book()
    for one in log.events:
        tuple(take(book, one))

    assert book.rows[Kind.CLOCK, str(waited)].outcome == "fallen"


@pytest.mark.parametrize("back_to", list(Waiting))
def test_every_list_of_cases_shows_it_where_it_stood(back_to: Waiting) -> None:
    log = Histories()
    issue = log.issue("a").reported().filed().dispatched(HOUR, 5 * HOUR)
    issue._case(recalled(issue.case_id, issue.task(), back_to), HOUR)
    views, work, public = Rows(), Entry({}), {"state": "dispatched", "updated_at": BEGIN}
    for one in log.events:
        views.take(one)
        if one.type == "case.filed":
            work.row = row_of(one.event, one)
        elif change := CHANGES.get(one.type):
            change(work, one.event, one)
    move(public, log.events[-1])
    row = views.rows[str(issue.case_id)]

    assert (row.state, row.department, row.due_at) == (back_to.value, None, None)
    assert (work.row["department"], work.row["due_at"], list(work.in_hand())) == (None, None, [])
    assert (public["state"], public["department"], public["due_at"]) == (back_to.value, None, None)
    assert handling(log.events).departments == frozenset()
    assert handling(log.events).state is State(back_to.value)


def test_whoever_had_it_for_a_moment_is_no_insider_of_the_check() -> None:
    story = recall(dispatch(TO["filed"]())).dispatched().signed().responded()
    check = CheckPassed(check_id=new_id(), case_id=story.case_id, findings="已清")
    looked = recorded(check, actor=Actor("u.he", "supervisor", "urban"))
    kept = recorded(check, actor=Actor("s.li", "supervisor", "sanitation"))
    history = story.log.stream(f"case-{story.case_id}")

    def accused(told: Recorded[Any]) -> list[str]:
        return [flag.suspicion.value for flag in suspicions([*history, told], {}) if "inside" in flag.suspicion.value]

    assert accused(looked) == []
    assert len(accused(kept)) == 1
