"""Every command on a report: it happens, it is refused, it was seen before, somebody else was first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from services.intake import handlers
from services.intake.desk import Desk
from services.intake.handlers import Done, Seen
from shared.contracts.report import ReportSelfHandled, ReportSubmitted, Source
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import new_id
from shared.ports import Append, Appended
from shared.security import links
from tests.support.memory import MemoryLog
from tests.support.reports import ACCEPTOR, AT, ELSEWHERE, HERE, STRANGER, KnownPhotos, KnownRows, cause, desk, told

SEEN = Seen(True, "看到了")


class OvertakenLog(MemoryLog):
    """Somebody else writes to the stream between our reading and our writing."""

    def __init__(self) -> None:
        super().__init__("intake")
        self.is_overtaken = False

    def append(self, append: Append) -> Appended:
        if self.is_overtaken and append.expected > 0:
            raise Conflict("somebody else was first")
        return super().append(append)


def submitted(log: MemoryLog, **changes: object) -> UUID:
    return handlers.submit(log, desk(KnownRows(HERE, ELSEWHERE)), told(**changes), cause()).submitted.report_id


# --- telling -----------------------------------------------------------------------------------------------------


def test_a_report_is_stored_with_its_person_sealed() -> None:
    log = MemoryLog("intake")

    receipt = handlers.submit(log, desk(), told(), cause())

    (recorded,) = log.events
    assert recorded.event == receipt.submitted
    assert recorded.area == HERE
    assert recorded.correlation_id == receipt.submitted.report_id
    (companion,) = log.companions
    assert companion.row[0] == str(receipt.submitted.subject_id)
    assert b"13888886666" not in b"".join(part for part in companion.row if isinstance(part, bytes))


def test_nothing_is_sealed_for_a_report_without_a_person() -> None:
    log = MemoryLog("intake")

    receipt = handlers.submit(log, desk(), told(name=None, phone=None, words="没人管"), cause())

    assert receipt.submitted.subject_id is None
    assert log.companions == []


def test_unknown_places_and_kinds_are_refused_before_anything_is_stored() -> None:
    log = MemoryLog("intake")

    with pytest.raises(Invalid) as error:
        handlers.submit(log, desk(), told(area=Area("530103.099")), cause())
    assert error.value.where == "area"
    with pytest.raises(Invalid) as error:
        handlers.submit(log, desk(), told(issue_type="Z-99-99"), cause())
    assert error.value.where == "issue_type"
    assert log.events == []


def test_the_same_key_answers_the_first_receipt() -> None:
    log, counter = MemoryLog("intake"), desk()
    first = handlers.submit(log, counter, told(), cause("k", b"a"))

    again = handlers.submit(log, counter, told(), cause("k", b"a"))

    assert again.submitted == first.submitted
    assert again.repeated
    assert len(log.events) == len(log.companions) == 1


def test_a_key_is_good_for_one_request_only() -> None:
    log, counter = MemoryLog("intake"), desk()
    handlers.submit(log, counter, told(), cause("k", b"a"))

    with pytest.raises(Invalid):
        handlers.submit(log, counter, told(words="另一件事"), cause("k", b"b"))


def test_another_systems_number_told_twice_is_one_report() -> None:
    log, counter = MemoryLog("intake"), desk()
    first = handlers.submit(log, counter, told(source=Source.HOTLINE, external_number="12345-77"), cause())

    again = handlers.submit(
        log, counter, told(source=Source.HOTLINE, external_number="12345-77", words="补充"), cause("other key", b"z")
    )
    elsewhere = handlers.submit(log, counter, told(source=Source.WINDOW, external_number="12345-77"), cause())

    assert again.submitted == first.submitted
    assert elsewhere.submitted.report_id != first.submitted.report_id
    assert len(log.events) == 2


def test_a_busy_desk_asks_the_database_once_for_two_hundred_numbers() -> None:
    log, rows = MemoryLog("intake"), KnownRows()
    counter = desk(rows)

    numbers = {handlers.submit(log, counter, told(), cause()).submitted.number for _ in range(200)}

    assert len(numbers) == 200
    assert rows.asked == 3  # the area, the kind, one block of numbers


# --- what staff do -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """One staff command: how to prepare for it, to give it, and by which rule it is refused twice over."""

    name: str
    prepare: Callable[[MemoryLog, UUID], object]
    give: Callable[[MemoryLog, UUID, str | None], Appended]
    refused_by: str


def _nothing(_log: MemoryLog, _report: UUID) -> None:
    return None


def _asked(log: MemoryLog, report: UUID) -> Appended:
    return handlers.request_verification(log, report, ACCEPTOR, cause())


def _seen(log: MemoryLog, report: UUID) -> Appended:
    _asked(log, report)
    return handlers.verify(log, report, SEEN, ACCEPTOR, cause())


def _merged(log: MemoryLog, report: UUID) -> Appended:
    return handlers.merge(log, report, submitted(log), ACCEPTOR, cause())


def _never(_issue_type: str) -> bool:
    return False


COMMANDS = (
    Command(
        "report.verification_requested",
        _nothing,
        lambda log, report, key: handlers.request_verification(log, report, ACCEPTOR, cause(key)),
        "report.already_rejected",
    ),
    Command(
        "report.verified",
        _asked,
        lambda log, report, key: handlers.verify(log, report, SEEN, ACCEPTOR, cause(key)),
        "report.already_rejected",
    ),
    Command(
        "report.accepted",
        _seen,
        lambda log, report, key: handlers.accept(log, _never, report, ACCEPTOR, cause(key)),
        "report.already_rejected",
    ),
    Command(
        "report.rejected",
        _nothing,
        lambda log, report, key: handlers.reject(log, report, "abusive", None, ACCEPTOR, cause(key)),
        "report.already_rejected",
    ),
    Command(
        "report.merged",
        _nothing,
        lambda log, report, key: handlers.merge(log, report, submitted(log), ACCEPTOR, cause(key)),
        "report.already_rejected",
    ),
    Command(
        "report.unmerged",
        _merged,
        lambda log, report, key: handlers.unmerge(log, report, ACCEPTOR, cause(key)),
        "report.not_merged",
    ),
)
each_command = pytest.mark.parametrize("command", COMMANDS, ids=[command.name for command in COMMANDS])


@each_command
def test_it_happens(command: Command) -> None:
    log = MemoryLog("intake")
    report = submitted(log)
    command.prepare(log, report)

    command.give(log, report, None)

    assert log.stream(f"report-{report}")[-1].type == command.name


@each_command
def test_it_is_refused_by_name(command: Command) -> None:
    log = MemoryLog("intake")
    report = submitted(log)
    handlers.reject(log, report, "not_our_district", None, ACCEPTOR, cause())

    with pytest.raises(Refused) as error:
        command.give(log, report, None)

    assert error.value.rule == command.refused_by


@each_command
def test_seen_before_it_changes_nothing(command: Command) -> None:
    log = MemoryLog("intake")
    report = submitted(log)
    command.prepare(log, report)
    first = command.give(log, report, "key")
    length = len(log.stream(f"report-{report}"))

    again = command.give(log, report, "key")

    assert again == replace(first, repeated=True)
    assert len(log.stream(f"report-{report}")) == length


@each_command
def test_a_second_writer_loses(command: Command) -> None:
    log = OvertakenLog()
    report = submitted(log)
    command.prepare(log, report)
    log.is_overtaken = True

    with pytest.raises(Conflict):
        command.give(log, report, None)


def test_staff_of_another_street_may_not_touch_it() -> None:
    log = MemoryLog("intake")
    report = submitted(log)

    for attempt in (
        lambda: handlers.request_verification(log, report, STRANGER, cause()),
        lambda: handlers.verify(log, report, SEEN, STRANGER, cause()),
        lambda: handlers.accept(log, _never, report, STRANGER, cause()),
        lambda: handlers.reject(log, report, "abusive", None, STRANGER, cause()),
        lambda: handlers.merge(log, report, submitted(log), STRANGER, cause()),
        lambda: handlers.unmerge(log, report, STRANGER, cause()),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert len(log.stream(f"report-{report}")) == 1


def test_a_merge_needs_rights_in_both_places() -> None:
    log = MemoryLog("intake")
    here, there = submitted(log), submitted(log, area=ELSEWHERE)

    with pytest.raises(Forbidden):
        handlers.merge(log, here, there, ACCEPTOR, cause())


def test_what_does_not_exist_is_not_found() -> None:
    log = MemoryLog("intake")

    with pytest.raises(NotFound):
        handlers.accept(log, _never, new_id(), ACCEPTOR, cause())
    with pytest.raises(NotFound):
        handlers.merge(log, submitted(log), new_id(), ACCEPTOR, cause())


def test_a_reason_the_city_does_not_know_is_invalid() -> None:
    log = MemoryLog("intake")

    with pytest.raises(Invalid, match="no reason"):
        handlers.reject(log, submitted(log), "do_not_like_it", None, ACCEPTOR, cause())


def test_the_reporter_reads_the_citys_words_and_those_of_the_desk() -> None:
    log = MemoryLog("intake")
    report = submitted(log)

    handlers.reject(log, report, "not_our_district", "属于五华区", ACCEPTOR, cause())

    assert log.events[-1].event.reason == "不在本区管辖范围内：属于五华区"


def test_acceptance_carries_when_it_was_reported() -> None:
    log = MemoryLog("intake")
    report = submitted(log)
    _seen(log, report)

    handlers.accept(log, _never, report, ACCEPTOR, replace(cause(), at=AT.replace(day=5)))

    assert log.events[-1].event.reported_at == AT


# --- put right at once, appeals ----------------------------------------------------------------------------------


DONE = Done("当场清运", ("photo:" + "a" * 64,), ("photo:" + "b" * 64,))


def test_what_was_put_right_at_once_is_two_facts_in_one_append() -> None:
    log, counter = MemoryLog("intake"), desk(photos=KnownPhotos())

    first = handlers.submit_self_handled(log, counter, told(source=Source.GRID_WORKER), DONE, cause("k", b"a"))
    again = handlers.submit_self_handled(log, counter, told(source=Source.GRID_WORKER), DONE, cause("k", b"a"))

    submitted, handled = log.stream(f"report-{first.submitted.report_id}")
    assert again.submitted == first.submitted
    assert isinstance(handled.event, ReportSelfHandled)
    assert (handled.event.number, handled.event.words) == (submitted.event.number, submitted.event.words)
    assert (handled.event.answer, handled.event.before, handled.event.after) == (DONE.answer, DONE.before, DONE.after)
    assert len(log.events) == 2


def test_nothing_is_put_right_by_photos_that_were_never_sent() -> None:
    log = MemoryLog("intake")

    with pytest.raises(Invalid, match="we have no photo"):
        handlers.submit_self_handled(log, desk(photos=KnownPhotos(knows=False)), told(), DONE, cause())
    assert log.events == []


def test_an_id_that_the_teller_has_made_is_told_once() -> None:
    log, counter, mine = MemoryLog("intake"), desk(), new_id()
    first = handlers.submit(log, counter, told(), cause(), mine)

    again = handlers.submit(log, counter, told(words="又说一遍"), cause(), mine)

    assert (again.submitted, again.repeated) == (first.submitted, True)
    assert first.submitted.report_id == mine
    assert len(log.events) == 1


def _refused_report(log: MemoryLog, counter: Desk) -> tuple[UUID, str]:
    report = handlers.submit(log, counter, told(), cause()).submitted.report_id
    _seen(log, report)
    handlers.reject(log, report, "not_our_district", None, ACCEPTOR, cause())
    return report, links.token(counter.link_key, "report", report)


def test_after_an_appeal_the_report_waits_again_and_needs_a_new_look() -> None:
    log, counter = MemoryLog("intake"), desk()
    report, secret = _refused_report(log, counter)

    done = handlers.appeal(log, counter, report, secret, "请打 13888886666", cause("k"))
    again = handlers.appeal(log, counter, report, secret, "请打 13888886666", cause("k"))

    assert again == replace(done, repeated=True)
    assert log.events[-1].event.reason == "请打 [电话]"
    with pytest.raises(Refused) as error:
        handlers.accept(log, _never, report, ACCEPTOR, cause())
    assert error.value.rule == "report.needs_verification"


def test_an_appeal_needs_the_secret_and_a_second_one_is_refused() -> None:
    log, counter = MemoryLog("intake"), desk()
    report, secret = _refused_report(log, counter)

    with pytest.raises(NotFound):
        handlers.appeal(log, counter, report, "x" * 22, "不服", cause())
    handlers.appeal(log, counter, report, secret, "不服", cause())
    handlers.reject(log, report, "not_our_district", None, ACCEPTOR, cause())
    with pytest.raises(Refused) as error:
        handlers.appeal(log, counter, report, secret, "还是不服", cause())

    assert error.value.rule == "report.already_appealed"


def test_an_appeal_that_somebody_overtakes_is_tried_anew() -> None:
    log, counter = OvertakenLog(), desk()
    report, secret = _refused_report(log, counter)
    log.is_overtaken = True

    with pytest.raises(Conflict):
        handlers.appeal(log, counter, report, secret, "不服", cause())


# --- erasing -----------------------------------------------------------------------------------------------------


def test_erasing_a_person_destroys_the_key_with_the_event() -> None:
    log = MemoryLog("intake")
    receipt = handlers.submit(log, desk(), told(), cause())
    subject = receipt.submitted.subject_id
    assert subject is not None

    handlers.erase(log, subject, HERE, receipt.submitted.report_id, "本人要求", cause())
    again = handlers.erase(log, subject, HERE, receipt.submitted.report_id, "再次", cause())

    assert [recorded.type for recorded in log.events] == ["report.submitted", "subject.erased"]
    assert again.repeated
    assert "wrapped_key = NULL" in log.companions[-1].statement
    assert isinstance(log.events[0].event, ReportSubmitted)
