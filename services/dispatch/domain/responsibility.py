"""Which department leads on an issue, how long it has, and why: the responsibility list 权责清单 as a pure function.

The line for the narrowest area wins; among those, the line for the narrowest kind of issue: a full code before a group
(`E-01`), a group before `*`. Two lines can therefore only tie when they name the same area and the same kind, and such
a list is refused when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.rulebook import IssueTypeDefined, ResponsibilityAssigned
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.wording import Wording

Lines = Mapping[tuple[str, str], ResponsibilityAssigned]
"""(area path, issue type pattern) → the line for exactly these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A department, chosen for a case at an instant: what `case.dispatched` will say."""

    department: str
    co_handlers: tuple[str, ...]
    rule: str | None
    because: Wording
    limit: Limit | None
    due_at: datetime | None
    due_because: Wording
    automatic: bool
    """Whether the line allows it without a dispatcher."""
    informed: tuple[str, ...] = ()
    """Departments that hear of it, and have nothing to do."""


def patterns(issue_type: str) -> Iterator[str]:
    """What a line may say to mean this issue type, narrowest first: `E-01-02`, `E-01`, `E`, `*`."""
    pattern = issue_type
    while pattern:
        yield pattern
        pattern = pattern.rpartition("-")[0]
    if issue_type != "*":
        yield "*"


def matching(lines: Lines, issue_type: str, area: Area) -> Iterator[ResponsibilityAssigned]:
    """Every line that holds for the issue type there, the winning one first."""
    kinds = tuple(patterns(issue_type))
    for around in reversed(tuple(area.ancestors())):
        for kind in kinds:
            found = lines.get((around.path, kind))
            if found is not None:
                yield found


def indexed(lines: Iterable[ResponsibilityAssigned]) -> dict[tuple[str, str], ResponsibilityAssigned]:
    """The list, ready to be asked. Of lines that tie, the one whose name sorts first counts, so that an answer never
    depends on the order of loading."""
    by_place: dict[tuple[str, str], ResponsibilityAssigned] = {}
    for line in sorted(lines, key=lambda found: found.rule):
        by_place.setdefault((line.area, line.issue_type), line)
    return by_place


def ties(lines: Iterable[ResponsibilityAssigned]) -> list[tuple[str, str]]:
    """Pairs of rule names that say something about the same area and the same kind."""
    seen: dict[tuple[str, str], str] = {}
    found = []
    for line in lines:
        first = seen.setdefault((line.area, line.issue_type), line.rule)
        if first != line.rule:
            found.append((first, line.rule))
    return found


def why(
    line: ResponsibilityAssigned, issue_type: str, kind: IssueTypeDefined | None, department_name: str, others: int
) -> Wording:
    """Why this line, in words for people."""
    if line.issue_type == "*":
        what = Wording("所有事项", "every issue type")
    elif kind is None:
        what = Wording(line.issue_type, line.issue_type)
    elif line.issue_type == issue_type:
        what = Wording(f"{kind.name}（{issue_type}）", f"{kind.name_en} ({issue_type})")
    else:
        # A group has no English name of its own.
        what = Wording(f"{kind.group}类事项（{line.issue_type}）", f"{kind.group} ({line.issue_type})")
    beaten = Wording("", "")
    if others:
        beaten = Wording(f"，比另外 {others} 条更具体", f"; it is more specific than {others} other(s)")
    return Wording(
        f"权责清单 {line.rule} 条：{what.zh}由{department_name}负责{beaten.zh}",
        f"responsibility list {line.rule}: {what.en} belongs to {line.department}{beaten.en}",
    )
