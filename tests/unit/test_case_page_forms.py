"""Every form of the case page, filled in and sent as a browser does: whoever is offered something can do it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.case_forms import WAYS
from shared.contracts.case import Loop
from shared.contracts.clock import ClockStarted, EscalationRaised, Rung, Stage
from shared.contracts.report import Urgency
from shared.handling import begin
from shared.kernel.case_states import State
from shared.kernel.ids import derived_id
from shared.security.permission import Asker
from tests.support.case_commands import ADMISSION, EARLIER, LEADER, PLACES, with_admission
from tests.support.case_desk import CaseDesk, NoTables
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    SANITATION,
    STREET,
    SUPERVISOR,
    THURSDAY,
    TO,
    URBAN,
    Story,
    cause,
    filed,
)
from tests.support.examples import example
from tests.support.forms import Form, forms

STREET_CHIEF = Asker("c.jie", "duty_chief", STREET)
WATER = Asker("w.zhou", "department", DISTRICT, "water")
VOLUNTEER = Asker("z.lin", "volunteer", COMMUNITY)
LATER = (THURSDAY + timedelta(days=30)).date().isoformat()


@dataclass(frozen=True)
class Sent:
    """A form that somebody fills in and sends: its address's end, and what is written into it."""

    by: Asker
    ending: str
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Walk:
    """Forms that are sent one after the other, and where the case stands at last."""

    begins: Callable[[], Story]
    sent: tuple[Sent, ...]
    ends: State
    also: Callable[[Story], object] = lambda _: True


def by(asker: Asker, ending: str, **said: Any) -> Sent:
    return Sent(asker, ending, said)


def given_back_twice() -> Story:
    story = TO["dispatched"]()
    story.return_asked().approved(DISPATCHER).dispatched()
    return story.return_asked().approved(DISPATCHER)


ANSWERED = {"answer": "已办理完毕"}
PLAIN = {"reason": "情况说明"}
DIVIDED = {"part_1": "water", "what_1": "疏通管道", "part_2": "urban", "what_2": "维持秩序", **PLAIN}
WRONG = {"kind": "wrong_department", "believed_responsible": "urban", **PLAIN}

