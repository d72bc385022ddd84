"""What is counted: one row per report, case, task, clock and question.

A figure is never kept; rows are, and every figure is a question to them. What the denominators mean is pinned where
each row gets its due instant, in `counting.py`:

- A task is due at its *effective* due instant: an approved extension moves it, a suspension takes it out until the
  case goes on, an approved return or a withdrawal takes it out for good.
- A case is due to be *closed* when its mandatory tasks are due; where all of them were answered in time and a check
  is running, when that check is due, so that nobody is late by the time that others need for looking.
- A case that comes back is open again; it is due anew when it is dispatched anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Kind(StrEnum):
    """What a row stands for."""

    REPORT = "report"
    CASE = "case"
    TASK = "task"
    CLOCK = "clock"
    QUESTION = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that is counted, as it is after the latest event."""

    kind: Kind
    ref: str
    """The report's, case's, task's, clock's or question's own id."""
    case_id: str
    area: str
    opened_at: datetime
    number: str | None = None
    department: str | None = None
    issue_type: str | None = None
    source: str | None = None
    stage: str | None = None
    """Of a clock: what it measures. Of a task: how it came to the case. Of a case: `self_handled` or None."""
    due_at: datetime | None = None
    done_at: datetime | None = None
    outcome: str = "open"
    on_time: bool | None = None
    is_suspended: bool = False
    is_mandatory: bool = True
    resolved: bool | None = None
    extensions: int = 0
    failed_checks: int = 0
    round: int = 0
    """Of a case: how often it was dispatched. Of a task: in which of these rounds."""
    due_because_of: str | None = None
    """Of a case: `check` while the running check decides when it is due to be closed."""

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.ref


OPEN, DONE, FALLEN = "open", "done", "fallen"
COUNTS = frozenset({OPEN, DONE})
"""Outcomes of what still belongs into a denominator."""


@dataclass(slots=True)
class Book:
    """All current rows of the issues in hand, and the rows that the last event changed."""

    rows: dict[tuple[Kind, str], Row] = field(default_factory=dict)
    changed: dict[tuple[Kind, str], Row] = field(default_factory=dict)

    def put(self, row: Row) -> None:
        """The row as it is from now on; nothing when it is as it was."""
        if self.rows.get(row.key) != row:
            self.rows[row.key] = row
            self.changed[row.key] = row

    def get(self, kind: Kind, ref: UUID) -> Row | None:
        return self.rows.get((kind, str(ref)))

    def change(self, kind: Kind, ref: UUID, **what: Any) -> None:
        """Change a row that is known. What a history before our time never told of is not counted."""
        found = self.get(kind, ref)
        if found is not None:
            self.put(replace(found, **what))

    def of_case(self, case_id: UUID, kind: Kind) -> Iterator[Row]:
        wanted = str(case_id)
        return (row for row in tuple(self.rows.values()) if row.kind is kind and row.case_id == wanted)

    def in_hand(self, case_id: UUID) -> list[Row]:
        """The tasks of the case's present round that still count."""
        case = self.get(Kind.CASE, case_id)
        if case is None:
            return []
        return [row for row in self.of_case(case_id, Kind.TASK) if row.round == case.round and row.outcome in COUNTS]
