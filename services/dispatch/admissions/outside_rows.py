"""From events to the register of what communities told of as asked outside of the platform."""

from __future__ import annotations

from typing import Any

from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.demand import DemandOutsideSettled, DemandReportedOutside
from shared.contracts.envelope import Recorded
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]


def take_outside(batch: Batch, cursor: Cursor) -> None:
    """A row for everything that a community has told of."""
    wanted = sorted({str(recorded.event.demand_id) for recorded in batch.events})
    found = select(cursor, "SELECT * FROM outside_demands WHERE demand_id = ANY(%s::uuid[])", [wanted])
    rows = {str(row["demand_id"]): {**row, "demand_id": str(row["demand_id"])} for row in found}
    for recorded in batch.events:
        event, demand_id = recorded.event, str(recorded.event.demand_id)
        if isinstance(event, DemandReportedOutside):
            rows[demand_id] = _outside(event, recorded)
        else:
            settled: DemandOutsideSettled = event
            rows[demand_id].update(
                outcome=settled.outcome.value,
                admission_id=None if settled.admission_id is None else str(settled.admission_id),
                reason=settled.reason,
                settled_at=recorded.occurred_at,
                position=recorded.position,
            )
    upsert(cursor, "outside_demands", ["demand_id"], list(rows.values()))


def _outside(event: DemandReportedOutside, recorded: Recorded[DemandReportedOutside]) -> Row:
    return {
        "demand_id": str(event.demand_id),
        "community": event.community,
        "department": event.department,
        "asked_by": event.asked_by,
        "channel": event.channel.value,
        "kind": event.kind.value,
        "what": event.what,
        "fields": event.fields,
        "asked_on": event.asked_on,
        "evidence": list(event.evidence),
        "outcome": None,
        "admission_id": None,
        "reason": None,
        "reported_at": recorded.occurred_at,
        "settled_at": None,
        "position": recorded.position,
    }


OUTSIDE = Projection(
    name="outside_demands",
    service="dispatch",
    tables=tables_of(__file__, "outside_demands"),
    handles=frozenset(OF_SHAPE[shape].name for shape in (DemandReportedOutside, DemandOutsideSettled)),
    apply=take_outside,
)
