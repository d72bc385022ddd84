"""The responsibility matrix 权责矩阵: every kind of issue, who leads, who helps, who is told, by when, by which law.

What contradicts itself, and what nobody leads on, is found in the same lines, and said first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.dispatch.domain.responsibility import matching
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.clock import Stage
from shared.contracts.rulebook import IssueTypeDefined, ResponsibilityAssigned
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.wording import Wording


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of issue in one area, with the line that counts for it; None where none does."""

    kind: IssueTypeDefined
    line: ResponsibilityAssigned | None
    limit: Limit | None

    @property
    def cells(self) -> dict[str, str]:
        """Department → `lead`, `co` or `informed`."""
        if self.line is None:
            return {}
        found = dict.fromkeys(self.line.informed, "informed")
        found.update(dict.fromkeys(self.line.co_handlers, "co"))
        return {**found, self.line.department: "lead"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about the list that somebody should mend."""

    kind: str
    """`conflict` or `gap`."""
    about: str
    """A line's rule, or a kind of issue."""
    said: Wording


def rows(book: Rulebook, area: Area, group: str | None = None) -> tuple[Row, ...]:
    """Every kind of issue there, by code; of one group where it is named (`E-01`, or its name)."""
    kinds = sorted(book.issue_types.values(), key=lambda kind: kind.code)
    chosen = (kind for kind in kinds if group is None or _is_of(kind, group))
    return tuple(_row(book, area, kind) for kind in chosen)


def _is_of(kind: IssueTypeDefined, group: str) -> bool:
    return group in (kind.group, kind.code) or kind.code.startswith(f"{group}-")


def _row(book: Rulebook, area: Area, kind: IssueTypeDefined) -> Row:
    line = next(matching(book.lines, kind.code, area), None)
    own = None if line is None else line.limit
    return Row(kind, line, own or book.limit(Stage.HANDLE, kind.code, area, loop=kind.loop))


def troubles(book: Rulebook, area: Area) -> tuple[Trouble, ...]:
    """Conflicts first, then gaps."""
    return (*_ties(book), *_lines(book), *_gaps(book, area))


def _ties(book: Rulebook) -> Iterator[Trouble]:
    for one, other in book.tied:
        said = Wording(f"与条目 {one} 针对同一区域、同一事项", f"says something about the same cases as {one}")
        yield Trouble("conflict", other, said)


def _lines(book: Rulebook) -> Iterator[Trouble]:
    for line in sorted(book.lines.values(), key=lambda found: found.rule):
        acting = (line.department, *line.co_handlers)
        for code in dict.fromkeys((*acting, *line.informed)):
            if code not in book.departments:
                said = Wording(f"部门 {code} 不存在或已撤销", f"there is no department {code}, or not any more")
                yield Trouble("conflict", line.rule, said)
        for code in line.informed:
            if code in acting:
                said = Wording(f"{book.name(code)}既办理又被知会", f"{code} has a task and is informed too")
                yield Trouble("conflict", line.rule, said)


def _gaps(book: Rulebook, area: Area) -> Iterator[Trouble]:
    for row in rows(book, area):
        if row.line is None:
            said = Wording(f"{row.kind.name}无责任单位，立案后待人工派遣", f"nobody leads on {row.kind.name_en}")
            yield Trouble("gap", row.kind.code, said)
