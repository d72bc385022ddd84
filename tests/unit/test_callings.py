"""Who hears of what a command centre has to see to: the right people, once, and not before somebody is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify import callings, sponsors
from services.notify.callings import Office
from services.notify.domain import INBOX
from services.notify.templates import LANGUAGES, OCCASIONS, load
from shared.contracts.case import (
    CaseClosed,
    CaseFiled,
    CaseLevelRaised,
    CaseProblemDeclared,
    CaseReworkOrdered,
    Loop,
    ProblemKind,
    WhistleBlown,
)
from shared.contracts.check import CheckAssigned
from shared.contracts.duty import DutyGapFound, DutyGivenBack, DutyPostOpened, DutySilent, DutyTakenOver
from shared.contracts.envelope import Recorded
from shared.contracts.notice import NoticeRequested, RecipientKind
from shared.contracts.report import Urgency
from shared.contracts.task import DisputeOpened, Joined, TaskAdded
from shared.contracts.visit import VisitRecorded, VisitReplyOverdue
from shared.kernel.ids import new_id
from tests.support.directory import Book, Opening
from tests.support.examples import example
from tests.support.memory import MemoryLog
from tests.support.notices import AT, NotifyRows, happened, writer

COMMUNITY, STREET, DISTRICT = "530103.004.012", "530103.004", "530103"
MORNING = AT + timedelta(hours=8)
CHANNELS = dict.fromkeys(RecipientKind, "outbox")
BOOK = Book(
    posts={
        COMMUNITY: {"grid_lead": ("lead.012",)},
        STREET: {"street_supervisor": ("street.004", "no.account")},
        DISTRICT: {"district_inspector": ("xcy",)},
    },
    ways={"lead.012": frozenset(), "street.004": frozenset({"phone"}), "desk-1": frozenset(), "chief": frozenset()},
    roles={("duty_chief", DISTRICT): ("chief",)},
)
CASE = new_id()


def office(opens: Opening | None = None, log: MemoryLog | None = None) -> Office:
    return Office(log or MemoryLog(), BOOK, opens or Opening(), CHANNELS)


def log_of(asked: Office) -> MemoryLog:
    assert isinstance(asked.log, MemoryLog)
    return asked.log


def told(asked: Office) -> list[tuple[str, str, str]]:
    notices = [one.event for one in log_of(asked).events if isinstance(one.event, NoticeRequested)]
    return [(one.template, one.recipient, one.channel) for one in notices]


def at_a_desk(asked: Office, event: Any) -> Recorded[Any]:
    opened = replace(example(DutyPostOpened), post_id=event.post_id, area=event.area, name="值班席")
    happened(log_of(asked), f"duty-{event.post_id}", opened, event.post_id)
    return happened(log_of(asked), f"duty-{event.post_id}", event, event.post_id)


def of_a_case(
    asked: Office, event: Any, loop: Loop = Loop.COMMUNITY, urgency: Urgency = Urgency.NORMAL
) -> Recorded[Any]:
    filed = replace(example(CaseFiled), case_id=CASE, loop=loop, urgency=urgency)
    happened(log_of(asked), f"case-{CASE}", filed, CASE)
    return happened(log_of(asked), f"case-{CASE}", replace(event, case_id=CASE), CASE)


def heard(tell: Callable[..., None], recorded: Recorded[Any], asked: Office) -> list[tuple[str, str, str]]:
    """Whom it was told, however often it was heard."""
    for _ in range(2):
        tell(recorded, asked, consumer="notify.tell", at=AT)
    return told(asked)


def test_the_community_that_sent_a_case_up_hears_of_every_step_after_that_and_nobody_else() -> None:
    asked = office()
    before = of_a_case(asked, example(CaseClosed))
    raised = replace(example(CaseLevelRaised), case_id=CASE, sponsor=COMMUNITY)
    up = happened(log_of(asked), f"case-{CASE}", raised, CASE)

    assert heard(sponsors.tell_sponsor, before, asked) == heard(sponsors.tell_sponsor, up, asked) == []
    closed = happened(log_of(asked), f"case-{CASE}", replace(example(CaseClosed), case_id=CASE), CASE)
    assert heard(sponsors.tell_sponsor, closed, asked) == [
        ("case_sponsored", "lead.012", INBOX),
        ("case_sponsored", f"grid_lead@{COMMUNITY}", "outbox"),
    ]


def gap(area: str = COMMUNITY) -> DutyGapFound:
    return DutyGapFound(post_id=new_id(), area=area, starts_at=AT, ends_at=None)


def test_a_gap_is_told_to_the_chief_of_the_centre_in_their_inbox_and_to_the_post() -> None:
    asked = office()

    assert heard(callings.tell_duty, at_a_desk(asked, gap()), asked) == [
        ("duty_gap", "lead.012", INBOX),
        ("duty_gap", f"grid_lead@{COMMUNITY}", "outbox"),
    ]


def test_whoever_left_a_number_hears_by_it_and_the_gateway_is_not_asked() -> None:
    asked = office()

    assert heard(callings.tell_duty, at_a_desk(asked, gap(STREET)), asked) == [("duty_gap", "street.004", "outbox")]


def test_where_no_holder_has_an_account_those_of_the_role_hear() -> None:
    asked = office()

    assert heard(callings.tell_duty, at_a_desk(asked, gap(DISTRICT)), asked) == [
        ("duty_gap", "chief", INBOX),
        ("duty_gap", f"district_inspector@{DISTRICT}", "outbox"),
    ]


def test_a_centre_of_which_nothing_is_known_is_addressed_at_its_desk() -> None:
    asked = office()

    assert heard(callings.tell_duty, at_a_desk(asked, gap("530103.009")), asked) == [
        ("duty_gap", "desk@530103.009", "outbox")
    ]


@pytest.mark.parametrize(
    "event",
    [
        DutySilent(post_id=new_id(), area=COMMUNITY, since=AT),
        DutyTakenOver(post_id=new_id(), area=COMMUNITY, by_area=STREET),
        DutyGivenBack(post_id=new_id(), area=COMMUNITY),
    ],
)
def test_silence_and_takeover_are_told_to_both_centres(event: Any) -> None:
    asked = office()

    found = heard(callings.tell_duty, at_a_desk(asked, event), asked)

    assert [who for _, who, _ in found] == ["lead.012", f"grid_lead@{COMMUNITY}", "street.004"]


def test_out_of_hours_it_waits_until_the_centre_that_is_told_has_somebody() -> None:
    opens = Opening(MORNING)
    asked = office(opens)
    heard(callings.tell_duty, at_a_desk(asked, gap(STREET)), asked)

    assert [one.event.not_before for one in log_of(asked).events[2:]] == [MORNING]
    assert opens.asked[0][0] == STREET


def test_an_overdue_answer_reaches_who_was_at_the_door_and_the_community() -> None:
    asked, visit_id = office(), new_id()
    visit = replace(example(VisitRecorded), visit_id=visit_id, household="3-1-201")
    happened(log_of(asked), f"visit-{visit_id}", visit, visit_id)
    late = happened(log_of(asked), f"visit-{visit_id}", VisitReplyOverdue(visit_id=visit_id, due_at=AT), visit_id)

    assert [who for _, who, _ in heard(callings.tell_visit_overdue, late, asked)] == ["desk-1", f"desk@{COMMUNITY}"]


def test_a_problem_case_is_told_to_the_tier_that_watches_over_it() -> None:
    asked = office()
    event = CaseProblemDeclared(case_id=CASE, kind=ProblemKind.REWORKS, count=3, supervised_by=Loop.STREET)

    assert heard(callings.tell_problem, of_a_case(asked, event), asked) == [("case_problem", "street.004", "outbox")]


@pytest.mark.parametrize(("loop", "who"), [(Loop.COMMUNITY, "street.004"), (Loop.STREET, "chief")])
def test_a_dispute_is_told_one_tier_above_the_loop_and_to_both_departments(loop: Loop, who: str) -> None:
    asked = office()
    event = replace(example(DisputeOpened), between=("urban", "housing"))

    found = [name for _, name, _ in heard(callings.tell_dispute, of_a_case(asked, event, loop), asked)]

    assert found[0] == who
    assert found[-2:] == ["urban", "housing"]


def test_a_whistle_reaches_every_department_once() -> None:
    asked = office()
    event = replace(example(WhistleBlown), departments=("urban", "housing", "urban"))

    found = heard(callings.tell_whistle, of_a_case(asked, event), asked)

    assert [who for _, who, _ in found] == ["urban", "housing"]


@pytest.mark.parametrize(("urgency", "waits"), [(Urgency.NORMAL, True), (Urgency.CRITICAL, False)])
def test_what_is_urgent_does_not_wait_for_the_morning(urgency: Urgency, waits: bool) -> None:
    asked = office(Opening(MORNING))
    event = replace(example(WhistleBlown), departments=("urban",))
    heard(callings.tell_whistle, of_a_case(asked, event, urgency=urgency), asked)

    assert (log_of(asked).events[-1].event.not_before is not None) is waits


@pytest.mark.parametrize(("joined", "who"), [(Joined.SPLIT, ["urban"]), (Joined.CO_HANDLER, []), (Joined.WHISTLE, [])])
def test_a_part_is_told_to_whom_it_is_given_and_nobody_is_told_twice(joined: Joined, who: list[str]) -> None:
    asked = office()
    event = replace(example(TaskAdded), department="urban", joined=joined)

    assert [name for _, name, _ in heard(callings.tell_task, of_a_case(asked, event), asked)] == who


def test_rework_is_told_to_the_departments_whose_tasks_are_named() -> None:
    asked, mine, other = office(), new_id(), new_id()
    for task_id, department in ((mine, "urban"), (other, "housing")):
        of_a_case(asked, replace(example(TaskAdded), task_id=task_id, department=department))
    event = replace(example(CaseReworkOrdered), task_ids=(mine,))

    assert heard(callings.tell_rework, of_a_case(asked, event), asked) == [("case_rework", "urban", "outbox")]


@pytest.mark.parametrize(("person", "who"), [("lead.012", [("check_assigned", "lead.012", INBOX)]), (None, [])])
def test_a_check_is_told_to_whoever_is_to_look(person: str | None, who: list[Any]) -> None:
    asked = office()
    event = replace(example(CheckAssigned), person=person)

    assert heard(callings.tell_checker, of_a_case(asked, event), asked) == who


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("zh", "网格长：\n“值班席”（文艺社区）自 2026-05-03 09:30 起无人排班，至 另行排班"),
        ("en", "Grid lead, 文艺社区:\n"),
    ],
)
def test_a_letter_names_places_and_speaks_one_language(language: str, says: str) -> None:
    asked, rows = office(), NotifyRows()
    rows.places[COMMUNITY] = "文艺社区"
    heard(callings.tell_duty, at_a_desk(asked, gap()), asked)
    notice: NoticeRequested = next(one.event for one in log_of(asked).events if isinstance(one.event, NoticeRequested))

    _, body = writer(language).words(notice, log_of(asked), rows)

    assert says in body
    assert " / " not in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_to_a_colleague_names_the_case_and_the_post(language: str) -> None:
    asked = office()
    event = CaseProblemDeclared(case_id=CASE, kind=ProblemKind.TRANSFERS, count=3, supervised_by=Loop.STREET)
    heard(callings.tell_problem, of_a_case(asked, event), asked)
    notice: NoticeRequested = log_of(asked).events[-1].event

    subject, body = writer(language).words(notice, log_of(asked), NotifyRows())

    assert log_of(asked).events[0].event.number in subject + body
    assert {"zh": "街道监督员", "en": "Street supervisor"}[language] in body


def test_every_occasion_has_words_in_both_languages() -> None:
    assert set(load()) == {(name, language) for name in OCCASIONS for language in LANGUAGES}
