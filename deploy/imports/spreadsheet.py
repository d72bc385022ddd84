"""Excel files, read row by row; a workbook that would not fit into memory is refused before it is opened."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from shared.kernel.errors import Invalid

MOST_TEXT = 256 << 20
"""Bytes of shared text: openpyxl keeps it all in memory."""


def sheet_rows(path: Path, sheet: str | None) -> Iterator[list[str]]:
    """Every row of the sheet (the first one when none is named) as text. Raises Invalid for what is no workbook."""
    _check_size(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, ParseError) as error:
        raise _damaged(path, error) from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise Invalid(f"{path.name} has no sheet {sheet!r}", where=str(path), hint=f"it has: {book.sheetnames}")
        chosen: Any = book[sheet] if sheet is not None else book.worksheets[0]
        for values in chosen.iter_rows(values_only=True):
            yield [cell_text(value) for value in values]
    except (zipfile.BadZipFile, ParseError, EOFError) as error:
        raise _damaged(path, error) from error
    finally:
        book.close()


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            shared = [info.file_size for info in archive.infolist() if info.filename.endswith("sharedStrings.xml")]
    except zipfile.BadZipFile as error:
        raise _damaged(path, error) from error
    if sum(shared) > MOST_TEXT:
        raise Invalid(
            f"{path.name} holds {sum(shared) >> 20} MiB of text, more than fits into memory",
            where=str(path),
            hint="save the sheet as CSV; nothing was changed",
        )


def _damaged(path: Path, error: Exception) -> Invalid:
    return Invalid(
        f"{path.name} is no Excel workbook, or damaged ({error})",
        where=str(path),
        hint="save it again as .xlsx, or as .csv; nothing was changed",
    )


def cell_text(value: object) -> str:
    """A cell as the other formats would write it: whole numbers without a point, times as 2026-05-03 09:12:00."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
