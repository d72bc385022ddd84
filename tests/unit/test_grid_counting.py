"""The counters of the five views: whatever the batches, they are what counting the rows from scratch gives."""

from __future__ import annotations

import csv
import gzip
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.grid.domain.quantiles import (
    RELATIVE_ERROR,
    WIDE_ERROR,
    bucket,
    quantile,
    seconds_of,
    wide_bucket,
    wide_quantile,
)
from services.grid.domain.time import day_of, start_of
from services.grid.projections.case_rows import CHANGES, Book, CaseRow
from services.grid.projections.counting import Counts, Difference, contributions, lineage
from services.grid.queries.figures import Found, figures
from shared.contracts import catalogue
from shared.contracts.case import CaseClosed, CaseDispatched, CaseFiled, Loop, TaskResponded
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.contracts.report import ReportSubmitted, Source, Urgency
from shared.kernel.area import Area
from shared.kernel.case_states import MOVES
from shared.kernel.ids import derived_id
from shared.projections import said
from tests.support.histories import HOUR, Histories
from tests.support.lives import START, City, lives

BOSTON = Path(__file__).parents[3] / "shared" / "data" / "us_311" / "boston_311_2011H2.csv.gz"
SMALL = City(streets=2, communities=2, groups=2, buildings=2)


def project(batches: Sequence[Sequence[Recorded[Any]]]) -> tuple[dict[str, CaseRow], Counts]:
    """What the projection does, with dictionaries in the place of tables."""
    book, total = Book(), Counter[tuple[str, str, str]]()
    for batch in batches:
        touched = {str(recorded.correlation_id) for recorded in batch}
        before = {name: (book.rows[name].area, contributions(book.rows[name])) for name in touched if name in book.rows}
        for recorded in batch:
            book.take(recorded)
        difference = Difference()
        for name in touched:
            row = book.rows[name]
            difference.change(*before.get(name, ("", frozenset())), row.area, contributions(row))
        total.update(difference.counts())
    return book.rows, {name: n for name, n in total.items() if n}


def from_scratch(rows: dict[str, CaseRow]) -> Counts:
    """Counting every row for every area that it lies in."""
    found = Counter[tuple[str, str, str]]()
    for row in rows.values():
        for measure, key in contributions(row):
            found.update((area, measure, key) for area in lineage(row.area))
    return dict(found)


def cut(events: Sequence[Any], places: Sequence[int]) -> list[Sequence[Any]]:
    edges = [0, *sorted({place % (len(events) + 1) for place in places}), len(events)]
    return [events[left:right] for left, right in pairwise(edges) if left < right]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), places=st.lists(st.integers(0, 400), max_size=12))
def test_counters_are_what_counting_from_scratch_gives_whatever_the_batches(seed: int, places: list[int]) -> None:
    events = list(lives(15, seed, SMALL))
    rows, counts = project(cut(events, places))

    assert counts == from_scratch(rows)
    assert (rows, counts) == project([events])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), places=st.lists(st.integers(0, 400), max_size=8))
def test_history_in_any_order_and_twice_is_counted_without_refusal(seed: int, places: list[int]) -> None:
    """No order of events is an error for a projection: it takes what the log says."""
    shuffled = list(lives(10, seed, SMALL))
    chance = random.Random(seed)
    chance.shuffle(shuffled)
    events = [event for event in shuffled for _ in range(chance.choice((1, 1, 2)))]
    rows, counts = project(cut(events, places))

    assert counts == from_scratch(rows)


def test_an_event_that_was_taken_before_changes_nothing() -> None:
    events = list(lives(5, 1, SMALL))
    once, twice = Book(), Book()
    for recorded in events:
        once.take(recorded)
        twice.take(recorded)
        twice.take(recorded)

    assert once == twice


def test_every_move_of_the_state_table_leads_to_one_state_whatever_the_source() -> None:
    targets: dict[str, set[str]] = {}
    for move in MOVES:
        targets.setdefault(move.event, set()).add(move.target.value)

    assert {event: found for event, found in targets.items() if len(found) > 1} == {}
    assert CHANGES.keys() <= catalogue.load().keys()


def test_a_case_that_moves_to_another_area_is_counted_there_and_no_longer_here() -> None:
    first = next(lives(1, 3, SMALL))
    elsewhere = Area("530103.009")
    moved = Recorded(**{name: getattr(first, name) for name in first.__slots__} | {"position": 99, "area": elsewhere})
    _, counts = project([[first], [moved]])

    assert {area for area, _, _ in counts} == {"530103", "530103.009"}


# --- durations and days -----------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.floats(1, 3e9))
def test_a_bucket_stands_for_its_durations_within_two_percent(seconds: float) -> None:
    assert abs(seconds_of(bucket(seconds)) - seconds) <= RELATIVE_ERROR * seconds * (1 + 1e-6)


