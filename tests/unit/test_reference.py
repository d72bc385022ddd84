"""The city's reference data: Panlong's is whole, and every kind of mistake is refused with a sentence that helps."""

from __future__ import annotations

import shutil
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

import holidays
import pytest

from deploy.reference.check import check, gaps, main
from deploy.reference.files import PANLONG, read
from deploy.reference.make_panlong import make
from services.dispatch.domain.lines import check as check_rulebook
from shared.kernel.area import Area, Tier


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small city that a test may spoil: Panlong's rules and streets, and all of its first community."""
    city = Path(shutil.copytree(PANLONG, tmp_path / "city"))
    for name in ("areas.csv", "grids.csv", "appointments.csv"):
        header, *lines = (city / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if _is_small(line)]
        (city / name).write_text(header + "".join(kept), encoding="utf-8")
    return city


def _is_small(line: str) -> bool:
    paths = [value for value in line.replace(" ", ",").split(",") if value.startswith("530103")]
    return all(path.startswith(("530103.001.001", "530103001001")) or path.count(".") < 3 for path in paths) and (
        "grid_worker" not in line or "530103001001" in line
    )


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_panlong_has_no_faults_and_its_published_counts() -> None:
    found, faults = check()
    tiers = Counter(Area.parse(entry.event.path).tier for entry in found.areas)
    posts = Counter(entry.event.post.value for entry in found.appointments)

    assert faults == []
    assert tiers == {
        Tier.DISTRICT: 1,
        Tier.STREET: 12,
        Tier.COMMUNITY: 105,
        Tier.GROUP: 508,
        Tier.BUILDING: 1106,
    }
    assert len(found.grids) == 610
    assert posts == {
        "district_inspector": 1,
        "street_supervisor": 12,
        "grid_worker": 610,
        "group_lead": 508,
        "building_head": 1106,
    }
    assert len(found.departments) >= 12


def test_every_community_has_a_group_and_every_place_below_it_belongs_to_exactly_one_grid() -> None:
    found = read()
    groups = {entry.event.path for entry in found.areas if Area.parse(entry.event.path).tier is Tier.GROUP}
    communities = {entry.event.path for entry in found.areas if Area.parse(entry.event.path).tier is Tier.COMMUNITY}
    buildings = {entry.event.path for entry in found.areas if Area.parse(entry.event.path).tier is Tier.BUILDING}
    covered = [
        building
        for entry in found.grids
        for path in entry.event.covers
        for building in buildings
        if building == path or building.startswith(path + ".")
    ]

    assert {group.rpartition(".")[0] for group in groups} == communities
    assert Counter(covered) == Counter(buildings)


def test_panlong_is_made_the_same_way_every_time(tmp_path: Path) -> None:
    make(tmp_path)

    for name in ("areas.csv", "grids.csv", "appointments.csv"):
        assert (tmp_path / name).read_bytes() == (PANLONG / name).read_bytes()


def test_the_rulebook_also_satisfies_the_service_that_will_use_it() -> None:
    found = read()
    rules = [*found.departments, *found.issue_types, *found.responsibilities, *found.calendars]

    check_rulebook([entry.event for entry in rules])


def test_every_issue_type_has_a_department_in_every_street() -> None:
    found = read()
    patterns = {entry.event.issue_type for entry in found.responsibilities if entry.event.area == "530103"}

    assert "*" in patterns
    assert {entry.event.code[:4] for entry in found.issue_types} >= {pattern[:4] for pattern in patterns - {"*"}}


def test_an_issue_type_that_nobody_leads_on_is_told_and_no_fault(folder: Path) -> None:
    spoil(folder, "responsibilities.toml", 'issue_type = "*"', 'issue_type = "E-01-99"')
    spoil(folder, "responsibilities.toml", 'issue_type = "L-12"', 'issue_type = "E-01-12"')
    found, faults = check(folder)

    assert faults == []
    assert [gap.what.split()[3] for gap in gaps(found)] == ["L-12-01", "L-12-02", "L-12-03", "L-12-04"]
    assert gaps(read()) == []


