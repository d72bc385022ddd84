"""Which limit counts for which case, who is called upon, and what a rulebook with bad limits is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploy.reference.files import Entry, read
from services.dispatch.domain.limits import Limits, problems
from services.dispatch.domain.lines import check
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.case import Loop
from shared.contracts.clock import Rung, Stage
from shared.contracts.report import Urgency
from shared.contracts.rulebook import LadderDefined, LadderRung, LimitDefined, SamplingDefined
from shared.contracts.shapes import Limit, Unit
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from tests.support.cases import COMMUNITY, LINES, THURSDAY

HOURS, DAYS, URGENT = Unit.WORKING_HOURS, Unit.WORKING_DAYS, Unit.URGENT_HOURS


def line(rule: str, amount: int, **given: object) -> LimitDefined:
    usual = {
        "stage": Stage.SIGN,
        "issue_type": "*",
        "area": "530103",
        "urgency": None,
        "loop": None,
        "condition": None,
        "condition_name": None,
        "limit": Limit(amount, HOURS),
    }
    return LimitDefined(rule=rule, **{**usual, **given})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def panlong() -> Rulebook:
    found = read()
    entries: list[Entry[Any]] = [
        *found.departments,
        *found.issue_types,
        *found.responsibilities,
        *found.limits,
        *found.ladders,
        *found.samplings,
        *found.calendars,
    ]
    return Rulebook.of(entry.event for entry in entries)


def amount(lines: tuple[LimitDefined, ...], area: Area = COMMUNITY, **case: object) -> int | None:
    found = Limits.of(lines).line(Stage.SIGN, "E-01-02", area, **case)  # type: ignore[arg-type]
    return None if found is None else found.limit.amount


def test_the_line_for_the_narrowest_area_counts() -> None:
    lines = (line("a", 1), line("b", 2, area="530103.004"), line("c", 3, area="530103.005"))

    assert amount(lines) == 2


def test_within_an_area_the_most_exact_issue_type_counts() -> None:
    lines = (line("a", 1), line("b", 2, issue_type="E-01"), line("c", 3, issue_type="E-01-02"))

    assert amount(lines) == 3


def test_a_line_for_the_urgency_counts_before_a_narrower_one_for_all() -> None:
    lines = (line("a", 1, urgency=Urgency.CRITICAL), line("b", 2, area="530103.004.012", issue_type="E-01-02"))

    assert amount(lines, urgency=Urgency.CRITICAL) == 1
    assert amount(lines, urgency=Urgency.NORMAL) == 2


def test_a_line_of_the_loop_counts_only_in_that_loop() -> None:
    lines = (line("a", 1), line("b", 2, loop=Loop.DISTRICT))

    assert amount(lines, loop=Loop.DISTRICT) == 2
    assert amount(lines, loop=Loop.STREET) == 1


def test_no_line_is_no_limit() -> None:
    assert amount((line("a", 1, area="530102"),)) is None


def test_an_issue_type_brings_its_own_limit_for_handling() -> None:
    assert Rulebook.of(LINES).limit(Stage.HANDLE, "E-01-02", COMMUNITY) == Limit(5, HOURS)


def test_a_line_for_every_issue_type_does_not_beat_the_issue_types_own_limit() -> None:
    everything = line("a", 9, stage=Stage.HANDLE)

    assert Rulebook.of((*LINES, everything)).limit(Stage.HANDLE, "E-01-02", COMMUNITY) == Limit(5, HOURS)
    assert Rulebook.of((*LINES, everything)).limit(Stage.HANDLE, "E-09-01", COMMUNITY) == Limit(9, HOURS)


def test_a_department_is_given_the_time_of_the_urgency() -> None:
    urgent = line("a", 24, stage=Stage.HANDLE, urgency=Urgency.CRITICAL, limit=Limit(24, URGENT))
    proposal = Rulebook.of((*LINES, urgent)).propose("E-01-02", COMMUNITY, THURSDAY, Urgency.CRITICAL)

    assert proposal is not None
    assert proposal.limit == Limit(24, URGENT)


def test_unauthorised_building_has_three_closing_conditions_in_panlong(panlong: Rulebook) -> None:
    found = panlong.limits.conditions(Stage.HANDLE, "E-01-01", Area.parse("530103.004.012"))

    assert [(one.condition, one.limit) for one in found] == [
        ("stop_work", Limit(4, HOURS)),
        ("penalty", Limit(7, DAYS)),
        ("demolition", Limit(20, DAYS)),
    ]
    assert panlong.limit(Stage.HANDLE, "E-01-01", COMMUNITY) == Limit(20, DAYS)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in (Stage.FEEDBACK, Stage.REVIEW)])
def test_every_stage_of_panlong_has_a_limit_for_a_usual_case(panlong: Rulebook, stage: Stage) -> None:
    assert panlong.limit(stage, "E-01-02", COMMUNITY, Urgency.NORMAL, loop=Loop.COMMUNITY) is not None


def test_a_critical_case_of_panlong_runs_day_and_night(panlong: Rulebook) -> None:
    assert panlong.limit(Stage.HANDLE, "E-01-02", COMMUNITY, Urgency.CRITICAL) == Limit(24, URGENT)


def test_the_ladder_of_the_stage_counts_before_the_one_for_all(panlong: Rulebook) -> None:
    feedback, handling = panlong.ladder(Stage.FEEDBACK), panlong.ladder(Stage.HANDLE)

    assert feedback is not None
    assert feedback.rungs == ()
    assert handling is not None
    assert [rung.rung for rung in handling.rungs] == [Rung.URGED, Rung.SUPERVISED, Rung.RAISED]


def test_what_was_put_right_on_the_spot_is_looked_at_by_a_sample_of_its_own(panlong: Rulebook) -> None:
    every, spot = panlong.sampling("E-01-02"), panlong.sampling("E-01-02", self_handled=True)

    assert every is not None
    assert spot is not None
    assert (every.rate, spot.rate) == (100, 20)


def ladder(*rungs: LadderRung, warn_percent: int = 80) -> LadderDefined:
    return LadderDefined(rule="bad", stage=None, urgency=None, warn_percent=warn_percent, rungs=rungs)


URGED, RAISED = (LadderRung(rung=rung, delay=None, up=0) for rung in (Rung.URGED, Rung.RAISED))


@pytest.mark.parametrize(
    "bad",
    [
        line("bad", 0),
        line("bad", 1, issue_type="X-09"),
        line("bad", 1, area="530103004"),
        line("bad", 1, condition="stop_work", condition_name="停工"),
        line("bad", 1, stage=Stage.HANDLE, condition="stop_work"),
        ladder(RAISED, URGED),
        ladder(replace(URGED, up=3)),
        ladder(warn_percent=100),
        SamplingDefined(rule="bad", issue_type="*", loop=None, self_handled=False, rate=101),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_by_its_name(bad: object) -> None:
    with pytest.raises(Invalid) as refused:
        check((*LINES, bad))  # type: ignore[arg-type]

    assert list(refused.value.errors) == ["bad"]


def test_two_lines_about_the_same_cases_are_refused() -> None:
    assert list(problems((line("a", 1), line("b", 2)), set())) == [("b", "says something about the same cases as a")]