@settings(max_examples=100)
@given(st.lists(st.floats(1, 1e8), min_size=1, max_size=200), st.sampled_from([0.5, 0.9]))
def test_a_quantile_of_buckets_is_that_of_the_durations_within_two_percent(
    durations: list[float], share: float
) -> None:
    counts = Counter(bucket(seconds) for seconds in durations)
    true = sorted(durations)[max(1, math.ceil(share * len(durations))) - 1]

    assert quantile(counts, share) == pytest.approx(true, rel=RELATIVE_ERROR * 1.001)


@settings(max_examples=100)
@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=50))
def test_a_median_of_wide_buckets_is_that_of_the_durations_within_five_percent(durations: list[int]) -> None:
    counts = Counter(wide_bucket(seconds) for seconds in durations)
    true = sorted(durations)[math.ceil(len(durations) / 2) - 1]

    assert wide_quantile(counts, 0.5) == pytest.approx(true, rel=WIDE_ERROR * 1.001)


def test_the_time_in_a_step_is_added_up_over_all_stays_in_it() -> None:
    told, book = Histories(), Book()
    issue = told.issue("a").reported().filed(HOUR).dispatched(3 * HOUR, None).answered(10 * HOUR)
    issue.sent_back(12 * HOUR).answered(20 * HOUR).closed(25 * HOUR)
    for recorded in told.events:
        row = book.take(recorded)
    assert row is not None

    assert (row.in_report, row.in_dispatch, row.in_handle, row.in_check) == (3600, 9 * 3600, 7 * 3600, 8 * 3600)
    assert ("step", f"handle {wide_bucket(7 * 3600)}") in contributions(row)


def test_what_is_copied_keeps_its_tabs_lines_and_backslashes() -> None:
    assert said("a\tb\\c\nd") == r"a\tb\\c\nd"
    assert (said(None), said(7)) == (r"\N", "7")


def test_days_begin_at_midnight_in_the_city() -> None:
    assert day_of(datetime(2026, 5, 3, 15, 59, 59, tzinfo=UTC)) == "2026-05-03"
    assert day_of(datetime(2026, 5, 3, 16, 0, tzinfo=UTC)) == "2026-05-04"
    assert start_of("2026-05-04") == datetime(2026, 5, 3, 16, 0, tzinfo=UTC)


# --- what the figures say ---------------------------------------------------------------------------------------