WALKS: dict[str, Walk] = {
    "the straight road, back to the beginning, and to the archive": Walk(
        TO["filed"],
        (
            by(DISPATCHER, "dispatch", department="sanitation", co_handlers=["urban"], reason="就近"),
            by(SANITATION, "sign"),
            by(URBAN, "sign"),
            by(SANITATION, "start"),
            by(URBAN, "respond", **ANSWERED),
            by(SANITATION, "respond", **ANSWERED, evidence=f"photo:{'a' * 64}"),
        ),
        State.CHECKING,
    ),
    "closed, opened again with a reason": Walk(
        TO["cleared"],
        (by(CHIEF, "close", answer="已清运，谢谢。"), by(SUPERVISOR, "reopen", reason="抽查发现仍有垃圾")),
        State.REOPENED,
    ),
    "closed and archived": Walk(
        TO["cleared"], (by(CHIEF, "close", answer="已清运。"), by(CHIEF, "archive")), State.ARCHIVED
    ),
    "taken back within the minute": Walk(
        TO["filed"],
        (by(DISPATCHER, "dispatch", department="urban", reason="近"), by(DISPATCHER, "recall")),
        State.FILED,
    ),
    "a return that two people agree to: the department's word, then the chief's; nothing to do at all": Walk(
        TO["handling"],
        (
            by(SANITATION, "return", kind="nothing_to_do", **PLAIN),
            by(CHIEF, "approve"),
            by(CHIEF, "reject", reason_code="nothing_to_do", **PLAIN),
        ),
        State.REJECTED,
    ),
    "a return as somebody else's, refused and then agreed to": Walk(
        TO["handling"],
        (
            by(SANITATION, "return", **WRONG),
            by(DISPATCHER, "refuse", **PLAIN),
            by(SANITATION, "return", **WRONG),
            by(DISPATCHER, "approve"),
        ),
        State.RETURNED,
    ),
    "more time: a little from the chief, a lot from the leader, who refuses once": Walk(
        TO["handling"],
        (
            by(SANITATION, "extension", amount="2", unit="working_hours", **PLAIN),
            by(CHIEF, "approve"),
            by(SANITATION, "extension", amount="60", unit="working_hours", **PLAIN),
            by(LEADER, "refuse", **PLAIN),
            by(SANITATION, "extension", amount="60", unit="working_hours", **PLAIN),
            by(LEADER, "approve"),
        ),
        State.HANDLING,
        lambda story: story.case.task.extensions == 2,  # type: ignore[union-attr]
    ),
    "put aside and taken up again": Walk(
        TO["handling"],
        (
            by(SANITATION, "suspension", review_on=LATER, **PLAIN),
            by(CHIEF, "approve"),
            by(CHIEF, "resume", **PLAIN),
        ),
        State.HANDLING,
    ),
    "divided, a part taken off, and one again when the last part is answered": Walk(
        TO["handling"],
        (
            by(DISPATCHER, "split", **DIVIDED),
            by(WATER, "sign"),
            by(SANITATION, "respond", **ANSWERED),
            by(WATER, "respond", **ANSWERED),
            by(DISPATCHER, "withdraw", **PLAIN),
        ),
        State.CHECKING,
    ),
    "a stage on the way, and one more department": Walk(
        TO["handling"],
        (
            by(SANITATION, "stages", stage="stop_work", words="已停工"),
            by(DISPATCHER, "tasks", department="water", what="疏通管道"),
        ),
        State.HANDLING,
        lambda story: len(story.case.tasks) == 2,
    ),
    "up a loop": Walk(
        TO["handling"], (by(CHIEF, "raise", **PLAIN),), State.FILED, lambda story: story.case.loop is Loop.DISTRICT
    ),
    "down a loop, under an admission": Walk(
        lambda: with_admission(TO["filed"]()),
        (by(CHIEF, "lower", to="community", admission_id=str(ADMISSION), **PLAIN),),
        State.FILED,
        lambda story: story.case.loop is Loop.COMMUNITY,
    ),
    "out of the district, with the receipt and the answer of the others": Walk(
        TO["filed"],
        (
            by(CHIEF, "transfer-out", to="kunming-12345", **PLAIN),
            by(DISPATCHER, "receipt", receipt="KM-17"),
            by(DISPATCHER, "respond", **ANSWERED),
        ),
        State.CHECKING,
    ),
    "a dispute, decided, and dispatched to whom it was decided for": Walk(
        given_back_twice,
        (
            by(DISPATCHER, "dispute", between=["sanitation", "urban"], question="占道经营的垃圾归谁清运？"),
            by(LEADER, "adjudicate", department="urban", **PLAIN),
            by(DISPATCHER, "dispatch", department="urban", reason="按裁定"),
        ),
        State.DISPATCHED,
        lambda story: story.case.department == "urban",
    ),
    "a whistle, with tasks, answered": Walk(
        TO["handling"],
        (
            by(CHIEF, "whistles", departments=["water", "urban"], with_tasks="yes", **PLAIN),
            by(WATER, "answer", answer="今天下午到场"),
        ),
        State.HANDLING,
        lambda story: len(story.case.tasks) == 3,
    ),
    "the pool: offered, claimed, given back, claimed again and done": Walk(
        TO["filed"],
        (
            by(DISPATCHER, "offer", what="扶起倒下的单车", claim_hours="4"),
            by(VOLUNTEER, "claim"),
            by(VOLUNTEER, "release", **PLAIN),
            by(VOLUNTEER, "claim"),
            by(VOLUNTEER, "respond", **ANSWERED),
        ),
        State.CHECKING,
    ),
    "the pool: nobody takes it, so it is taken out": Walk(
        TO["filed"],
        (by(DISPATCHER, "offer", what="扶起倒下的单车"), by(DISPATCHER, "take-back", **PLAIN)),
        State.RETURNED,
    ),
}


@pytest.mark.parametrize("name", list(WALKS))
def test_what_is_offered_on_the_page_can_be_done_there(name: str) -> None:
    walk = WALKS[name]
    register = [{"admission_id": ADMISSION, "matter": "共享单车秩序", "department": "urban"}]
    desk = CaseDesk(walk.begins(), rows=NoTables({"FROM admissions": register}))
    for sent in walk.sent:
        assert desk.send(sent.by, sent.ending, **sent.said).startswith("/cases/"), sent.ending

    assert desk.story.case.state is walk.ends
    assert walk.also(desk.story)


def test_a_problem_case_is_closed_by_the_chief_of_the_tier_above_and_offered_to_no_other() -> None:
    story = given_back_twice().dispatched()
    story.return_asked().approved(DISPATCHER)
    desk = CaseDesk(story.dispatched().signed().responded().passed())

    assert story.case.problem is not None
    assert "close" not in desk.actions(STREET_CHIEF)
    assert "问题工单" in desk.page(STREET_CHIEF)
    desk.send(CHIEF, "close", answer="已清运，今后由环卫负责。")
    assert story.case.state is State.CLOSED


def test_no_form_is_left_out() -> None:
    """Merging, and taking notice of an escalation, are below."""
    sent = {one.ending for walk in WALKS.values() for one in walk.sent}

    assert sent | {"merge", "unmerge", "acknowledge"} == set(WAYS)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("place", list(PLACES))
