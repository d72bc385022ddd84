"""Doors of the posts: who stands where, who was responsible, whether each grid has its people."""

from __future__ import annotations

from services.grid.domain.appointments import Wanted
from services.grid.doors.answers import GROUND, done, households, today, within
from services.grid.doors.appointment_schemas import (
    AppointmentsAnswer,
    AppointmentsQuery,
    EndAppointmentBody,
    ResponsibleAnswer,
    ResponsibleQuery,
    StaffingAnswer,
    StaffingQuery,
    StartAppointmentBody,
    SucceedBody,
    SwapBody,
)
from services.grid.handlers import appointments as handlers
from services.grid.queries import places
from services.grid.queries import staffing as queries
from services.grid.room import Room
from services.grid.schemas import Done
from shared.security import permission
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door


class AppointmentDoors(Room):
    """任职与配备."""

    @door(
        "GET",
        "/api/v1/appointments",
        summary="Who stands where",
        query=AppointmentsQuery,
        answer=AppointmentsAnswer,
        roles=SIGNED_IN,
    )
    def appointments(self, call: Call) -> Reply:
        """On a day, past or to come; today when none is given."""
        asked = call.query
        return Reply(
            places.appointments(
                self.rows,
                on=asked["on"] or today(call),
                within=within(call),
                person=asked["person"],
                post=asked["post"],
                grid=asked["grid"],
            )
        )

    @door(
        "GET",
        "/api/v1/appointments/responsible",
        summary="Who was responsible",
        query=ResponsibleQuery,
        answer=ResponsibleAnswer,
        roles=SIGNED_IN,
    )
    def responsible(self, call: Call) -> Reply:
        """For a place on a day, past or to come: everybody from the district down, by the grids' lines of that day;
        with an issue type, also who of them goes there (四专员进网格)."""
        asked = call.query
        permission.require(call.asker, action_area=asked["area"])
        return Reply(queries.responsible(self.rows, asked["area"], asked["on"] or today(call), asked["issue_type"]))

    @door(
        "GET",
        "/api/v1/staffing",
        summary="Whether each grid has its people",
        query=StaffingQuery,
        answer=StaffingAnswer,
        roles=SIGNED_IN,
    )
    def staffing(self, call: Call) -> Reply:
        """1+1+1+N, the four officers and the six members, vacancies by kind, and grids that are too large or small."""
        asked = call.query
        return Reply(
            queries.staffing(
                self.rows,
                within(call),
                asked["on"] or today(call),
                households(self.settings),
                only_gaps=asked["gaps"],
                after=asked["after"],
                limit=asked["limit"],
            )
        )

    @door(
        "POST",
        "/api/v1/appointments",
        summary="Appoint somebody",
        body=StartAppointmentBody,
        answer=Done,
        status=201,
        roles=GROUND,
    )
    def start_appointment(self, call: Call) -> Reply:
        """Somebody takes a post from a day on; the same appointment again changes nothing. A post that has room for
        one is refused while somebody stands there."""
        wanted = Wanted(**call.body)
        return done(handlers.start_appointment(self.log, self._seats, call.signed_in, call.cause(), wanted=wanted))

    @door(
        "POST",
        "/api/v1/appointments/<uuid:appointment_id>/end",
        summary="End an appointment",
        body=EndAppointmentBody,
        answer=Done,
        roles=GROUND,
    )
    def end_appointment(self, call: Call) -> Reply:
        """The day is the last one served."""
        which = call.path["appointment_id"]
        return done(handlers.end_appointment(self.log, which, call.signed_in, call.cause(), **call.body))

    @door(
        "POST",
        "/api/v1/appointments/<uuid:appointment_id>/succeed",
        summary="Somebody else takes the post",
        body=SucceedBody,
        answer=Done,
        roles=GROUND,
    )
    def succeed_appointment(self, call: Call) -> Reply:
        """From a day on, in the middle of a month or not; whoever stood there serves the day before as their last."""
        which = call.path["appointment_id"]
        return done(handlers.succeed(self.log, self._seats, which, call.signed_in, call.cause(), **call.body))

    @door("POST", "/api/v1/appointments/swap", summary="Two change places", body=SwapBody, answer=Done, roles=GROUND)
    def swap_appointments(self, call: Call) -> Reply:
        """Two at posts of the same kind change places from a day on."""
        asked = call.body
        pair = (asked["first"], asked["second"])
        return done(
            handlers.swap(
                self.log, self._seats, pair, call.signed_in, call.cause(), on=asked["on"], reason=asked["reason"]
            )
        )

    @property
    def _seats(self) -> queries.TableSeats:
        return queries.TableSeats(self.rows)
