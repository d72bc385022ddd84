"""The rulebook's latest words, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.dispatch.domain.lines import RulebookEvent, Withdrawal
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.codec import encode
from shared.contracts.rulebook import (
    CalendarPublished,
    DepartmentRegistered,
    DepartmentWithdrawn,
    IssueTypeDefined,
    IssueTypeWithdrawn,
    LabelSetChosen,
    LabelSetDefined,
    LadderDefined,
    LimitDefined,
    LimitWithdrawn,
    PoolDefined,
    ResponsibilityAssigned,
    ResponsibilityWithdrawn,
    SamplingDefined,
)
from shared.projections import Batch, Cursor, Projection, tables_of, upsert

Row = dict[str, Any]


def take_rulebook(batch: Batch, cursor: Cursor) -> None:
    """The latest word of each line, by line."""
    latest: dict[tuple[str, ...], dict[tuple[str | int, ...], Row]] = {}
    for recorded in batch.events:
        table, key = _line(recorded.event)
        row = {
            **key,
            "body": encode(recorded.event),
            "version": OF_SHAPE[type(recorded.event)].version,
            "is_withdrawn": isinstance(recorded.event, Withdrawal),
            "position": recorded.position,
        }
        latest.setdefault((table, *key), {})[tuple(key.values())] = row
    for (table, *columns), rows in latest.items():
        upsert(cursor, table, columns, list(rows.values()))


_PLACES: dict[type, tuple[str, str, str | None]] = {
    DepartmentRegistered: ("departments", "code", None),
    DepartmentWithdrawn: ("departments", "code", None),
    IssueTypeDefined: ("issue_types", "code", None),
    IssueTypeWithdrawn: ("issue_types", "code", None),
    ResponsibilityAssigned: ("responsibilities", "rule", None),
    ResponsibilityWithdrawn: ("responsibilities", "rule", None),
    CalendarPublished: ("calendars", "year", None),
    LimitDefined: ("standards", "rule", "limit.defined"),
    LimitWithdrawn: ("standards", "rule", "limit.defined"),
    LadderDefined: ("standards", "rule", "ladder.defined"),
    SamplingDefined: ("standards", "rule", "sampling.defined"),
    PoolDefined: ("standards", "area", "pool.defined"),
    LabelSetDefined: ("standards", "code", "label_set.defined"),
    LabelSetChosen: ("standards", "area", "label_set.chosen"),
}
"""The table of a line, the field that names it there, and, where kinds share a table, which kind it is."""


def _line(line: RulebookEvent) -> tuple[str, dict[str, str | int]]:
    """The table of a line, and what finds the line in it."""
    table, name, kind = _PLACES[type(line)]
    key = getattr(line, name)
    return table, {name: key} if kind is None else {"kind": kind, "rule": key}


RULEBOOK = Projection(
    name="rulebook",
    service="dispatch",
    tables=tables_of(str(Path(__file__).parent), "rulebook"),
    handles=frozenset(OF_SHAPE[shape].name for shape in _PLACES),
    apply=take_rulebook,
)
