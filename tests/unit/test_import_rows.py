"""What a row becomes: an issue with its place, kind and moments, the events of its history, or a reason why not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.imports.history import appends
from deploy.imports.kinds import KindFinder
from deploy.imports.mapping import read_mapping
from deploy.imports.mapping_parts import Kinds
from deploy.imports.places import PlaceFinder
from deploy.imports.reading import Row
from deploy.imports.rejects import Reject
from deploy.imports.rows import Issue, Reader
from deploy.reference.files import read
from shared.contracts.case import CaseDispatched, Loop, TaskResponded
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.envelope import Origin
from shared.contracts.report import Source, Urgency
from shared.kernel.case_states import State, target
from shared.kernel.errors import Invalid
from tests.support.imports import COLUMNS, MAPPING, good_row, mapping_in

NOW = datetime(2026, 5, 3, tzinfo=UTC)
SHIPPED = Path(__file__).parents[2] / "deploy" / "imports" / "mappings"


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return reader_for(tmp_path, MAPPING)


def reader_for(folder: Path, text: str) -> Reader:
    mapping = mapping_in(folder, text)
    return Reader(mapping, PlaceFinder(mapping.places, []), KindFinder(mapping.kinds, []), NOW)


def history(issue: Issue, until: str = "filed") -> list[object]:
    found = appends(issue, Loop.DISTRICT, Urgency.NORMAL, until, "Old Town")
    return [happening.event for append in found for happening in append.happenings]


def end_of(events: list[object]) -> State:
    state: State | None = None
    for event in events:
        name = OF_SHAPE[type(event)].name
        if name in ("report.accepted",):
            continue
        moved = target(state, name)
        assert moved is not None, f"{state} has no move {name}"
        state = moved
    assert state is not None
    return state


def test_a_closed_row_keeps_its_own_dates_and_ends_closed(reader: Reader) -> None:
    issue = reader.understand(Row(2, good_row(1)))
    events = history(issue)
    moments = [
        happening.occurred_at
        for append in appends(issue, Loop.DISTRICT, Urgency.NORMAL, "filed", "x")
        for happening in append.happenings
    ]

    assert issue.reported_at == datetime(2024, 3, 4, 1, tzinfo=UTC)
    assert end_of(events) is State.CLOSED
    assert moments == [issue.reported_at] * 4 + [issue.closed_at] * 4
    assert next(event for event in events if isinstance(event, TaskResponded)).on_time is True


def test_a_row_that_was_closed_after_its_target_was_late(reader: Reader) -> None:
    issue = reader.understand(Row(2, good_row(1, closed="2024-03-08 17:00:01")))

    assert next(event for event in history(issue) if isinstance(event, TaskResponded)).on_time is False


def test_a_row_without_a_target_is_neither_on_time_nor_late(reader: Reader) -> None:
    issue = reader.understand(Row(2, good_row(1, due="")))
    events = history(issue)

    assert next(event for event in events if isinstance(event, TaskResponded)).on_time is None
    assert next(event for event in events if isinstance(event, CaseDispatched)).due_at is None


def test_an_open_row_with_a_department_stays_with_it(reader: Reader) -> None:
    issue = reader.understand(Row(2, good_row(1, state="open", closed="")))

    assert end_of(history(issue)) is State.DISPATCHED


def test_an_open_row_without_a_department_is_filed_or_waits_as_the_mapping_says(reader: Reader) -> None:
    issue = reader.understand(Row(2, good_row(1, state="open", closed="", office="")))

    assert end_of(history(issue)) is State.FILED
    assert end_of(history(issue, until="submitted")) is State.REPORTED


def test_history_is_imported_under_the_same_ids_every_time(reader: Reader, tmp_path: Path) -> None:
    row = good_row(1)
    once = appends(reader.understand(Row(2, dict(row))), Loop.DISTRICT, Urgency.NORMAL, "filed", "x")
    again = appends(
        reader_for(tmp_path, MAPPING).understand(Row(9, dict(row))), Loop.DISTRICT, Urgency.NORMAL, "filed", "x"
    )

    assert [append.stream for append in once] == [append.stream for append in again]
    assert {append.origin for append in once} == {Origin.IMPORT}
    assert all(append.expected == 0 for append in once)


REFUSED = [
    ({"no": ""}, "no number to know it by"),
    ({"opened": ""}, "is not known"),
    ({"opened": "yesterday"}, "no format of the mapping"),
    ({"closed": "31.12.2024"}, "no format of the mapping"),
    ({"opened": "2030-01-01 00:00:00", "closed": "", "state": "open"}, "in the future"),
    ({"closed": "2024-03-01 00:00:00"}, "closed before it was reported"),
    ({"closed": ""}, "does not say when"),
    ({"state": "perhaps"}, "does not know 'perhaps'"),
    ({"what": " "}, "say nothing"),
    ({"office": "ministry"}, "does not know 'ministry'"),
    ({"kind": ""}, "issue type is not known"),
    ({"lat": "north"}, "is no position"),
    ({"lat": "125.0"}, "no place on earth"),
    ({"lat": "nan"}, "no place on earth"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_row_that_does_not_say_enough_is_rejected_with_the_reason(
    reader: Reader, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(Reject, match=said):
        reader.understand(Row(2, good_row(1, **changes)))


def test_a_row_that_is_closed_and_was_nobodys_is_rejected(reader: Reader) -> None:
    issue = reader.understand(Row(2, good_row(1, office="")))

    with pytest.raises(Reject, match="no department is named"):
        history(issue)


def test_the_second_row_with_the_same_number_is_rejected(reader: Reader) -> None:
    reader.understand(Row(2, good_row(1)))

    with pytest.raises(Reject, match="stands in the file twice"):
        reader.understand(Row(3, good_row(1, what="another")))


def test_places_are_made_once_with_the_levels_they_name(reader: Reader) -> None:
    rows = [
        good_row(1),
        good_row(2, quarter="quarter 1 ", block="Block 02"),
        good_row(3, block=""),
        good_row(4, quarter=""),
    ]
    areas = [reader.understand(Row(2, row)).area.path for row in rows]

    assert areas == ["999002.001.001", "999002.001.001", "999002.002", "999002"]
    assert [(area.path, area.name) for area in reader.places.made] == [
        ("999002", "Old Town, a sample"),
        ("999002.001", "Quarter 1"),
        ("999002.001.001", "Block 2"),
        ("999002.002", "Quarter 0"),
    ]


def test_kinds_are_made_once_and_found_again_by_the_next_import(reader: Reader) -> None:
    codes = [
        reader.understand(Row(2, good_row(number, kind=kind, sort=sort))).issue_type
        for number, (sort, kind) in enumerate([("road", "hole"), ("road", "crack"), ("park", "tree"), ("road", "hole")])
    ]
    later = KindFinder(reader.mapping.kinds, reader.kinds.made)

    assert codes == ["T-01-01", "T-01-02", "T-02-01", "T-01-01"]
    assert later.find({"sort": "park", "kind": "tree"}) == "T-02-01"
    assert later.find({"sort": "park", "kind": "bench"}) == "T-02-02"
    assert later.find({"sort": "water", "kind": "leak"}) == "T-03-01"


def test_a_phone_in_the_words_is_masked_and_the_original_kept_for_sealing(reader: Reader) -> None:
    issue = reader.understand(Row(2, good_row(1, what="Call 13888123456, hole")))

    assert issue.title == "Call [电话], hole"
    assert issue.original["title"] == "Call 13888123456, hole"


def test_the_reporters_name_is_masked_and_sealed(tmp_path: Path) -> None:
    reader = reader_for(tmp_path, MAPPING + '\n[reporter]\nname = "lon"\n')
    reader.mapping.columns()
    row = good_row(1, what="王小明 says: a hole", lon="王小明")
    row["lat"] = ""

    issue = reader.understand(Row(2, row))

    assert "王小明" not in repr((issue.title, issue.words))
    assert issue.contact == {"name": "王小明"}


KEYWORDS = [
    ("楼下飞线充电", "从窗户拉下来的电线", "L-01-09"),
    ("路灯不亮", "晚上很黑", "C-01-18"),
    ("门前烂路", "坑坑洼洼", "E-01-10"),
    ("供热管道老化", "暖气不热", "L-08-04"),
    ("小区旁边的搅拌站", "噪音很大，晚上睡不着", "L-09-04"),
    ("工地夜间施工", "凌晨还在打桩", "E-03-01"),
]


@pytest.mark.parametrize(("title", "body", "code"), KEYWORDS)
def test_keywords_find_the_kind_and_the_title_counts_most(title: str, body: str, code: str) -> None:
    kinds = [entry.event for entry in read().issue_types]
    rules = Kinds("keywords", None, {}, (), (("title", 3), ("body", 1)), "", None)

    assert KindFinder(rules, kinds).find({"title": title, "body": body}) == code


def test_a_text_without_any_keyword_is_rejected() -> None:
    rules = Kinds("keywords", None, {}, (), (("title", 3),), "", None)

    with pytest.raises(Reject, match="no keyword"):
        KindFinder(rules, []).find({"title": "。。。"})


def test_place_names_of_the_shipped_mapping_lead_to_streets_that_exist() -> None:
    mapping = read_mapping(SHIPPED / "cn_messages.toml")
    places = PlaceFinder(mapping.places, [entry.event for entry in read().areas])

    assert places.find({"title": "A3区某小区", "body": "A7县也有"}).path == "530103.003"
    assert places.find({"title": "A市某小区", "body": "就在A7县"}).path == "530103.007"
    assert places.find({"title": "A市某小区", "body": ""}).path == "530103.008"
    with pytest.raises(Reject, match="outside: K3县"):
        places.find({"title": "K3县的路", "body": ""})
    with pytest.raises(Reject, match="no place that the table knows"):
        places.find({"title": "这里的路", "body": ""})


def test_the_shipped_mappings_are_sound() -> None:
    boston, messages = (read_mapping(SHIPPED / name) for name in ("boston_311.toml", "cn_messages.toml"))

    assert boston.places.district.path == "999001"
    assert messages.until == "submitted"
    assert boston.channel.table["Citizens Connect App"] == Source.RESIDENT.value


WRONG = [
    ("[source]", "[sauce]", "did you mean source"),
    ('name = "old-town"', 'name = "Old Town"', "small letters"),
    ('zone = "Asia/Shanghai"', 'zone = "Kunming"', "no time zone"),
    ('reported = "opened"', 'report = "opened"', "times.report: there is no such setting"),
    ('by = "levels"', 'by = "magic"', "area.by"),
    ('by = "levels"', 'by = "names"', 'needed when by = "names"'),
    ('district = "999002"', 'district = "Old"', "is no area"),
    ('columns = ["sort", "kind"]', 'columns = ["sort"]', "name two columns"),
    ('prefix = "T"', 'prefix = "TT"', "one capital letter"),
    ('pattern = "([1-9][0-9]*)"', 'pattern = "([1-9"', "a pattern is wrong"),
    ('template = "Block {}"', 'template = "Block"', "must contain {}"),
    ('code = "old-roads"', 'code = "Old Roads"', "small letters"),
    ("[fields]", "[fields", "no TOML"),
    ('title = ["what"]', "title = []", "fields.title"),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG, ids=[f"{w[1]}" for w in WRONG])
def test_a_wrong_mapping_is_refused_with_the_setting(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MAPPING

    with pytest.raises(Invalid) as refusal:
        mapping_in(tmp_path, MAPPING.replace(old, new, 1))

    assert said in str(refusal.value)


_VALUE = st.text(max_size=40) | st.sampled_from([*good_row(1).values(), "", " ", "2024-02-30 00:00:00", "-1", "１２"])


@settings(max_examples=200)
@given(st.fixed_dictionaries({column: _VALUE for column in COLUMNS}))
def test_any_row_is_either_understood_or_rejected_with_words(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    reader = reader_for(tmp_path_factory.getbasetemp(), MAPPING)

    try:
        end = end_of(history(reader.understand(Row(2, dict(values)))))
    except Reject:
        return

    assert end in (State.CLOSED, State.DISPATCHED, State.FILED)
