"""What a projection is: a name, its tables, the events it takes, and how it takes a batch of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from shared.contracts.envelope import Recorded

_TABLE = re.compile(r"\bCREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.IGNORECASE)
_HEADER = re.compile(r"^-- projection: (\w+)[^\n]*\n", re.MULTILINE)


class Cursor(Protocol):
    """What a projection may do with the database: statements in the transaction that also moves its watermark."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement touched."""

    @property
    def description(self) -> Any:
        """The columns of the last answer: a sequence of things whose first item is the name."""

    def execute(self, query: str, vars: Mapping[str, Any] | Sequence[Any] | None = None) -> None:
        """Run one statement; parameters are `%s` or `%(name)s`."""

    def copy_expert(self, sql: str, file: Any) -> None:
        """Run a COPY that reads the file."""

    def fetchone(self) -> Any:
        """The next row as a tuple; None at the end."""

    def fetchall(self) -> list[Any]:
        """All remaining rows as tuples."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that a projection takes in one transaction: only the types it handles, in ascending positions.

    Positions inside a batch may skip: what lies between is of types that the projection does not handle. No position
    comes twice, and none is at or below the watermark.
    """

    events: Sequence[Recorded[Any]]


Apply = Callable[[Batch, Cursor], None]


@dataclass(frozen=True)
class Projection:
    """Rows that are made of events and of nothing else, so that they can be made again.

    `apply` reads no clock and no other service's tables: the same events give the same rows, whatever the batches.
    It may raise: the events are then taken in halves until the one that cannot be taken is alone and recorded.
    """

    name: str
    """Unique within the service; tables may have other names."""
    service: str
    """Whose schema and whose database role."""
    tables: str
    """SQL that creates the tables and indexes, with unqualified names: it is run with the search path set."""
    handles: frozenset[str]
    """Event type names: `case.filed`."""
    apply: Apply
    revision: int = 1
    """Raised by hand when `apply` gives the rows another meaning: the rows are then rebuilt, as after new SQL."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", self.name):
            raise TypeError(f"{self.name!r} is no name for a projection: up to 31 of a-z, 0-9 and _")
        if not self.handles:
            raise TypeError(f"projection {self.name} of {self.service} handles no event at all")
        if not self.table_names:
            raise TypeError(f"projection {self.name} of {self.service} creates no table")

    @property
    def label(self) -> str:
        """How people and metrics call it: `grid.cases`."""
        return f"{self.service}.{self.name}"

    @cached_property
    def table_names(self) -> tuple[str, ...]:
        """The tables that the SQL creates."""
        return tuple(_TABLE.findall(self.tables))

    @cached_property
    def fingerprint(self) -> str:
        """Changes when the rows have to be rebuilt."""
        return hashlib.sha256(f"{self.revision}\n{self.tables.strip()}".encode()).hexdigest()


def tables_of(service_file: str, name: str) -> str:
    """The section of the `tables.sql` beside the file that starts with `-- projection: <name>`.

    Raises LookupError when there is no such section.
    """
    text = Path(service_file).with_name("tables.sql").read_text(encoding="utf-8")
    parts = _HEADER.split(text)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    if name not in sections:
        raise LookupError(f"{Path(service_file).with_name('tables.sql')} has no section `-- projection: {name}`")
    return sections[name].strip() + "\n"
