"""Intake on a real PostgreSQL: what is stored with a report, who may read it, what is found again, what is erased."""

from __future__ import annotations

import os
import threading
from typing import Any
from uuid import UUID

import pytest
from psycopg2 import errors
from shapely import box

from services.grid import handlers as grid_handlers
from services.intake import duplicates, handlers, outlines, places, queries, vault
from services.intake.desk import Desk
from services.intake.handlers import Receipt
from services.intake.projections import PROJECTIONS
from shared.contracts.area import AreaBounded, AreaCreated
from shared.contracts.case import (
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseSentToCheck,
    Loop,
    TaskResponded,
    TaskSigned,
)
from shared.contracts.envelope import Actor
from shared.contracts.report import Source
from shared.contracts.rulebook import IssueTypeWithdrawn
from shared.contracts.shapes import Point
from shared.geometry.shapes import polygons_of
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.ids import derived_id
from shared.ports import Append, Happening
from shared.postgres.verify import verify
from shared.security.permission import Asker
from shared.security.sealing import Sealer
from tests.support import panlong
from tests.support.database import Database
from tests.support.projected import project
from tests.support.reports import ACCEPTOR, AT, HERE, cause, look_and_accept, told

pytestmark = pytest.mark.integration

OPERATOR = Actor("operator-1", "operator")
SEALER = Sealer(os.urandom(32))


