"""One notice on its way out: delivered, refused, failed for good, or waiting for another try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify import delivery, domain
from services.notify.channels import Inbox, masked_address
from services.notify.delivery import Post
from services.notify.domain import INBOX, Recipient
from services.notify.letters import Letter
from shared.contracts.case import CaseClosed, CaseDispatched, CaseFiled, Loop
from shared.contracts.envelope import Recorded
from shared.contracts.notice import RecipientKind
from shared.kernel.errors import Conflict, Invalid, Unavailable
from shared.kernel.ids import new_id
from shared.ports import Append, Appended
from shared.security import links
from tests.support.memory import MemoryLog
from tests.support.notices import AT, NotifyRows, happened, letter, reported, writer


class Mouth:
    """A channel that keeps what it was told to say, and fails as often as it is told to."""

    name = "outbox"

    def __init__(self, *errors: Exception) -> None:
        self.said: list[Letter] = []
        self._errors: Iterator[Exception] = iter(errors)

    def reaches(self, letter: Letter) -> bool:
        return bool(letter.phone or letter.name)

    def send(self, letter: Letter, at: datetime) -> str | None:  # noqa: ARG002  # a fake needs no clock
        for error in self._errors:
            raise error
        self.said.append(letter)
        return "receipt-1"


def asked(log: MemoryLog, rows: NotifyRows, post: Post, template: str = "report_accepted") -> Recorded[Any]:
    """A notice in the log, to a reporter with a phone."""
    subject = new_id()
    report = reported(log, subject_id=subject)
    rows.seal(post.writer.sealer, subject, name="王大妈", phone="13888886666")
    values = {"report_id": str(report.report_id), "number": report.number}
    if template == "case_closed":
        values["feedback_id"] = str(new_id())
    recipient = Recipient(RecipientKind.REPORTER, str(subject), values)
    event = domain.request(template, recipient, report.report_id, new_id(), "outbox")
    return happened(log, f"notice-{event.notice_id}", event, report.report_id)


def office(*errors: Exception, log: MemoryLog | None = None) -> tuple[MemoryLog, NotifyRows, Mouth, Post]:
    log, rows, mouth = log or MemoryLog(), NotifyRows(), Mouth(*errors)
    return log, rows, mouth, Post(log, rows, writer(), {"outbox": mouth}, lambda: AT, "notify.deliver")


def outcomes(log: MemoryLog, recorded: Recorded[Any]) -> list[str]:
    return [found.type for found in log.stream(recorded.stream)[1:]]


def test_a_notice_is_delivered() -> None:
    log, rows, mouth, post = office()
    recorded = asked(log, rows, post)

    delivery.deliver(recorded, post, is_last_try=False)

    assert outcomes(log, recorded) == ["notice.delivered"]
    assert log.events[-1].event.receipt == "receipt-1"
    assert mouth.said[0].phone == "13888886666"
    assert recorded.event.values["number"] in mouth.said[0].body
    assert [attempt["outcome"] for attempt in rows.attempts] == ["delivered"]


def test_what_was_delivered_is_not_sent_again() -> None:
    log, rows, mouth, post = office()
    recorded = asked(log, rows, post)

    delivery.deliver(recorded, post, is_last_try=False)
    delivery.deliver(recorded, post, is_last_try=False)

    assert len(mouth.said) == 1
    assert outcomes(log, recorded) == ["notice.delivered"]


class OvertakenLog(MemoryLog):
    """Another process delivers the same notice between our sending and our writing."""

    def append(self, append: Append) -> Appended:
        if append.stream.startswith("notice-") and append.expected > 0:
            raise Conflict("somebody else was first")
        return super().append(append)


def test_a_second_writer_loses() -> None:
    log, rows, _, post = office(log=OvertakenLog())
    recorded = asked(log, rows, post)

    with pytest.raises(Conflict):
        delivery.deliver(recorded, post, is_last_try=False)


def test_a_channel_that_is_down_is_tried_again_and_the_last_try_says_so() -> None:
    down = Unavailable("the message gateway said 503")
    log, rows, mouth, post = office(down, down)
    recorded = asked(log, rows, post)

    with pytest.raises(Unavailable):
        delivery.deliver(recorded, post, is_last_try=False)
    assert outcomes(log, recorded) == []

    with pytest.raises(Unavailable):
        delivery.deliver(recorded, post, is_last_try=True)
    assert outcomes(log, recorded) == ["notice.failed"]
    assert log.events[-1].event.reason == "exhausted: the message gateway said 503"

    delivery.deliver(recorded, post, is_last_try=False)
    assert outcomes(log, recorded) == ["notice.failed", "notice.delivered"]
    assert len(mouth.said) == 1
    assert [attempt["outcome"] for attempt in rows.attempts] == ["unavailable", "unavailable", "delivered"]


def test_what_a_channel_refuses_is_parked_at_once() -> None:
    log, rows, _, post = office(Invalid("the mail server said 550"))
    recorded = asked(log, rows, post)

    with pytest.raises(Invalid):
        delivery.deliver(recorded, post, is_last_try=False)

    assert outcomes(log, recorded) == ["notice.failed"]
    assert rows.attempts[0]["outcome"] == "refused"


def test_an_erased_person_hears_nothing_and_nobody_tries_again() -> None:
    log, rows, mouth, post = office()
    recorded = asked(log, rows, post)
    for contact in rows.contacts.values():
        contact.update(wrapped_key=None, contact=None, erased=True)

    delivery.deliver(recorded, post, is_last_try=False)
    delivery.deliver(recorded, post, is_last_try=False)

    assert mouth.said == []
    assert outcomes(log, recorded) == ["notice.failed"]
    assert log.events[-1].event.reason.startswith("erased")


def test_a_contact_that_the_channel_cannot_reach_fails_with_its_reason() -> None:
    log, rows, _, post = office()
    recorded = asked(log, rows, post)
    for subject in rows.contacts:
        rows.seal(post.writer.sealer, subject, name="王大妈")

    delivery.deliver(recorded, post, is_last_try=False)

    assert log.events[-1].event.reason.startswith("no_contact")


def test_the_closing_letter_brings_the_answer_and_a_link_that_opens() -> None:
    log, rows, mouth, post = office()
    recorded = asked(log, rows, post, "case_closed")
    about = recorded.correlation_id
    happened(log, f"case-{about}", CaseClosed(case_id=about, answer="已清除飞线", attempt=1), about)

    delivery.deliver(recorded, post, is_last_try=False)

    body, feedback = mouth.said[0].body, recorded.event.values["feedback_id"]
    assert "已清除飞线" in body
    assert f"/feedback/{feedback}?token=" in body
    token = body.partition("?token=")[2].split()[0]
    assert links.verify(post.writer.link_key, "feedback", recorded.event.values["feedback_id"], token)


def test_in_an_emergency_other_words_are_said_there_and_the_usual_ones_elsewhere() -> None:
    log, rows, mouth, post = office()
    for emergencies in ({"530103.004": "epidemic"}, {"530103.005": "epidemic"}, {"530103": "a set that nobody has"}):
        rows.emergencies = dict(emergencies)
        delivery.deliver(asked(log, rows, post), post, is_last_try=False)

    assert ["疫情" in said.body for said in mouth.said] == [True, False, False]


def test_a_department_hears_of_the_case_by_its_registered_contact() -> None:
    log, rows, mouth, post = office()
    report, task = reported(log), new_id()
    about = report.report_id
    filed = CaseFiled(
        case_id=about,
        number=report.number,
        source=report.source,
        subject_id=None,
        issue_type="E-01-02",
        urgency=report.urgency,
        loop=Loop.COMMUNITY,
        title="楼下飞线充电",
        words="",
        place=None,
        point=None,
        reported_at=AT,
    )
    happened(log, f"case-{about}", filed, about)
    given = CaseDispatched(
        case_id=about,
        task_id=task,
        department="fire",
        co_handlers=(),
        rule=None,
        because="消防",
        limit=None,
        due_at=AT,
        due_because="",
        attempt=1,
    )
    happened(log, f"case-{about}", given, about)
    recipient = Recipient(RecipientKind.DEPARTMENT, "fire", {"task_id": str(task)})
    event = domain.request("case_dispatched", recipient, about, new_id(), "outbox")
    recorded = happened(log, f"notice-{event.notice_id}", event, about)

    with pytest.raises(Unavailable, match="fire"):
        delivery.deliver(recorded, post, is_last_try=False)

    rows.departments["fire"] = {"code": "fire", "name": "消防救援", "name_en": "Fire", "contact": "gw-fire"}
    delivery.deliver(recorded, post, is_last_try=False)
    (said,) = mouth.said
    assert said.name == "gw-fire"
    assert said.subject == f"新派遣案件 {report.number}：楼下飞线充电"
    assert "2026-05-03 09:30" in said.body
    assert "消防救援" in said.body


def test_the_outbox_shows_enough_of_an_address_to_recognise_it() -> None:
    assert masked_address(letter()) == "138****6666"
    assert masked_address(letter(phone="110")) == "****10"
    assert masked_address(letter(phone=None)) == "w***@example.cn"
    assert masked_address(replace(letter(phone=None, mail=None), name="gw-fire")) == "gw-fire"


def to_a_colleague(log: MemoryLog, channel: str, **more: Any) -> Recorded[Any]:
    report = reported(log)
    recipient = Recipient(RecipientKind.PERSON, "lead.012", {"post": "grid_lead@530103.004.012"}, **more)
    event = domain.request("check_assigned", recipient, report.report_id, new_id(), channel)
    return happened(log, f"notice-{event.notice_id}", event, report.report_id)


def test_what_can_wait_is_left_for_the_morning_and_sent_then() -> None:
    log, rows, mouth, post = office()
    rows.reach(post.writer.sealer, "lead.012", phone="13888886666")
    recorded = to_a_colleague(log, "outbox", not_before=AT + timedelta(hours=1))

    delivery.deliver(recorded, post, is_last_try=False)
    waited = outcomes(log, recorded)
    delivery.deliver(recorded, replace(post, clock=lambda: AT + timedelta(hours=1)), is_last_try=False)

    assert waited == []
    assert outcomes(log, recorded) == ["notice.delivered"]
    assert mouth.said[0].phone == "13888886666"


def test_a_colleague_without_a_number_has_the_letter_in_their_inbox_and_no_contact_is_opened() -> None:
    log, _, mouth, post = office()
    recorded = to_a_colleague(log, INBOX)

    delivery.deliver(recorded, replace(post, channels={INBOX: Inbox()}), is_last_try=False)

    assert outcomes(log, recorded) == ["notice.delivered"]
    assert mouth.said == []


def test_a_number_that_was_taken_back_ends_the_notice() -> None:
    log, _, _, post = office()
    recorded = to_a_colleague(log, "outbox")

    delivery.deliver(recorded, post, is_last_try=False)

    assert outcomes(log, recorded) == ["notice.failed"]