def test_every_limit_says_where_it_comes_from() -> None:
    content = tomllib.loads((PANLONG / "issue_types.toml").read_text(encoding="utf-8"))

    assert {entry["limit_from"] for entry in content["issue_type"]} == {"jiyuan", "other_city", "default"}


def test_the_calendar_is_the_state_councils() -> None:
    official = holidays.country_holidays("CN", years=2026)
    (entry,) = read().calendars
    calendar = entry.event

    assert set(calendar.holidays) == {day for day in official if day.year == 2026 and day.isoweekday() <= 5}
    assert set(calendar.swap_days) == {day for day in official.weekend_workdays if day.year == 2026}
    assert date(2026, 2, 14) in calendar.swap_days


MISTAKES = [
    ("departments.toml", 'code = "sanitation"', 'code = "urban"', "is there twice"),
    ("departments.toml", 'code = "sanitation"', 'code = "Sanitation"', "no department code"),
    ("departments.toml", 'contact = "parks@panlong.invalid"', 'contact = "call Mr Li"', "is no contact"),
    ("departments.toml", 'name_en = "Parks and Greening Bureau"', "", "name_en"),
    ("departments.toml", "name_en = ", "name_eng = ", "Did you mean 'name_en'"),
    ("departments.toml", "[[department]]", "[[departments]]", "must begin with [[department]]"),
    ("departments.toml", 'code = "urban"', "code = urban", "it is no TOML"),
    ("issue_types.toml", 'code = "E-01-02"', 'code = "E-01-01"', "is there twice"),
    ("issue_types.toml", 'code = "E-01-02"', 'code = "rubbish"', "no issue type code"),
    ("issue_types.toml", 'loop = "street"', 'loop = "town"', "loop"),
    ("issue_types.toml", "amount = 15", "amount = 0", "less than one"),
    ("issue_types.toml", 'unit = "working_days"', 'unit = "weeks"', "unit"),
    ("issue_types.toml", 'group = "市容环境"', 'group = "市容"', "is called"),
    ("responsibilities.toml", 'department = "sanitation"', 'department = "nobody"', "no department 'nobody'"),
    ("responsibilities.toml", 'co_handlers = ["urban"]', 'co_handlers = ["nobody"]', "no department 'nobody'"),
    ("responsibilities.toml", 'informed = ["ecology"]', 'informed = ["nobody"]', "no department 'nobody'"),
    ("responsibilities.toml", 'informed = ["ecology"]', 'informed = ["water"]', "informed of what it has to do"),
    ("burden_caps.toml", "requests = 30", "requests = -1", "between 0 and"),
    ("burden_caps.toml", 'area = "530103"', 'area = "530102"', "530102 is not listed"),
    ("policies.toml", 'code = "panlong-2026-1"', 'code = "Panlong 2026"', "is no code"),
    ("policies.toml", "effective_from = 2026-01-01", 'effective_from = "soon"', "effective_from"),
    ("responsibilities.toml", 'issue_type = "E-01-02"', 'issue_type = "E-77"', "no issue type 'E-77'"),
    ("responsibilities.toml", 'issue_type = "E-01-03"', 'issue_type = "E-01-02"', "already says who leads"),
    ("responsibilities.toml", 'rule = "PL-E-01-03"', 'rule = "PL-E-01-02"', "is there twice"),
    ("responsibilities.toml", 'area = "530103.011"', 'area = "530103.099"', "530103.099 is not listed"),
    ("responsibilities.toml", 'area = "530103"', 'area = "530102"', "530102 is not listed"),
    ("pools.toml", "claims_per_person = 3", "claims_per_person = 0", "in hand"),
    ("pools.toml", 'area = "530103"', 'area = "530102"', "530102 is not listed"),
    ("label_sets.toml", 'of = "report"', 'of = "reporting"', "no step, state or event type"),
    ("label_sets.toml", 'code = "six-steps"', 'code = "orders"', "is there twice"),
    ("labels_chosen.toml", 'code = "six-steps"', 'code = "martian"', "no label set 'martian'"),
    ("calendar-2026.toml", "2026-02-14", "2026-02-13", "is a working day anyway"),
    ("calendar-2026.toml", "2026-04-06", "2026-04-05", "is a weekend day"),
    ("calendar-2026.toml", "2026-04-06", "2027-04-06", "does not lie in 2026"),
    ("calendar-2026.toml", "2026-01-01, ", "2026-01-02, ", "is named 2 times"),
    ("calendar-2026.toml", '"13:00-17:00"', '"11:00-17:00"', "does not come after"),
    ("calendar-2026.toml", '"13:00-17:00"', '"1pm-5pm"', "are no hours"),
    ("calendar-2026.toml", "Asia/Shanghai", "Asia/Kunming", "no time zone"),
    ("calendar-2026.toml", 'cutoff = "17:00"', 'cutoff = "late"', "is no time"),
    ("areas.csv", "530103.001.001,", "530103.001.01,", "no area path"),
    ("areas.csv", "530103.001.001,", "530103.001.002,", "is there twice"),
    ("areas.csv", "530103.001,", "530103.050,", "which is not listed"),
    ("areas.csv", "25.12000", "95.12000", "no place on earth"),
    ("areas.csv", "25.12000", "north", "centre"),
    ("areas.csv", "path,name,kind", "path,name,sort", "the columns are wrong"),
    ("areas.csv", "盘龙区,区", "盘龙区", "4 values where 5 columns are"),
    ("grids.csv", "530103001001001,", "530103001001,", "no grid code"),
    ("grids.csv", "530103.001.001.001.00001", "530103.001.002", "outside of 530103.001.001"),
    ("grids.csv", "530103.001.001.001.00002", "530103.001.001.001.00001", "belongs to grid"),
    ("grids.csv", "530103.001.001.001.00002", "530103.001.001.999", "which is not listed"),
    ("grids.csv", ",256", ",many", "households"),
    ("appointments.csv", ",530103001001001,", ",530103001001002,", "has its worker"),
    ("appointments.csv", ",530103001001001,", ",530103999999999,", "there is no grid"),
    ("appointments.csv", "district_inspector,530103,", "district_inspector,530103.001,", "stands for a district"),
    ("appointments.csv", "street_supervisor", "street_boss", "post"),
    ("appointments.csv", "2026-01-01", "New Year", "since"),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), MISTAKES, ids=[f"{m[0]}: {m[3]}" for m in MISTAKES])
def test_a_mistake_is_refused_with_its_file_and_a_remedy(
    folder: Path, name: str, old: str, new: str, said: str
) -> None:
    spoil(folder, name, old, new)

    _, faults = check(folder)

    assert any(said in str(fault) and fault.file == name and fault.fix for fault in faults), faults[:5]


def test_a_missing_file_is_a_fault(folder: Path) -> None:
    (folder / "grids.csv").unlink()

    _, faults = check(folder)

    assert any(fault.file == "grids.csv" and "missing" in fault.what for fault in faults)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00broken", b"path,name\x00", b""])
def test_a_damaged_file_is_a_fault_and_no_traceback(folder: Path, content: bytes) -> None:
    (folder / "areas.csv").write_bytes(content)

    _, faults = check(folder)

    assert any(fault.file == "areas.csv" for fault in faults)


def test_the_checker_says_how_much_is_right_or_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    assert "34 departments" in capsys.readouterr().out

    spoil(folder, "areas.csv", "530103.001,", "530103.050,")

    assert main([str(folder)]) == 1
    assert "nothing may be loaded" in capsys.readouterr().err
