"""Photos that have to go: those of an erased person unless somebody else needs them, and those that nobody named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.intake.photos import erasing, handlers
from services.intake.photos.sweeping import PATIENCE, Sweep
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.photo import ErasedWhy, PhotoErased
from shared.contracts.report import ReportSubmitted
from shared.contracts.subject import SubjectErased
from shared.contracts.task import TaskPartResponded
from shared.handling import Cause, begin
from shared.kernel.area import Area
from shared.kernel.ids import new_id
from shared.photos import FolderStore, Prepared, Size, reference
from tests.support.examples import example
from tests.support.memory import MemoryLog

HERE = Area("530103.004.012")
AT = datetime(2026, 5, 3, 9, tzinfo=UTC)
OPERATOR = Cause(actor=Actor("operator-1", "operator"), at=AT)
SHA, OTHER = "6f" * 32, "7a" * 32


@dataclass
class Tables:
    """Photos and their uses, as the read tables have them when they are level."""

    log: MemoryLog
    level: bool = True
    erased_reports: set[UUID] = field(default_factory=set)

    def query(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[dict[str, Any]]:
        if "is_level" in statement:
            return [{"is_level": self.level}]
        if "subjects WHERE erased_at" in statement:
            return [{"report_id": one} for one in self.erased_reports]
        if "subjects s" in statement:
            found = [one for one in self.log.events if isinstance(one.event, SubjectErased)]
            return [{"subject_id": one.event.subject_id, "report_id": one.correlation_id} for one in found]
        if isinstance(parameters, Mapping):
            return self._photos(statement, parameters)
        return [{"issue": one} for one in self._issues(parameters[0])]

    def execute(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> int:
        raise AssertionError(statement, parameters)

    def _photos(self, statement: str, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        names = {one.stream for one in self.log.events if one.stream.startswith("photo-")}
        last = [self.log.stream(name)[-1] for name in sorted(names)]
        if "erased_why" in statement:
            return [
                {"sha256": one.event.sha256, "erased_why": one.event.why.value, "erased_at": one.occurred_at}
                for one in last
                if isinstance(one.event, PhotoErased)
            ]
        kept = [one for one in last if not isinstance(one.event, PhotoErased) and one.occurred_at < wanted["before"]]
        return [{"sha256": one.event.sha256} for one in kept if not self._issues(one.event.sha256)]

    def _issues(self, sha256: str) -> set[UUID]:
        from services.intake.photos.projections import photos_of

        return {one.correlation_id for one in self.log.events if sha256 in photos_of(one)}


@dataclass
class Place:
    """A log, its tables, and a real folder."""

    store: FolderStore
    log: MemoryLog = field(default_factory=MemoryLog)

    def __post_init__(self) -> None:
        self.rows = Tables(self.log)

    def take(self, sha256: str = SHA, at: datetime = AT) -> None:
        picture = Prepared(b"full", b"small", sha256, 4, 3, "0" * 16, None, None)
        handlers.keep(self.log, self.store, picture, HERE, replace(OPERATOR, at=at))

    def report(self, *named: str) -> UUID:
        report_id = new_id()
        told = replace(
            example(ReportSubmitted),
            report_id=report_id,
            subject_id=new_id(),
            photos=tuple(reference(sha256) for sha256 in named),
        )
        begin(self.log, f"report-{report_id}", (told,), OPERATOR, area=HERE, correlation_id=report_id)
        return report_id

    def evidence(self, case_id: UUID, sha256: str) -> None:
        done = replace(example(TaskPartResponded), case_id=case_id, evidence=(reference(sha256),))
        begin(self.log, f"case-{case_id}", (done,), OPERATOR, area=HERE, correlation_id=case_id)

    def erase_person(self, report_id: UUID) -> Recorded[Any]:
        subject = self.log.stream(f"report-{report_id}")[0].event.subject_id
        erased = SubjectErased(subject_id=subject, reason="本人要求")
        begin(self.log, f"subject-{subject}", (erased,), OPERATOR, area=HERE, correlation_id=report_id)
        self.rows.erased_reports.add(report_id)
        return self.log.stream(f"subject-{subject}")[0]

    def react(self, recorded: Recorded[Any]) -> list[str]:
        cause = Cause.reaction("intake.erase_photos", recorded, AT)
        return erasing.erase_of(recorded, self.log, self.rows, self.store, cause)

    def sweep(self, at: datetime = AT, *, dry: bool = False, days: int = 30) -> list[tuple[str, str]]:
        return list(Sweep(self.log, self.rows, self.store, days, dry=dry, everything=True).steps(at))

    def told(self, sha256: str = SHA) -> list[str]:
        return [one.type for one in self.log.stream(f"photo-{sha256}")]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(FolderStore(tmp_path, least_free=0))


def test_an_erased_person_takes_the_photos_of_their_report_along(place: Place) -> None:
    place.take()
    erased = place.erase_person(place.report(SHA))

    assert place.react(erased) == [SHA]
    assert place.react(erased) == []
    assert not place.store.lingers(SHA)
    fact = place.log.stream(f"photo-{SHA}")[-1]
    assert fact.event == PhotoErased(sha256=SHA, why=ErasedWhy.SUBJECT_ERASED, reason="本人要求", by="operator-1")
    assert fact.causation_id == erased.event_id


def test_what_another_case_holds_stays(place: Place) -> None:
    place.take()
    mine, other = place.report(SHA), place.report()
    place.evidence(other, SHA)

    assert place.react(place.erase_person(mine)) == []
    assert place.store.exists(SHA)


def test_what_the_own_case_holds_as_evidence_goes_all_the_same(place: Place) -> None:
    place.take()
    mine = place.report(SHA)
    place.evidence(mine, SHA)

    assert place.react(place.erase_person(mine)) == [SHA]


def test_a_photo_of_two_people_goes_with_the_last_of_them(place: Place) -> None:
    place.take()
    first, second = place.report(SHA), place.report(SHA)

    assert place.react(place.erase_person(first)) == []
    assert place.react(place.erase_person(second)) == [SHA]


def test_whoever_sends_the_same_picture_again_has_it_and_the_old_erasure_does_not_touch_it(place: Place) -> None:
    place.take()
    erased = place.erase_person(place.report(SHA))
    place.react(erased)
    place.take()
    place.react(erased)

    assert place.told() == ["photo.stored", "photo.erased", "photo.stored"]
    assert place.store.get(SHA, Size.FULL) == b"full"
    assert place.store.get(SHA, Size.THUMBNAIL) == b"small"


def test_the_sweep_finishes_what_somebody_died_over(place: Place) -> None:
    place.take()
    report_id = place.report(SHA)
    recorded = place.erase_person(report_id)
    cause = Cause.reaction("intake.erase_photos", recorded, AT)
    erasing.say(place.log, SHA, ErasedWhy.SUBJECT_ERASED, "r", "o", cause)

    assert place.sweep(dry=True) == [("finished", SHA)]
    assert place.store.exists(SHA)
    assert place.sweep() == [("finished", SHA)]
    assert place.sweep() == []
    assert not place.store.lingers(SHA)


def test_the_sweep_erases_what_no_reaction_heard_of(place: Place) -> None:
    place.take()
    place.erase_person(place.report(SHA))

    assert place.sweep(dry=True) == [("erased", SHA)]
    assert place.told() == ["photo.stored"]
    assert place.sweep() == [("erased", SHA)]
    assert not place.store.lingers(SHA)


@pytest.mark.parametrize(("days", "age", "goes"), [(30, 31, False), (30, 32, True), (1, 31, False), (90, 80, False)])
def test_a_photo_that_nothing_names_goes_when_no_offline_item_can_name_it_any_more(
    place: Place, days: int, age: int, goes: bool
) -> None:
    place.take()
    at = AT + timedelta(days=age, seconds=-1 if age == 31 else 0)

    assert place.sweep(at, days=days) == ([("unnamed", SHA)] if goes else [])


def test_an_unnamed_photo_goes_a_sweep_later_and_stays_when_it_was_named_after_all(place: Place) -> None:
    at = AT + timedelta(days=40)
    place.take()
    place.take(OTHER)
    place.sweep(at)
    at_once = place.sweep(at + timedelta(minutes=1))
    place.report(OTHER)

    assert at_once == []
    assert sorted(place.sweep(at + PATIENCE)) == [("finished", SHA), ("kept", OTHER)]
    assert place.store.exists(OTHER)
    assert place.told(OTHER) == ["photo.stored", "photo.erased", "photo.stored"]


def test_while_the_tables_are_behind_nothing_goes(place: Place) -> None:
    place.take()
    place.rows.level = False

    assert place.sweep(AT + timedelta(days=99)) == []


def test_what_was_set_aside_by_somebody_who_died_is_found_again(place: Place) -> None:
    place.take()
    path = next(path for path in place.store.root.rglob("*.jpg") if "small" not in path.name)
    path.replace(path.with_name(f".{path.name}.going"))

    assert place.store.lingers(SHA)
    assert place.store.remove(SHA, lambda: False) is False
    assert place.store.exists(SHA)
    assert place.store.remove(SHA, lambda: True)
    assert not place.store.lingers(SHA)
    assert place.store.remove(SHA, lambda: True) is False
