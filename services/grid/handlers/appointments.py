"""Who stands where: appointments begin and end, somebody succeeds somebody, two change places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol
from uuid import UUID

from services.grid.domain import appointments, grids
from services.grid.domain.appointments import Appointment, Seat, Wanted
from services.grid.domain.posts import slots
from services.grid.handlers.common import appointment_stream, area_of, grid_stream, part, place
from shared.contracts.appointment import AppointmentStarted
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, NotFound, Refused
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, Companion, EventLog
from shared.security import permission
from shared.security.permission import Asker

_SEAT = """
INSERT INTO grid.seats (appointment_id, person, slots, since, until) VALUES %s
ON CONFLICT (appointment_id) DO UPDATE SET until = excluded.until
"""


class Seats(Protocol):
    """Who has the seats that have room for one."""

    def taken(self, wanted: Sequence[str]) -> list[Seat]:
        """Everybody who has, had or will have one of these seats, by the day; each with those of the seats alone."""


def start_appointment(log: EventLog, seats: Seats, asker: Asker, cause: Cause, *, wanted: Wanted) -> Appended:
    """Somebody takes a post; the same appointment again changes nothing. Raises Refused `appointment.…`."""
    permission.require(asker, action_area=wanted.area)
    started = _decided(log, seats, wanted)
    return _begin(log, started, cause)


def end_appointment(
    log: EventLog, appointment_id: UUID, asker: Asker, cause: Cause, *, until: date, reason: str
) -> Appended:
    """Somebody leaves a post. Raises NotFound, Refused `appointment.ended`."""
    permission.require(asker, action_area=area_of(log, appointment_stream(appointment_id)))
    return _end(log, _known(log, appointment_id), until, reason, cause)


def succeed(
    log: EventLog, seats: Seats, appointment_id: UUID, asker: Asker, cause: Cause, *, person: str, on: date, reason: str
) -> Appended:
    """Somebody else takes the post from that day on; whoever stood there serves the day before as their last.

    Nothing is changed when the new one may not: that is decided first. Raises what starting and ending raise.
    """
    found = _known(log, appointment_id)
    permission.require(asker, action_area=area_of(log, appointment_stream(appointment_id)))
    started = _decided(log, seats, replace(_again(found, on), person=person), leaving=(appointment_id,))
    _end(log, found, on - timedelta(days=1), reason, part(cause, "end"))
    return _begin(log, started, cause)


def swap(
    log: EventLog, seats: Seats, pair: tuple[UUID, UUID], asker: Asker, cause: Cause, *, on: date, reason: str
) -> Appended:
    """Two people of the same kind change places on that day. Sent again, it goes on where it stopped."""
    first, second = (_known(log, appointment_id) for appointment_id in pair)
    for appointment_id in pair:
        permission.require(asker, action_area=area_of(log, appointment_stream(appointment_id)))
    one, other = _again(first, on), _again(second, on)
    if one.post is not other.post or one.person == other.person:
        said = Wording("只有同类岗位的两个人可以对调", "only two people at posts of the same kind can change places")
        raise Refused(str(said), rule="appointment.swap", where="with")
    decided = [
        _decided(log, seats, replace(one, person=other.person), leaving=pair),
        _decided(log, seats, replace(other, person=one.person), leaving=pair),
    ]
    for number, found in enumerate((first, second)):
        _end(log, found, on - timedelta(days=1), reason, part(cause, f"end {number}"))
    _begin(log, decided[0], part(cause, "start"))
    return _begin(log, decided[1], cause)


def seat(started: AppointmentStarted, until: date | None = None, *, since: date | None = None) -> Companion:
    """The row that stands beside an appointment, so that no two have the same seat at once."""
    row = (str(started.appointment_id), started.person, list(slots(started)), since or started.since, until)
    return Companion(_SEAT, row)


# --- what they share --------------------------------------------------------------------------------------------


def _decided(log: EventLog, seats: Seats, wanted: Wanted, leaving: Iterable[UUID] = ()) -> AppointmentStarted:
    drawn = None
    if wanted.grid is not None:
        drawn = fold(log.stream(grid_stream(wanted.grid)), grids.evolve)
        if drawn is None:
            said = Wording(f"没有网格 {wanted.grid}", f"there is no grid {wanted.grid}")
            raise Refused(str(said), rule="appointment.grid_missing", where="grid")
    started = appointments.start(wanted, drawn, area_exists=place(log, wanted.area) is not None)
    return appointments.seated(started, seats.taken(slots(started)), leaving)


def _begin(log: EventLog, started: AppointmentStarted, cause: Cause) -> Appended:
    stream = appointment_stream(started.appointment_id)
    if history := log.stream(stream):
        return Appended(stream, len(history), ())
    return begin(
        log,
        stream,
        [started],
        cause,
        area=Area(started.area),
        correlation_id=started.appointment_id,
        companions=(seat(started),),
    )


def _end(log: EventLog, found: Appointment, until: date, reason: str, cause: Cause) -> Appended:
    def decide(now: Appointment) -> Iterable[object]:
        if now.until != found.until:
            raise Conflict("somebody else ended the appointment")
        return appointments.end(now, until, mask(reason))

    return amend(
        log,
        appointment_stream(found.appointment_id),
        appointments.evolve,
        decide,
        cause,
        companions=() if found.started is None else (seat(found.started, until),),
    )


def _known(log: EventLog, appointment_id: UUID) -> Appointment:
    found = fold(log.stream(appointment_stream(appointment_id)), appointments.evolve)
    if found is None:
        said = Wording(f"没有任职 {appointment_id}", f"there is no appointment {appointment_id}")
        raise NotFound(str(said), where="appointment_id")
    return found


def _again(found: Appointment, on: date) -> Wanted:
    """The same post from another day on."""
    started = found.started
    if started is None:
        raise NotFound(f"appointment {found.appointment_id} has no beginning")
    return Wanted(
        person=started.person,
        post=started.post,
        area=Area(started.area),
        grid=started.grid,
        unit=started.unit,
        since=on,
    )
