"""Imports on the real log: what comes in, what a second run changes (nothing), and what a killed run leaves behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from deploy.imports.run import AT_ONCE, Import, Outcome
from deploy.imports.target import Target
from deploy.reference.files import PANLONG
from deploy.reference.load import load
from services.dispatch.domain.lines import stream_of
from services.grid.handlers import succeed
from services.grid.queries.staffing import TableSeats
from shared.contracts.envelope import Actor
from shared.contracts.rulebook import DepartmentRegistered
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from shared.kernel.ids import new_id
from shared.ports import Append, Happening
from shared.security.permission import Asker
from shared.security.sealing import Sealer
from tests.support.database import Database
from tests.support.imports import MAPPING, good_row, mapping_in, write_csv

pytestmark = pytest.mark.integration

NOW = datetime(2026, 5, 3, tzinfo=UTC)
KEY = bytes(range(32))


def target_in(database: Database) -> Target:
    return Target(
        importer=database.log("importer"),
        grid=database.log("grid"),
        dispatch=database.log("dispatch"),
        importer_rows=database.rows("importer"),
        intake_rows=database.rows("intake"),
        sealer=Sealer(KEY),
    )


def bring_in(database: Database | None, path: Path, text: str = MAPPING) -> Outcome:
    target = target_in(database) if database else None
    return Import(path, mapping_in(path.parent, text), NOW, target).run()


def events(database: Database) -> Counter[str]:
    return Counter(dict(database.query("SELECT type, count(*) FROM es.events GROUP BY type")))


def test_a_dry_run_changes_nothing(database: Database, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "old.csv", [good_row(1), good_row(2, opened="")])

    outcome = bring_in(None, path)

    assert (outcome.rows, outcome.new, outcome.rejected, outcome.committed) == (2, 1, 1, False)
    assert events(database) == {}


def test_rows_come_in_once_however_often_the_file_is_imported(database: Database, tmp_path: Path) -> None:
    rows = [good_row(number, **({"state": "open", "closed": ""} if number % 5 == 0 else {})) for number in range(100)]
    path = write_csv(tmp_path / "old.csv.gz", rows)

    first = bring_in(database, path)
    stored = events(database)
    second = bring_in(database, path)

    assert (first.new, first.unchanged, first.rejected) == (100, 0, 0)
    assert stored["report.submitted"] == stored["case.filed"] == stored["case.dispatched"] == 100
    assert stored["case.closed"] == 80
    assert stored["area.created"] == first.areas == 1 + 3 + 21
    assert stored["issue_type.defined"] == 1
    assert stored["department.registered"] == 2
    assert (second.new, second.unchanged, second.events, second.areas) == (0, 100, 0, 0)
    assert events(database) == stored


def test_history_keeps_its_dates_and_is_marked_as_imported(database: Database, tmp_path: Path) -> None:
    bring_in(database, write_csv(tmp_path / "old.csv", [good_row(1)]))

    found = database.query(
        "SELECT DISTINCT occurred_at, origin FROM es.events WHERE starts_with(stream, 'case-') ORDER BY 1"
    )

    assert found == [
        (datetime(2024, 3, 4, 1, 0, tzinfo=UTC), "import"),
        (datetime(2024, 3, 6, 2, 30, tzinfo=UTC), "import"),
    ]


def test_a_later_file_of_the_same_system_adds_its_new_rows_to_the_same_places(
    database: Database, tmp_path: Path
) -> None:
    bring_in(database, write_csv(tmp_path / "old.csv", [good_row(number) for number in range(10)]))
    later = [good_row(number) for number in range(5, 15)] + [good_row(99, quarter="New quarter", kind="puddle")]

    outcome = bring_in(database, write_csv(tmp_path / "new.csv", later))
    areas = database.query("SELECT data->>'path', data->>'name' FROM es.events WHERE type = 'area.created'")

    assert (outcome.new, outcome.unchanged) == (6, 5)
    assert len({path for path, _ in areas}) == len(areas)
    assert ("999002.004", "New quarter") in areas


def test_rejected_rows_stand_in_a_file_that_can_be_corrected_and_imported(database: Database, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "old.csv", [good_row(1), good_row(2, closed="soon"), good_row(3, office="ministry")])

    outcome = bring_in(database, path)
    assert outcome.rejects_file is not None
    text = outcome.rejects_file.read_text(encoding="utf-8")
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(text.replace("soon", "2024-03-06 12:00:00").replace("ministry", "parks"), encoding="utf-8")
    again = bring_in(database, corrected)

    assert (outcome.new, outcome.rejected) == (1, 2)
    assert "closed is 'soon', which no format of the mapping reads" in text
    assert (again.new, again.rejected) == (2, 0)


def test_a_damaged_end_is_found_before_anything_is_changed(database: Database, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "old.csv", [good_row(number) for number in range(AT_ONCE * 2)])
    path.write_bytes(path.read_bytes() + b"\xff\xfe\xfd\n")

    with pytest.raises(Invalid, match="is not utf-8"):
        bring_in(database, path)

    assert events(database) == {}


def test_the_reporter_is_sealed_and_appears_in_no_event(database: Database, tmp_path: Path) -> None:
    text = MAPPING.replace('[point]\nlat = "lat"\nlon = "lon"\n', '[reporter]\nname = "lat"\nphone = "lon"\n')
    row = good_row(1, what="王小明说路上有坑，电话13888123456", lat="王小明", lon="13888123456")

    bring_in(database, write_csv(tmp_path / "old.csv", [row]), text)
    (subject, contact, words, key) = database.query(
        "SELECT subject_id::text, contact, words, wrapped_key FROM intake.subjects"
    )[0]
    said = database.query("SELECT data::text FROM es.events")
    box = Sealer(KEY).box(UUID(subject), bytes(key))

    assert not any("王小明" in body or "13888123456" in body for (body,) in said)
    assert box.open("contact", bytes(contact)) == {"name": "王小明", "phone": "13888123456"}
    assert box.open("words", bytes(words))["title"] == row["what"]


IMPORT_FOREVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from deploy.imports.mapping import read_mapping
from deploy.imports.run import Import
from deploy.imports.target import Target
from shared.postgres import PostgresLog, PostgresRows
from shared.security.sealing import Sealer

path, mapping, importer, grid, dispatch, intake = sys.argv[1:]
target = Target(PostgresLog(importer), PostgresLog(grid), PostgresLog(dispatch), PostgresRows(importer),
                PostgresRows(intake), Sealer(bytes(range(32))))
Import(Path(path), read_mapping(Path(mapping)), datetime(2026, 5, 3, tzinfo=UTC), target).run()
"""


