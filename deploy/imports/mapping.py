"""The mapping: a TOML file that says which column of a foreign file is what. `mappings/README.md` describes it.

It is read strictly: an unknown setting, a wrong type or a table that leads nowhere is refused before any row is read.
"""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import ValidationError

from deploy.imports.mapping_file import MappingFile
from deploy.imports.mapping_parts import (
    Choice,
    Departments,
    Fields,
    Kinds,
    Level,
    Mapping,
    Origin,
    PlaceName,
    Places,
    Times,
)
from shared.contracts.report import Source, Urgency
from shared.kernel.area import Area
from shared.kernel.errors import Invalid


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