class Intake:
    """The service's log, tables and desk in one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = database.log("intake")
        self.rows = database.rows("intake")
        self.desk = self.new_desk()

    def new_desk(self) -> Desk:
        """As another process would have it."""
        return Desk(self.rows, SEALER, b"k" * 32, "https://wuji.example")

    def tell(self, **changes: Any) -> Receipt:
        return handlers.submit(self.log, self.desk, told(**changes), cause())

    def place(self, lat: float, lon: float) -> str | None:
        """The path of the area that a point is found in."""
        found = places.nearest(self.rows, Point(lat=lat, lon=lon))
        return None if found is None else found.path

    def project(self) -> None:
        project(self.database, PROJECTIONS)


@pytest.fixture
def intake(database: Database) -> Intake:
    panlong.settle(database)
    found = Intake(database)
    found.project()
    return found


def test_contact_and_words_are_stored_with_the_report_and_sealed(intake: Intake) -> None:
    receipt = intake.tell()

    ((wrapped, contact, words),) = intake.database.query(
        "SELECT wrapped_key, contact, words FROM intake.subjects WHERE subject_id = %s",
        [str(receipt.submitted.subject_id)],
    )
    box = SEALER.box(UUID(str(receipt.submitted.subject_id)), bytes(wrapped))
    assert box.open("contact", bytes(contact)) == {"name": "王大妈", "phone": "13888886666"}
    assert "13888886666" in box.open("words", bytes(words))["words"]
    everything = str(intake.database.query("SELECT data, actor FROM es.events WHERE stream LIKE 'report-%%'"))
    assert "13888886666" not in everything
    assert "王大妈" not in everything


def test_unknown_places_and_kinds_leave_nothing_behind(intake: Intake) -> None:
    for changes in ({"area": Area("530103.099")}, {"issue_type": "Z-99-99"}):
        with pytest.raises(Invalid):
            intake.tell(**changes)

    assert intake.database.query("SELECT count(*) FROM es.events WHERE stream LIKE 'report-%%'") == [(0,)]
    assert intake.database.query("SELECT count(*) FROM intake.subjects") == [(0,)]


def test_a_repeated_key_stores_nothing_a_second_time(intake: Intake) -> None:
    first = handlers.submit(intake.log, intake.desk, told(), cause("k", b"one"))
    again = handlers.submit(intake.log, intake.new_desk(), told(), cause("k", b"one"))

    assert again.submitted == first.submitted
    assert intake.database.query("SELECT count(*) FROM intake.subjects") == [(1,)]
    with pytest.raises(Invalid, match="another request"):
        handlers.submit(intake.log, intake.desk, told(words="别的"), cause("k", b"two"))


def test_processes_that_count_at_the_same_time_never_give_one_number_twice(intake: Intake) -> None:
    numbers: list[str] = []

    def count() -> None:
        desk = intake.new_desk()
        numbers.extend(desk.number(HERE, AT) for _ in range(450))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(numbers) == 3600
    assert len(set(numbers)) == 3600
    assert all(number.startswith("20260503530103") and len(number) == 20 for number in numbers)


def test_of_all_other_services_only_notify_reads_a_contact_and_never_the_words(intake: Intake) -> None:
    subject = intake.tell().submitted.subject_id
    read = "SELECT wrapped_key, contact, erased FROM intake.sealed_contact(%s)"

    ((wrapped, contact, is_erased),) = intake.database.query(read, [str(subject)], role="notify")

    assert not is_erased
    assert SEALER.box(UUID(str(subject)), bytes(wrapped)).open("contact", bytes(contact))["phone"] == "13888886666"
    ((reader, purpose),) = intake.database.query("SELECT read_by, purpose FROM intake.accesses")
    assert (reader, purpose) == ("wuji_notify", "notice")
    for role in ("dispatch", "grid", "survey", "relay", "importer", "reader"):
        with pytest.raises(errors.InsufficientPrivilege):
            intake.database.query(read, [str(subject)], role=role)
    for role in ("notify", "dispatch", "grid", "survey", "reader"):
        with pytest.raises(errors.InsufficientPrivilege):
            intake.database.query("SELECT * FROM intake.subjects", role=role)


def test_staff_read_the_original_words_and_the_reading_is_recorded(intake: Intake) -> None:
    subject = intake.tell().submitted.subject_id
    assert subject is not None

    words = vault.original_words(intake.rows, SEALER, subject, ACCEPTOR, AT)

    assert words["phone"] == "13888886666"
    assert "王大妈家" in words["words"]
    assert intake.database.query("SELECT read_by, role, purpose FROM intake.accesses") == [
        ("desk-1", "acceptor", "words")
    ]


def test_an_erased_person_is_gone_and_every_count_and_hash_stays(intake: Intake) -> None:
    receipt, other = intake.tell(), intake.tell(title="别的事")
    subject = receipt.submitted.subject_id
    assert subject is not None
    look_and_accept(intake.log, receipt.submitted.report_id)
    intake.project()
    before = intake.database.query("SELECT state, count(*) FROM intake.reports GROUP BY state ORDER BY state")

    handlers.erase(intake.log, subject, HERE, receipt.submitted.report_id, "本人要求", cause())
    handlers.erase(intake.log, subject, HERE, receipt.submitted.report_id, "再次", cause())

    intake.project()
    _rebuild(intake.database)
    assert intake.database.query("SELECT state, count(*) FROM intake.reports GROUP BY state ORDER BY state") == before
    words = dict(intake.database.query("SELECT report_id::text, words FROM intake.reports"))
    assert words[str(receipt.submitted.report_id)] == "[已删除]"
    assert words[str(other.submitted.report_id)] != "[已删除]"
    assert intake.database.query(
        "SELECT wrapped_key, contact, words FROM intake.subjects WHERE subject_id = %s", [str(subject)]
    ) == [(None, None, None)]
    with pytest.raises(NotFound, match="erased"):
        vault.original_words(intake.rows, SEALER, subject, ACCEPTOR, AT)
    ((is_erased,),) = intake.database.query(
        "SELECT erased FROM intake.sealed_contact(%s)", [str(subject)], role="notify"
    )
    assert is_erased
    with intake.database.connection("reader") as connection:
        assert verify(connection).is_whole


def _rebuild(database: Database) -> None:
    """Forget every row and make it again from the log."""
    database.query("TRUNCATE intake.watermarks")
    for projection in PROJECTIONS:
        for table in projection.table_names:
            database.query(f"DROP TABLE intake.{table}")
    project(database, PROJECTIONS)


# --- duplicates --------------------------------------------------------------------------------------------------


def numbers_of(intake: Intake, receipt: Receipt) -> list[str]:
    report = handlers.founding(intake.log, receipt.submitted.report_id, ACCEPTOR)
    return [found["number"] for found in duplicates.candidates(intake.rows, report.event, report.area)]


def test_the_same_wires_told_in_other_words_are_found_first(intake: Intake) -> None:
    wires = intake.tell(title="楼下飞线充电", words="三栋楼下有人从五楼拉线给电动车充电，很危险")
    noise = intake.tell(title="半夜装修噪音", words="楼上连续三天半夜敲墙，没法睡觉")
    closed_kind = intake.tell(issue_type="E-02-01", title="楼下飞线充电", words="三栋楼下有人从五楼拉线充电")
    elsewhere = intake.tell(area=Area("530103.004.012.004.00001"), title="楼下飞线充电", words="三栋楼下拉线充电")
    intake.project()

    mine = intake.tell(title="飞线充电太危险", words="有人从五楼拉线下来给电动车充电，就在三栋楼下")
    found = numbers_of(intake, mine)

    assert found[0] == wires.submitted.number
    for other in (closed_kind, elsewhere, mine):
        assert other.submitted.number not in found
    assert noise.submitted.number not in found[:1]


def test_within_250_metres_it_may_be_the_same_across_the_border_of_a_group(intake: Intake) -> None:
    there = Area("530103.004.012.004.00001")
    near = intake.tell(area=there, point=Point(lat=25.0701, lon=102.7300), title="井盖破损", words="路口井盖破了")
    far = intake.tell(area=there, point=Point(lat=25.0801, lon=102.7300), title="井盖破损", words="路口井盖破了")
    intake.project()

    mine = intake.tell(point=Point(lat=25.0700, lon=102.7302), title="路口井盖坏了", words="井盖破了有人会摔倒")
    report = handlers.founding(intake.log, mine.submitted.report_id, ACCEPTOR)
    found = duplicates.candidates(intake.rows, report.event, report.area)

    assert [one["number"] for one in found] == [near.submitted.number]
    assert far.submitted.number not in str(found)
    assert any("米" in why["zh"] for why in found[0]["why"])
    assert 0 < found[0]["score"] <= 1


def test_what_is_settled_is_no_candidate(intake: Intake) -> None:
    first = intake.tell(title="垃圾没清运", words="垃圾桶三天没人清运")
    handlers.reject(intake.log, first.submitted.report_id, "not_municipal", None, ACCEPTOR, cause())
    intake.project()

    assert numbers_of(intake, intake.tell(title="垃圾没清运", words="垃圾桶三天没人清运")) == []


def test_a_whole_street_is_no_place_unless_the_words_are_alike(intake: Intake) -> None:
    street = Area("530103.004")
    same = intake.tell(area=street, title="供热管道老化", words="供热管道老化漏水，家里温度不到十五度")
    intake.tell(area=street, title="路灯不亮", words="小区门口路灯坏了一个月")
    intake.project()

    found = numbers_of(intake, intake.tell(area=street, title="管道老化不热", words="供热管道老化，家里温度只有十四度"))

    assert found == [same.submitted.number]


def test_what_is_told_again_and_again_shows_up_as_one_cluster(intake: Intake) -> None:
    street = Area("530103.004")
    for nth in range(3):
        intake.tell(area=street, title=f"供热管道老化{nth}", words="供热管道老化漏水，家里温度不到十五度")
    intake.tell(area=street, title="路灯不亮", words="小区门口路灯坏了一个月，老人出门不方便")
    intake.tell(area=Area("530103.005"), title="供热管道老化", words="供热管道老化漏水，家里温度不到十五度")
    intake.project()

    (cluster,) = duplicates.clusters(intake.rows, street)

    assert cluster["size"] == 3
    assert [row["title"] for row in cluster["reports"]] == ["供热管道老化0", "供热管道老化1", "供热管道老化2"]
    assert len(duplicates.clusters(intake.rows, None)) == 1


# --- lists and progress ------------------------------------------------------------------------------------------


def test_the_work_list_is_oldest_first_and_only_of_the_area(intake: Intake) -> None:
    receipts = [intake.tell(title=f"第 {nth} 件") for nth in range(5)]
    intake.tell(area=Area("530103.005"))
    look_and_accept(intake.log, receipts[0].submitted.report_id)
    intake.project()

    first = queries.waiting(intake.rows, Area("530103.004"), None, None, 2)
    rest = queries.waiting(intake.rows, Area("530103.004"), None, UUID(str(first[-1]["report_id"])), 10)

    assert [row["title"] for row in first + rest] == ["第 1 件", "第 2 件", "第 3 件", "第 4 件"]
    assert len(queries.waiting(intake.rows, None, None, None, 10)) == 5
    assert queries.waiting(intake.rows, None, "E-02-01", None, 10) == []


def test_needing_a_look_is_the_issue_types_own_data(intake: Intake) -> None:
    assert queries.needs_verification(intake.rows, "E-02-01")
    assert not queries.needs_verification(intake.rows, "E-01-02")


def test_an_issue_type_that_was_withdrawn_is_told_no_more_and_keeps_its_name(intake: Intake) -> None:
    told_before = intake.tell()
    gone = IssueTypeWithdrawn(code="E-01-02", reason="并入新类别")
    stream, actor = "rulebook-issue_type-E-01-02", Actor("operator-1", "operator")
    intake.database.log("dispatch").append(
        Append(
            stream=stream,
            expected=1,
            happenings=(Happening(gone, AT),),
            area=Area("530103"),
            actor=actor,
            correlation_id=derived_id("reference", stream),
        )
    )
    intake.project()
    with pytest.raises(Invalid) as refused:
        handlers.submit(intake.log, intake.new_desk(), told(), cause())

    assert refused.value.where == "issue_type"
    assert queries.one(intake.rows, told_before.submitted.report_id)["issue_type"] == "E-01-02"
    assert intake.rows.query("SELECT name FROM issue_types WHERE code = 'E-01-02' AND is_withdrawn")


def test_the_reporter_of_a_duplicate_follows_the_other_report_to_its_end(intake: Intake) -> None:
    first, second = intake.tell(), intake.tell(title="也是飞线")
    handlers.merge(intake.log, second.submitted.report_id, first.submitted.report_id, ACCEPTOR, cause())
    look_and_accept(intake.log, first.submitted.report_id)
    _close(intake.database, first)
    intake.project()

    found = queries.progress(intake.rows, second.submitted.report_id)

    assert found is not None
    assert found["state"] == "closed"
    assert found["followed_under"] == first.submitted.number
    said = [step["zh"] for step in found["steps"]]
    assert "与另一件相同诉求合并办理" in said
    assert "已派给环卫办理，预计 2026-05-03 前办结" in said
    assert said[-1] == "已办结：已清除"
    assert queries.id_of(intake.rows, second.submitted.number) == second.submitted.report_id
    merged = queries.one(intake.rows, first.submitted.report_id)["merged_reports"]
    assert [row["number"] for row in merged] == [second.submitted.number]


def test_two_reports_merged_into_each_other_do_not_go_round_for_ever(intake: Intake) -> None:
    one, two = intake.tell(), intake.tell()
    handlers.merge(intake.log, one.submitted.report_id, two.submitted.report_id, ACCEPTOR, cause())
    intake.project()
    intake.database.query(
        "UPDATE intake.reports SET merged_into = %s WHERE report_id = %s",
        [str(one.submitted.report_id), str(two.submitted.report_id)],
    )

    assert queries.progress(intake.rows, one.submitted.report_id) is not None


def _close(database: Database, receipt: Receipt) -> None:
    """What dispatch would append."""
    report, case_id = receipt.submitted, receipt.submitted.report_id
    filed = CaseFiled(
        case_id=case_id,
        number=report.number,
        source=Source.RESIDENT,
        subject_id=report.subject_id,
        issue_type=report.issue_type,
        urgency=report.urgency,
        loop=Loop.COMMUNITY,
        title=report.title,
        words=report.words,
        place=None,
        point=None,
        reported_at=AT,
    )
    given = CaseDispatched(
        case_id=case_id,
        task_id=case_id,
        department="sanitation",
        co_handlers=(),
        rule=None,
        because="",
        limit=None,
        due_at=AT,
        due_because="",
        attempt=1,
    )
    signed = TaskSigned(case_id=case_id, task_id=case_id, department="sanitation")
    done = TaskResponded(
        case_id=case_id, task_id=case_id, department="sanitation", answer="已清除", evidence=(), on_time=True
    )
    checked = CaseSentToCheck(case_id=case_id, department="sanitation", attempt=1)
    closed = CaseClosed(case_id=case_id, answer="已清除", attempt=1)
    database.log("dispatch").append(
        Append(
            stream=f"case-{case_id}",
            expected=0,
            happenings=tuple(Happening(event, AT) for event in (filed, given, signed, done, checked, closed)),
            area=HERE,
            actor=Actor("chief-1", "duty_chief"),
            correlation_id=case_id,
        )
    )


def test_a_point_belongs_to_the_narrowest_boundary_that_holds_it_and_never_to_a_place_that_it_lies_outside_of(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlines, "LOOK_AGAIN", 0.0)
    grid = intake.database.log("grid")
    operator, why = Asker("operator-1", "operator"), Cause(actor=OPERATOR, at=AT)
    street, community, group = box(102.7, 25.0, 102.8, 25.1), box(102.7, 25.0, 102.75, 25.1), Area("530103.004.012.003")
    for path, name, lat, lon in ((group.path, "三组", 25.05, 102.7501), ("530103.005", "别处", 25.2, 102.701)):
        centred = AreaCreated(path=path, name=name, kind="居民小组", centre=Point(lat=lat, lon=lon))
        happened, standing = Happening(centred, AT), len(grid.stream(f"area-{path}"))
        about = derived_id("area", path)
        grid.append(
            Append(stream=f"area-{path}", expected=standing, happenings=(happened,), area=Area(path), actor=OPERATOR,
                   correlation_id=about)
        )  # fmt: skip
    intake.project()
    before = intake.place(25.05, 102.7499), intake.place(25.05, 102.7502)
    for path, shape in (("530103.004", street), ("530103.004.012", community)):
        boundary = AreaBounded(path=path, polygons=polygons_of(shape), source="示意")
        grid_handlers.bound_area(grid, boundary, operator, why)
    intake.project()
    after = intake.place(25.05, 102.7499), intake.place(25.05, 102.7502), intake.place(25.2, 102.7012)
    away = places.BOUNDARIES.metres_outside(intake.rows, group, Point(lat=25.05, lon=102.7502))
    grid_handlers.unbound_area(grid, Area("530103.004.012"), operator, why, reason="界线有误")
    intake.project()

    # By centres alone both are near the group.
    assert before == (group.path, group.path)
    # One is in its community, the other across the street's inner border, however near; where nothing is bounded
    # the nearest centre still says.
    assert after == (group.path, "530103.004", "530103.005")
    assert away == pytest.approx(20, abs=1)
    assert intake.place(25.05, 102.7502) == group.path
