"""From events to the register of remedies, and to what came back where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.dispatch.remedies.domain import MOVES, RemedyEvent
from shared.contracts.envelope import Recorded
from shared.contracts.remedy import (
    RemedyCaseLinked,
    RemedyCleared,
    RemedyOpened,
    RemedyPlanned,
    RemedyRectified,
    RemedyReinspectionFailed,
    RemedyReinspectionPassed,
    RemedyRelapsed,
    RemedyWithdrawn,
)
from shared.contracts.report import ReportRecurred
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]


def take_remedies(batch: Batch, cursor: Cursor) -> None:
    """One row for every remedy that the batch touches, brought up to date; and one for each case it has to do with."""
    wanted = sorted({str(recorded.event.remedy_id) for recorded in batch.events})
    found = select(cursor, "SELECT * FROM remedies WHERE remedy_id = ANY(%s::uuid[])", [wanted])
    rows = {str(row["remedy_id"]): row for row in found}
    links: dict[tuple[str, str], Row] = {}
    for recorded in batch.events:
        key = str(recorded.event.remedy_id)
        if isinstance(recorded.event, RemedyOpened):
            rows[key] = _opened(recorded.event, recorded)
        rows[key].update(_changed(recorded), changed_at=recorded.occurred_at, position=recorded.position)
        for case_id in _cases(recorded.event):
            links[key, case_id] = {"remedy_id": key, "case_id": case_id, "linked_at": recorded.occurred_at}
    upsert(cursor, "remedies", ["remedy_id"], list(rows.values()))
    upsert(cursor, "remedy_cases", ["remedy_id", "case_id"], list(links.values()))


def _opened(event: RemedyOpened, recorded: Recorded[RemedyEvent]) -> Row:
    return {
        "remedy_id": str(event.remedy_id),
        "kind": event.kind.value,
        "severity": event.severity.value,
        "area": recorded.area.path,
        "place": event.place,
        "lat": None if event.point is None else event.point.lat,
        "lon": None if event.point is None else event.point.lon,
        "issue_type": event.issue_type,
        "title": event.title,
        "department": None,
        "due_at": None,
        "plans": 0,
        "failures": 0,
        "relapses": 0,
        "opened_at": recorded.occurred_at,
        "rectified_at": None,
        "cleared_at": None,
    }


def _changed(recorded: Recorded[RemedyEvent]) -> Row:
    """The columns that this event alone changes; where it leads, the table of moves says."""
    state = MOVES[recorded.type][1]
    moved = {} if state is None else {"state": state.value, "is_open": state.is_open}
    return moved | _said(recorded.event, recorded)


def _said(event: RemedyEvent, recorded: Recorded[RemedyEvent]) -> Row:
    match event:
        case RemedyPlanned():
            return {"department": event.department, "due_at": event.due_at, "plans": event.plan}
        case RemedyRectified():
            return {"rectified_at": recorded.occurred_at}
        case RemedyReinspectionFailed():
            return {"failures": event.failures, "rectified_at": None}
        case RemedyCleared():
            return {"cleared_at": recorded.occurred_at}
        case RemedyRelapsed():
            nothing: Row = {"department": None, "due_at": None, "rectified_at": None, "cleared_at": None}
            return {**nothing, "relapses": event.relapses}
        case RemedyOpened() | RemedyCaseLinked() | RemedyReinspectionPassed() | RemedyWithdrawn():
            return {}


def _cases(event: RemedyEvent) -> Iterable[str]:
    match event:
        case RemedyOpened(case_ids=case_ids):
            return [str(case_id) for case_id in case_ids]
        case RemedyCaseLinked(case_id=case_id) | RemedyRelapsed(case_id=case_id):
            return [str(case_id)]
        case _:
            return []


def take_recurrences(batch: Batch, cursor: Cursor) -> None:
    """A row for each."""
    rows = [
        {
            "report_id": str(recorded.event.report_id),
            "issue_type": recorded.event.issue_type,
            "area": recorded.area.path,
            "times": recorded.event.times,
            "reported_at": recorded.event.reported_at,
            "position": recorded.position,
        }
        for recorded in batch.events
        if isinstance(recorded.event, ReportRecurred)
    ]
    upsert(cursor, "recurrences", ["report_id"], rows)


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="remedies",
        service="dispatch",
        tables=tables_of(__file__, "remedies"),
        handles=frozenset(MOVES),
        apply=take_remedies,
    ),
    Projection(
        name="recurrences",
        service="dispatch",
        tables=tables_of(__file__, "recurrences"),
        handles=frozenset({"report.recurred"}),
        apply=take_recurrences,
    ),
)
