"""Who hears of what: once, and nobody who left no contact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.notify import reactions, sponsors
from services.notify.service import NotifyService
from services.notify.subscriptions import domain
from shared.contracts.case import CaseDispatched, CaseDispatchRecalled, CaseLevelRaised, Loop
from shared.contracts.envelope import Recorded
from shared.contracts.feedback import FeedbackInvited
from shared.contracts.notice import NoticeRequested, RecipientKind
from shared.contracts.remedy import RemedyPlanned
from shared.contracts.report import ReportAccepted, ReportAppealed, ReportMerged, ReportRejected, ReportSubmitted
from shared.contracts.subscription import DeliveryKind, Filter
from shared.entrypoints.on import reactions_of
from shared.kernel.errors import Conflict, Unavailable
from shared.kernel.ids import new_id
from shared.ports import Append, Appended
from tests.support.examples import example
from tests.support.memory import MemoryLog
from tests.support.notices import AT, CHANNELS, NotifyRows, happened, reported

EVERYTHING = Filter(types=(), areas=(), issue_types=(), departments=())


def accepted(log: MemoryLog, report: ReportSubmitted) -> Recorded[Any]:
    event = ReportAccepted(
        report_id=report.report_id,
        number=report.number,
        source=report.source,
        subject_id=report.subject_id,
        issue_type=report.issue_type,
        urgency=report.urgency,
        title=report.title,
        words=report.words,
        place=None,
        point=None,
        reported_at=AT,
    )
    return happened(log, f"report-{report.report_id}", event, report.report_id)


def rejected(log: MemoryLog, report: ReportSubmitted) -> Recorded[Any]:
    event = ReportRejected(report_id=report.report_id, reason_code="abusive", reason="内容虚假")
    return happened(log, f"report-{report.report_id}", event, report.report_id)


def appealed(log: MemoryLog, report: ReportSubmitted) -> Recorded[Any]:
    event = ReportAppealed(report_id=report.report_id, reason="就在本区")
    return happened(log, f"report-{report.report_id}", event, report.report_id)


def merged(log: MemoryLog, report: ReportSubmitted) -> Recorded[Any]:
    other = reported(log, number="20260503530103000001")
    event = ReportMerged(report_id=report.report_id, into=other.report_id)
    return happened(log, f"report-{report.report_id}", event, report.report_id)


def invited(log: MemoryLog, report: ReportSubmitted) -> Recorded[Any]:
    event = FeedbackInvited(
        feedback_id=new_id(),
        case_id=report.report_id,
        subject_id=report.subject_id,
        number=report.number,
        attempt=1,
        expires_at=AT,
    )
    return happened(log, f"feedback-{event.feedback_id}", event, report.report_id)


def dispatched(log: MemoryLog, report: ReportSubmitted) -> Recorded[Any]:
    event = CaseDispatched(
        case_id=report.report_id,
        task_id=new_id(),
        department="urban_management",
        co_handlers=("fire", "urban_management"),
        rule="E-01@530103",
        because="市容环境类由城管负责",
        limit=None,
        due_at=None,
        due_because="",
        attempt=1,
    )
    return happened(log, f"case-{report.report_id}", event, report.report_id)


def react(name: str, recorded: Recorded[Any], log: MemoryLog, rows: NotifyRows) -> None:
    arguments = [rows] if name in ("tell_accepted", "tell_rejected", "tell_closed") else []
    getattr(reactions, name)(recorded, log, *arguments, channels=CHANNELS, consumer=f"notify.{name}", at=AT)


def notices(log: MemoryLog) -> list[NoticeRequested]:
    return [recorded.event for recorded in log.events if isinstance(recorded.event, NoticeRequested)]


TOLD = {
    "tell_accepted": (accepted, "report_accepted"),
    "tell_rejected": (rejected, "report_rejected"),
    "tell_appealed": (appealed, "report_appealed"),
    "tell_merged": (merged, "report_merged"),
    "tell_closed": (invited, "case_closed"),
}
each_of_them = pytest.mark.parametrize("name", TOLD)


@each_of_them
def test_the_reporter_hears(name: str) -> None:
    log, rows, subject = MemoryLog(), NotifyRows(), new_id()
    happen, template = TOLD[name]
    report = reported(log, subject_id=subject)
    recorded = happen(log, report)

    react(name, recorded, log, rows)

    (notice,) = notices(log)
    assert (notice.template, notice.recipient, notice.recipient_kind) == (
        template,
        str(subject),
        RecipientKind.REPORTER,
    )
    assert notice.values["number"] == report.number
    assert notice.about == report.report_id
    assert log.events[-1].causation_id == recorded.event_id
    assert log.events[-1].correlation_id == report.report_id


@each_of_them
def test_whoever_left_no_contact_is_left_in_peace(name: str) -> None:
    log, rows = MemoryLog(), NotifyRows()
    happen, _ = TOLD[name]

    react(name, happen(log, reported(log)), log, rows)

    assert notices(log) == []


@each_of_them
def test_an_event_heard_twice_tells_once(name: str) -> None:
    log, rows = MemoryLog(), NotifyRows()
    happen, _ = TOLD[name]
    recorded = happen(log, reported(log, subject_id=new_id()))

    react(name, recorded, log, rows)
    react(name, recorded, log, rows)

    assert len(notices(log)) == 1


class ToldElsewhereLog(MemoryLog):
    """Another process asks for the same notice between our reading and our writing."""

    def append(self, append: Append) -> Appended:
        if append.stream.startswith("notice-"):
            raise Conflict("somebody else was first")
        return super().append(append)


@each_of_them
def test_a_second_writer_leaves_it_at_that(name: str) -> None:
    log, rows = ToldElsewhereLog(), NotifyRows()
    happen, _ = TOLD[name]
    recorded = happen(log, reported(log, subject_id=new_id()))

    react(name, recorded, log, rows)

    assert notices(log) == []


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("tell_accepted", "report_accepted"),
        ("tell_rejected", "report_rejected"),
        ("tell_closed", "case_closed_follower"),
    ],
)
def test_everybody_who_reported_the_same_hears_as_well(name: str, template: str) -> None:
    log, rows, followers = MemoryLog(), NotifyRows(), [new_id(), new_id()]
    happen, _ = TOLD[name]
    report = reported(log, subject_id=new_id())
    rows.followers[report.report_id] = [
        {"report_id": new_id(), "subject_id": who, "number": f"2026050353010300010{nth}"}
        for nth, who in enumerate(followers)
    ]

    react(name, happen(log, report), log, rows)

    told = {(notice.template, notice.recipient) for notice in notices(log)}
    assert {(template, str(who)) for who in followers} <= told
    assert len(told) == 3


def test_only_the_reporter_gets_the_one_feedback_link() -> None:
    log, rows = MemoryLog(), NotifyRows()
    report = reported(log, subject_id=new_id())
    rows.followers[report.report_id] = [{"report_id": new_id(), "subject_id": new_id(), "number": "2"}]

    react("tell_closed", invited(log, report), log, rows)

    assert ["feedback_id" in notice.values for notice in notices(log)] == [True, False]


def test_no_words_and_no_contact_are_kept_in_a_notice() -> None:
    log, rows = MemoryLog(), NotifyRows()
    recorded = rejected(log, reported(log, subject_id=new_id()))

    react("tell_rejected", recorded, log, rows)

    assert set(notices(log)[0].values) == {"report_id", "number"}


def test_the_departments_hear_at_dispatch_each_once() -> None:
    log = MemoryLog()
    recorded = dispatched(log, reported(log))

    react("tell_department", recorded, log, NotifyRows())
    react("tell_department", recorded, log, NotifyRows())

    assert [(notice.recipient_kind, notice.recipient) for notice in notices(log)] == [
        (RecipientKind.DEPARTMENT, "urban_management"),
        (RecipientKind.DEPARTMENT, "fire"),
    ]


def test_a_department_that_has_nothing_to_do_is_told_so() -> None:
    log = MemoryLog()
    given = dispatched(log, reported(log))
    told = replace(given, event=replace(given.event, informed=("street", "fire")))
    react("tell_department", told, log, NotifyRows())

    assert [(notice.template, notice.recipient) for notice in notices(log)][2:] == [("case_informed", "street")]


def test_the_reporter_hears_that_it_went_up() -> None:
    log = MemoryLog()
    report = reported(log, subject_id=UUID(int=7))
    raised = CaseLevelRaised(
        case_id=report.report_id, from_loop=Loop.COMMUNITY, to_loop=Loop.STREET, reason="社区无力解决"
    )
    recorded = happened(log, f"case-{report.report_id}", raised, report.report_id)
    for _ in range(2):
        sponsors.tell_raised(recorded, log, NotifyRows(), channels=CHANNELS, consumer="notify.tell_raised", at=AT)

    assert [(notice.template, notice.recipient) for notice in notices(log)] == [("report_raised", str(UUID(int=7)))]


def test_everybody_who_was_told_hears_when_the_dispatch_is_taken_back() -> None:
    log = MemoryLog()
    report = reported(log)
    dispatched(log, report)
    event = replace(
        example(CaseDispatchRecalled), case_id=report.report_id, department="urban_management", co_handlers=("fire",)
    )
    recorded = happened(log, f"case-{report.report_id}", event, report.report_id)

    react("tell_recalled", recorded, log, NotifyRows())
    react("tell_recalled", recorded, log, NotifyRows())

    assert [(notice.template, notice.recipient) for notice in notices(log)] == [
        ("dispatch_recalled", "urban_management"),
        ("dispatch_recalled", "fire"),
    ]


@pytest.mark.parametrize(("by", "told"), [(None, ["sanitation"]), ("sanitation", [])])
def test_a_department_hears_what_it_has_to_put_right_unless_it_took_that_up(by: str | None, told: list[str]) -> None:
    log, event = MemoryLog(), example(RemedyPlanned)
    recorded = happened(log, f"remedy-{event.remedy_id}", event, event.remedy_id)
    recorded = replace(recorded, actor=replace(recorded.actor, department=by))

    react("tell_planned", recorded, log, NotifyRows())
    react("tell_planned", recorded, log, NotifyRows())

    assert [(notice.template, notice.recipient) for notice in notices(log)] == [("remedy_planned", one) for one in told]


@pytest.mark.parametrize(("department", "told"), [("sanitation", ["sanitation"]), (None, [])])
def test_a_department_hears_that_its_subscription_was_disabled(department: str | None, told: list[str]) -> None:
    log = MemoryLog()
    created = domain.create("orders", department, DeliveryKind.WEBHOOK, EVERYTHING, 0, "https://department.example")
    stream = domain.stream_of("orders")
    happened(log, stream, created, created.subscription_id)
    (event,) = domain.disable(domain.evolve(None, created), "the endpoint says 410 Gone")
    recorded = happened(log, stream, event, created.subscription_id)

    react("tell_disabled", recorded, log, NotifyRows())
    react("tell_disabled", recorded, log, NotifyRows())

    assert [notice.recipient for notice in notices(log)] == told
    assert all(notice.values["subscription"] == "orders" for notice in notices(log))


def test_a_report_that_is_not_there_yet_is_waited_for() -> None:
    log, missing = MemoryLog(), new_id()
    event = ReportRejected(report_id=missing, reason_code="abusive", reason="x")
    recorded = happened(log, f"feedback-{missing}", event, missing)

    with pytest.raises(Unavailable):
        react("tell_rejected", recorded, log, NotifyRows())


def test_imported_history_notifies_nobody() -> None:
    assert all(not spec.history for spec in reactions_of(NotifyService))
    assert {spec.queue for spec in reactions_of(NotifyService)} == {
        "notify.tell_accepted",
        "notify.tell_rejected",
        "notify.tell_appealed",
        "notify.tell_merged",
        "notify.tell_closed",
        "notify.tell_department",
        "notify.tell_recalled",
        "notify.tell_warned",
        "notify.tell_escalated",
        "notify.tell_disabled",
        "notify.tell_duty",
        "notify.tell_visit_overdue",
        "notify.tell_problem",
        "notify.tell_dispute",
        "notify.tell_whistle",
        "notify.tell_task",
        "notify.tell_rework",
        "notify.tell_checker",
        "notify.tell_planned",
        "notify.tell_sponsor",
        "notify.tell_raised",
        "notify.deliver",
    }


def test_the_same_event_names_the_same_notice() -> None:
    one, two = MemoryLog(), MemoryLog()
    rows, report = NotifyRows(), reported(one, subject_id=UUID(int=7))
    recorded = accepted(one, report)

    react("tell_accepted", recorded, one, rows)
    react("tell_accepted", recorded, two, rows)

    assert notices(one)[0].notice_id == notices(two)[0].notice_id
