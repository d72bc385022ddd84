"""What holds of the clocks of every issue, however it goes and whoever hears of it when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.dispatch.clocks.facts import book_of, draft, missing
from services.dispatch.clocks.road import TASK
from shared.contracts.clock import Stage
from shared.contracts.envelope import Recorded
from shared.contracts.shapes import Limit
from shared.contracts.task import TaskStarted
from shared.kernel.ids import derived_id
from tests.support.clocks import DAYS, HOURS, RULES, Issue, at

START = at("2026-09-28 09:00")
STEPS = ("signed", "suspended", "resumed", "responded", "sent_to_check", "failed", "passed", "dispatched", "extended")
LIMITS = st.builds(Limit, st.integers(1, 12), st.sampled_from((HOURS, DAYS)))
WAYS = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3 * 24 * 60)), max_size=12)


def told(way: Sequence[tuple[str, int]], limit: Limit) -> Issue:
    """An issue that went that way: each step some minutes after the one before, sensible or not."""
    issue = Issue(START, keeps=False, case_id=derived_id("any", "issue")).submitted().accepted().filed()
    issue.dispatched(limit)
    for attempt, (step, minutes) in enumerate(way, start=2):
        issue.now += timedelta(minutes=minutes)
        match step:
            case "failed" | "passed":
                issue.checked(step == "passed")
            case "dispatched":
                issue.dispatched(limit, attempt)
            case "extended":
                issue.extended(issue.now + timedelta(days=1))
            case _:
                getattr(issue, step)()
    return issue


def stood(history: list[Recorded[Any]], now: datetime) -> dict[object, object]:
    """Every clock and where it stands: due, used, stopped."""
    found = draft(history, RULES, now)
    return {
        clock_id: (clock.due_at, clock.warn_at, clock.paused, clock.stopped, clock.minutes_used)
        for clock_id, clock in found.book.clocks.items()
    }


@given(WAYS, LIMITS, st.sets(st.integers(0, 40)))
@example([("suspended", 0), ("suspended", 0), ("extended", 0)], Limit(5, HOURS), set(range(41)))
@example([("suspended", 0), ("extended", 0), ("suspended", 0), ("resumed", 60)], Limit(5, HOURS), set(range(41)))
@settings(max_examples=60, deadline=None)
def test_whenever_one_looks_on_the_way_the_clocks_end_the_same(
    way: list[tuple[str, int]], limit: Limit, looks: set[int]
) -> None:
    whole = told(way, limit)
    events = list(whole.history)
    now = whole.now + timedelta(minutes=1)
    log: list[Recorded[Any]] = []
    for number, event in enumerate(events):
        log.append(event)
        if number in looks:
            log += _recorded(log, now)

    assert stood(log, now) == stood(events, now)


def _recorded(log: list[Recorded[Any]], now: datetime) -> list[Recorded[Any]]:
    """The missing facts, as the log would hold them."""
    version = sum(1 for one in log if one.stream.startswith("clock-"))
    return [
        replace(
            log[0],
            event=fact.event,
            event_id=fact.event_id,
            stream="clock-x",
            version=version + number,
            type="clock.any",
            occurred_at=fact.occurred_at,
        )
        for number, fact in enumerate(missing(log, RULES, now), start=1)
    ]


@given(WAYS, LIMITS, st.integers(0, 20))
@settings(max_examples=30, deadline=None)
def test_a_comment_anywhere_never_moves_a_due_instant(way: list[tuple[str, int]], limit: Limit, place: int) -> None:
    issue = told(way, limit)
    events = list(issue.history)
    started = TaskStarted(case_id=issue.case_id, task_id=issue.task_id, department="urban")
    comment = replace(events[-1], event=started, event_id=derived_id("comment"), type="task.started")
    place = min(place, len(events))

    assert stood([*events[:place], comment, *events[place:]], issue.now) == stood(events, issue.now)


@given(WAYS, LIMITS)
@settings(max_examples=30, deadline=None)
def test_pausing_and_resuming_at_once_changes_nothing(way: list[tuple[str, int]], limit: Limit) -> None:
    issue = told(way, limit)
    before = running_tasks(issue)
    issue.suspended().resumed()

    assert {clock_id: due_at for clock_id, due_at in running_tasks(issue).items() if clock_id in before} == before


def running_tasks(issue: Issue) -> dict[object, object]:
    clocks = draft(issue.history, RULES, issue.now).book.running
    return {clock.clock_id: clock.due_at for clock in clocks if clock.stage in TASK}


@given(st.integers(0, 60 * 24 * 60), st.integers(0, 24 * 60), LIMITS)
@settings(max_examples=60, deadline=None)
def test_what_starts_later_is_never_due_earlier(minutes: int, more: int, limit: Limit) -> None:
    first, second = (
        Issue(START + timedelta(minutes=found)).filed().dispatched(limit).clock(Stage.HANDLE).due_at
        for found in (minutes, minutes + more)
    )

    assert first <= second


@given(WAYS, LIMITS)
@settings(max_examples=30, deadline=None)
def test_no_rung_is_climbed_twice_however_often_the_timer_looks(way: list[tuple[str, int]], limit: Limit) -> None:
    issue = told(way, limit)
    for _ in range(12):
        issue.now += timedelta(hours=13)
        issue.ticked()
    said = [(fact.event_id, fact.type) for fact in issue.facts()]

    assert len(said) == len(set(said))
    assert book_of(issue.history).clocks.keys() == draft(issue.history, RULES, issue.now).book.clocks.keys()


def test_the_zone_in_which_an_instant_is_written_makes_no_difference_to_its_facts() -> None:
    issue = Issue(START).filed().dispatched()
    other = [replace(one, occurred_at=one.occurred_at.astimezone(UTC)) for one in issue.history]

    assert missing(other, RULES, issue.now) == ()
