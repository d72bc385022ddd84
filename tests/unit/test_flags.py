"""What looks odd beside a case: found in its history, raised once, settled once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.survey.domain import flags
from services.survey.domain.flags import Flags
from shared.contracts import case as cases
from shared.contracts.check import CheckPassed
from shared.contracts.envelope import Actor
from shared.contracts.flag import FlagRaised, Suspicion
from shared.contracts.photo import PhotoStored
from shared.contracts.report import ReportSelfHandled, ReportSubmitted
from shared.contracts.shapes import Point
from shared.kernel.errors import Invalid, NotFound, Refused
from shared.kernel.ids import derived_id
from tests.support.examples import example
from tests.support.histories import BEGIN, HOUR, Histories, Issue

HERE = Point(lat=25.0650, lon=102.7440, accuracy=10)
NEAR = Point(lat=25.0660, lon=102.7440, accuracy=10)
AWAY = Point(lat=25.0750, lon=102.7440, accuracy=10)
MINUTE = timedelta(minutes=1)


def photo(name: str, fingerprint: int, point: Point | None = None) -> PhotoStored:
    return replace(example(PhotoStored), sha256=name, fingerprint=f"{fingerprint:016x}", point=point, taken_at=None)


def handled(log: Histories, *, before: tuple[str, ...] = (), after: tuple[str, ...] = (), fast: bool = False) -> Issue:
    issue = log.issue("a")
    submitted = replace(
        example(ReportSubmitted), report_id=issue.case_id, point=HERE, photos=tuple(f"photo:{name}" for name in before)
    )
    log.tell(f"report-{issue.case_id}", submitted, BEGIN)
    issue.filed().dispatched(HOUR, 9 * HOUR)
    responded = cases.TaskResponded(
        case_id=issue.case_id,
        task_id=issue.task(),
        department="sanitation",
        answer="",
        evidence=tuple(f"photo:{name}" for name in after),
        on_time=True,
    )
    log.tell(f"case-{issue.case_id}", responded, BEGIN + HOUR + (MINUTE if fast else 2 * HOUR))
    return issue


def found(log: Histories, *photos: PhotoStored) -> list[Suspicion]:
    return [flag.suspicion for flag in flags.suspicions(log.events, {each.sha256: each for each in photos})]


@pytest.mark.parametrize(
    ("bits", "expected"),
    [(0, [Suspicion.SAME_PHOTO]), (0b11_1111_1111, [Suspicion.SAME_PHOTO]), (0b111_1111_1111, [])],
)
def test_a_picture_after_that_looks_like_the_one_before_is_noted(bits: int, expected: list[Suspicion]) -> None:
    log = Histories()
    handled(log, before=("b",), after=("a",))

    assert found(log, photo("b", 0xABCDEF), photo("a", 0xABCDEF ^ bits)) == expected


def test_the_very_same_picture_needs_no_fingerprint() -> None:
    log = Histories()
    handled(log, before=("same",), after=("same",))

    assert found(log) == [Suspicion.SAME_PHOTO]


@pytest.mark.parametrize(("point", "expected"), [(NEAR, []), (AWAY, [Suspicion.FAR_PHOTO]), (None, [])])
def test_a_picture_taken_elsewhere_is_noted(point: Point | None, expected: list[Suspicion]) -> None:
    log = Histories()
    handled(log, after=("a",))

    assert found(log, photo("a", 1, point)) == expected


def test_how_unsure_the_positions_are_counts_for_the_handler() -> None:
    log = Histories()
    handled(log, after=("a",))

    assert found(log, photo("a", 1, replace(AWAY, accuracy=1_000))) == []


def test_an_answer_sooner_than_anybody_can_work_is_noted() -> None:
    log, slow = Histories(), Histories()
    handled(log, fast=True)
    handled(slow)

    assert found(log) == [Suspicion.TOO_FAST]
    assert found(slow) == []


@pytest.mark.parametrize(("department", "expected"), [("sanitation", True), ("urban", True), ("parks", False)])
def test_who_looks_must_not_belong_to_any_department_that_handled_it(department: str, expected: bool) -> None:
    log = Histories()
    issue = handled(log)
    issue.joined(2 * HOUR, 9 * HOUR, "urban")
    passed = CheckPassed(check_id=derived_id("check"), case_id=issue.case_id, findings="好了")
    log.tell("check-1", passed, BEGIN + 5 * HOUR)
    log.events[-1] = replace(log.events[-1], actor=Actor("s-1", "supervisor", department))

    assert (Suspicion.CHECKER_INSIDE in found(log)) is expected


@pytest.mark.parametrize(("minutes", "expected"), [(59, True), (61, False)])
def test_a_suspension_just_before_the_time_runs_out_is_noted(minutes: int, expected: bool) -> None:
    log = Histories()
    log.issue("a").filed().dispatched(HOUR, 9 * HOUR).suspended(9 * HOUR - minutes * MINUTE)

    assert (found(log) == [Suspicion.SUSPENDED_BEFORE_DUE]) is expected


def test_an_extension_gives_room_for_a_suspension() -> None:
    log = Histories()
    log.issue("a").filed().dispatched(HOUR, 9 * HOUR).extended(2 * HOUR, 99 * HOUR).suspended(9 * HOUR - MINUTE)

    assert found(log) == []


def test_solved_on_the_spot_is_looked_at_too() -> None:
    log = Histories()
    report_id = derived_id("issue", "spot")
    told = replace(example(ReportSubmitted), report_id=report_id, point=HERE, photos=())
    solved = replace(example(ReportSelfHandled), report_id=report_id, before=("photo:x",), after=("photo:x",))
    log.tell(f"report-{report_id}", told, BEGIN)
    log.tell(f"report-{report_id}", solved, BEGIN)

    assert found(log) == [Suspicion.SAME_PHOTO]


@pytest.mark.parametrize(
    ("day", "closings", "expected"),
    [(31, 20, 1), (30, 20, 1), (29, 20, 0), (31, 19, 0)],
)
def test_closing_in_masses_counts_only_at_the_end_of_a_month(day: int, closings: int, expected: int) -> None:
    at = datetime(2026, 5, day, 9, tzinfo=UTC)
    raised = list(flags.mass_closing(derived_id("case"), at, closings, None))

    assert len(raised) == expected


def test_the_same_history_raises_the_same_flags_once() -> None:
    log = Histories()
    handled(log, before=("same",), after=("same",), fast=True)
    first = list(flags.suspicions(log.events, {}))
    again = list(flags.suspicions(log.events, {}))
    known = folded(flags.raise_missing(Flags(), first))

    assert first == again
    assert len(first) == 2
    assert flags.raise_missing(known, again) == ()


def test_a_flag_is_settled_once_and_in_words() -> None:
    log = Histories()
    issue = handled(log, fast=True)
    raised = list(flags.suspicions(log.events, {}))
    known, flag_id = folded(raised), raised[0].flag_id
    settled = folded(flags.settle(known, issue.case_id, flag_id, False, "队伍就在现场"), known)

    assert settled.settled == {flag_id}
    with pytest.raises(Refused, match="settled already"):
        flags.settle(settled, issue.case_id, flag_id, True, "再看")
    with pytest.raises(NotFound):
        flags.settle(known, issue.case_id, UUID(int=1), True, "没有")
    with pytest.raises(Invalid):
        flags.settle(known, issue.case_id, flag_id, True, "  ")


def folded(events: Any, flags_before: Flags | None = None) -> Flags:
    known = flags_before
    for event in events:
        assert isinstance(event, FlagRaised) or known is not None
        known = flags.evolve(known, event)
    assert known is not None
    return known
