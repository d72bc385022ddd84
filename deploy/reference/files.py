"""Reads a folder of reference data: CSV and TOML files become the events that will say so, faults become sentences.

A folder holds `areas.csv`, `grids.csv`, `appointments.csv`, `departments.toml`, `issue_types.toml`,
`responsibilities.toml`, `limits.toml`, `ladders.toml`, `samplings.toml`, `pools.toml`, `label_sets.toml`,
`labels_chosen.toml` and one `calendar-YEAR.toml` for each year, and where the city has any `policies.toml` and
`burden_caps.toml`; `custom/README.md` describes them for a city.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from shared.contracts import catalogue, codec
from shared.contracts.appointment import AppointmentStarted
from shared.contracts.area import AreaCreated
from shared.contracts.grid import GridDrawn
from shared.contracts.rulebook import (
    BurdenCapDefined,
    CalendarPublished,
    DepartmentRegistered,
    IssueTypeDefined,
    LabelSetChosen,
    LabelSetDefined,
    LadderDefined,
    LimitDefined,
    PolicyAdopted,
    PoolDefined,
    ResponsibilityAssigned,
    SamplingDefined,
)
from shared.kernel.errors import Invalid
from shared.kernel.ids import derived_id

E = TypeVar("E")

PANLONG = Path(__file__).parent / "panlong"
"""The folder that is loaded when the city names no other."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: in which file, at which line or entry, what, and what to do about it."""

    file: str
    entry: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}, {self.entry}: {self.what}. {self.fix}"


@dataclass(frozen=True, slots=True)
class Entry(Generic[E]):
    """An event and the place in the files that asks for it."""

    event: E
    file: str
    entry: str

    def fault(self, what: str, fix: str) -> Fault:
        return Fault(self.file, self.entry, what, fix)


