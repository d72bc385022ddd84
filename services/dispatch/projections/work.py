"""The work list: one row for every case, and one for every task that a department or a volunteer ever had of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from services.dispatch.projections.work_changes import CHANGES, Entry, filed
from services.dispatch.projections.work_clocks import CLOCKS
from shared.contracts import case
from shared.contracts.catalogue import CURRENT
from shared.contracts.envelope import Recorded
from shared.kernel.case_states import State, landing
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert


def take_cases(batch: Batch, cursor: Cursor) -> None:
    """One row for every case that the batch touches, and for its tasks, brought up to date."""
    entries = _entries_of((str(recorded.event.case_id) for recorded in batch.events), cursor)
    for recorded in batch.events:
        case_id = str(recorded.event.case_id)
        entry = entries.get(case_id)
        if isinstance(recorded.event, case.CaseFiled | case.CaseSelfHandled):
            fresh = filed(recorded.event, recorded)
            entry = entries[case_id] = Entry(fresh if entry is None else {**entry.row, **fresh})
        if entry is None and recorded.type in CLOCKS:
            continue  # a limit before there was a case
        if entry is None:
            raise LookupError(f"{recorded.type} of case {case_id}, which was never filed")
        _take(entry, recorded)
    upsert(cursor, "cases", ["case_id"], [entry.row for entry in entries.values()])
    upsert(cursor, "tasks", ["task_id"], [found for entry in entries.values() for found in entry.tasks.values()])


def _take(entry: Entry, recorded: Recorded[Any]) -> None:
    change = CHANGES.get(recorded.type)
    if change is not None:
        change(entry, recorded.event, recorded)
    if recorded.type in CLOCKS:
        # The case itself stands where it stood.
        entry.row["running"] = CLOCKS[recorded.type](entry.row["running"], recorded.event)
        entry.row["position"] = recorded.position
        entry.settle()
        return
    entry.settle()
    back_to = getattr(recorded.event, "back_to", None)
    state = landing(recorded.type, State(entry.row["state"]), back_to)
    entry.row.update(
        state=state.value,
        is_open=state.is_open,
        area=recorded.area.path,
        changed_at=recorded.occurred_at,
        position=recorded.position,
    )


def _entries_of(case_ids: Iterable[str], cursor: Cursor) -> dict[str, Entry]:
    wanted = sorted(set(case_ids))
    rows = select(cursor, "SELECT * FROM cases WHERE case_id = ANY(%s::uuid[])", [wanted])
    entries = {str(row["case_id"]): Entry(row) for row in rows}
    # In the order in which they were given: the rows must not depend on how the events fell into batches.
    found = select(
        cursor, "SELECT * FROM tasks WHERE case_id = ANY(%s::uuid[]) AND is_live ORDER BY given_at, task_id", [wanted]
    )
    for row in found:
        entries[str(row["case_id"])].tasks[str(row["task_id"])] = row
    return entries


WORK = Projection(
    name="cases",
    service="dispatch",
    tables=tables_of(str(Path(__file__).parent), "cases"),
    handles=frozenset(name for name, found in CURRENT.items() if found.category == "case") | frozenset(CLOCKS),
    apply=take_cases,
    revision=5,
)
