"""Whose is it, and who is to come: disputes with their adjudication, and whistles that departments report to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.dispatch import handlers
from services.dispatch.domain import returns
from services.dispatch.handlers import disputes
from shared.contracts.case import ReturnKind
from shared.contracts.task import Joined
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from shared.security.permission import Asker
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    RULEBOOK,
    SANITATION,
    THURSDAY,
    URBAN,
    OvertakenLog,
    Story,
    cause,
    filed,
)

LEADER = Asker("l.fang", "leader", DISTRICT)
STREET_CHIEF = Asker("c.tang", "duty_chief", Area("530103.004"))
COMMUNITY_CHIEF = Asker("c.yu", "duty_chief", COMMUNITY)
WATER = Asker("w.zhou", "department", DISTRICT, "water")
BOTH = ("sanitation", "urban")


def sent_back_twice() -> Story:
    """A case that two departments called somebody else's."""
    story = filed().returned()
    handlers.dispatch(
        story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department="urban", reason="应属城管"
    )
    wish = returns.Wish(kind=ReturnKind.WRONG_DEPARTMENT, reason="不属城管", believed_responsible="sanitation")
    handlers.ask_return(story.log, RULEBOOK, story.case_id, URBAN, cause(URBAN), wish)
    (request_id,) = story.case.requests
    handlers.approve(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), request_id=request_id)
    return story


def disputed() -> Story:
    story = sent_back_twice()
    disputes.open_dispute(
        story.log, RULEBOOK, story.case_id, SANITATION, cause(SANITATION), between=BOTH, question="绿化带垃圾归谁"
    )
    return story


def adjudicate(story: Story, by: Asker = LEADER, department: str = "urban", reason: str = "按权责清单第三条") -> None:
    assert story.case.dispute is not None
    disputes.adjudicate(
        story.log,
        RULEBOOK,
        story.case_id,
        by,
        cause(by),
        dispute_id=story.case.dispute.dispute_id,
        department=department,
        reason=reason,
    )


def blown(story: Story, *departments: str, with_tasks: bool = False) -> Story:
    disputes.blow(
        story.log,
        RULEBOOK,
        story.case_id,
        COMMUNITY_CHIEF,
        cause(COMMUNITY_CHIEF),
        departments=departments or ("urban",),
        reason="现场需要一起看",
        with_tasks=with_tasks,
    )
    return story


# --- disputes -----------------------------------------------------------------------------------------------------


def test_a_dispute_is_decided_above_and_the_case_goes_there_and_stays_there() -> None:
    story = disputed()
    adjudicate(story)
    with pytest.raises(Refused) as elsewhere:
        handlers.dispatch(
            story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department="water", reason="换一家"
        )
    handlers.dispatch(
        story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department="urban", reason="已裁定"
    )
    wish = returns.Wish(kind=ReturnKind.WRONG_DEPARTMENT, reason="还是不归我们", believed_responsible="sanitation")
    with pytest.raises(Refused) as again:
        handlers.ask_return(story.log, RULEBOOK, story.case_id, URBAN, cause(URBAN), wish)

    assert elsewhere.value.rule == "case.adjudicated"
    assert again.value.rule == "task.adjudicated"


def test_it_has_a_due_instant_and_nobody_dispatches_it_meanwhile() -> None:
    story = disputed()
    assert story.case.dispute is not None
    with pytest.raises(Refused) as refused:
        handlers.dispatch(
            story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department="urban", reason="先派"
        )

    assert refused.value.rule == "case.disputed"
    assert story.case.dispute.due_at > THURSDAY


def test_one_return_is_not_a_dispute_yet_and_a_second_dispute_is_the_same_one() -> None:
    early = filed().returned()
    with pytest.raises(Refused) as refused:
        disputes.open_dispute(
            early.log, RULEBOOK, early.case_id, SANITATION, cause(SANITATION), between=BOTH, question="归谁"
        )
    story = disputed()
    with pytest.raises(Refused) as again:
        disputes.open_dispute(story.log, RULEBOOK, story.case_id, URBAN, cause(URBAN), between=BOTH, question="归谁")

    assert refused.value.rule == "dispute.too_early"
    assert again.value.rule == "dispute.open_already"


