"""The ground as people look it up: areas, grids, who stands where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.grid.domain.time import day_of
from shared.contracts.appointment import AppointmentEnded, AppointmentStarted
from shared.contracts.area import AreaCreated
from shared.contracts.grid import GridDrawn
from shared.kernel.area import Area
from shared.projections import Batch, Cursor, Projection, tables_of, upsert

_HERE = str(Path(__file__).parent)


def _apply_areas(batch: Batch, cursor: Cursor) -> None:
    created: dict[str, dict[str, Any]] = {}
    renamed: dict[str, str] = {}
    for recorded in batch.events:
        event = recorded.event
        if isinstance(event, AreaCreated):
            created[event.path] = _area_row(event)
        elif event.path in created:
            created[event.path]["name"] = event.name
        else:
            renamed[event.path] = event.name
    upsert(cursor, "areas", ("path",), list(created.values()))
    for path, name in renamed.items():
        cursor.execute("UPDATE areas SET name = %s WHERE path = %s", [name, path])


def _area_row(event: AreaCreated) -> dict[str, Any]:
    area = Area(event.path)
    return {
        "path": area.path,
        "parent": None if area.parent is None else area.parent.path,
        "tier": int(area.tier),
        "name": event.name,
        "kind": event.kind,
        "lat": None if event.centre is None else event.centre.lat,
        "lon": None if event.centre is None else event.centre.lon,
    }


def _apply_grids(batch: Batch, cursor: Cursor) -> None:
    drawn: dict[str, dict[str, Any]] = {}
    drawings: list[dict[str, Any]] = []
    for recorded in batch.events:
        event: GridDrawn = recorded.event
        drawn[event.code] = {
            "code": event.code,
            "name": event.name,
            "community": event.community,
            "covers": list(event.covers),
            "households": event.households,
        }
        drawings.append(drawn[event.code] | {"position": recorded.position, "drawn_on": day_of(recorded.occurred_at)})
    upsert(cursor, "grids", ("code",), list(drawn.values()))
    upsert(cursor, "grid_drawings", ("code", "position"), drawings)


def _apply_appointments(batch: Batch, cursor: Cursor) -> None:
    started: dict[str, dict[str, Any]] = {}
    ended: dict[str, str] = {}
    for recorded in batch.events:
        event: AppointmentStarted | AppointmentEnded = recorded.event
        name = str(event.appointment_id)
        if isinstance(event, AppointmentStarted):
            started[name] = {
                "appointment_id": name,
                "person": event.person,
                "post": event.post.value,
                "area": event.area,
                "grid": event.grid,
                "unit": event.unit,
                "since": event.since.isoformat(),
                "until": None,
            }
        elif name in started:
            started[name]["until"] = event.until.isoformat()
        else:
            ended[name] = event.until.isoformat()
    upsert(cursor, "appointments", ("appointment_id",), list(started.values()))
    for name, until in ended.items():
        cursor.execute("UPDATE appointments SET until = %s WHERE appointment_id = %s", [until, name])


AREAS = Projection(
    name="areas",
    service="grid",
    tables=tables_of(_HERE, "areas"),
    handles=frozenset({"area.created", "area.renamed"}),
    apply=_apply_areas,
)
GRIDS = Projection(
    name="grids",
    service="grid",
    tables=tables_of(_HERE, "grids"),
    handles=frozenset({"grid.drawn"}),
    apply=_apply_grids,
)
APPOINTMENTS = Projection(
    name="appointments",
    service="grid",
    tables=tables_of(_HERE, "appointments"),
    handles=frozenset({"appointment.started", "appointment.ended"}),
    apply=_apply_appointments,
)