@dataclass
class Reference:
    """Everything that a folder says, and every fault that was found while reading it."""

    areas: list[Entry[AreaCreated]] = field(default_factory=list)
    grids: list[Entry[GridDrawn]] = field(default_factory=list)
    appointments: list[Entry[AppointmentStarted]] = field(default_factory=list)
    departments: list[Entry[DepartmentRegistered]] = field(default_factory=list)
    issue_types: list[Entry[IssueTypeDefined]] = field(default_factory=list)
    responsibilities: list[Entry[ResponsibilityAssigned]] = field(default_factory=list)
    limits: list[Entry[LimitDefined]] = field(default_factory=list)
    ladders: list[Entry[LadderDefined]] = field(default_factory=list)
    samplings: list[Entry[SamplingDefined]] = field(default_factory=list)
    pools: list[Entry[PoolDefined]] = field(default_factory=list)
    label_sets: list[Entry[LabelSetDefined]] = field(default_factory=list)
    labels_chosen: list[Entry[LabelSetChosen]] = field(default_factory=list)
    calendars: list[Entry[CalendarPublished]] = field(default_factory=list)
    policies: list[Entry[PolicyAdopted]] = field(default_factory=list)
    burden_caps: list[Entry[BurdenCapDefined]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read(folder: Path = PANLONG) -> Reference:
    """Read every file of the folder. Wrong entries are left out and become faults; nothing is raised for them."""
    catalogue.load()
    found = Reference()
    found.areas = list(_csv(folder, "areas.csv", "path name kind lat lon", _area, found.faults))
    found.grids = list(_csv(folder, "grids.csv", "code name community covers households", _grid, found.faults))
    found.appointments = list(_csv(folder, "appointments.csv", "person post area grid since", _post, found.faults))
    found.departments = list(_toml(folder, "departments.toml", "department", "department.registered", found.faults))
    found.issue_types = list(
        _toml(folder, "issue_types.toml", "issue_type", "issue_type.defined", found.faults, extra="limit_from")
    )
    found.responsibilities = list(
        _toml(folder, "responsibilities.toml", "line", "responsibility.assigned", found.faults)
    )
    found.limits = list(_toml(folder, "limits.toml", "limit", "limit.defined", found.faults, extra="limit_from"))
    found.ladders = list(_toml(folder, "ladders.toml", "ladder", "ladder.defined", found.faults))
    found.samplings = list(_toml(folder, "samplings.toml", "sampling", "sampling.defined", found.faults))
    found.pools = list(_toml(folder, "pools.toml", "pool", "pool.defined", found.faults))
    found.label_sets = list(_toml(folder, "label_sets.toml", "label_set", "label_set.defined", found.faults))
    found.labels_chosen = list(_toml(folder, "labels_chosen.toml", "chosen", "label_set.chosen", found.faults))
    if (folder / "policies.toml").exists():
        found.policies = list(_toml(folder, "policies.toml", "policy", "policy.adopted", found.faults))
    if (folder / "burden_caps.toml").exists():
        found.burden_caps = list(_toml(folder, "burden_caps.toml", "cap", "burden_cap.defined", found.faults))
    calendars = sorted(folder.glob("calendar-*.toml"))
    if not calendars:
        found.faults.append(Fault("calendar-*.toml", "file", "there is no working calendar", "Add calendar-2026.toml"))
    for path in calendars:
        found.calendars += calendar_entries(path, found.faults)
    return found


# --- tables -------------------------------------------------------------------------------------------------------


def _csv(folder: Path, name: str, header: str, shape: Any, faults: list[Fault]) -> Iterator[Entry[Any]]:
    text = _text(folder / name, faults)
    if text is None:
        return
    rows = csv.reader(text.splitlines())
    columns = header.split()
    if (first := next(rows, [])) != columns:
        said = ",".join(first)[:80]
        fix = f"The first line must be: {','.join(columns)}"
        faults.append(Fault(name, "line 1", f"the columns are wrong: {said!r}", fix))
        return
    for row in rows:
        entry = f"line {rows.line_num}"
        if len(row) != len(columns):
            what = f"{len(row)} values where {len(columns)} columns are"
            faults.append(Fault(name, entry, what, "Put a text with commas into quotes"))
            continue
        event_name, body = shape({column: value.strip() for column, value in zip(columns, row, strict=True)})
        yield from _event(event_name, body, name, entry, faults)


def _area(row: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    body: dict[str, Any] = {"path": row["path"], "name": row["name"], "kind": row["kind"]}
    if row["lat"] or row["lon"]:
        body["centre"] = {"lat": row["lat"], "lon": row["lon"]}
    return "area.created", body


def _grid(row: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    households: object = int(row["households"]) if row["households"].isdecimal() else row["households"]
    return "grid.drawn", {**row, "covers": row["covers"].split(), "households": households}


def _post(row: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    appointment_id = derived_id("appointment", row["person"], row["post"], row["area"], row["grid"], row["since"])
    body: dict[str, Any] = {**row, "appointment_id": str(appointment_id)}
    if not row["grid"]:
        del body["grid"]
    return "appointment.started", body


# --- lists of entries ---------------------------------------------------------------------------------------------


def _toml(
    folder: Path, name: str, key: str, event_name: str, faults: list[Fault], extra: str = ""
) -> Iterator[Entry[Any]]:
    content = _parsed(folder / name, faults)
    if content is None:
        return
    if set(content) != {key} or not isinstance(content[key], list):
        said = ", ".join(sorted(content)) or "nothing"
        faults.append(Fault(name, "file", f"it holds {said}", f"Every entry must begin with [[{key}]]"))
        return
    for number, body in enumerate(content[key], 1):
        label = body.get("code") or body.get("rule") if isinstance(body, dict) else None
        entry = f"entry {number}" + (f" ({label})" if label else "")
        if not isinstance(body, dict):
            faults.append(Fault(name, entry, "it is no table", f"Write [[{key}]] above its lines"))
            continue
        body = {field_name: _plain(value) for field_name, value in body.items() if field_name != extra}
        yield from _event(event_name, body, name, entry, faults)


def _plain(value: object) -> object:
    """A day of TOML as events write it."""
    return value.isoformat() if isinstance(value, date) else value


def calendar_entries(path: Path, faults: list[Fault]) -> Iterator[Entry[CalendarPublished]]:
    """The calendar that one file holds."""
    content = _parsed(path, faults)
    if content is None:
        return
    for column in ("holidays", "swap_days", "half_days"):
        days = content.get(column)
        if isinstance(days, list):
            content[column] = [_plain(day) for day in days]
    yield from _event("calendar.published", content, path.name, str(content.get("year", "file")), faults)


# --- common -------------------------------------------------------------------------------------------------------


@cache
def _fields(name: str) -> frozenset[str]:
    return frozenset(codec.json_schema(catalogue.CURRENT[name].shape)["properties"])


def _event(name: str, body: dict[str, Any], file: str, entry: str, faults: list[Fault]) -> Iterator[Entry[Any]]:
    known = _fields(name)
    for unknown in sorted(body.keys() - known):
        near = get_close_matches(unknown, known, 1)
        fix = f"Did you mean {near[0]!r}?" if near else f"Known fields: {', '.join(sorted(known))}"
        faults.append(Fault(file, entry, f"there is no field {unknown!r}", fix))
    try:
        event = codec.load(name, catalogue.CURRENT[name].version, body)
    except Invalid as error:
        for field_name, messages in error.errors.items():
            fix = f"It says {str(body.get(field_name, 'nothing'))[:60]!r}"
            faults.append(Fault(file, entry, f"{field_name}: {_sentence(messages)}", fix))
        return
    yield Entry(event, file, entry)


def _sentence(messages: object) -> str:
    if isinstance(messages, dict):
        return "; ".join(f"{key}: {_sentence(value)}" for key, value in messages.items())
    said = messages[0] if isinstance(messages, list) and messages else messages
    return str(said).rstrip(".")


def _text(path: Path, faults: list[Fault]) -> str | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        faults.append(Fault(path.name, "file", f"it is missing in {path.parent}", "Start from the one of panlong/"))
    except UnicodeDecodeError as error:
        faults.append(Fault(path.name, f"byte {error.start}", "it is not UTF-8", "Save it as UTF-8"))
    except OSError as error:
        faults.append(Fault(path.name, "file", f"it cannot be read: {error.strerror}", "Check its place and rights"))
    else:
        if "\0" not in text:
            return text
        faults.append(Fault(path.name, "file", "it holds NUL characters", "It is damaged: save it again as text"))
    return None


def _parsed(path: Path, faults: list[Fault]) -> dict[str, Any] | None:
    text = _text(path, faults)
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(path.name, "file", f"it is no TOML: {error}", "Correct that line"))
        return None
