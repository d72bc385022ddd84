"""Every command of dispatch in four ways: it happens, it is refused, it was seen before, somebody else was first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.dispatch import handlers
from services.dispatch.domain import returns
from services.dispatch.domain.actions import ACTIONS, Moment, answers
from services.dispatch.domain.answers import Answer
from services.dispatch.queries.case import one_case
from shared.contracts.case import CaseDispatched, ReturnKind, TaskResponded
from shared.handling import Cause
from shared.kernel.case_states import State
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, WujiError
from shared.kernel.ids import new_id
from shared.ports import Appended, EventLog
from shared.security.permission import Asker
from tests.support.case_commands import COMMANDS, LEADER, PLACES, Command, approve, refuse
from tests.support.cases import (
    CHIEF,
    DISPATCHER,
    OTHER_DISPATCHER,
    RULEBOOK,
    SANITATION,
    STRANGER,
    SUPERVISOR,
    THURSDAY,
    TO,
    URBAN,
    OvertakenLog,
    cause,
)


def _return(log: EventLog, case_id: Any, asker: Asker, why: Cause, **changes: Any) -> Appended:
    wish = {"kind": ReturnKind.WRONG_DEPARTMENT, "reason": "不归我们管", "believed_responsible": "urban", **changes}
    return handlers.ask_return(log, RULEBOOK, case_id, asker, why, returns.Wish(**wish))


def _respond(log: EventLog, case_id: Any, asker: Asker, why: Cause, answer: str = "已清运") -> Appended:
    return handlers.respond(log, RULEBOOK, case_id, asker, why, Answer(answer=answer))


def _by_hand(log: EventLog, case_id: Any, asker: Asker, why: Cause) -> Appended:
    return handlers.dispatch(log, RULEBOOK, case_id, asker, why, department="urban", reason="就近处置")


every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
elsewhere = pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command.wrong_start != "-"], ids=lambda command: command.name
)


@every_command
def test_it_happens(command: Command) -> None:
    story = command.story()
    before = len(story.types)

    done = command.do(story.log, story.case_id, command.asker, cause(command.asker))

    assert tuple(story.types[before:]) == command.happened
    assert done.version == len(story.types)
    last = story.log.events[-1]
    assert (last.actor, last.occurred_at, last.correlation_id) == (command.asker.actor, THURSDAY, story.case_id)


@elsewhere
def test_it_is_refused_where_the_case_is_elsewhere_with_the_rule_and_who_was_there_last(command: Command) -> None:
    story = command.story(command.wrong_start)
    before = story.types

    with pytest.raises(Refused) as refused:
        command.do(story.log, story.case_id, command.asker, cause(command.asker))

    assert refused.value.rule == command.rule
    assert story.case.state.zh in str(refused.value)
    assert story.log.stream(f"case-{story.case_id}")[-1].actor.id in str(refused.value)
    assert story.types == before


@every_command
def test_seen_before_it_changes_nothing_and_answers_the_first_result(command: Command) -> None:
    story = command.story()
    first = command.do(story.log, story.case_id, command.asker, cause(command.asker, key="k"))
    before = story.types

    again = command.do(story.log, story.case_id, command.asker, cause(command.asker, key="k"))

    assert again.repeated
    assert again.version == first.version
    assert story.types == before


@every_command
def test_a_second_writer_loses(command: Command) -> None:
    story = command.story()
    log = OvertakenLog(story.log, lambda inner: command.do(inner, story.case_id, command.asker, cause(command.asker)))

    with pytest.raises(Conflict):
        command.do(log, story.case_id, command.asker, cause(command.asker))

    assert story.types[-len(command.happened) :] == list(command.happened)
    assert len(story.types) == len(command.story().types) + len(command.happened)


@every_command
def test_the_wrong_asker_is_forbidden(command: Command) -> None:
    story = command.story()
    before = story.types

    with pytest.raises(Forbidden):
        command.do(story.log, story.case_id, command.wrong_asker, cause(command.wrong_asker))

    assert story.types == before


@every_command
def test_an_asker_of_another_district_is_forbidden(command: Command) -> None:
    story = command.story()
    outsider = Asker(command.asker.id, command.asker.role, STRANGER.area, command.asker.department)

    with pytest.raises(Forbidden, match="530102"):
        command.do(story.log, story.case_id, outsider, cause(outsider))


@every_command
def test_a_case_that_does_not_exist_is_not_found(command: Command) -> None:
    with pytest.raises(NotFound):
        command.do(TO["filed"]().log, new_id(), command.asker, cause(command.asker))


# --- what is particular -----------------------------------------------------------------------------------------


def test_of_two_dispatchers_the_second_learns_who_was_first_and_what_now_holds() -> None:
    story = TO["filed"]()
    handlers.dispatch(
        story.log, RULEBOOK, story.case_id, OTHER_DISPATCHER, cause(OTHER_DISPATCHER), department="urban", reason="近"
    )

    with pytest.raises(Refused) as refused:
        _by_hand(story.log, story.case_id, DISPATCHER, cause(DISPATCHER))

    assert refused.value.rule == "case.not_dispatchable"
    assert "d.wu" in str(refused.value)
    assert "已派遣" in str(refused.value)


def test_a_dispatcher_takes_the_proposal_of_the_list_by_saying_nothing() -> None:
    story = TO["returned"]()

    handlers.dispatch(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department=None)

    last = story.log.events[-1].event
    assert isinstance(last, CaseDispatched)
    assert (last.rule, last.department, last.attempt) == ("garbage", "sanitation", 2)


def test_without_a_line_there_is_no_proposal_to_take() -> None:
    story = TO["filed"]()

    with pytest.raises(Refused) as refused:
        handlers.dispatch(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), department=None)

    assert refused.value.rule == "responsibility.no_line"


def test_every_dispatch_of_a_case_is_a_task_of_its_own_with_a_fresh_due_time() -> None:
    story = TO["returned"]()
    first = next(found.event for found in story.log.events if found.type == "case.dispatched")
    later = THURSDAY + timedelta(days=1)

    handlers.dispatch(story.log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER, later), department=None)

    second = story.log.events[-1].event
    assert second.task_id != first.task_id
    assert second.due_at > first.due_at


def test_a_task_of_another_department_cannot_be_returned_without_saying_whose_it_is() -> None:
    story = TO["handling"]()

    with pytest.raises(Invalid) as refused:
        _return(story.log, story.case_id, SANITATION, cause(SANITATION), believed_responsible=None)

    assert refused.value.where == "believed_responsible"


@pytest.mark.parametrize("believed", ["sanitation", "nobody"])
def test_a_task_is_not_returned_to_oneself_or_to_nobody_we_know(believed: str) -> None:
    story = TO["handling"]()

    with pytest.raises(Invalid):
        _return(story.log, story.case_id, SANITATION, cause(SANITATION), believed_responsible=believed)


def test_an_answer_says_whether_it_was_in_time() -> None:
    for late, on_time in ((timedelta(hours=1), True), (timedelta(days=3), False)):
        story = TO["handling"]()
        _respond(story.log, story.case_id, SANITATION, cause(SANITATION, THURSDAY + late))
        responded = next(found.event for found in story.log.events if isinstance(found.event, TaskResponded))

        assert responded.on_time is on_time


def test_phone_numbers_in_what_people_write_never_enter_an_event() -> None:
    story = TO["handling"]()

    _respond(story.log, story.case_id, SANITATION, cause(SANITATION), "已联系 13888123456")

    assert "13888123456" not in str([found.event for found in story.log.events])


@pytest.mark.parametrize("start", ["checking", "rework"])
def test_a_case_is_not_closed_before_its_check_was_passed(start: str) -> None:
    story = TO[start]()

    with pytest.raises(Refused):
        handlers.close(story.log, story.case_id, CHIEF, cause(CHIEF), answer="已办结")


def test_a_case_that_is_being_checked_says_that_the_check_is_missing() -> None:
    story = TO["checking"]()

    with pytest.raises(Refused) as refused:
        handlers.close(story.log, story.case_id, CHIEF, cause(CHIEF), answer="已办结")

    assert refused.value.rule == "case.not_cleared"


def test_after_rework_the_first_check_no_longer_counts() -> None:
    story = TO["rework"]().signed().responded()

    assert not story.case.is_cleared
    assert (story.case.reworks, story.case.checks) == (1, 2)
    with pytest.raises(Refused):
        story.closed()


def test_rework_keeps_the_original_due_time() -> None:
    before = TO["handling"]()
    due_at = before.case.task.due_at if before.case.task else None
    after = before.responded().failed().signed()

    assert after.case.task is not None
    assert after.case.task.due_at == due_at


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_reopening_needs_words(blank: str) -> None:
    story = TO["closed"]()

    with pytest.raises(Invalid):
        handlers.reopen(story.log, story.case_id, SUPERVISOR, cause(SUPERVISOR), reason=blank)


def test_a_reopened_case_is_dispatched_checked_and_closed_again_with_its_counters() -> None:
    story = TO["closed"]()
    handlers.reopen(story.log, story.case_id, SUPERVISOR, cause(SUPERVISOR), reason="仍未解决")

    story.dispatched().signed().responded().passed().closed()

    assert story.case.state is State.CLOSED
    assert (story.case.dispatches, story.case.checks, story.case.closings) == (2, 2, 2)


# --- what may be done next --------------------------------------------------------------------------------------

PEOPLE = (DISPATCHER, SANITATION, URBAN, CHIEF, SUPERVISOR, LEADER)
ALL_ROUND = tuple(command for command in COMMANDS if command.about in ("case", "own task"))


@pytest.mark.parametrize("start", list(PLACES))
@pytest.mark.parametrize("asker", PEOPLE, ids=lambda asker: asker.id)
def test_what_is_said_to_be_allowed_is_exactly_what_the_commands_accept(start: str, asker: Asker) -> None:
    stood = PLACES[start]()
    moment = Moment(THURSDAY, dispatched_at=handlers.dispatched_at(stood.log.stream(f"case-{stood.case_id}")))
    said = {found.action.name: found.allowed for found in answers(stood.case, asker, moment)}
    done = {}
    for command in ALL_ROUND:
        story = command.story(start)
        try:
            command.do(story.log, story.case_id, asker, cause(asker))
            done[command.name] = True
        except WujiError:
            done[command.name] = False

    assert {name: said[name] for name in done} == done


@pytest.mark.parametrize("start", [start for start in PLACES if start.endswith("_asked")])
@pytest.mark.parametrize("asker", PEOPLE, ids=lambda asker: asker.id)
def test_whoever_is_said_to_decide_on_a_request_does(start: str, asker: Asker) -> None:
    said = {found.action.name: found.allowed for found in answers(PLACES[start]().case, asker, Moment(THURSDAY))}
    done = {}
    for name, decide in (("approve", approve), ("refuse", refuse)):
        story = PLACES[start]()
        try:
            decide(story.log, story.case_id, asker, cause(asker))
            done[name] = True
        except WujiError:
            done[name] = False

    assert len(story.case.requests) == (0 if done["refuse"] else 1)
    assert {name: said[name] for name in done} == done


def test_an_action_that_is_not_allowed_says_why() -> None:
    story = TO["checking"]()
    actions = {found["action"]: found for found in one_case(story.log, story.case_id, CHIEF, THURSDAY)["actions"]}

    assert set(actions) >= {action.name for action in ACTIONS}
    assert actions["close"]["rule"] == "case.not_cleared"
    assert "核查尚未通过" in actions["close"]["why_not"]
    assert actions["sign"]["rule"] == "permission"
    assert "department" in actions["sign"]["why_not"]


def test_a_case_shows_its_task_with_the_due_time_and_its_reason() -> None:
    story = TO["handling"]()
    shown = one_case(story.log, story.case_id, SANITATION, THURSDAY + timedelta(days=2))

    assert shown["task"]["department"] == "sanitation"
    assert shown["task"]["is_overdue"]
    assert "工作时" in shown["task"]["due_because"]
    assert shown["state_zh"] == "处置中"


def test_an_answered_task_is_no_longer_overdue() -> None:
    story = TO["checking"]()

    assert not one_case(story.log, story.case_id, CHIEF, THURSDAY + timedelta(days=9))["task"]["is_overdue"]


def test_a_department_does_not_see_cases_that_were_never_its_own() -> None:
    story = TO["handling"]()

    with pytest.raises(Forbidden):
        one_case(story.log, story.case_id, URBAN, THURSDAY)
