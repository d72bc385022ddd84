"""The mapping: a TOML file that says which column of a foreign file is what. `mappings/README.md` describes it.

It is read strictly: an unknown setting, a wrong type or a table that leads nowhere is refused before any row is read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import ValidationError

from deploy.imports.mapping_file import MappingFile
from shared.contracts.report import Source, Urgency
from shared.kernel.area import Area
from shared.kernel.errors import Invalid


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


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping. Raises Invalid naming the file and every setting that is wrong."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Invalid(f"there is no mapping {path}", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name} is no TOML file: {error}", where=str(path)) from error
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}", where=str(path)) from error
    try:
        return _mapping(MappingFile().load(content))
    except ValidationError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: ValidationError) -> Invalid:
    faults = [f"{where}: {what}" for where, what in _flat(error.messages, "")]
    hint = "; ".join(faults[:10]) + (f"; and {len(faults) - 10} more" if len(faults) > 10 else "")
    return Invalid(f"the mapping {path.name} is wrong: {hint}", where=str(path), errors={"mapping": faults})


def _flat(messages: Any, where: str) -> list[tuple[str, str]]:
    if isinstance(messages, dict):
        found = []
        for key, value in messages.items():
            name = where if key == "_schema" else f"{where}.{key}" if where else str(key)
            found += _flat(value, name)
        return found
    said = messages if isinstance(messages, list) else [messages]
    return [(where, _helped(str(message), where)) for message in said]


_SETTINGS = (
    "source fields times area issue_type channel status department point reporter options name title format encoding "
    "delimiter sheet external_number words place answer zone formats reported target closed by district columns names "
    "elsewhere column table levels kind pattern template weak prefix otherwise lat lon phone email urgency until"
)


def _helped(message: str, where: str) -> str:
    if message != "Unknown field.":
        return message.rstrip(".")
    near = get_close_matches(where.rpartition(".")[2], _SETTINGS.split(), 1)
    return "there is no such setting" + (f", did you mean {near[0]}?" if near else "")


# --- from the checked content to the mapping ----------------------------------------------------------------------


def _mapping(content: dict[str, Any]) -> Mapping:
    options = content.get("options", {})
    point = content.get("point")
    return Mapping(
        origin=Origin(**content["source"]),
        fields=_fields(content["fields"]),
        times=_times(content["times"]),
        places=_places(content["area"]),
        kinds=_kinds(content["issue_type"]),
        channel=_channel(content.get("channel")),
        status=_status(content.get("status")),
        departments=_departments(content.get("department")),
        point=None if point is None else (point["lat"], point["lon"]),
        reporter=content.get("reporter", {}),
        urgency=Urgency(options.get("urgency", "normal")),
        until=options.get("until", "filed"),
    )


def _fields(given: dict[str, Any]) -> Fields:
    return Fields(
        given["external_number"], tuple(given["title"]), tuple(given["words"]), given.get("place"), given.get("answer")
    )


def _times(given: dict[str, Any]) -> Times:
    try:
        zone = ZoneInfo(given["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError({"times": {"zone": [f"there is no time zone {given['zone']!r}"]}}) from None
    return Times(zone, tuple(given["formats"]), given["reported"], given.get("target"), given.get("closed"))


def _channel(given: dict[str, Any] | None) -> Choice:
    if given is None:
        return Choice("", {}, Source.RESIDENT.value)
    known = {source.value for source in Source}
    wrong = sorted({value for value in (*given["table"].values(), given["otherwise"]) if value and value not in known})
    if wrong:
        raise ValidationError({"channel": [f"{', '.join(wrong)}: known sources are {', '.join(sorted(known))}"]})
    return Choice(given["column"], given["table"], given["otherwise"])


def _status(given: dict[str, Any] | None) -> Choice | None:
    if given is None:
        return None
    table = {value: word for word in ("open", "closed") for value in given[word]}
    return Choice(given["column"], table, None)


def _departments(given: dict[str, Any] | None) -> Departments | None:
    if given is None:
        return None
    codes = {value: entry["code"] for value, entry in given["table"].items()}
    names = {entry["code"]: (entry["name"], entry["name_en"]) for entry in given["table"].values() if entry.get("name")}
    return Departments(given["column"], codes, names)


def _kinds(given: dict[str, Any]) -> Kinds:
    text = tuple((column, 3 if number == 0 else 1) for number, column in enumerate(given["text"]))
    return Kinds(
        given["by"],
        given["column"],
        given["table"],
        tuple(given["columns"]),
        text,
        given["prefix"],
        given["otherwise"],
    )


def _places(given: dict[str, Any]) -> Places:
    try:
        district = Area.parse(given["district"])
        names = tuple(
            PlaceName(Area.parse(entry["area"]), tuple(entry["words"]), entry["weak"]) for entry in given["names"]
        )
        table = {word: Area.parse(path).path for word, path in given["table"].items()}
    except Invalid as error:
        raise ValidationError({"area": [str(error)]}) from error
    try:
        elsewhere = re.compile(given["elsewhere"]) if given["elsewhere"] else None
        levels = tuple(_level(entry) for entry in given["levels"])
    except re.error as error:
        raise ValidationError({"area": [f"a pattern is wrong: {error}"]}) from error
    return Places(
        by=given["by"],
        district=district,
        district_name=given["name"],
        text=tuple(given["text"]),
        names=names,
        elsewhere=elsewhere,
        column=given["column"],
        table=table,
        levels=levels,
    )


def _level(given: dict[str, Any]) -> Level:
    pattern = re.compile(given["pattern"]) if given["pattern"] else None
    return Level(given["column"], given["kind"], pattern, given["template"])
