"""Notify on a real PostgreSQL: contacts from intake's vault, the outbox, the delivery log, followers, lists."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.grid.accounts import contacts
from services.grid.accounts import handlers as accounts
from services.grid.accounts.domain import Post as Account
from services.intake import handlers as intake_handlers
from services.intake.desk import Desk
from services.intake.handlers import Receipt
from services.intake.projections import PROJECTIONS as INTAKE
from services.notify import callings, delivery, queries, reactions, waiting
from services.notify.callings import Office
from services.notify.channels import Outbox
from services.notify.delivery import Post
from services.notify.hours import ProjectedHours
from services.notify.inbox import queries as inbox
from services.notify.people import ProjectedDirectory
from services.notify.projections import PROJECTIONS
from shared.contracts.appointment import AppointmentStarted
from shared.contracts.appointment import Post as Held
from shared.contracts.duty import DutyGapFound, DutyPostOpened
from shared.contracts.emergency import EmergencyEnded, EmergencyStarted
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.notice import NoticeRequested
from shared.handling import Cause, amend, begin
from shared.kernel.area import Area
from shared.kernel.ids import derived_id, new_id
from shared.security.permission import Asker
from shared.security.sealing import Sealer
from tests.support import panlong
from tests.support.calendars import YEAR_2026
from tests.support.database import Database
from tests.support.examples import example
from tests.support.notices import AT, CHANNELS, writer
from tests.support.projected import project
from tests.support.reports import ACCEPTOR, cause, look_and_accept, told

pytestmark = pytest.mark.integration


class Town:
    """Intake and notify in one database, with the same master key."""

    def __init__(self, database: Database) -> None:
        self.database = database
        sealer = Sealer(os.urandom(32))
        self.intake = database.log("intake")
        self.desk = Desk(database.rows("intake"), sealer, b"k" * 32, "https://wuji.example")
        self.log, self.rows = database.log("notify"), database.rows("notify")
        out = {"outbox": Outbox(self.rows)}
        letters = replace(writer(), sealer=sealer, link_key=b"k" * 32)
        self.post = Post(self.log, self.rows, letters, out, lambda: AT, "notify.deliver")

    def tell(self, **changes: Any) -> Receipt:
        return intake_handlers.submit(self.intake, self.desk, told(**changes), cause())

    def accept(self, receipt: Receipt) -> None:
        """Accepted, and everybody who is to hear of it asked for."""
        report_id = receipt.submitted.report_id
        look_and_accept(self.intake, report_id)
        recorded = self.log.stream(f"report-{report_id}")[-1]
        reactions.tell_accepted(
            recorded, self.log, self.rows, channels=CHANNELS, consumer="notify.tell_accepted", at=AT
        )

    def notices(self) -> list[Recorded[NoticeRequested]]:
        names = self.database.query("SELECT stream FROM es.events WHERE type = 'notice.requested' ORDER BY seq")
        return [self.log.stream(name)[0] for (name,) in names]

    def deliver_all(self) -> None:
        for notice in self.notices():
            delivery.deliver(notice, self.post, is_last_try=False)

    def project(self) -> None:
        project(self.database, [*INTAKE, *PROJECTIONS])


@pytest.fixture
def town(database: Database) -> Town:
    panlong.settle(database)
    found = Town(database)
    found.project()
    return found


def test_the_reporters_message_lands_in_the_outbox_once(town: Town) -> None:
    receipt = town.tell()
    town.project()
    town.accept(receipt)

    town.deliver_all()
    town.deliver_all()

    (message,) = queries.outbox(town.rows, receipt.submitted.report_id, 10)
    assert message["address"] == "138****6666"
    assert receipt.submitted.number in message["subject"]
    assert f"{receipt.submitted.report_id}?secret=" in message["body"]
    assert town.database.query("SELECT attempt, outcome, error FROM notify.deliveries") == [(1, "delivered", None)]
    assert town.database.query("SELECT read_by, purpose FROM intake.accesses") == [("wuji_notify", "notice")]


def test_templates_switch_with_the_emergency_and_back(town: Town) -> None:
    street = Area("530103.004")
    start = EmergencyStarted(area=street.path, kind="epidemic", reason="疫情", templates="epidemic")
    cause_of = Cause(actor=Actor("c-1", "duty_chief"), at=AT)
    begun = {"area": street, "correlation_id": derived_id("emergency", street)}
    grid, stream = town.database.log("grid"), f"emergency-{street}"
    begin(grid, stream, (start,), cause_of, **begun)
    town.project()
    inside = queries.set_in_force(town.rows, Area("530103.004.001.002"))
    outside = queries.set_in_force(town.rows, Area("530103.005"))
    ended = EmergencyEnded(area=street.path, kind="epidemic", reason="解除")
    amend(grid, stream, lambda _, event: event, lambda _: (ended,), cause_of)
    town.project()

    assert (inside, outside) == ("epidemic", None)
    assert queries.set_in_force(town.rows, Area("530103.004.001.002")) is None


def test_nothing_that_notify_keeps_gives_a_contact_away(town: Town) -> None:
    receipt = town.tell()
    town.project()
    town.accept(receipt)
    town.deliver_all()
    town.project()

    for table in ("outbox", "deliveries", "notices", "reporters"):
        kept = str(town.database.query(f"SELECT * FROM notify.{table}"))
        assert "13888886666" not in kept
        assert "王大妈" not in kept
    assert "13888886666" not in str(town.database.query("SELECT data FROM es.events"))


def test_everybody_who_reported_the_same_gets_their_own_message(town: Town) -> None:
    first, second, third = town.tell(), town.tell(phone="13900001111"), town.tell(phone="13900002222")
    for duplicate, into in ((third, second), (second, first)):
        intake_handlers.merge(town.intake, duplicate.submitted.report_id, into.submitted.report_id, ACCEPTOR, cause())
    town.project()
    town.accept(first)

    town.deliver_all()

    messages = queries.outbox(town.rows, first.submitted.report_id, 10)
    assert {message["address"] for message in messages} == {"138****6666", "139****1111", "139****2222"}
    assert all(message["about"] == str(first.submitted.report_id) for message in messages) or all(
        UUID(str(message["about"])) == first.submitted.report_id for message in messages
    )


def test_whose_merge_was_taken_back_follows_no_more(town: Town) -> None:
    first, second = town.tell(), town.tell()
    into = first.submitted.report_id
    intake_handlers.merge(town.intake, second.submitted.report_id, into, ACCEPTOR, cause())
    intake_handlers.unmerge(town.intake, second.submitted.report_id, ACCEPTOR, cause())
    town.project()

    assert queries.followers(town.rows, into) == []


def test_an_erased_reporter_hears_nothing_and_the_list_says_why(town: Town) -> None:
    receipt = town.tell()
    subject = receipt.submitted.subject_id
    assert subject is not None
    town.project()
    town.accept(receipt)
    intake_handlers.erase(town.intake, subject, Area("530103.004"), receipt.submitted.report_id, "本人要求", cause())

    town.deliver_all()
    town.project()

    assert queries.outbox(town.rows, None, 10) == []
    (row,) = queries.notices(town.rows, area=None, about=None, state="failed", before=None, limit=10)
    assert row["reason"].startswith("erased")
    assert row["attempts"] == 0


def test_the_list_is_scoped_by_area_and_pages(town: Town) -> None:
    for _ in range(3):
        receipt = town.tell()
        town.accept(receipt)
    town.project()

    first = queries.notices(town.rows, area=Area("530103.004"), about=None, state=None, before=None, limit=2)
    rest = queries.notices(
        town.rows,
        area=Area("530103.004"),
        about=None,
        state="requested",
        before=UUID(str(first[-1]["notice_id"])),
        limit=2,
    )

    assert (len(first), len(rest)) == (2, 1)
    assert queries.notices(town.rows, area=Area("530103.005"), about=None, state=None, before=None, limit=2) == []


def test_a_department_is_known_by_its_latest_word(town: Town) -> None:
    found = queries.department(town.rows, "sanitation")

    assert found is not None
    assert (found.name, found.contact) == ("环卫", "env@example.cn")
    assert queries.department(town.rows, "nobody") is None


# --- colleagues ---------------------------------------------------------------------------------------------------

LEAD, STREET = "p0317", Area("530103.004")
AT_NIGHT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
"""Monday 22:00 in the city."""
IN_THE_MORNING = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def settled(town: Town) -> Recorded[Any]:
    """Somebody holds the street's post and left a number; the working calendar is known; a desk is found empty."""
    grid, dispatch = town.database.log("grid"), town.database.log("dispatch")
    of = Cause(actor=Actor("operator", "operator"), at=AT)
    accounts.create(grid, LEAD, Account("supervisor", STREET.path, None), of, called=None)
    contacts.change(grid, town.post.writer.sealer, LEAD, {"phone": "13888886666"}, of)
    held = AppointmentStarted(
        appointment_id=new_id(),
        person=LEAD,
        post=Held.STREET_SUPERVISOR,
        area=STREET.path,
        grid=None,
        since=date(2026, 1, 1),
    )
    begin(grid, f"appointment-{held.appointment_id}", (held,), of, area=STREET, correlation_id=new_id())
    begin(dispatch, "rulebook-calendar-2026", (YEAR_2026,), of, area=STREET, correlation_id=new_id())
    desk = new_id()
    opened = replace(example(DutyPostOpened), post_id=desk, area=STREET.path, name="值班席")
    gap = DutyGapFound(post_id=desk, area=STREET.path, starts_at=AT_NIGHT, ends_at=None)
    begin(grid, f"duty-{desk}", (opened, gap), replace(of, at=AT_NIGHT), area=STREET, correlation_id=desk)
    town.project()
    return grid.stream(f"duty-{desk}")[-1]


