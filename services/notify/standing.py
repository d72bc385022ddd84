"""From events to who stands where and when people work: what decides whom a letter reaches, and when."""

from __future__ import annotations

from typing import Any

from shared.contracts.account import (
    AccountAssigned,
    AccountContactChanged,
    AccountCreated,
    AccountDisabled,
    AccountEnabled,
)
from shared.contracts.appointment import AppointmentEnded, AppointmentStarted
from shared.contracts.area import AreaCreated, AreaRenamed
from shared.contracts.catalogue import OF_SHAPE
from shared.contracts.codec import encode
from shared.contracts.rulebook import CalendarPublished
from shared.projections import Batch, Cursor, Projection, tables_of, upsert


def take_people(batch: Batch, cursor: Cursor) -> None:
    """One event after the other: posts and accounts change by the day."""
    for recorded in batch.events:
        match recorded.event:
            case AppointmentStarted() as event:
                row: dict[str, Any] = {"appointment_id": event.appointment_id, "person": event.person}
                row |= {"post": event.post, "area": event.area, "since": event.since, "until": None}
                upsert(cursor, "posts", ("appointment_id",), [row])
            case AppointmentEnded(appointment_id=appointment_id, until=until):
                statement = "UPDATE posts SET until = %s WHERE appointment_id = %s"
                cursor.execute(statement, [until, str(appointment_id)])
            case AccountCreated() as event:
                row = {"account": event.account, "role": event.role, "area": event.area}
                row |= {"department": event.department, "is_enabled": True, "ways": []}
                upsert(cursor, "accounts", ("account",), [row])
            case AccountAssigned() as event:
                statement = "UPDATE accounts SET role = %s, area = %s, department = %s WHERE account = %s"
                cursor.execute(statement, [event.role, event.area, event.department, event.account])
            case AccountDisabled() | AccountEnabled() as event:
                is_enabled = isinstance(event, AccountEnabled)
                cursor.execute("UPDATE accounts SET is_enabled = %s WHERE account = %s", [is_enabled, event.account])
            case AccountContactChanged(account=account, ways=ways):
                cursor.execute("UPDATE accounts SET ways = %s WHERE account = %s", [list(ways), account])
            case _:
                pass


def take_calendars(batch: Batch, cursor: Cursor) -> None:
    """Of each year the latest word."""
    found = {}
    for recorded in batch.events:
        event: CalendarPublished = recorded.event
        version = OF_SHAPE[type(event)].version
        found[event.year] = {"year": event.year, "version": version, "body": encode(event)}
    upsert(cursor, "calendars", ("year",), list(found.values()))


def take_area_names(batch: Batch, cursor: Cursor) -> None:
    """Of each area the latest name."""
    found = {one.event.path: {"path": one.event.path, "name": one.event.name} for one in batch.events}
    upsert(cursor, "area_names", ("path",), list(found.values()))


def _names(*shapes: type) -> frozenset[str]:
    return frozenset(OF_SHAPE[shape].name for shape in shapes)


PEOPLE = Projection(
    name="people",
    service="notify",
    tables=tables_of(__file__, "people"),
    handles=_names(
        AppointmentStarted,
        AppointmentEnded,
        AccountCreated,
        AccountAssigned,
        AccountDisabled,
        AccountEnabled,
        AccountContactChanged,
    ),
    apply=take_people,
)
CALENDARS = Projection(
    name="calendars",
    service="notify",
    tables=tables_of(__file__, "calendars"),
    handles=_names(CalendarPublished),
    apply=take_calendars,
)
AREA_NAMES = Projection(
    name="area_names",
    service="notify",
    tables=tables_of(__file__, "area_names"),
    handles=_names(AreaCreated, AreaRenamed),
    apply=take_area_names,
)
