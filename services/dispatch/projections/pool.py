"""The open pool: what is offered, and who has claimed it until when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.dispatch.domain.evolve import CaseEvent
from shared.contracts.case import (
    CaseDispatched,
    CaseLevelLowered,
    CaseLevelRaised,
    CaseMerged,
    CaseRejected,
    CaseReopened,
    CaseTransferredOut,
    TaskResponded,
    TaskReturned,
)
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.envelope import Recorded
from shared.contracts.task import CaseOffered, TaskClaimed, TaskClaimExpired, TaskClaimReleased
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]

_LEAVING = (
    CaseDispatched,
    TaskReturned,
    CaseReopened,
    CaseRejected,
    CaseMerged,
    CaseLevelRaised,
    CaseLevelLowered,
    CaseTransferredOut,
)
"""What takes a case away from whoever had it, the pool included."""
_NOBODY: Row = {"claim_id": None, "claimed_by": None, "expires_at": None}


def take_pool(batch: Batch, cursor: Cursor) -> None:
    """One row for every case that was offered; what never was is passed over."""
    wanted = sorted({str(recorded.event.case_id) for recorded in batch.events})
    found = select(cursor, "SELECT * FROM pool WHERE case_id = ANY(%s::uuid[])", [wanted])
    rows = {str(row["case_id"]): row for row in found}
    for recorded in batch.events:
        case_id = str(recorded.event.case_id)
        if isinstance(recorded.event, CaseOffered):
            rows[case_id] = _offered(recorded.event, recorded)
        elif case_id in rows:
            rows[case_id].update(_change(recorded.event), position=recorded.position)
    upsert(cursor, "pool", ["case_id"], list(rows.values()))


def _offered(event: CaseOffered, recorded: Recorded[CaseEvent]) -> Row:
    return {
        "case_id": str(event.case_id),
        "task_id": str(event.task_id),
        "what": event.what,
        "claim_hours": event.claim_hours,
        "due_at": event.due_at,
        "is_pooled": True,
        **_NOBODY,
        "offered_at": recorded.occurred_at,
        "position": recorded.position,
    }


def _change(event: CaseEvent) -> Row:
    """The columns that this event alone changes."""
    if isinstance(event, TaskClaimed):
        return {"claim_id": str(event.claim_id), "claimed_by": event.claimed_by, "expires_at": event.expires_at}
    if isinstance(event, _LEAVING):
        return {"is_pooled": False, **_NOBODY}
    return dict(_NOBODY)


POOL = Projection(
    name="pool",
    service="dispatch",
    tables=tables_of(str(Path(__file__).parent), "pool"),
    handles=frozenset(
        OF_SHAPE[shape].name
        for shape in (CaseOffered, TaskClaimed, TaskClaimReleased, TaskClaimExpired, TaskResponded, *_LEAVING)
    ),
    apply=take_pool,
)