@pytest.mark.slow
def test_an_import_that_was_killed_in_the_middle_goes_on_where_it_stopped(database: Database, tmp_path: Path) -> None:
    rows = 5 * AT_ONCE
    path = write_csv(tmp_path / "old.csv", [good_row(number, quarter=f"Q {number % 90}") for number in range(rows)])
    mapping_in(tmp_path)
    addresses = [database.url(role) for role in ("importer", "grid", "dispatch", "intake")]
    work = subprocess.Popen(
        [sys.executable, "-c", IMPORT_FOREVER, str(path), str(tmp_path / "mapping.toml"), *addresses],
        cwd=Path(__file__).parents[2],
    )
    try:
        stored = _wait_until_some_are_stored(database, work)
        os.kill(work.pid, signal.SIGKILL)
    finally:
        work.kill()
        work.wait()
    assert 0 < stored < rows

    resumed = bring_in(database, path)
    counts = events(database)
    numbers = database.query("SELECT count(DISTINCT data->>'number') FROM es.events WHERE type = 'case.filed'")

    assert resumed.new + resumed.unchanged == rows
    assert 0 < resumed.new < rows
    assert counts["report.submitted"] == counts["case.filed"] == counts["case.closed"] == rows
    assert numbers == [(rows,)]
    assert bring_in(database, path).new == 0


