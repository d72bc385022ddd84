"""What is particular about tasks, requests, loops, samples, merges and problem cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dispatch import handlers, reactions
from services.dispatch.domain import answers, extensions, returns, suspensions
from services.dispatch.domain.sampling import is_chosen
from services.dispatch.queries.case import one_case
from shared.contracts.case import Loop, ProblemKind, ReturnKind
from shared.contracts.check import CheckFailed, SpotCheckFailed
from shared.contracts.envelope import Actor
from shared.contracts.feedback import FeedbackInvited, FeedbackRecorded, Satisfaction
from shared.contracts.shapes import Limit, Unit
from shared.handling import begin
from shared.kernel.case_states import State
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import derived_id, new_id
from shared.security.permission import Asker
from tests.support.case_commands import BOOK, LEADER, raise_level, with_admission
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    DISPATCHER,
    NEVER_LOOKED_AT,
    RULEBOOK,
    SANITATION,
    STREET,
    SUPERVISOR,
    THURSDAY,
    TO,
    URBAN,
    FixedRulebooks,
    Story,
    accepted,
    cause,
    filed,
    recorded,
    self_handled,
)

WATER = Asker("w.zhou", "department", None, "water")


def respond(story: Story, asker: Asker, **said: Any) -> None:
    told = answers.Answer(**{"answer": "已办", **said})
    handlers.respond(story.log, RULEBOOK, story.case_id, asker, cause(asker, story.at), told)


def fail(story: Story, *task_ids: UUID) -> None:
    failed = CheckFailed(check_id=new_id(), case_id=story.case_id, findings="没办好", task_ids=task_ids)
    reactions.order_rework(recorded(failed), story.log, consumer="dispatch.order_rework", at=story.at)


def task_of(story: Story, department: str) -> UUID:
    return next(task.task_id for task in story.case.tasks.values() if task.department == department)


# --- several departments ----------------------------------------------------------------------------------------


def test_co_handlers_of_the_list_get_tasks_of_their_own_with_the_time_of_the_lead() -> None:
    story = filed("E-01-05")
    handlers.dispatch(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department=None)
    lead, helper = story.case.tasks.values()

    assert story.types[-2:] == ["case.dispatched", "task.added"]
    assert (lead.department, helper.department, helper.mandatory) == ("water", "urban", True)
    assert helper.due_at == lead.due_at


def test_the_case_waits_for_every_mandatory_task_and_goes_on_with_the_last() -> None:
    story = TO["handling"]().helped()
    respond(story, SANITATION)
    before = (story.types[-1], story.case.state)
    respond(story, URBAN)

    assert before == ("task.part_responded", State.HANDLING)
    assert story.types[-2:] == ["task.responded", "case.sent_to_check"]
    assert story.case.state is State.CHECKING


def test_it_does_not_wait_for_a_task_that_is_not_mandatory() -> None:
    story = TO["handling"]()
    parts = (handlers.PartWish(department="water", what="看一看", mandatory=False),)
    handlers.split(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), parts=parts, reason="顺便")
    respond(story, SANITATION)

    assert story.case.state is State.CHECKING


def test_the_check_is_the_leads_whoever_answers_last() -> None:
    story = TO["handling"]().helped()
    respond(story, SANITATION)
    respond(story, URBAN)
    sent = story.log.events[-1].event

    assert (sent.department, sent.attempt) == ("sanitation", 1)


def test_one_task_alone_may_be_reworked_and_the_others_stay_answered() -> None:
    story = TO["handling"]().helped()
    respond(story, SANITATION)
    respond(story, URBAN)
    fail(story, task_of(story, "urban"))
    handlers.sign(story.log, story.case_id, URBAN, cause(URBAN))
    respond(story, URBAN, answer="又去了一次")

    assert story.case.state is State.CHECKING
    assert (story.case.reworks, story.case.checks) == (1, 2)
    with pytest.raises(Refused):
        handlers.sign(story.log, story.case_id, SANITATION, cause(SANITATION))


def test_what_a_check_found_wanting_is_waited_for_even_where_it_was_optional() -> None:
    story = TO["handling"]()
    parts = (handlers.PartWish(department="water", what="看一看", mandatory=False),)
    handlers.split(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), parts=parts, reason="顺便")
    respond(story, SANITATION)
    fail(story, task_of(story, "water"))

    assert story.case.state is State.REWORK
    assert [task.department for task in story.case.awaited()] == ["water"]


def test_a_department_that_has_its_answer_cannot_sign_in_a_rework_of_somebody_else() -> None:
    story = TO["handling"]().helped()
    respond(story, SANITATION)
    respond(story, URBAN)
    fail(story, task_of(story, "urban"))

    with pytest.raises(Refused) as refused:
        handlers.sign(story.log, story.case_id, SANITATION, cause(SANITATION))

    assert refused.value.rule == "task.signed_already"


def test_a_task_that_nobody_knows_any_more_does_not_keep_a_check_from_sending_the_case_back() -> None:
    story = TO["checking"]()
    fail(story, new_id())

    assert story.case.state is State.REWORK
    assert not any(task.is_answered for task in story.case.tasks.values())


def test_when_the_last_awaited_task_is_taken_off_what_the_lead_said_is_the_answer() -> None:
    story = TO["handling"]().helped()
    respond(story, SANITATION)
    told = {"task_id": task_of(story, "urban"), "reason": "不需要了"}
    handlers.withdraw_task(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), **told)  # type: ignore[arg-type]

    assert story.types[-3:] == ["task.withdrawn", "task.responded", "case.sent_to_check"]
    assert story.log.events[-2].event.department == "sanitation"


def test_the_leads_task_is_not_taken_off_but_given_back() -> None:
    story = TO["handling"]()
    told = {"task_id": task_of(story, "sanitation"), "reason": "不要了"}

    with pytest.raises(Refused) as refused:
        handlers.withdraw_task(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), **told)  # type: ignore[arg-type]

    assert refused.value.rule == "task.is_lead"


def test_a_helpers_return_that_is_approved_takes_only_its_task_off() -> None:
    story = TO["handling"]().helped()
    wish = returns.Wish(kind=ReturnKind.NOTHING_TO_DO, reason="没有我们的事")
    handlers.ask_return(story.log, RULEBOOK, story.case_id, URBAN, cause(URBAN), wish)
    story.approved(CHIEF)

    assert story.types[-1] == "task.withdrawn"
    assert story.case.state is State.HANDLING


def test_a_department_that_owes_an_answer_gets_no_second_task_unless_the_work_is_split() -> None:
    story = TO["handling"]().helped()
    wish = handlers.PartWish(department="urban", what="还有")

    with pytest.raises(Refused) as refused:
        handlers.add_task(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), wish)
    handlers.split(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), parts=(wish,), reason="分段")

    assert refused.value.rule == "task.has_one"
    assert len(story.case.tasks_of("urban")) == 2


def test_whoever_has_several_tasks_names_the_one_that_is_meant() -> None:
    story = TO["handling"]()
    part = handlers.PartWish(department="water", what="一段")
    handlers.split(
        story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), parts=(part, part), reason="分两段"
    )
    first, second = (task.task_id for task in story.case.tasks_of("water"))

    with pytest.raises(Invalid) as refused:
        handlers.sign(story.log, story.case_id, WATER, cause(WATER))
    handlers.sign(story.log, story.case_id, WATER, cause(WATER), task_id=second)
    handlers.sign(story.log, story.case_id, WATER, cause(WATER), task_id=first)

    assert refused.value.where == "task_id"
    assert all(task.is_signed for task in story.case.tasks_of("water"))


def test_another_departments_task_is_not_answered_by_naming_it() -> None:
    story = TO["handling"]().helped()

    with pytest.raises(Forbidden):
        respond(story, SANITATION, task_id=task_of(story, "urban"))
    with pytest.raises(NotFound):
        respond(story, SANITATION, task_id=new_id())


# --- returns ----------------------------------------------------------------------------------------------------


def test_a_return_is_asked_once_until_it_is_decided() -> None:
    story = TO["handling"]().return_asked()

    with pytest.raises(Refused) as refused:
        story.return_asked()
    (request_id,) = story.case.requests
    handlers.refuse(story.log, story.case_id, DISPATCHER, cause(DISPATCHER), request_id=request_id, reason="是你们的")
    story.return_asked()

    assert refused.value.rule == "return.asked_already"
    assert len(story.case.requests) == 1


def test_an_answer_makes_the_request_void() -> None:
    story = TO["handling"]().return_asked()
    (request_id,) = story.case.requests
    respond(story, SANITATION)

    with pytest.raises(NotFound):
        handlers.refuse(story.log, story.case_id, DISPATCHER, cause(DISPATCHER), request_id=request_id, reason="晚了")


def test_three_transfers_make_a_problem_case_that_only_the_tier_above_closes() -> None:
    story = filed()
    for _ in range(3):
        story.returned()
        handlers.dispatch(
            story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department="sanitation", reason="就你们"
        )
    story.signed().responded().passed()
    of_the_street = Asker("c.jie", "duty_chief", STREET)

    assert story.types.count("case.problem_declared") == 1
    assert (story.case.problem, story.case.supervised_by) == (ProblemKind.TRANSFERS, Loop.DISTRICT)
    with pytest.raises(Forbidden, match="district"):
        handlers.close(story.log, story.case_id, of_the_street, cause(of_the_street), answer="已办结")
    story.closed()


def test_three_reworks_make_a_problem_case_once_and_it_is_always_looked_at() -> None:
    story = TO["handling"]()
    for _ in range(4):
        story.responded(NEVER_LOOKED_AT if story.case.reworks else None).failed().signed()

    assert story.types.count("case.problem_declared") == 1
    assert (story.case.problem, story.case.reworks) == (ProblemKind.REWORKS, 4)


# --- more time, and none for now --------------------------------------------------------------------------------


def test_an_extension_counts_from_the_present_due_instant() -> None:
    story = TO["handling"]()
    before = story.case.task
    story.extension_asked(2).approved(CHIEF)
    after = story.case.task

    assert before is not None
    assert after is not None
    assert before.due_at is not None
    assert after.due_at is not None
    assert after.due_at > before.due_at
    assert (after.extensions, "延期 2 工作时" in after.due_because) == (1, True)


@pytest.mark.parametrize(("amount", "needs"), [(5, "duty_chief"), (6, "leader")])
def test_a_first_extension_up_to_the_limit_is_the_chiefs_a_longer_one_a_leaders(amount: int, needs: str) -> None:
    story = TO["handling"]().extension_asked(amount)

    assert story.log.events[-1].event.needs == needs


def test_a_second_extension_is_a_leaders_however_short() -> None:
    story = TO["handling"]().extension_asked(1).approved(CHIEF).extension_asked(1)

    assert story.log.events[-1].event.needs == "leader"
    with pytest.raises(Forbidden):
        story.approved(CHIEF)
    story.approved(LEADER)
    assert story.log.events[-1].event.attempt == 2


def test_what_has_run_out_is_not_extended_but_rework_may_be() -> None:
    late = replace(TO["handling"](), at=THURSDAY + timedelta(days=5))

    with pytest.raises(Refused) as refused:
        late.extension_asked()
    again = replace(TO["rework"]().signed(), at=THURSDAY + timedelta(days=5)).extension_asked().approved(CHIEF)

    assert refused.value.rule == "extension.too_late"
    assert again.case.task is not None
    assert again.case.task.due_at is not None
    assert again.case.task.due_at > again.at


def test_a_case_put_aside_and_taken_up_at_once_has_the_time_that_it_had() -> None:
    story = TO["handling"]()
    before = story.case.task
    story.suspension_asked().approved(CHIEF)
    handlers.resume(story.log, RULEBOOK, story.case_id, CHIEF, cause(CHIEF, story.at), reason="已可办理")

    assert before is not None
    assert story.case.task is not None
    assert story.case.task.due_at == before.due_at


def test_what_was_left_counts_from_the_resumption() -> None:
    story = TO["suspended"]()
    later = THURSDAY + timedelta(days=14)  # a Thursday too, at the same hour
    before = story.case.task
    handlers.resume(story.log, RULEBOOK, story.case_id, CHIEF, cause(CHIEF, later), reason="汛期结束")

    assert before is not None
    assert before.due_at is not None
    assert story.case.task is not None
    assert story.case.task.due_at == before.due_at + timedelta(days=14)


@pytest.mark.parametrize("days", [0, -1, 400])
def test_the_day_of_review_lies_ahead_and_within_a_year(days: int) -> None:
    story = TO["handling"]()
    wish = suspensions.Wish(reason="冬天", review_on=(THURSDAY + timedelta(days=days)).date())

    with pytest.raises(Invalid) as refused:
        handlers.ask_suspension(story.log, RULEBOOK, story.case_id, SANITATION, cause(SANITATION), wish)

    assert refused.value.where == "review_on"


def test_a_suspension_whose_day_has_passed_before_it_was_decided_is_asked_for_anew() -> None:
    story = replace(TO["handling"]().suspension_asked(), at=THURSDAY + timedelta(days=40))

    with pytest.raises(Refused) as refused:
        story.approved(CHIEF)

    assert refused.value.rule == "suspension.review_day_passed"


def test_a_task_without_limit_has_nothing_to_extend() -> None:
    story = filed("E-09-01")
    story.dispatched().signed()
    wish = extensions.Wish(limit=Limit(1, Unit.WORKING_DAYS), reason="要时间")

    with pytest.raises(Refused) as refused:
        handlers.ask_extension(story.log, RULEBOOK, story.case_id, SANITATION, cause(SANITATION), wish)

    assert refused.value.rule == "task.no_limit"


# --- loops ------------------------------------------------------------------------------------------------------


def test_a_raised_case_is_dispatched_anew_and_decided_above() -> None:
    story = TO["handling"]()
    raise_level(story.log, story.case_id, CHIEF, cause(CHIEF))

    assert (story.case.state, story.case.loop, story.case.tasks) == (State.FILED, Loop.DISTRICT, {})
    with pytest.raises(Refused) as refused:
        raise_level(story.log, story.case_id, CHIEF, cause(CHIEF))
    assert refused.value.rule == "case.at_the_top"


def test_what_a_community_sends_up_it_speaks_for_to_the_end() -> None:
    story = TO["filed"]()
    lowered = {"to": Loop.COMMUNITY, "reason": "社区可办", "admission_id": derived_id("admission", "tests")}
    handlers.lower_level(with_admission(story).log, story.case_id, CHIEF, cause(CHIEF), **lowered)  # type: ignore[arg-type]
    of_the_community = Asker("d.she", "dispatcher", COMMUNITY)
    raise_level(story.log, story.case_id, of_the_community, cause(of_the_community))

    assert (story.case.loop, story.case.sponsor) == (Loop.STREET, COMMUNITY.path)
    raise_level(story.log, story.case_id, CHIEF, cause(CHIEF))
    assert (story.case.loop, story.case.sponsor) == (Loop.DISTRICT, COMMUNITY.path)


def test_a_community_cannot_raise_what_the_street_has() -> None:
    story = TO["handling"]()
    of_the_community = Asker("d.she", "dispatcher", COMMUNITY)

    with pytest.raises(Forbidden, match="street"):
        raise_level(story.log, story.case_id, of_the_community, cause(of_the_community))


def test_a_case_goes_down_only_under_an_admission_that_is_in_force() -> None:
    story = TO["filed"]()
    told: dict[str, Any] = {
        "to": Loop.COMMUNITY,
        "reason": "社区可办",
        "admission_id": derived_id("admission", "tests"),
    }

    with pytest.raises(NotFound):
        handlers.lower_level(story.log, story.case_id, CHIEF, cause(CHIEF), **told)
    with_admission(story)
    with pytest.raises(Refused):
        handlers.lower_level(story.log, story.case_id, CHIEF, cause(CHIEF, THURSDAY + timedelta(days=91)), **told)
    handlers.lower_level(story.log, story.case_id, CHIEF, cause(CHIEF), **told)

    assert story.case.loop is Loop.COMMUNITY


# --- samples, and what was put right on the spot ----------------------------------------------------------------


def test_a_case_that_the_sample_does_not_choose_is_closed_without_a_check() -> None:
    story = TO["responded"]()
    story.closed()

    assert story.types[-3:] == ["task.responded", "case.check_waived", "case.closed"]


def test_what_came_back_is_always_looked_at() -> None:
    story = TO["closed"]().reopened().dispatched().signed().responded(NEVER_LOOKED_AT)

    assert story.case.state is State.CHECKING


def test_the_sample_is_the_cases_own_and_about_as_large_as_it_is_said_to_be() -> None:
    chosen = [is_chosen(derived_id("case", n), 1, 20) for n in range(2000)]

    assert 300 < sum(chosen) < 500
    assert chosen == [is_chosen(derived_id("case", n), 1, 20) for n in range(2000)]
    assert all(is_chosen(derived_id("case", n), 1, 100) for n in range(100))
    assert not any(is_chosen(derived_id("case", n), 1, 0) for n in range(100))


def test_what_was_put_right_on_the_spot_is_looked_at_or_closed_and_when_it_was_not_right_dispatched() -> None:
    story = self_handled()
    before = story.types
    fail(story)
    handlers.dispatch(
        story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department="urban", reason="没弄好"
    )

    assert before == ["case.self_handled", "case.sent_to_check"]
    assert story.case.state is State.DISPATCHED
    assert story.case.department == "urban"


def test_a_spot_check_that_fails_brings_a_closed_case_back_in_the_inspectors_name() -> None:
    story = TO["closed"]()
    found = SpotCheckFailed(check_id=new_id(), case_id=story.case_id, findings="又堆上了")
    heard = recorded(found, actor=Actor("x.xun", "supervisor"))
    reactions.reopen_on_spot_check(heard, story.log, consumer="dispatch.reopen_on_spot_check", at=THURSDAY)

    assert story.case.state is State.REOPENED
    assert (story.log.events[-1].actor.id, story.log.events[-1].event.reason) == ("x.xun", "又堆上了")


# --- away, and the end ------------------------------------------------------------------------------------------


def test_what_was_done_outside_is_answered_by_a_dispatcher_and_looked_at() -> None:
    story = TO["transferred_out"]()
    respond(story, DISPATCHER, answer="市里已修")

    assert story.types[-2:] == ["task.responded", "case.sent_to_check"]
    assert story.log.events[-1].event.department == "kunming-12345"


@pytest.mark.parametrize(
    ("into", "rule"),
    [("closed", "merge.into_closed"), ("merged", "merge.into_merged"), ("archived", "merge.into_closed")],
)
def test_nothing_is_merged_into_what_is_over_or_merged_itself(into: str, rule: str) -> None:
    other = TO[into]()
    story = filed("E-09-01", other.log, THURSDAY)

    with pytest.raises(Refused) as refused:
        handlers.merge(other.log, story.case_id, DISPATCHER, cause(DISPATCHER), into=other.case_id)

    assert refused.value.rule == rule


def test_two_cases_are_never_merged_into_each_other() -> None:
    earlier = filed("E-09-01", None, THURSDAY - timedelta(days=3))
    later = filed("E-09-01", earlier.log, THURSDAY - timedelta(days=2))

    with pytest.raises(Refused) as refused:
        handlers.merge(earlier.log, earlier.case_id, DISPATCHER, cause(DISPATCHER), into=later.case_id)
    with pytest.raises(Invalid):
        handlers.merge(earlier.log, earlier.case_id, DISPATCHER, cause(DISPATCHER), into=earlier.case_id)
    handlers.merge(earlier.log, later.case_id, DISPATCHER, cause(DISPATCHER), into=earlier.case_id)

    assert refused.value.rule == "merge.into_later"
    assert later.case.merged_into == earlier.case_id


def test_a_case_is_not_archived_while_its_reporter_may_answer() -> None:
    story = TO["closed"]()
    asked = FeedbackInvited(
        feedback_id=new_id(),
        case_id=story.case_id,
        subject_id=new_id(),
        number="1",
        attempt=1,
        expires_at=THURSDAY + timedelta(days=15),
    )
    stream = f"feedback-{asked.feedback_id}"
    begin(story.log, stream, (asked,), cause(CHIEF), area=COMMUNITY, correlation_id=story.case_id)
    shown = {found["action"]: found for found in one_case(story.log, story.case_id, CHIEF, THURSDAY)["actions"]}

    with pytest.raises(Refused) as refused:
        story.archived()
    assert (refused.value.rule, shown["archive"]["rule"]) == ("case.feedback_awaited", "case.feedback_awaited")

    replace(story, at=THURSDAY + timedelta(days=16)).archived()
    assert story.case.state is State.ARCHIVED


def test_a_case_is_archived_as_soon_as_its_reporter_has_answered() -> None:
    story = TO["closed"]()
    which = new_id()
    events = (
        FeedbackInvited(
            feedback_id=which,
            case_id=story.case_id,
            subject_id=new_id(),
            number="1",
            attempt=1,
            expires_at=THURSDAY + timedelta(days=15),
        ),
        FeedbackRecorded(
            feedback_id=which,
            case_id=story.case_id,
            resolved=True,
            satisfaction=Satisfaction.SATISFIED,
            words="谢谢",
            wants_reopening=False,
        ),
    )
    begin(story.log, f"feedback-{which}", events, cause(CHIEF), area=COMMUNITY, correlation_id=story.case_id)
    story.archived()

    assert story.case.state is State.ARCHIVED


def test_a_rejected_case_whose_report_is_accepted_again_is_filed_anew_and_counts_on() -> None:
    story = TO["returned"]().rejected()
    before = story.case
    again = replace(accepted("E-01-02", story.case_id))
    heard = replace(recorded(again, position=9), occurred_at=THURSDAY + timedelta(hours=1))
    reactions.file_report(heard, story.log, FixedRulebooks(), consumer="dispatch.file_report", at=THURSDAY)

    assert story.case.state is State.DISPATCHED
    assert story.case.dispatches == before.dispatches + 1
    assert story.case.handlers >= before.handlers


def test_a_stage_is_done_once_and_only_one_that_the_rulebook_knows() -> None:
    story = TO["handling"]()
    told = {"words": "已停工"}
    handlers.complete_stage(story.log, BOOK, story.case_id, SANITATION, cause(SANITATION), stage="stop_work", **told)

    with pytest.raises(Refused) as again:
        handlers.complete_stage(
            story.log, BOOK, story.case_id, SANITATION, cause(SANITATION), stage="stop_work", **told
        )
    with pytest.raises(Invalid) as unknown:
        handlers.complete_stage(story.log, BOOK, story.case_id, SANITATION, cause(SANITATION), stage="nap", **told)

    assert again.value.rule == "task.stage_completed_already"
    assert "stop_work 停止施工" in str(unknown.value)


def test_whoever_serves_the_street_may_close_what_the_street_has() -> None:
    story = TO["cleared"]()
    of_the_street = Asker("c.jie", "duty_chief", STREET)
    handlers.close(story.log, story.case_id, of_the_street, cause(of_the_street), answer="已办结")

    assert story.case.state is State.CLOSED
    assert SUPERVISOR.area == STREET