@pytest.mark.parametrize("between", [("urban",), ("urban", "urban"), ("urban", "nobody")])
def test_a_dispute_is_between_departments_that_exist(between: tuple[str, ...]) -> None:
    story = sent_back_twice()
    with pytest.raises(Invalid) as refused:
        disputes.open_dispute(
            story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), between=between, question="归谁"
        )

    assert refused.value.where == "between"


def test_only_somebody_a_tier_above_decides_and_a_department_outside_has_no_say() -> None:
    story = sent_back_twice()
    with pytest.raises(Forbidden):
        disputes.open_dispute(story.log, RULEBOOK, story.case_id, WATER, cause(WATER), between=BOTH, question="归谁")
    story = disputed()
    for nobody in (STREET_CHIEF, COMMUNITY_CHIEF, DISPATCHER, SANITATION):
        with pytest.raises(Forbidden):
            adjudicate(story, nobody)
    adjudicate(story, CHIEF)

    assert story.case.adjudicated == "urban"


def test_the_second_to_decide_loses_to_the_first() -> None:
    story = disputed()
    assert story.case.dispute is not None
    late = OvertakenLog(story.log, lambda _: adjudicate(story))
    with pytest.raises(Conflict):
        disputes.adjudicate(
            late,
            RULEBOOK,
            story.case_id,
            CHIEF,
            cause(CHIEF),
            dispute_id=story.case.dispute.dispute_id,
            department="sanitation",
            reason="另有看法",
        )

    assert story.case.adjudicated == "urban"


# --- whistles -----------------------------------------------------------------------------------------------------


def test_a_community_summons_departments_and_each_reports_once() -> None:
    story = blown(filed(), "urban", "water")
    (whistle,) = story.case.whistles.values()
    whistle_id = whistle.blown.whistle_id
    disputes.answer_whistle(story.log, story.case_id, URBAN, cause(URBAN), whistle_id=whistle_id, words="半小时内到场")
    with pytest.raises(Refused):
        disputes.answer_whistle(story.log, story.case_id, URBAN, cause(URBAN), whistle_id=whistle_id, words="又报一次")

    assert story.case.whistles[whistle_id].awaited == ("water",)
    assert story.log.events[-1].event.on_time is True
    assert whistle.blown.due_at > THURSDAY


def test_a_late_report_is_late() -> None:
    story = blown(filed())
    (whistle,) = story.case.whistles.values()
    later = cause(URBAN, whistle.blown.due_at + timedelta(seconds=1))
    disputes.answer_whistle(
        story.log, story.case_id, URBAN, later, whistle_id=whistle.blown.whistle_id, words="路上堵车"
    )

    assert story.log.events[-1].event.on_time is False


def test_who_was_not_summoned_does_not_report_and_who_has_not_reported_is_not_summoned_again() -> None:
    story = blown(filed())
    (whistle,) = story.case.whistles.values()
    with pytest.raises(Forbidden):
        disputes.answer_whistle(
            story.log,
            story.case_id,
            SANITATION,
            cause(SANITATION),
            whistle_id=whistle.blown.whistle_id,
            words="我们也来",
        )
    with pytest.raises(Refused) as refused:
        blown(story, "water", "urban")

    assert refused.value.rule == "whistle.blown_already"
    with pytest.raises(NotFound):
        disputes.answer_whistle(story.log, story.case_id, URBAN, cause(URBAN), whistle_id=story.case_id, words="哪一次")


def test_a_whistle_with_tasks_makes_the_case_wait_for_those_who_have_none() -> None:
    story = blown(filed().signed(), "urban", "sanitation", with_tasks=True)
    beside = [task for task in story.case.tasks.values() if task.joined is Joined.WHISTLE]

    assert [task.department for task in beside] == ["urban"]
    assert beside[0].mandatory
    story.responded()
    assert story.case.state.value == "handling"


def test_a_case_that_nobody_has_gets_no_tasks_by_a_whistle() -> None:
    story = filed("E-09-01")
    with pytest.raises(Refused):
        blown(story, with_tasks=True)
    blown(story)

    assert len(story.case.whistles) == 1
