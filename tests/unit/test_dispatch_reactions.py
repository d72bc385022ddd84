"""What dispatch does about the events of others: it happens, it is refused, it was seen before, somebody was first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.dispatch import handlers, reactions
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.check import CheckFailed, CheckPassed
from shared.contracts.envelope import Actor
from shared.contracts.feedback import FeedbackRecorded, Satisfaction
from shared.kernel.case_states import State
from shared.kernel.errors import Conflict, Refused, Unavailable
from shared.kernel.ids import new_id
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    LINES,
    THURSDAY,
    TO,
    FixedRulebooks,
    OvertakenLog,
    Story,
    accepted,
    cause,
    line,
    recorded,
)
from tests.support.memory import MemoryLog

FILE = {"consumer": "dispatch.file_report", "at": THURSDAY}
CLEAR = {"consumer": "dispatch.clear_to_close", "at": THURSDAY}
REWORK = {"consumer": "dispatch.order_rework", "at": THURSDAY}
REOPEN = {"consumer": "dispatch.reopen_on_feedback", "at": THURSDAY}


def feedback(story: Story, words: str = "还是没有清运", wants_reopening: bool = True) -> FeedbackRecorded:
    return FeedbackRecorded(
        feedback_id=new_id(),
        case_id=story.case_id,
        resolved=False,
        satisfaction=Satisfaction.UNSATISFIED,
        words=words,
        wants_reopening=wants_reopening,
    )


def passed(story: Story) -> CheckPassed:
    return CheckPassed(check_id=new_id(), case_id=story.case_id, findings="已清")


def failed(story: Story, findings: str = "仍有垃圾") -> CheckFailed:
    return CheckFailed(check_id=new_id(), case_id=story.case_id, findings=findings)


# --- report.accepted --------------------------------------------------------------------------------------------


def test_an_accepted_report_is_filed_and_dispatched_in_one_append_where_the_list_is_automatic() -> None:
    log, heard = MemoryLog("dispatch"), recorded(accepted("E-01-02"))

    done = reactions.file_report(heard, log, FixedRulebooks(), **FILE)

    assert [found.type for found in log.events] == ["case.filed", "case.dispatched"]
    assert len(done.event_ids) == 2
    first = log.events[0]
    assert (first.correlation_id, first.causation_id, first.area) == (heard.event.report_id, heard.event_id, COMMUNITY)
    assert first.actor == Actor("dispatch", "service")


def test_a_line_that_is_not_automatic_leaves_the_case_to_a_dispatcher() -> None:
    log = MemoryLog()

    reactions.file_report(recorded(accepted("E-01-05")), log, FixedRulebooks(), **FILE)

    assert [found.type for found in log.events] == ["case.filed"]


@pytest.mark.parametrize("kind", ["E-09-01", "Z-00-00"])
def test_a_case_that_no_line_speaks_of_is_filed_all_the_same(kind: str) -> None:
    log, rulebooks = MemoryLog(), FixedRulebooks()

    reactions.file_report(recorded(accepted(kind), position=77), log, rulebooks, **FILE)

    assert [found.type for found in log.events] == ["case.filed"]
    assert rulebooks.asked == [77]


def test_a_line_that_is_only_on_its_way_is_waited_for() -> None:
    later = Rulebook.of((*LINES, line("other", "E-09-01", "530103", "urban")))
    log = MemoryLog()

    reactions.file_report(recorded(accepted("E-09-01")), log, FixedRulebooks(later=later), **FILE)

    assert log.events[-1].event.rule == "other"


def test_a_report_that_waited_long_enough_goes_to_a_dispatcher_without_asking_again() -> None:
    log, rulebooks = MemoryLog(), FixedRulebooks()

    reactions.file_report(
        recorded(accepted("E-09-01")),
        log,
        rulebooks,
        consumer="dispatch.file_report",
        at=THURSDAY + timedelta(minutes=1),
    )

    assert [found.type for found in log.events] == ["case.filed"]
    assert rulebooks.asked == []


def test_without_a_rulebook_it_is_tried_again_later_and_nothing_is_appended() -> None:
    log = MemoryLog()

    with pytest.raises(Unavailable):
        reactions.file_report(recorded(accepted()), log, FixedRulebooks(now=None), **FILE)

    assert log.events == []


def test_a_report_heard_twice_is_filed_once() -> None:
    log, heard = MemoryLog(), recorded(accepted())
    reactions.file_report(heard, log, FixedRulebooks(), **FILE)

    reactions.file_report(heard, log, FixedRulebooks(), **FILE)

    assert [found.type for found in log.events] == ["case.filed", "case.dispatched"]


def test_of_two_that_file_the_same_report_at_once_one_loses_and_then_finds_it_done() -> None:
    log, heard = MemoryLog(), recorded(accepted())
    racing = OvertakenLog(log, lambda inner: reactions.file_report(heard, inner, FixedRulebooks(), **FILE))

    first = reactions.file_report(heard, racing, FixedRulebooks(), **FILE)
    again = reactions.file_report(recorded(heard.event), log, FixedRulebooks(), **FILE)

    assert first.repeated
    assert again.event_ids == ()
    assert [found.type for found in log.events] == ["case.filed", "case.dispatched"]


# --- checks -----------------------------------------------------------------------------------------------------


def test_a_passed_check_clears_the_case_for_closing() -> None:
    story = TO["checking"]()

    reactions.clear_to_close(recorded(passed(story)), story.log, **CLEAR)

    assert story.case.is_cleared
    assert story.case.state is State.CHECKING


def test_a_failed_check_orders_rework_with_what_was_found() -> None:
    story = TO["checking"]()

    reactions.order_rework(recorded(failed(story)), story.log, **REWORK)

    assert story.case.state is State.REWORK
    assert (story.log.events[-1].event.reason, story.log.events[-1].event.rework) == ("仍有垃圾", 1)


def test_a_failed_check_without_findings_still_gives_a_reason() -> None:
    story = TO["checking"]()

    reactions.order_rework(recorded(failed(story, "  ")), story.log, **REWORK)

    assert "核查未通过" in story.log.events[-1].event.reason


@pytest.mark.parametrize("start", ["handling", "rework", "closed"])
def test_a_check_of_a_case_that_is_not_being_checked_is_refused(start: str) -> None:
    story = TO[start]()

    with pytest.raises(Refused):
        reactions.clear_to_close(recorded(passed(story)), story.log, **CLEAR)
    with pytest.raises(Refused):
        reactions.order_rework(recorded(failed(story)), story.log, **REWORK)


def test_a_check_heard_twice_counts_once_also_when_it_comes_as_another_message() -> None:
    story = TO["checking"]()
    clear = recorded(passed(story))
    reactions.clear_to_close(clear, story.log, **CLEAR)
    before = story.types

    reactions.clear_to_close(clear, story.log, **CLEAR)
    reactions.clear_to_close(recorded(clear.event), story.log, **CLEAR)

    assert story.types == before


def test_a_failed_check_heard_twice_orders_rework_once() -> None:
    story = TO["checking"]()
    rework = recorded(failed(story))
    reactions.order_rework(rework, story.log, **REWORK)

    reactions.order_rework(rework, story.log, **REWORK)
    reactions.order_rework(recorded(rework.event), story.log, **REWORK)

    assert story.case.reworks == 1


def test_of_a_passed_and_a_failed_check_at_once_the_second_writer_loses() -> None:
    story = TO["checking"]()
    racing = OvertakenLog(story.log, lambda inner: reactions.order_rework(recorded(failed(story)), inner, **REWORK))

    with pytest.raises(Conflict):
        reactions.clear_to_close(recorded(passed(story)), racing, **CLEAR)

    assert story.case.state is State.REWORK


# --- feedback.recorded ------------------------------------------------------------------------------------------


def test_an_unhappy_reporter_brings_the_case_back_in_their_own_words_and_name() -> None:
    story = TO["closed"]()
    heard = recorded(feedback(story), actor=Actor("feedback:1", "resident"))

    reactions.reopen(heard, story.log, **REOPEN)

    last = story.log.events[-1]
    assert (last.type, last.event.reason) == ("case.reopened", "还是没有清运")
    assert last.actor == Actor("feedback:1", "resident")
    assert last.causation_id == heard.event_id


def test_feedback_that_asks_for_nothing_changes_nothing() -> None:
    story = TO["closed"]()

    assert reactions.reopen(recorded(feedback(story, wants_reopening=False)), story.log, **REOPEN) is None
    assert story.case.state is State.CLOSED


def test_a_case_that_was_archived_meanwhile_does_not_come_back() -> None:
    story = TO["closed"]()
    handlers.archive(story.log, story.case_id, CHIEF, cause(CHIEF))

    with pytest.raises(Refused) as refused:
        reactions.reopen(recorded(feedback(story)), story.log, **REOPEN)

    assert refused.value.rule == "case.not_reopenable"
    assert story.case.state is State.ARCHIVED


def test_feedback_heard_twice_reopens_once() -> None:
    story = TO["closed"]()
    heard = recorded(feedback(story))
    reactions.reopen(heard, story.log, **REOPEN)
    before = story.types

    done = reactions.reopen(heard, story.log, **REOPEN)

    assert done is not None
    assert done.repeated
    assert story.types == before


def test_feedback_that_comes_while_somebody_else_reopens_loses() -> None:
    story = TO["closed"]()
    racing = OvertakenLog(story.log, lambda inner: reactions.reopen(recorded(feedback(story)), inner, **REOPEN))

    with pytest.raises(Conflict):
        reactions.reopen(recorded(feedback(story)), racing, **REOPEN)

    assert story.types.count("case.reopened") == 1
