"""From events to what dispatch looks up: the rulebook's latest words, and the work list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.dispatch.admissions.projections import PROJECTIONS as ADMISSIONS
from services.dispatch.domain.evolve import CaseEvent
from services.dispatch.domain.rulebook import RulebookEvent
from shared.contracts.case import (
    CaseArchived,
    CaseClearedToClose,
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseReopened,
    CaseReworkOrdered,
    CaseSentToCheck,
    TaskResponded,
    TaskReturned,
    TaskSigned,
)
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.codec import encode
from shared.contracts.envelope import Recorded
from shared.contracts.rulebook import (
    CalendarPublished,
    DepartmentRegistered,
    IssueTypeDefined,
    LadderDefined,
    LimitDefined,
    ResponsibilityAssigned,
    SamplingDefined,
)
from shared.kernel.case_states import State, landing
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]


# --- the rulebook -----------------------------------------------------------------------------------------------


def take_rulebook(batch: Batch, cursor: Cursor) -> None:
    """The latest word of each line, by line."""
    latest: dict[tuple[str, ...], dict[tuple[str | int, ...], Row]] = {}
    for recorded in batch.events:
        table, key = _line(recorded.event)
        row = {
            **key,
            "body": encode(recorded.event),
            "version": OF_SHAPE[type(recorded.event)].version,
            "position": recorded.position,
        }
        latest.setdefault((table, *key), {})[tuple(key.values())] = row
    for (table, *columns), rows in latest.items():
        upsert(cursor, table, columns, list(rows.values()))


def _line(line: RulebookEvent) -> tuple[str, dict[str, str | int]]:
    """The table of a line, and what finds the line in it."""
    match line:
        case DepartmentRegistered(code=code):
            return "departments", {"code": code}
        case IssueTypeDefined(code=code):
            return "issue_types", {"code": code}
        case ResponsibilityAssigned(rule=rule):
            return "responsibilities", {"rule": rule}
        case CalendarPublished(year=year):
            return "calendars", {"year": year}
        case LimitDefined(rule=rule):
            return "standards", {"kind": "limit.defined", "rule": rule}
        case LadderDefined(rule=rule):
            return "standards", {"kind": "ladder.defined", "rule": rule}
        case SamplingDefined(rule=rule):
            return "standards", {"kind": "sampling.defined", "rule": rule}


# --- the work list ----------------------------------------------------------------------------------------------


def take_cases(batch: Batch, cursor: Cursor) -> None:
    """One row for every case that the batch touches, brought up to date."""
    rows = _rows_of((str(recorded.event.case_id) for recorded in batch.events), cursor)
    for recorded in batch.events:
        case_id = str(recorded.event.case_id)
        if isinstance(recorded.event, CaseFiled):
            rows[case_id] = _filed(recorded.event, recorded)
        elif case_id in rows:
            standing = State(rows[case_id]["state"])
            rows[case_id].update(_change(recorded.event, recorded), **_progress(recorded, standing))
        else:
            raise LookupError(f"{recorded.type} of case {case_id}, which was never filed")
    upsert(cursor, "cases", ["case_id"], list(rows.values()))


def _rows_of(case_ids: Iterable[str], cursor: Cursor) -> dict[str, Row]:
    found = select(cursor, "SELECT * FROM cases WHERE case_id = ANY(%s::uuid[])", [sorted(set(case_ids))])
    return {str(row["case_id"]): {**row, "case_id": str(row["case_id"])} for row in found}


def _progress(recorded: Recorded[CaseEvent], standing: State) -> Row:
    """What every event of a case changes: where it stands, since when."""
    state = landing(recorded.type, standing)
    return {
        "state": state.value,
        "is_open": state.is_open,
        "area": recorded.area.path,
        "changed_at": recorded.occurred_at,
        "position": recorded.position,
    }


def _filed(event: CaseFiled, recorded: Recorded[CaseEvent]) -> Row:
    return {
        "case_id": str(event.case_id),
        "number": event.number,
        "issue_type": event.issue_type,
        "urgency": event.urgency.value,
        "loop": event.loop.value,
        "title": event.title,
        "place": event.place,
        "is_cleared": False,
        "department": None,
        "co_handlers": [],
        "attempt": 0,
        "reworks": 0,
        "due_at": None,
        "answered_at": None,
        "reported_at": event.reported_at,
        "filed_at": recorded.occurred_at,
        **_progress(recorded, State.FILED),
    }


_NOBODY: Row = {"department": None, "co_handlers": [], "due_at": None, "answered_at": None, "is_cleared": False}


def _change(event: CaseEvent, recorded: Recorded[CaseEvent]) -> Row:  # noqa: PLR0911  # one branch per event
    """The columns that this event alone changes."""
    match event:
        case CaseFiled():
            return _filed(event, recorded)
        case CaseDispatched():
            given = {"department": event.department, "co_handlers": list(event.co_handlers), "due_at": event.due_at}
            return {**_NOBODY, **given, "attempt": event.attempt}
        case TaskReturned() | CaseReopened():
            return dict(_NOBODY)
        case TaskResponded():
            return {"answered_at": recorded.occurred_at}
        case CaseClearedToClose():
            return {"is_cleared": True}
        case CaseReworkOrdered(rework=rework):
            # Its clock runs on: the original due instant stays, the answer no longer counts.
            return {"answered_at": None, "is_cleared": False, "reworks": rework}
        case CaseSentToCheck():
            return {"is_cleared": False}
        case _:
            return {}


def _names(*shapes: type) -> frozenset[str]:
    return frozenset(OF_SHAPE[shape].name for shape in shapes)


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="rulebook",
        service="dispatch",
        tables=tables_of(__file__, "rulebook"),
        handles=_names(
            DepartmentRegistered,
            IssueTypeDefined,
            ResponsibilityAssigned,
            CalendarPublished,
            LimitDefined,
            LadderDefined,
            SamplingDefined,
        ),
        apply=take_rulebook,
    ),
    Projection(
        name="cases",
        service="dispatch",
        tables=tables_of(__file__, "cases"),
        handles=_names(
            CaseFiled,
            CaseDispatched,
            TaskSigned,
            TaskReturned,
            TaskResponded,
            CaseSentToCheck,
            CaseClearedToClose,
            CaseReworkOrdered,
            CaseClosed,
            CaseReopened,
            CaseArchived,
        ),
        apply=take_cases,
    ),
    *ADMISSIONS,
)
