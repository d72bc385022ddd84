"""What a mapping says, once it is read and checked: `mapping.read_mapping` makes these."""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from shared.contracts.report import Urgency
from shared.kernel.area import Area


@dataclass(frozen=True, slots=True)
class Origin:
    """Which system the rows come from, and how its file is written."""

    name: str
    title: str
    format: str | None
    encoding: str
    delimiter: str
    sheet: str | None


@dataclass(frozen=True, slots=True)
class Fields:
    """Columns of what was told."""

    external_number: str
    title: tuple[str, ...]
    words: tuple[str, ...]
    place: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Times:
    """Columns of the moments, and how they are written."""

    zone: ZoneInfo
    formats: tuple[str, ...]
    reported: str
    target: str | None
    closed: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A column whose values are looked up in a table."""

    column: str
    table: Table[str, str]
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Departments:
    """Departments of the other system: its value → our code, with the names that are registered under it."""

    column: str
    codes: Table[str, str]
    names: Table[str, tuple[str, str]]
    """Our code → (name, English name); empty when the reference data has registered them."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """How a row's issue type is found: `keywords` of the reference data, a `table`, or `columns` that become types."""

    by: str
    column: str | None
    table: Table[str, str]
    columns: tuple[str, ...]
    text: tuple[tuple[str, int], ...]
    """(column, weight) in which keywords are looked for."""
    prefix: str
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Level:
    """One tier of a place that is made from a column: what is written there, tidied by a pattern."""

    column: str
    kind: str
    pattern: re.Pattern[str] | None
    template: str


@dataclass(frozen=True, slots=True)
class PlaceName:
    """Words that mean an area of ours."""

    area: Area
    words: tuple[str, ...]
    weak: bool
    """Counts only where nothing else does: the name of the whole city."""


@dataclass(frozen=True, slots=True)
class Places:
    """How a row's area is found: `names` looked for in the text, a `table`, or `levels` that become areas."""

    by: str
    district: Area
    district_name: str
    text: tuple[str, ...]
    names: tuple[PlaceName, ...]
    elsewhere: re.Pattern[str] | None
    """What names a place outside: such rows are rejected."""
    column: str | None
    table: Table[str, str]
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Everything that one import needs to know about the other system's file."""

    origin: Origin
    fields: Fields
    times: Times
    places: Places
    kinds: Kinds
    channel: Choice
    status: Choice | None
    """Value → `open` or `closed`; without it a row is closed when it has a closing time."""
    departments: Departments | None
    point: tuple[str, str] | None
    """Columns of latitude and longitude, WGS-84."""
    reporter: Table[str, str]
    """name, phone, email → column: sealed, never in an event."""
    urgency: Urgency
    until: str
    """How far rows without a department go: `submitted` (wait to be accepted) or `filed`."""

    def columns(self) -> frozenset[str]:
        """Every column that the file must have."""
        named: list[str | None] = [self.fields.external_number, *self.fields.title, *self.fields.words]
        named += [self.fields.place, self.fields.answer, self.times.reported, self.times.target, self.times.closed]
        named += [*self.places.text, self.places.column, *(level.column for level in self.places.levels)]
        named += [self.kinds.column, *self.kinds.columns, *(column for column, _ in self.kinds.text)]
        named += [choice.column for choice in (self.channel, self.status) if choice and choice.column]
        named += [self.departments.column] if self.departments else []
        named += [*(self.point or ()), *self.reporter.values()]
        return frozenset(name for name in named if name)
