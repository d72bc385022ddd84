"""The responsibility matrix as its door, its page and its tables show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.dispatch.domain import matrix
from services.dispatch.domain.matrix import Row
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.queries.rulebook import limit_body
from shared.kernel.area import Area

Json = dict[str, Any]
MARKS = {"zh": {"lead": "主", "co": "协", "informed": "知"}, "en": {"lead": "L", "co": "C", "informed": "I"}}


def as_json(book: Rulebook, area: Area, group: str | None) -> Json:
    """Rows, the departments that come up in them, and what is wrong with the list."""
    found = matrix.rows(book, area, group)
    return {
        "area": area.path,
        "edition": book.edition,
        "policy": None if book.policy is None else book.policy.code,
        "departments": [{"code": code, "name": book.name(code)} for code in columns(book, found)],
        "rows": [_row(row) for row in found],
        "troubles": [
            {"kind": one.kind, "about": one.about, "said": str(one.said)} for one in matrix.troubles(book, area)
        ],
    }


def columns(book: Rulebook, rows: Iterable[Row]) -> list[str]:
    """The departments that have anything to do with these rows, who leads most often first."""
    leads: dict[str, int] = {}
    for row in rows:
        for code, role in row.cells.items():
            leads[code] = leads.get(code, 0) + (role == "lead")
    return sorted(leads, key=lambda code: (-leads[code], book.name(code)))


def _row(row: Row) -> Json:
    line = row.line
    return {
        "issue_type": row.kind.code,
        "group": row.kind.group,
        "name": row.kind.name,
        "name_en": row.kind.name_en,
        "loop": row.kind.loop,
        "rule": None if line is None else line.rule,
        "of": None if line is None else line.issue_type,
        "line_area": None if line is None else line.area,
        "department": None if line is None else line.department,
        "co_handlers": [] if line is None else list(line.co_handlers),
        "informed": [] if line is None else list(line.informed),
        "automatic": None if line is None else line.automatic,
        "legal_basis": None if line is None else line.legal_basis,
        "limit": limit_body(row.limit),
    }


def as_table(book: Rulebook, rows: tuple[Row, ...], language: str) -> tuple[list[str], list[list[Any]]]:
    """Header and lines of the table to take away: one column for each department."""
    codes, is_zh = columns(book, rows), language == "zh"
    first = ["代码", "大类", "事项", "时限", "法律依据", "条目"]
    if not is_zh:
        first = ["code", "group", "issue type", "limit", "legal basis", "line"]
    names = [_name(book, code, is_zh) for code in codes]
    lines = [
        [
            row.kind.code,
            row.kind.group,
            row.kind.name if is_zh else row.kind.name_en,
            "" if row.limit is None else (row.limit.wording.zh if is_zh else row.limit.wording.en),
            "" if row.line is None else row.line.legal_basis or "",
            "" if row.line is None else row.line.rule,
            *(MARKS[language].get(row.cells.get(code, ""), "") for code in codes),
        ]
        for row in rows
    ]
    return [*first, *names], lines


def _name(book: Rulebook, code: str, is_zh: bool) -> str:
    found = book.departments.get(code)
    return code if found is None else found.name if is_zh else found.name_en
