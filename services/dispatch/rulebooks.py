"""The rulebook in memory: read whole from the projected tables, and again only when one of its lines has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.dispatch.domain.rulebook import Rulebook
from shared.contracts import catalogue, codec
from shared.kernel.errors import Unavailable
from shared.ports import Rows

_CHECK_EVERY = timedelta(seconds=1)
_TABLES = {
    "departments": "department.registered",
    "issue_types": "issue_type.defined",
    "responsibilities": "responsibility.assigned",
    "calendars": "calendar.published",
}
_IS_THERE = "SELECT to_regclass('watermarks') IS NOT NULL AND to_regclass('standards') IS NOT NULL AS is_there"
_STANDING = """
SELECT (SELECT position FROM watermarks WHERE projection = 'rulebook') AS watermark,
       greatest((SELECT max(position) FROM departments), (SELECT max(position) FROM issue_types),
                (SELECT max(position) FROM responsibilities), (SELECT max(position) FROM calendars),
                (SELECT max(position) FROM standards)) AS edition
"""


@dataclass(frozen=True, slots=True)
class _Held:
    rulebook: Rulebook
    edition: int
    watermark: int
    checked_at: datetime


class RulebookMemory:
    """One per process. Asks the tables at most once a second whether something changed."""

    def __init__(self) -> None:
        self._held: _Held | None = None

    def of(self, rows: Rows) -> ProjectedRulebooks:
        """The same memory, filled through this access to the tables."""
        return ProjectedRulebooks(self, rows)

    def recall(self, rows: Rows, at: datetime, position: int = 0) -> Rulebook:
        """The rulebook as of the position or later, at most a second old otherwise. Raises Unavailable."""
        held = self._held
        if held is not None and held.watermark >= position and at - held.checked_at < _CHECK_EVERY:
            return held.rulebook
        held = self._held = self._looked(rows, at)
        if held.watermark < position:
            raise Unavailable(f"the rulebook stands at position {held.watermark}, this needs {position}", retry_after=1)
        return held.rulebook

    def _looked(self, rows: Rows, at: datetime) -> _Held:
        held = self._held
        if held is None and not rows.query(_IS_THERE)[0]["is_there"]:
            raise Unavailable("the rulebook has not been projected yet")
        standing = rows.query(_STANDING)[0]
        watermark, edition = standing["watermark"] or 0, standing["edition"] or 0
        if held is not None and held.edition == edition:
            return _Held(held.rulebook, edition, watermark, at)
        return _Held(_read(rows), edition, watermark, at)


@dataclass(frozen=True, slots=True)
class ProjectedRulebooks:
    """What handlers and reactions ask: `services.dispatch.handlers.Rulebooks`, answered from the tables."""

    memory: RulebookMemory
    rows: Rows

    def current(self, at: datetime) -> Rulebook:
        return self.memory.recall(self.rows, at)

    def as_of(self, position: int, at: datetime) -> Rulebook:
        return self.memory.recall(self.rows, at, position)


def _read(rows: Rows) -> Rulebook:
    catalogue.load()
    lines: dict[str, list[Any]] = {
        table: [
            codec.revive(name, row["version"], row["body"])
            for row in rows.query(f"SELECT version, body FROM {table} WHERE NOT is_withdrawn")
        ]
        for table, name in _TABLES.items()
    }
    lines["standards"] = [
        codec.revive(row["kind"], row["version"], row["body"])
        for row in rows.query("SELECT kind, version, body FROM standards WHERE NOT is_withdrawn")
    ]
    missing = [table for table in ("departments", "issue_types", "calendars") if not lines[table]]
    if missing:
        raise Unavailable(f"the rulebook has no {' and no '.join(missing)} yet")
    return Rulebook.of(line for found in lines.values() for line in found)
