"""Files of every kind are read row by row; damaged ones are refused with their line, before anything is changed."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from deploy.imports import reading
from deploy.imports.reading import Row, rows_of
from shared.kernel.errors import Invalid
from tests.support.imports import COLUMNS, MAPPING, good_row, mapping_in, write_csv

ROWS = [good_row(1), good_row(2, what='A "quoted", long\nstory'), good_row(3, what="路面破损，积水")]


def values(rows: list[Row]) -> list[dict[str, str]]:
    return [row.values for row in rows]


def json_lines(rows: list[dict[str, str]]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def workbook(path: Path, rows: list[dict[str, str]]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS))
    for row in rows:
        sheet.append([row[column] for column in COLUMNS])
    book.save(path)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.jsonl.gz", "a.xlsx"])
def test_the_same_rows_come_out_of_every_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if ".csv" in name:
        write_csv(path, ROWS)
    elif name.endswith(".xlsx"):
        workbook(path, ROWS)
    else:
        content = json_lines(ROWS)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)

    found = list(rows_of(path, mapping_in(tmp_path)))

    assert values(found) == ROWS
    assert found[0].line == (1 if "jsonl" in name else 2)


def test_a_file_in_another_encoding_is_read_when_the_mapping_says_so(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", ROWS)
    path.write_bytes(path.read_bytes().decode().encode("gb18030"))
    mapping = mapping_in(tmp_path, MAPPING.replace('title = "Old Town"\n', 'title = "Old"\nencoding = "gb18030"\n', 1))

    assert values(list(rows_of(path, mapping))) == ROWS


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", ROWS)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert values(list(rows_of(path, mapping_in(tmp_path)))) == ROWS


def good() -> bytes:
    header = ",".join(COLUMNS)
    lines = [",".join(good_row(number)[column] for column in COLUMNS) for number in range(50)]
    return "\n".join([header, *lines, ""]).encode()


DAMAGE: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("a.csv.gz", "cut-off gzip", lambda: gzip.compress(good())[:-40], "damaged"),
    ("a.csv.gz", "gzip with a flipped byte", lambda: _flipped(gzip.compress(good())), "damaged"),
    ("a.csv", "wrong encoding", lambda: good().replace(b"Hole", "坑".encode("gbk")), "is not utf-8"),
    ("a.csv", "UTF-16", lambda: good().decode().encode("utf-16"), "UTF-16"),
    ("a.csv", "NUL bytes", lambda: good().replace(b"Hole", b"Ho\0e"), "NUL"),
    ("a.csv", "missing column", lambda: good().replace(b"opened", b"begun", 1), "lacks the column opened"),
    ("a.csv", "wrong delimiter", lambda: good().replace(b",", b";"), "separated by ';'"),
    ("a.csv", "column twice", lambda: good().replace(b",lat,", b",no,", 1), "'no' twice"),
    ("a.csv", "unclosed quote", lambda: good().replace(b"Hole in the road 7", b'"Hole', 1), "is no CSV"),
    ("a.csv", "a line without end", lambda: good() + b"x" * (3 << 20), "longer than 1 MiB"),
    ("a.csv", "nothing", lambda: b"", "lacks the columns"),
    ("a.xlsx", "no workbook", lambda: b"PK\x03\x04 rubbish", "no Excel workbook"),
    ("a.jsonl", "a field that is nowhere", lambda: json_lines([{"no": "1"}]), "lacks the columns"),
    ("a.dat", "a name that does not tell", good, "does not say what it is"),
]


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize(("name", "kind", "content", "said"), DAMAGE, ids=[found[1] for found in DAMAGE])
def test_a_damaged_file_is_refused_with_its_place_and_a_remedy(
    tmp_path: Path, name: str, kind: str, content: Callable[[], bytes], said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content())

    with pytest.raises(Invalid) as refusal:
        list(rows_of(path, mapping_in(tmp_path)))

    assert said in f"{refusal.value} {refusal.value.hint}"
    assert str(path) in str(refusal.value.where)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="there is no file"):
        list(rows_of(tmp_path / "gone.csv", mapping_in(tmp_path)))


def test_a_row_with_too_few_values_is_a_fault_of_that_row_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(good() + b"N-9,2024-03-04\n")

    *before, last = rows_of(path, mapping_in(tmp_path))

    assert last.fault == "it has 2 values, the header has 13"
    assert not any(row.fault for row in before)


def test_a_line_that_is_no_json_is_a_fault_of_that_line_only(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json_lines(ROWS[:1]) + b"{oops\n[1]\n" + json_lines(ROWS[1:]))

    found = list(rows_of(path, mapping_in(tmp_path)))

    assert [row.fault is not None for row in found] == [False, True, True, False, False]


def test_a_huge_line_costs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(good())
        for _ in range(64):
            file.write(b"x" * (1 << 20))
    mapping = mapping_in(tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(Invalid, match="longer than"):
            list(rows_of(path, mapping))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 16 << 20


_SAYING = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r\n"), max_size=30)


@given(st.lists(st.tuples(_SAYING, _SAYING), max_size=8))
def test_whatever_a_json_line_says_comes_out_as_it_went_in(texts: list[tuple[str, str]]) -> None:
    for number, (name, said) in enumerate(texts):
        row = reading._json_row(number, orjson.dumps({name: said}).decode())

        assert row == Row(number, {name: said})


@given(st.text(max_size=60))
def test_no_line_of_rubbish_is_more_than_a_faulty_row(text: str) -> None:
    row = reading._json_row(1, text)

    assert row.fault is not None or isinstance(row.values, dict)
