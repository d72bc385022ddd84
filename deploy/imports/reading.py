"""Reads rows out of CSV, JSON lines and Excel files, gzipped or not: one at a time, and never more than a line ahead.

A damaged file (cut off, wrong encoding, wrong columns, a line without end) raises Invalid with the line; a single bad
row is answered as a `Row` that says what is wrong with it, so that its neighbours still come in.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, cast

import orjson

from deploy.imports.mapping_parts import Mapping
from deploy.imports.spreadsheet import sheet_rows
from shared.kernel.errors import Invalid

LONGEST_LINE = 1 << 20
"""Bytes. No report is longer; what is, is no text file."""

_FORMATS = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx"}

Meter = Callable[[int], None]
"""Told how many bytes of the file were read so far."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, its values by column, and what is wrong with its form, if anything."""

    line: int
    values: dict[str, str] = field(default_factory=dict)
    fault: str | None = None


def rows_of(path: Path, mapping: Mapping, meter: Meter = lambda _: None) -> Iterator[Row]:
    """The file's rows in order. Raises Invalid, naming file and line, when the file as a whole cannot be trusted."""
    try:
        yield from _READERS[format_of(path, mapping)](path, mapping, meter)
    except FileNotFoundError:
        raise Invalid(f"there is no file {path}", where=str(path)) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Invalid(
            f"{path.name} is damaged: the gzip data ends early or is wrong ({error})",
            where=str(path),
            hint="fetch the file again; nothing was changed",
        ) from error
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror or error}", where=str(path)) from error


def format_of(path: Path, mapping: Mapping) -> str:
    """`csv`, `jsonl` or `xlsx`, by the mapping or the file's name. Raises Invalid when neither tells."""
    if mapping.origin.format is not None:
        return mapping.origin.format
    for suffix in path.suffixes[::-1]:
        found = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx"}.get(
            suffix.lower()
        )
        if found is not None:
            return found
    raise Invalid(
        f"{path.name} does not say what it is",
        where=str(path),
        hint='name it .csv, .jsonl or .xlsx (.gz may follow), or put format = "csv" under [source]',
    )


# --- lines --------------------------------------------------------------------------------------------------------


def _lines(path: Path, mapping: Mapping, meter: Meter) -> Iterator[tuple[int, str]]:
    """Line number and text, decoded one by one so that a wrong byte is found where it is."""
    encoding = mapping.origin.encoding
    with path.open("rb") as raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        content = cast("IO[bytes]", gzip.GzipFile(fileobj=raw) if packed else raw)
        number = 0
        while line := content.readline(LONGEST_LINE + 1):
            number += 1
            if number == 1:
                line = _without_mark(path, line)
            if len(line) > LONGEST_LINE:
                raise _damaged(path, number, f"is longer than {LONGEST_LINE >> 20} MiB", "it is no text file")
            if b"\0" in line:
                raise _damaged(path, number, "contains NUL bytes", "the file is damaged, or no text file")
            if number % 256 == 0:
                meter(_told(raw))
            yield number, _decoded(path, number, line, encoding)
        meter(_told(raw))


def _told(raw: BufferedReader) -> int:
    return raw.raw.tell() if hasattr(raw, "raw") else raw.tell()


def _without_mark(path: Path, line: bytes) -> bytes:
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _damaged(path, 1, "is UTF-16", "save the file as UTF-8")
    return line.removeprefix(b"\xef\xbb\xbf")


def _decoded(path: Path, number: int, line: bytes, encoding: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError as error:
        fix = 'put the right encoding under [source], for example encoding = "gb18030"'
        raise _damaged(path, number, f"is not {encoding} (byte {error.start + 1})", fix) from error


def _damaged(path: Path, number: int, what: str, fix: str) -> Invalid:
    return Invalid(f"{path.name}, line {number} {what}", where=f"{path}:{number}", hint=f"{fix}; nothing was changed")


# --- CSV ----------------------------------------------------------------------------------------------------------


def _csv_rows(path: Path, mapping: Mapping, meter: Meter) -> Iterator[Row]:
    lines = (text for _, text in _lines(path, mapping, meter))
    reader = csv.reader(lines, delimiter=mapping.origin.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        check_columns(path, mapping, header)
        start = reader.line_num + 1
        for values in reader:
            if values:
                yield _row(start, header, values)
            start = reader.line_num + 1
    except csv.Error as error:
        raise _damaged(path, reader.line_num, f"is no CSV: {error}", "look for an unclosed quote") from error


def _row(line: int, header: list[str], values: list[str]) -> Row:
    fault = None
    if len(values) != len(header):
        fault = f"it has {len(values)} values, the header has {len(header)}"
    return Row(line, dict(zip(header, values, strict=False)), fault)


def check_columns(path: Path, mapping: Mapping, header: Iterable[str]) -> None:
    """Raises Invalid when the file lacks a column that the mapping names, or names one twice."""
    names = list(header)
    missing = sorted(mapping.columns() - set(names))
    doubled = sorted({name for name in names if names.count(name) > 1 and name in mapping.columns()})
    if doubled:
        raise Invalid(f"{path.name} has the column {doubled[0]!r} twice", where=str(path), hint="nothing was changed")
    if not missing:
        return
    other = next((mark for mark in ",;\t|" if mark != mapping.origin.delimiter and names and mark in names[0]), None)
    if len(names) == 1 and other is not None:
        hint = f"the values seem to be separated by {other!r}: put delimiter = {other!r} under [source]"
    else:
        hint = f"it has: {', '.join(names)[:300] or 'nothing'}"
    raise Invalid(
        f"{path.name} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}",
        where=str(path),
        hint=f"{hint}; nothing was changed",
    )


# --- JSON lines ---------------------------------------------------------------------------------------------------


def _json_rows(path: Path, mapping: Mapping, meter: Meter) -> Iterator[Row]:
    names: set[str] = set()
    good = False
    for number, text in _lines(path, mapping, meter):
        if not text.strip():
            continue
        row = _json_row(number, text)
        if row.fault is None and not good:
            # A column that is nowhere in the whole file is found at its end; most files say it in their first row.
            names |= set(row.values)
            good = mapping.columns() <= names
        yield row
    if not good:
        check_columns(path, mapping, sorted(names))


def _json_row(number: int, text: str) -> Row:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Row(number, {"line": text[:200]}, f"it is no JSON: {error}")
    if not isinstance(found, dict):
        return Row(number, {"line": text[:200]}, "it is no JSON object")
    return Row(number, {str(name): plain(value) for name, value in found.items()})


def plain(value: Any) -> str:
    """A JSON value as a column's text; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


# --- Excel --------------------------------------------------------------------------------------------------------


def _sheet_rows(path: Path, mapping: Mapping, meter: Meter) -> Iterator[Row]:
    found = sheet_rows(path, mapping.origin.sheet)
    header = [name.strip() for name in next(found, [])]
    check_columns(path, mapping, header)
    for number, values in enumerate(found, 2):
        if any(values):
            yield Row(number, dict(zip(header, values, strict=False)))
    meter(path.stat().st_size)


_READERS: dict[str, Callable[[Path, Mapping, Meter], Iterator[Row]]] = {
    "csv": _csv_rows,
    "jsonl": _json_rows,
    "xlsx": _sheet_rows,
}
