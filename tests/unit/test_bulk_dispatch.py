"""Many cases dispatched at once, and the minute in which they may be taken back: each answers for itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from services.dispatch import handlers
from services.dispatch.page_schemas import BulkForm, BulkQuery
from shared.kernel.case_states import State
from shared.web.call import Call, Reply
from tests.support.case_desk import CaseDesk, NoTables, Pages
from tests.support.cases import DISPATCHER, RULEBOOK, THURSDAY, URBAN, Story, cause, filed
from tests.support.forms import form
from tests.support.memory import MemoryLog

WATER = "E-01-05"
"""A kind that the list has a line for, and that waits for a dispatcher all the same."""


def waiting(count: int = 3) -> list[Story]:
    log = MemoryLog()
    return [filed(WATER, log) for _ in range(count)]


def pages(stories: list[Story]) -> Pages:
    rows = [
        {
            "case_id": str(story.case_id),
            "number": str(n),
            "area": "530103.004.012",
            "issue_type": WATER,
            "urgency": "normal",
            "loop": "street",
            "title": f"水沟 {n}",
            "state": story.case.state.value,
            "edition": None,
        }
        for n, story in enumerate(stories)
    ]
    return Pages(stories[0], RULEBOOK, NoTables({"FROM cases": rows}))


def call(at: Any = THURSDAY, **more: Any) -> Call:
    return Call(at=at, asker=DISPATCHER, address="/work", **more)


def send(stories: list[Story], html: str, action: str, at: Any = THURSDAY) -> Reply:
    """Press the button of the one form that goes there."""
    body = BulkForm().load(form(html, action).filled())
    method = Pages.bulk_dispatch if action == "/work/bulk" else Pages.recall_many
    return method(pages(stories), call(at, body=body))


def shown(stories: list[Story], address: str, at: Any = THURSDAY) -> str:
    """The page to which the browser is led."""
    query = BulkQuery().load(dict(parse_qs(urlsplit(address).query)))
    return str(Pages.dispatched_page(pages(stories), call(at, query=query)).body)


def preview(stories: list[Story]) -> str:
    query = {"case_id": [story.case_id for story in stories]}
    return str(Pages.bulk_page(pages(stories), call(query=query)).body)


def led_to(reply: Reply) -> str:
    assert reply.status == 303
    return str((reply.headers or {})["Location"])


def test_what_was_previewed_is_dispatched_and_all_of_it_taken_back_within_the_minute() -> None:
    stories = waiting()
    page = preview(stories)
    done = shown(stories, led_to(send(stories, page, "/work/bulk")), THURSDAY + timedelta(seconds=5))
    states = {story.case.state for story in stories}
    undone = shown(stories, led_to(send(stories, done, "/work/recall", THURSDAY + timedelta(seconds=30))))

    assert "将派发 3 件给 1 个部门" in page
    assert "已派遣 3 件" in done
    assert states == {State.DISPATCHED}
    assert "已撤回 3 件" in undone
    assert {(story.case.state, story.case.transfers) for story in stories} == {(State.FILED, 0)}


def test_what_somebody_has_signed_stays_and_says_so() -> None:
    stories = waiting(2)
    page = shown(stories, led_to(send(stories, preview(stories), "/work/bulk")))
    handlers.sign(stories[0].log, stories[0].case_id, URBAN, cause(URBAN))
    after = shown(stories, led_to(send(stories, page, "/work/recall")))

    assert [story.case.state for story in stories] == [State.HANDLING, State.FILED]
    assert "已派遣 1 件" in after
    assert "已撤回 1 件" in after
    assert "只有「已派遣」的案件才能撤回派遣" in after


def test_after_the_minute_nothing_is_offered_and_nothing_is_taken_back() -> None:
    stories, late = waiting(1), THURSDAY + timedelta(seconds=61)
    page = shown(stories, led_to(send(stories, preview(stories), "/work/bulk")))
    after = shown(stories, led_to(send(stories, page, "/work/recall", late)), late)

    assert stories[0].case.state is State.DISPATCHED
    assert "/work/recall" not in after
    assert "派遣已超过 60 秒" in after


def test_where_somebody_was_quicker_the_others_are_dispatched_and_can_still_be_undone() -> None:
    stories = waiting(2)
    page = preview(stories)
    quick = cause(DISPATCHER)
    handlers.dispatch(stories[1].log, RULEBOOK, stories[1].case_id, DISPATCHER, quick, department="urban", reason="近")
    answer = send(stories, page, "/work/bulk")

    assert answer.status == 409
    assert "已派遣 1 件；下列 1 件没有派出" in str(answer.body)
    assert f"/work/dispatched?case_id={stories[0].case_id}" in str(answer.body)


def test_a_single_dispatch_offers_the_same_minute_on_its_own_page() -> None:
    story = filed(WATER)
    desk = CaseDesk(story)
    desk.send(DISPATCHER, "dispatch")

    assert "recall" in desk.actions(DISPATCHER)
    assert "recall" not in desk.actions(DISPATCHER, THURSDAY + timedelta(seconds=61))
    desk.send(DISPATCHER, "recall")
    assert story.case.state is State.FILED
