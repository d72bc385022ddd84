"""What may happen to a report, and what is refused by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.intake import domain
from services.intake.domain import Report, Told, evolve
from services.intake.sources import must_look, source_for
from shared.contracts.report import (
    ReportAccepted,
    ReportMerged,
    ReportRejected,
    ReportUnmerged,
    ReportVerificationRequested,
    ReportVerified,
    Source,
    Urgency,
)
from shared.kernel.area import Area
from shared.kernel.case_states import State
from shared.kernel.errors import Forbidden, Refused
from shared.kernel.ids import new_id

AT = datetime(2026, 5, 3, 1, 30, tzinfo=UTC)


def told(**changes: object) -> Told:
    said = Told(
        area=Area("530103.004.012.003.00007"),
        source=Source.RESIDENT,
        issue_type="E-01-02",
        urgency=Urgency.NORMAL,
        title="王大妈家楼下飞线充电",
        words="王大妈说三天没人管，请打 138 8888 6666，身份证 530103199001011234。",
        place="3 栋 1 单元",
        point=None,
        name="王大妈",
        phone="13888886666",
        email=None,
        external_number=None,
    )
    return replace(said, **changes)  # type: ignore[arg-type]


def reported(source: Source = Source.RESIDENT, report_id: UUID | None = None) -> Report:
    said = told(source=source)
    return evolve(None, domain.submit(said, domain.shown(said), report_id or new_id(), "1", new_id()))


def after(report: Report, *events: object) -> Report:
    for event in events:
        report = evolve(report, event)  # type: ignore[arg-type]
    return report


def refusal(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.rule


def test_no_event_names_the_reporter_or_their_numbers() -> None:
    said = told()

    submitted = domain.submit(said, domain.shown(said), new_id(), "1", new_id())

    assert submitted.title == "[姓名]家楼下飞线充电"
    assert "138" not in submitted.words
    assert "530103199001011234" not in submitted.words
    assert "王大妈" not in submitted.words


def test_a_report_without_a_person_in_it_needs_no_sealing() -> None:
    plain = told(title="垃圾", words="三天没有清运", name=None, phone=None)

    assert not domain.is_personal(plain, domain.shown(plain))
    assert domain.is_personal(told(), domain.shown(told()))
    assert domain.is_personal(replace(plain, phone="13888886666"), domain.shown(plain))
    assert domain.is_personal(
        replace(plain, words="打 13888886666"), domain.shown(replace(plain, words="打 13888886666"))
    )


def test_a_tracking_number_carries_the_civil_day_the_district_and_the_sequence() -> None:
    late_in_utc = datetime(2026, 5, 3, 17, 0, tzinfo=UTC)

    assert domain.tracking_number(domain.civil_day(AT), "530103", 17) == "20260503530103000017"
    assert domain.civil_day(late_in_utc) == domain.civil_day(late_in_utc.astimezone(domain.CIVIL_TIME))
    assert domain.tracking_number(domain.civil_day(late_in_utc), "530103", 1) == "20260504530103000001"


def test_who_is_asking_decides_the_source() -> None:
    assert source_for(None, None) is Source.RESIDENT
    assert source_for("hotline", None) is Source.HOTLINE
    assert source_for("grid_worker", Source.GRID_WORKER) is Source.GRID_WORKER
    assert source_for("acceptor", Source.MEDIA) is Source.MEDIA
    assert source_for("leader", None) is Source.SUPERIOR

    for role, named in ((None, Source.HOTLINE), ("hotline", Source.WINDOW), ("reader", None), ("acceptor", None)):
        with pytest.raises(Forbidden):
            source_for(role, named)


def test_a_resident_may_not_claim_another_systems_number() -> None:
    with pytest.raises(Forbidden, match="signed in"):
        source_for(None, None, "12345-77")


def test_a_report_is_accepted_with_all_that_dispatch_needs() -> None:
    report = reported()

    (accepted,) = domain.accept(report, must_look=False, reported_at=AT)

    assert isinstance(accepted, ReportAccepted)
    assert (accepted.report_id, accepted.number) == (report.submitted.report_id, report.submitted.number)
    assert accepted.words == report.submitted.words
    assert accepted.reported_at == AT
    assert domain.accept(after(report, accepted), False, AT) == ()


def test_what_the_public_and_the_media_say_is_always_looked_at_and_what_a_patrol_says_never() -> None:
    looks = {source: (must_look(source, False), must_look(source, True)) for source in Source}

    assert looks[Source.RESIDENT] == looks[Source.MEDIA] == (True, True)
    assert looks[Source.HOTLINE] == looks[Source.WINDOW] == looks[Source.DEVICE] == (False, True)
    assert looks[Source.GRID_WORKER] == looks[Source.SUPERIOR] == (False, False)


def test_where_a_look_is_wanted_a_report_waits_for_it() -> None:
    report = reported()

    with pytest.raises(Refused) as error:
        domain.accept(report, must_look=True, reported_at=AT)

    assert refusal(error) == "report.needs_verification"
    asked = after(report, *domain.request_verification(report))
    seen = after(asked, *domain.verify(asked, True, "看到了"))
    assert domain.accept(seen, True, AT)


def test_whoever_asked_for_a_look_waits_for_it() -> None:
    asked = after(reported(Source.HOTLINE), ReportVerificationRequested(report_id=new_id()))

    with pytest.raises(Refused) as error:
        domain.accept(asked, False, AT)

    assert refusal(error) == "report.needs_verification"


def test_what_nobody_found_on_site_is_not_accepted() -> None:
    asked = after(reported(), ReportVerificationRequested(report_id=new_id()))
    seen = after(asked, ReportVerified(report_id=new_id(), found=False, findings="没有"))

    with pytest.raises(Refused) as error:
        domain.accept(seen, True, AT)

    assert refusal(error) == "report.not_found_on_site"
    again = after(seen, *domain.verify(seen, True, "晚上才有"))
    assert domain.accept(again, True, AT)


def test_nobody_reports_on_a_look_that_was_not_asked_for() -> None:
    with pytest.raises(Refused) as error:
        domain.verify(reported(), True, "路过")

    assert refusal(error) == "report.not_being_verified"


def test_asking_twice_for_a_look_changes_nothing() -> None:
    asked = after(reported(), ReportVerificationRequested(report_id=new_id()))

    assert domain.request_verification(asked) == ()


def test_a_rejected_report_stays_rejected() -> None:
    rejected = after(reported(), ReportRejected(report_id=new_id(), reason_code="not_our_district", reason="不在本区"))

    assert rejected.state is State.REJECTED
    assert domain.reject(rejected, "not_our_district", "再说一遍") == ()
    with pytest.raises(Refused) as error:
        domain.reject(rejected, "abusive", "x")
    assert refusal(error) == "report.already_rejected"
    with pytest.raises(Refused) as error:
        domain.accept(rejected, False, AT)
    assert refusal(error) == "report.already_rejected"


def test_after_acceptance_the_desk_is_done_with_it() -> None:
    report = reported()
    accepted = after(report, *domain.accept(report, False, AT))

    for decide in (
        lambda: domain.reject(accepted, "abusive", "x"),
        lambda: domain.merge(accepted, reported()),
        lambda: domain.request_verification(accepted),
        lambda: domain.verify(accepted, True, "x"),
    ):
        with pytest.raises(Refused) as error:
            decide()
        assert refusal(error) == "report.already_accepted"


def test_a_duplicate_goes_on_under_another_and_may_come_back() -> None:
    report, other = reported(), reported()

    (merged,) = domain.merge(report, other)

    assert merged == ReportMerged(report_id=report.submitted.report_id, into=other.submitted.report_id)
    gone = after(report, merged)
    assert gone.state is State.MERGED
    assert domain.merge(gone, other) == ()
    (back,) = domain.unmerge(gone)
    assert back == ReportUnmerged(report_id=report.submitted.report_id, out_of=other.submitted.report_id)
    assert domain.accept(after(gone, back), False, AT)


def test_merges_that_lead_nowhere_are_refused() -> None:
    report, other, third = reported(), reported(), reported()
    merged = after(other, *domain.merge(other, third))
    rejected = after(other, ReportRejected(report_id=new_id(), reason_code="abusive", reason="x"))

    for into, rule in ((report, "itself"), (merged, "merged"), (rejected, "rejected")):
        with pytest.raises(Refused) as error:
            domain.merge(report, into)
        assert refusal(error) == f"report.merge_into_{rule}"
    with pytest.raises(Refused) as error:
        domain.unmerge(report)
    assert refusal(error) == "report.not_merged"
