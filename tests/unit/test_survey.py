"""Survey: one question for every closing, answered once, in time, by the holder of the link."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.survey import handlers, reactions
from services.survey.domain.feedback import OPEN_FOR, Verdict, feedback_id
from services.survey.queries import feedback as queries
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.feedback import FeedbackInvited, FeedbackRecorded, Satisfaction
from shared.handling import Cause
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from shared.kernel.ids import new_id
from shared.security import links
from tests.support.cases import THURSDAY, TO, OvertakenLog, Story, recorded
from tests.support.memory import MemoryLog

KEY = b"0123456789abcdef0123456789abcdef"
INVITE = {"consumer": "survey.invite_reporter", "at": THURSDAY}
UNHAPPY = Verdict(resolved=False, satisfaction=Satisfaction.UNSATISFIED, words="还在", wants_reopening=True)
HAPPY = Verdict(resolved=True, satisfaction=Satisfaction.SATISFIED, words="", wants_reopening=False)


def closing(story: Story) -> Recorded[object]:
    return [found for found in story.log.events if found.type == "case.closed"][-1]


def invited(story: Story | None = None) -> tuple[MemoryLog, UUID]:
    """A log with an open question, and its id."""
    story = story or TO["closed"]()
    reactions.invite_reporter(closing(story), story.log, **INVITE)  # type: ignore[arg-type]
    return story.log, story.log.events[-1].event.feedback_id


def token(question: UUID) -> str:
    return links.token(KEY, "feedback", question)


def cause(key: str | None = None, later: timedelta = timedelta()) -> Cause:
    return Cause(actor=Actor("anonymous", "resident"), at=THURSDAY + later, idempotency_key=key)


def answered(log: MemoryLog) -> list[FeedbackRecorded]:
    return [found.event for found in log.events if isinstance(found.event, FeedbackRecorded)]


# --- case.closed ------------------------------------------------------------------------------------------------


def test_a_closed_case_invites_its_reporter_for_fifteen_days() -> None:
    story = TO["closed"]()
    closed = closing(story)

    reactions.invite_reporter(closed, story.log, **INVITE)  # type: ignore[arg-type]

    asked = story.log.events[-1]
    assert isinstance(asked.event, FeedbackInvited)
    assert asked.event.expires_at == THURSDAY + timedelta(days=15)
    assert asked.event.number == story.case.filed.number
    assert asked.event.subject_id == story.case.filed.subject_id
    assert (asked.correlation_id, asked.causation_id) == (story.case_id, closed.event_id)


def test_a_reporter_who_left_no_contact_is_asked_too() -> None:
    story = TO["closed"]()
    filed = story.log.events[0]
    story.log.events[0] = replace(filed, event=replace(filed.event, subject_id=None))

    log, _ = invited(story)

    assert log.events[-1].event.subject_id is None


def test_a_closing_heard_twice_asks_once() -> None:
    story = TO["closed"]()
    for heard in (closing(story), closing(story), recorded(closing(story).event)):
        reactions.invite_reporter(heard, story.log, **INVITE)  # type: ignore[arg-type]

    assert [found.type for found in story.log.events].count("feedback.invited") == 1


def test_of_two_that_ask_about_one_closing_at_once_the_second_writer_loses() -> None:
    story = TO["closed"]()
    other = recorded(closing(story).event)
    racing = OvertakenLog(story.log, lambda inner: reactions.invite_reporter(other, inner, **INVITE))  # type: ignore[arg-type]

    with pytest.raises(Conflict):
        reactions.invite_reporter(closing(story), racing, **INVITE)  # type: ignore[arg-type]


def test_every_closing_of_a_case_has_a_question_of_its_own() -> None:
    case_id = new_id()

    assert feedback_id(case_id, 1) == feedback_id(case_id, 1)
    assert feedback_id(case_id, 1) != feedback_id(case_id, 2)


def test_a_case_whose_filing_is_not_to_be_seen_yet_is_tried_again_later() -> None:
    with pytest.raises(Unavailable):
        reactions.invite_reporter(closing(TO["closed"]()), MemoryLog(), **INVITE)  # type: ignore[arg-type]


# --- the answer -------------------------------------------------------------------------------------------------


def test_the_reporter_answers() -> None:
    log, question = invited()

    handlers.answer(log, KEY, question, token(question), UNHAPPY, cause())

    assert [(found.words, found.wants_reopening) for found in answered(log)] == [("还在", True)]
    assert log.events[-1].correlation_id == log.events[0].correlation_id


def test_a_second_answer_is_refused() -> None:
    log, question = invited()
    handlers.answer(log, KEY, question, token(question), HAPPY, cause())

    with pytest.raises(Refused) as refused:
        handlers.answer(log, KEY, question, token(question), UNHAPPY, cause())

    assert refused.value.rule == "feedback.already_answered"
    assert len(answered(log)) == 1


def test_the_same_answer_sent_again_with_its_key_changes_nothing() -> None:
    log, question = invited()
    handlers.answer(log, KEY, question, token(question), HAPPY, cause("k"))

    again = handlers.answer(log, KEY, question, token(question), HAPPY, cause("k"))

    assert again.repeated
    assert len(answered(log)) == 1


def test_of_two_answers_at_once_the_second_writer_loses_and_is_then_refused() -> None:
    log, question = invited()
    racing = OvertakenLog(log, lambda inner: handlers.answer(inner, KEY, question, token(question), HAPPY, cause()))

    with pytest.raises(Conflict):
        handlers.answer(racing, KEY, question, token(question), UNHAPPY, cause())
    with pytest.raises(Refused):
        handlers.answer(racing, KEY, question, token(question), UNHAPPY, cause())

    assert [found.wants_reopening for found in answered(log)] == [False]


def test_the_last_moment_counts_and_the_one_after_it_does_not() -> None:
    log, question = invited()

    with pytest.raises(Refused) as refused:
        handlers.answer(log, KEY, question, token(question), HAPPY, cause(None, OPEN_FOR + timedelta(seconds=1)))
    handlers.answer(log, KEY, question, token(question), HAPPY, cause(None, OPEN_FOR))

    assert refused.value.rule == "feedback.expired"
    assert len(answered(log)) == 1


@pytest.mark.parametrize("shown", ["", "wrong", "评价", "a" * 22])
def test_a_wrong_token_is_forbidden_whether_the_question_exists_or_not(shown: str) -> None:
    log, question = invited()

    for about in (question, new_id()):
        with pytest.raises(Forbidden):
            handlers.answer(log, KEY, about, shown, HAPPY, cause())
    assert answered(log) == []


def test_the_token_of_another_question_is_forbidden() -> None:
    log, question = invited()

    with pytest.raises(Forbidden):
        handlers.answer(log, KEY, question, token(new_id()), HAPPY, cause())
    with pytest.raises(Forbidden):
        handlers.answer(log, KEY, question, links.token(KEY, "report", question), HAPPY, cause())


def test_a_question_that_was_never_asked_is_not_found_even_with_its_token() -> None:
    with pytest.raises(NotFound):
        handlers.answer(MemoryLog(), KEY, question := new_id(), token(question), HAPPY, cause())


@pytest.mark.parametrize("words", ["", "  \n"])
def test_reopening_needs_words(words: str) -> None:
    log, question = invited()

    with pytest.raises(Invalid) as refused:
        handlers.answer(log, KEY, question, token(question), replace(UNHAPPY, words=words), cause())

    assert refused.value.where == "words"


def test_what_is_solved_and_satisfying_is_not_reopened() -> None:
    log, question = invited()

    with pytest.raises(Invalid):
        handlers.answer(
            log, KEY, question, token(question), replace(HAPPY, words="再来", wants_reopening=True), cause()
        )


def test_phone_numbers_in_the_answer_are_masked() -> None:
    log, question = invited()

    handlers.answer(log, KEY, question, token(question), replace(HAPPY, words="打 13888123456 找我"), cause())

    assert answered(log)[0].words == "打 [电话] 找我"


# --- what is asked ----------------------------------------------------------------------------------------------


def test_the_question_says_what_it_is_about_in_both_languages() -> None:
    log, question = invited()

    shown = queries.question(log, question, THURSDAY)

    assert shown["standing"] == "open"
    assert shown["about"]["title"] == "文艺路口垃圾堆了三天"
    assert shown["about"]["answer"] == "垃圾已清运，谢谢反映。"
    assert [found["name"] for found in shown["questions"]] == ["resolved", "satisfaction", "words", "wants_reopening"]
    assert all(found["zh"] and found["en"] for found in shown["questions"])


def test_an_answered_or_expired_question_asks_nothing_any_more() -> None:
    log, question = invited()

    assert queries.question(log, question, THURSDAY + OPEN_FOR + timedelta(days=1))["standing"] == "expired"
    handlers.answer(log, KEY, question, token(question), HAPPY, cause())
    shown = queries.question(log, question, THURSDAY)
    assert (shown["standing"], shown["questions"]) == ("answered", [])


def test_a_question_that_was_never_asked_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.question(MemoryLog(), new_id(), THURSDAY)