def test_a_colleague_is_told_by_name_when_somebody_is_there_and_finds_it_in_their_inbox(town: Town) -> None:
    office = Office(town.log, ProjectedDirectory(town.rows), ProjectedHours(town.rows), CHANNELS)
    callings.tell_duty(settled(town), office, consumer="notify.tell_duty", at=AT_NIGHT)
    town.project()
    early = waiting.send_due(town.post, AT_NIGHT)
    sent = waiting.send_due(replace(town.post, clock=lambda: IN_THE_MORNING), IN_THE_MORNING)
    town.project()
    lead = Asker(LEAD, "supervisor", STREET)
    (kept,) = inbox.letters(town.rows, lead, None, 10)
    before = inbox.unread(town.rows, lead, IN_THE_MORNING)
    inbox.mark_read(town.rows, lead, kept.notice.notice_id, IN_THE_MORNING)
    inbox.mark_all_read(town.rows, lead, IN_THE_MORNING)

    assert (early, sent) == (0, 1)
    assert [one["address"] for one in queries.outbox(town.rows, None, 10)] == ["138****6666"]
    assert town.database.query("SELECT account, read_by FROM grid.contact_accesses") == [(LEAD, "wuji_notify")]
    assert (before, inbox.unread(town.rows, lead, IN_THE_MORNING)) == (1, 0)
    assert inbox.letters(town.rows, replace(lead, id="p0318"), None, 10) == []
    assert "值班席" in town.post.writer.words(kept.notice, town.log, town.rows)[0]