def test_the_page_shows_a_case_in_every_state_to_everybody_who_may_see_it(place: str, language: str) -> None:
    story = PLACES[place]()
    for asker in (DISPATCHER, CHIEF, LEADER, SUPERVISOR):
        html = CaseDesk(story).page(asker, language=language)

        assert story.case.filed.title in html


# --- one case that is the same as another -----------------------------------------------------------------------


def two_alike() -> tuple[Story, Story, list[dict[str, Any]]]:
    """An earlier case and a later one, and how the table of cases has them."""
    earlier = filed("E-09-01", reported_at=EARLIER)
    later = filed("E-09-01", earlier.log)
    rows = [
        {
            "case_id": story.case_id,
            "number": f"2026112653010300000{n}",
            "area": str(COMMUNITY),
            "title": story.case.filed.title,
            "place": story.case.filed.place,
            "state": "filed",
            "department": None,
            "reported_at": story.case.filed.reported_at,
        }
        for n, story in enumerate((earlier, later))
    ]
    return earlier, later, rows


def panel(desk: CaseDesk, ending: str, query: str = "") -> Form:
    """The button beside another case: all that it says is hidden in it."""
    found = [
        one for one in forms(desk.page(DISPATCHER, query=query)) if one.action.endswith(ending) and not one.names()
    ]
    assert len(found) == 1, ending
    return found[0]


def test_a_suspected_duplicate_is_merged_from_either_side_and_the_merge_is_undone_from_either() -> None:
    earlier, later, (row_of_earlier, row_of_later) = two_alike()
    of_later = CaseDesk(later, rows=NoTables({"similarity(title": [row_of_earlier]}))
    of_earlier = CaseDesk(earlier, rows=NoTables({"similarity(title": [row_of_later]}))
    where = of_later.send(DISPATCHER, panel(of_later, "/merge"))

    assert later.case.merged_into == earlier.case_id
    assert where == f"/cases/{earlier.case_id}?done=merge&merged={later.case_id}"
    of_earlier.send(DISPATCHER, panel(of_earlier, "/unmerge", where.partition("?")[2]))
    assert later.case.state is State.FILED
    of_earlier.send(DISPATCHER, panel(of_earlier, f"/cases/{later.case_id}/merge"))
    assert later.case.merged_into == earlier.case_id
    of_later.send(DISPATCHER, "unmerge")
    assert later.case.merged_into is None


def test_the_case_into_which_one_is_merged_is_named_by_its_number() -> None:
    earlier, later, (row, _) = two_alike()
    desk = CaseDesk(later, rows=NoTables({"WHERE number": [row]}))
    desk.send(DISPATCHER, "merge", into=row["number"])

    assert later.case.merged_into == earlier.case_id


def test_what_has_little_in_common_is_not_suspected() -> None:
    _, later, (row, _) = two_alike()
    other = {**row, "title": "井盖丢失", "place": "人民东路"}
    desk = CaseDesk(later, rows=NoTables({"similarity(title": [other]}))

    assert "疑似重复" not in desk.page(DISPATCHER)


# --- called upon ------------------------------------------------------------------------------------------------


def test_whoever_is_called_upon_says_so_on_the_page_and_nobody_else_is_asked() -> None:
    story, clock_id, escalation_id = TO["handling"](), derived_id("clock"), derived_id("escalation")
    started = ClockStarted(
        clock_id=clock_id,
        case_id=story.case_id,
        stage=Stage.HANDLE,
        task_id=None,
        department="sanitation",
        condition=None,
        loop="street",
        urgency=Urgency.NORMAL,
        goes_on=False,
        started_at=EARLIER,
        due_at=EARLIER,
        warn_at=None,
        limit=None,
        minutes=0,
        because="已到期",
        calendar=None,
        day_and_night=False,
    )
    raised = replace(
        example(EscalationRaised),
        escalation_id=escalation_id,
        clock_id=clock_id,
        case_id=story.case_id,
        target_area="530103.004",
        rung=Rung.SUPERVISED,
    )
    stream = f"clock-{story.case_id}"
    begin(story.log, stream, (started, raised), cause(CHIEF), area=COMMUNITY, correlation_id=story.case_id)
    rows = NoTables({"FROM escalations WHERE": [{"case_id": story.case_id}]})
    desk = CaseDesk(story, rows=rows)

    assert desk.actions(DISPATCHER).count(f"escalations/{escalation_id}/acknowledge") == 1
    assert not [one for one in desk.actions(SANITATION) if one.endswith("acknowledge")]
    desk.send(SUPERVISOR, "acknowledge", words="今天 17:00 前到现场督促")
    assert story.log.stream(stream)[-1].type == "escalation.acknowledged"
    assert not [one for one in desk.actions(SUPERVISOR) if one.endswith("acknowledge")]