def _wait_until_some_are_stored(database: Database, work: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert work.poll() is None, "the import ended before it could be killed"
        (count,) = database.query("SELECT count(*) FROM es.events WHERE type = 'case.closed'")[0]
        if count >= AT_ONCE:
            return int(count)
        time.sleep(0.05)
    raise AssertionError("nothing was stored within a minute")


def test_rows_are_not_brought_into_a_district_that_was_never_loaded(database: Database, tmp_path: Path) -> None:
    text = MAPPING.replace(
        'by = "levels"\ndistrict = "999002"', 'by = "table"\ncolumn = "quarter"\ndistrict = "530103"'
    )
    text = text.split("[[area.levels]]")[0] + '[area.table]\n"Quarter 1" = "530103.001"\n'
    path = write_csv(tmp_path / "old.csv", [good_row(1, office="")])

    with pytest.raises(Invalid, match="is not in the log yet"):
        bring_in(database, path, text)


def test_reference_data_is_loaded_once_and_a_changed_line_adds_one_event(database: Database, tmp_path: Path) -> None:
    grid, dispatch = database.log("grid"), database.log("dispatch")

    first = load(grid, dispatch, NOW)
    stored = events(database)
    second = load(grid, dispatch, NOW)

    assert stored["area.created"] == 1732
    assert stored["grid.drawn"] == 610
    assert stored["appointment.started"] == 2237
    assert first.events == sum(stored.values())
    assert second.events == 0

    changed = _changed_copy(tmp_path)
    third = load(grid, dispatch, NOW, changed)
    fourth = load(grid, dispatch, NOW, changed)

    assert third.appended == {
        "AreaRenamed": 1,
        "AppointmentEnded": 1,
        "AppointmentStarted": 1,
        "DepartmentRegistered": 1,
        "CalendarPublished": 1,
    }
    assert fourth.events == 0


def _changed_copy(folder: Path) -> Path:
    city = Path(shutil.copytree(PANLONG, folder / "city"))
    for name, old, new in (
        ("areas.csv", "尚义社区第1居民小组,", "尚义社区金马居民小组,"),
        ("appointments.csv", "wgy-530103001001001", "wgy-530103001001001b"),
        ("departments.toml", "parks@panlong.invalid", "greening@panlong.invalid"),
        ("calendar-2026.toml", "version = 1", "version = 2"),
    ):
        text = (city / name).read_text(encoding="utf-8")
        assert old in text
        (city / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return city


def test_a_line_that_is_gone_is_withdrawn_and_one_that_is_back_holds_again(database: Database, tmp_path: Path) -> None:
    grid, dispatch = database.log("grid"), database.log("dispatch")
    load(grid, dispatch, NOW)
    shorter = _without_one_line(tmp_path)
    gone = load(grid, dispatch, NOW, shorter)
    again = load(grid, dispatch, NOW, shorter)
    back = load(grid, dispatch, NOW)
    stream = dispatch.stream("rulebook-responsibility-PL-L-15-01")

    assert gone.appended == {"ResponsibilityWithdrawn": 1, "LimitWithdrawn": 1}
    assert again.events == 0
    assert back.appended == {"ResponsibilityAssigned": 1, "LimitDefined": 1}
    assert [recorded.type for recorded in stream] == [
        "responsibility.assigned",
        "responsibility.withdrawn",
        "responsibility.assigned",
    ]


def _without_one_line(folder: Path) -> Path:
    """Panlong without one line of the responsibility list and without its last limit."""
    city = Path(shutil.copytree(PANLONG, folder / "shorter"))
    for name, mark, first in (("responsibilities.toml", "[[line]]", "PL-L-15-01"), ("limits.toml", "[[limit]]", None)):
        head, *entries = (city / name).read_text(encoding="utf-8").split(mark)
        kept = entries[:-1] if first is None else [entry for entry in entries if f'"{first}"' not in entry]
        assert len(kept) == len(entries) - 1
        (city / name).write_text(mark.join([head, *kept]), encoding="utf-8")
    return city


def test_what_was_changed_by_another_way_than_loading_is_respected_until_the_file_says_something_new(
    database: Database,
) -> None:
    grid, dispatch = database.log("grid"), database.log("dispatch")
    load(grid, dispatch, NOW)
    line = DepartmentRegistered(code="parks", name="园林局", name_en="Parks", contact=None)
    dispatch.append(
        Append(
            stream=stream_of(line),
            expected=1,
            happenings=(Happening(line, NOW),),
            area=Area("530103"),
            actor=Actor("chief", "operator"),
            correlation_id=new_id(),
        )
    )

    assert load(grid, dispatch, NOW).events == 0
    assert dispatch.stream("rulebook-department-parks")[-1].event == line


def test_whoever_was_succeeded_at_the_desk_does_not_come_back_with_the_files(database: Database) -> None:
    grid, dispatch = database.log("grid"), database.log("dispatch")
    load(grid, dispatch, NOW)
    ((first,),) = database.query(
        "SELECT stream FROM es.events WHERE type = 'appointment.started' AND data ->> 'person' = 'wgy-530103001001001'"
    )
    succeed(
        grid,
        TableSeats(database.rows("grid")),
        UUID(first.removeprefix("appointment-")),
        Asker("chief", "operator"),
        Cause(actor=Actor("chief", "operator"), at=NOW),
        person="wgy-neu",
        on=NOW.date(),
        reason="轮岗",
    )

    assert load(grid, dispatch, NOW).events == 0
    assert [one.type for one in grid.stream(first)] == ["appointment.started", "appointment.ended"]