def _counters(counts: Counts, area: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (where, measure, key), n in counts.items():
        if where == area:
            found.setdefault(measure, {})[key] = n
    return found


def _found(counters: dict[str, dict[str, int]]) -> Found:
    """What the view's statement reads, long after everything was due."""
    awaited, handling = sum(counters.get("due", {}).values()), counters.get("handling", {})
    spans = [bucket(seconds) if (seconds := quantile(handling, share)) else None for share in (0.5, 0.9)]
    days = sorted({*counters.get("opened", {}), *counters.get("closed", {})})
    return Found(
        counters=counters, awaited=awaited, overdue=awaited, late={}, handled=sum(handling.values()), median=spans[0],
        p90=spans[1], days=days,
    )  # fmt: skip


def test_figures_agree_with_each_other_at_every_tier() -> None:
    rows, counts = project([list(lives(200, 9, SMALL))])
    for area in {area for area, _, _ in counts}:
        inside = [row for row in rows.values() if area in lineage(row.area)]
        shown = figures(_found(_counters(counts, area)))

        assert shown["cases"] == len(inside) == sum(shown["by_state"].values()) == sum(shown["by_step"].values())
        assert shown["open"] == sum(row.is_open for row in inside)
        assert shown["with_limit"] == shown["on_time"] + shown["late"] + sum(row.awaited for row in inside)
        assert shown["closed"] == sum(shown["solved_by_loop"].values()) == sum(d["closed"] for d in shown["by_day"])
        assert sum(kind["open"] for kind in shown["by_issue_type"]) == shown["open"]


def test_the_share_of_each_loop_and_of_the_grid_and_problem_cases_follow_from_the_rows() -> None:
    row = next(iter(project([list(lives(1, 9, SMALL))])[0].values()))
    closed = START + timedelta(days=3)
    told = [("community", True, False), ("community", True, True), ("street", True, False), ("district", False, True)]
    counters: dict[str, dict[str, int]] = {}
    for loop, is_closed, problem in told:
        state = "closed" if is_closed else "suspended"
        row = replace(row, loop=loop, state=state, is_open=not is_closed, closed_at=closed, problem=problem)
        for measure, key in contributions(row):
            counters.setdefault(measure, {})[key] = counters.get(measure, {}).get(key, 0) + 1
    shown = figures(replace(_found(counters), late={"sign": 2, "handle": 1}))

    assert shown["solved_share_by_loop"] == {"community": 0.6667, "street": 0.3333, "district": 0.0}
    assert (shown["solved_in_grid"], shown["solved_in_grid_share"]) == (2, 0.6667)
    assert (shown["suspended"], shown["problems"], shown["problems_settled"]) == (1, 1, 1)
    assert shown["overdue_by_stage"] == {"sign": 2, "handle": 1}


def test_what_was_put_right_on_the_spot_was_solved_in_the_grid_whatever_its_loop() -> None:
    row = next(iter(project([list(lives(1, 9, SMALL))])[0].values()))
    row = replace(row, loop="street", state="closed", is_open=False, closed_at=START, on_the_spot=True)

    assert ("solved", "in_grid") in contributions(row)
    assert ("solved", "in_grid") not in contributions(replace(row, on_the_spot=False))


# --- the answer key ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not BOSTON.exists(), reason="the Boston half-year is not beside the project")
def test_the_boston_half_year_is_counted_as_the_city_itself_counted_it() -> None:
    rows, verdicts = _boston()
    total = Counter[tuple[str, str]]()
    for row in rows.values():
        total.update(contributions(row))
    counters: dict[str, dict[str, int]] = {}
    for (measure, key), n in total.items():
        counters.setdefault(measure, {})[key] = n
    shown = figures(_found(counters))
    handled = [(row.handled_at - row.reported_at).total_seconds() for row in rows.values() if row.handled_at]

    assert shown["cases"] == 58_251
    assert (shown["with_limit"], shown["on_time"], shown["late"], shown["overdue"]) == (47_270, 35_591, 8_230, 3_449)
    assert shown["handling"]["median_seconds"] == pytest.approx(median(handled), rel=0.021)
    assert _disagreements(rows, verdicts) == []


def _disagreements(rows: dict[str, CaseRow], verdicts: dict[str, str]) -> list[str]:
    """Cases with a target on which the city's own verdict, where it gave one, differs from ours."""
    found = []
    for case_id, verdict in verdicts.items():
        row = rows[case_id]
        if row.due_at is not None:
            ours = "ONTIME" if row.on_time else "OVERDUE"
            if verdict and ours != verdict:
                found.append(case_id)
    return found


def _boston() -> tuple[dict[str, CaseRow], dict[str, str]]:
    book, verdicts, position = Book(), {}, 0
    with gzip.open(BOSTON, "rt", encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            for recorded in _boston_events(line):
                position += 1
                book.take(Recorded(**recorded, position=position))
            verdicts[str(derived_id("boston", line["case_enquiry_id"]))] = line["ontime"]
    return book.rows, verdicts


def _boston_events(line: dict[str, str]) -> Iterator[dict[str, Any]]:
    case_id = derived_id("boston", line["case_enquiry_id"])
    at = {name: _instant(line[f"{name}_dt"]) for name in ("open", "target", "closed")}
    opened = at["open"]
    assert opened is not None
    told: dict[str, Any] = {
        "number": line["case_enquiry_id"], "source": Source.HOTLINE, "subject_id": None, "issue_type": line["type"],
        "urgency": Urgency.NORMAL, "title": line["case_title"], "words": "", "place": None, "point": None,
    }  # fmt: skip
    task: dict[str, Any] = {"case_id": case_id, "task_id": case_id, "department": line["department"]}
    events: list[tuple[object, datetime | None]] = [
        (ReportSubmitted(report_id=case_id, external_number=None, **told), opened),
        (CaseFiled(case_id=case_id, loop=Loop.DISTRICT, reported_at=opened, **told), opened),
        (
            CaseDispatched(
                **task,
                co_handlers=(),
                rule=None,
                because="",
                limit=None,
                due_at=at["target"],
                due_because="",
                attempt=1,
            ),
            opened,
        ),
    ]
    if at["closed"] is not None:
        events.append((TaskResponded(**task, answer="", evidence=(), on_time=None), at["closed"]))
        events.append((CaseClosed(case_id=case_id, answer="", attempt=1), at["closed"]))
    for version, (event, when) in enumerate(events, 1):
        yield {
            "event": event, "event_id": case_id, "stream": f"case-{case_id}", "version": version,
            "type": catalogue.OF_SHAPE[type(event)].name, "area": Area("250250"), "actor": Actor.service("dispatch"),
            "correlation_id": case_id, "causation_id": None, "origin": Origin.IMPORT, "occurred_at": when,
            "recorded_at": when,
        }  # fmt: skip


def _instant(text: str) -> datetime | None:
    # Boston's clock, five hours behind UTC: only differences count here.
    return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(hours=5) if text else None
