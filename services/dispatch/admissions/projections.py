"""From events to the registers of admission: applications, demands, and the burden that each community carries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.dispatch.admissions.demand import MISSING, TOO_MUCH, DemandEvent, Outcome
from services.dispatch.admissions.domain import MOVES, AdmissionEvent
from services.dispatch.admissions.outside_rows import OUTSIDE
from shared.contracts.admission import (
    AdmissionApplied,
    AdmissionApproved,
    AdmissionDrafted,
    AdmissionExpired,
    AdmissionRejected,
    AdmissionResumed,
    AdmissionReviewStarted,
    AdmissionRevoked,
    AdmissionSuspended,
)
from shared.contracts.area import AreaCreated, AreaRenamed
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.demand import (
    DemandAllowed,
    DemandAnswered,
    DemandBlocked,
    DemandDeclined,
    DemandMade,
    DemandWithdrawn,
)
from shared.contracts.envelope import Recorded
from shared.kernel.area import Area, Tier
from shared.projections import Batch, Cursor, Projection, select, tables_of, upsert

Row = dict[str, Any]


def take_admissions(batch: Batch, cursor: Cursor) -> None:
    """One row for every admission that the batch touches, brought up to date."""
    wanted = sorted({str(recorded.event.admission_id) for recorded in batch.events})
    found = select(cursor, "SELECT * FROM admissions WHERE admission_id = ANY(%s::uuid[])", [wanted])
    rows = {str(row["admission_id"]): row for row in found}
    for recorded in batch.events:
        key = str(recorded.event.admission_id)
        if isinstance(recorded.event, AdmissionDrafted):
            rows[key] = {**_NEW, "drafted_at": recorded.occurred_at, **rows.get(key, {})}
        rows[key].update(_admission(recorded.event), **_standing(recorded))
    upsert(cursor, "admissions", ["admission_id"], list(rows.values()))


_NEW: Row = {"decide_by": None, "is_short_notice": False, "reason": None}


def _standing(recorded: Recorded[AdmissionEvent]) -> Row:
    state = MOVES[recorded.type][1].value
    return {"state": state, "changed_at": recorded.occurred_at, "position": recorded.position}


def _admission(event: AdmissionEvent) -> Row:
    """The columns that this event alone changes."""
    match event:
        case AdmissionDrafted() | AdmissionApproved():
            granted = {
                "admission_id": str(event.admission_id),
                "department": event.department,
                "matter": event.matter,
                "scope": list(event.scope),
                "kinds": [kind.value for kind in event.kinds],
                "valid_from": event.valid_from,
                "valid_until": event.valid_until,
            }
            return granted if isinstance(event, AdmissionDrafted) else {**granted, "reason": event.reason}
        case AdmissionApplied(decide_by=decide_by, is_short_notice=is_short):
            return {"decide_by": decide_by, "is_short_notice": is_short}
        case AdmissionRejected() | AdmissionSuspended() | AdmissionResumed() | AdmissionRevoked():
            return {"reason": event.reason}
        case AdmissionReviewStarted() | AdmissionExpired():
            return {}


# --- demands ------------------------------------------------------------------------------------------------------


def take_demands(batch: Batch, cursor: Cursor) -> None:
    """A row for every demand, and one for each community that it asks."""
    wanted = sorted({str(recorded.event.demand_id) for recorded in batch.events})
    found = select(cursor, "SELECT * FROM demand_parts WHERE demand_id = ANY(%s::uuid[])", [wanted])
    parts = {(str(row["demand_id"]), row["community"]): {**row, "demand_id": str(row["demand_id"])} for row in found}
    demands: dict[str, Row] = {}
    for row in select(cursor, "SELECT * FROM demands WHERE demand_id = ANY(%s::uuid[])", [wanted]):
        demands[str(row["demand_id"])] = {**row, "demand_id": str(row["demand_id"])}
    for recorded in batch.events:
        event, demand_id = recorded.event, str(recorded.event.demand_id)
        if isinstance(event, DemandMade | DemandBlocked):
            demands[demand_id] = {**_ASKED, **demands.get(demand_id, {}), **_demand(event, recorded)}
        if isinstance(event, DemandAllowed):
            demands[demand_id].update(allowed_because=event.reason, position=recorded.position)
        if isinstance(event, DemandMade):
            parts.update(_parts(event, recorded))
        else:
            for part, change in _said(recorded, parts):
                part.update(change, ended_at=recorded.occurred_at, position=recorded.position)
    upsert(cursor, "demands", ["demand_id"], list(demands.values()))
    upsert(cursor, "demand_parts", ["demand_id", "community"], list(parts.values()))
    upsert(cursor, "known_fields", ["community", "field"], list(_known(batch.events, parts).values()))


_ASKED: Row = {"rule": None, "over": [], "missing": [], "reason": None, "allowed_because": None}


def _known(events: Iterable[Recorded[DemandEvent]], parts: dict[tuple[str, str], Row]) -> dict[tuple[str, str], Row]:
    """What a community has told some department, field by field; what it said stays in the log."""
    found: dict[tuple[str, str], Row] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, DemandAnswered):
            for one in event.filled or ():
                found[event.community, one.field] = {
                    "community": event.community,
                    "field": one.field,
                    "department": parts[str(event.demand_id), event.community]["department"],
                    "demand_id": str(event.demand_id),
                    "answered_at": recorded.occurred_at,
                }
    return found


def _demand(event: DemandMade | DemandBlocked, recorded: Recorded[DemandEvent]) -> Row:
    is_blocked = isinstance(event, DemandBlocked)
    why: Row = {}
    if isinstance(event, DemandBlocked):
        why = {"rule": TOO_MUCH if event.over else MISSING, "over": list(event.over), "missing": list(event.missing)}
        why["reason"] = event.reason
    return {
        **why,
        "demand_id": str(event.demand_id),
        "department": event.department,
        "kind": event.kind.value,
        "matter": event.matter,
        "is_blocked": is_blocked,
        "asked": len(event.communities if isinstance(event, DemandBlocked) else event.asked),
        "due_at": None if isinstance(event, DemandBlocked) else event.due_at,
        "made_at": recorded.occurred_at,
        "position": recorded.position,
    }


def _parts(event: DemandMade, recorded: Recorded[DemandEvent]) -> dict[tuple[str, str], Row]:
    return {
        (str(event.demand_id), one.community): {
            "demand_id": str(event.demand_id),
            "community": one.community,
            "department": event.department,
            "kind": event.kind.value,
            "fields": len(event.fields),
            "admission_id": str(one.admission_id),
            "outcome": Outcome.OPEN.value,
            "on_time": None,
            "made_at": recorded.occurred_at,
            "ended_at": None,
            "position": recorded.position,
        }
        for one in event.asked
    }


def _said(recorded: Recorded[DemandEvent], parts: dict[tuple[str, str], Row]) -> Iterable[tuple[Row, Row]]:
    """Each part that the event ends, with what it says about it."""
    event = recorded.event
    match event:
        case DemandAnswered():
            yield parts[str(event.demand_id), event.community], {"outcome": "answered", "on_time": event.on_time}
        case DemandDeclined():
            yield parts[str(event.demand_id), event.community], {"outcome": "declined"}
        case DemandWithdrawn():
            for (demand_id, _), part in parts.items():
                if demand_id == str(event.demand_id) and part["outcome"] == Outcome.OPEN.value:
                    yield part, {"outcome": "withdrawn"}
        case DemandMade() | DemandBlocked() | DemandAllowed():
            return


# --- communities --------------------------------------------------------------------------------------------------


def take_communities(batch: Batch, cursor: Cursor) -> None:
    """The latest name of every community."""
    rows = {
        recorded.event.path: {
            "path": recorded.event.path,
            "name": recorded.event.name,
            "position": recorded.position,
        }
        for recorded in batch.events
        if Area(recorded.event.path).tier is Tier.COMMUNITY
    }
    upsert(cursor, "communities", ["path"], list(rows.values()))


def _names(*shapes: type) -> frozenset[str]:
    return frozenset(OF_SHAPE[shape].name for shape in shapes)


PROJECTIONS: tuple[Projection, ...] = (
    Projection(
        name="admissions",
        service="dispatch",
        tables=tables_of(__file__, "admissions"),
        handles=frozenset(MOVES),
        apply=take_admissions,
    ),
    Projection(
        name="demands",
        service="dispatch",
        tables=tables_of(__file__, "demands"),
        handles=_names(DemandMade, DemandBlocked, DemandAllowed, DemandAnswered, DemandDeclined, DemandWithdrawn),
        apply=take_demands,
        revision=2,
    ),
    OUTSIDE,
    Projection(
        name="communities",
        service="dispatch",
        tables=tables_of(__file__, "communities"),
        handles=_names(AreaCreated, AreaRenamed),
        apply=take_communities,
    ),
)
