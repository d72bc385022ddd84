"""Doors of duty: posts, shifts, the roll-call, the board; and of emergency mode."""

from __future__ import annotations

from datetime import timedelta

from services.grid.doors.answers import done, within
from services.grid.doors.duty_schemas import (
    BoardAnswer,
    BoardQuery,
    EmergenciesAnswer,
    EmergenciesQuery,
    NotesBody,
    OpenedPost,
    OpenPostBody,
    PlanBody,
    ReasonBody,
    ShiftsAnswer,
    ShiftsQuery,
    StartEmergencyBody,
)
from services.grid.handlers import duty as handlers
from services.grid.handlers.common import area_of, duty_stream
from services.grid.queries import duty as queries
from services.grid.room import Room
from services.grid.schemas import Done
from shared.contracts.duty import DutyPostOpened
from shared.contracts.emergency import EmergencyStarted
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.security import permission
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door

_CHIEFS = ("duty_chief", "operator", "leader")
_WEEK = timedelta(days=7)


class DutyDoors(Room):
    """值班值守与应急状态."""

    @door("GET", "/api/v1/duty", summary="The duty board", query=BoardQuery, answer=BoardAnswer, roles=SIGNED_IN)
    def duty_board(self, call: Call) -> Reply:
        """Every open post of the area: who is there, who comes next, who does not answer, where nobody will be."""
        return Reply(queries.board(self.rows, within(call), call.at))

    @door(
        "POST",
        "/api/v1/duty/posts",
        summary="Open a duty post",
        body=OpenPostBody,
        answer=OpenedPost,
        status=201,
        roles=_CHIEFS,
    )
    def open_duty_post(self, call: Call) -> Reply:
        """Somebody has to be there, around the clock or in the planned shifts, until it is closed."""
        asked = dict(call.body)
        area: Area = asked.pop("area")
        since = asked.pop("since") or call.at
        # Named by place, name and beginning: a request that is repeated with its key gets the first answer anyway.
        post_id = derived_id("duty", area.path, asked["name"], call.idempotency_key or since.isoformat())
        opened = DutyPostOpened(post_id=post_id, area=area.path, since=since, **asked)
        return done(handlers.open_post(self.log, call.signed_in, call.cause(), opened=opened), post_id=post_id)

    @door(
        "POST",
        "/api/v1/duty/posts/<uuid:post_id>/close",
        summary="Close a duty post",
        body=ReasonBody,
        answer=Done,
        roles=_CHIEFS,
    )
    def close_duty_post(self, call: Call) -> Reply:
        """Nobody has to be there any more."""
        which, reason = call.path["post_id"], call.body["reason"]
        return done(handlers.close_post(self.log, which, call.signed_in, call.cause(), reason=reason))

    @door(
        "GET",
        "/api/v1/duty/posts/<uuid:post_id>/shifts",
        summary="A post's shifts",
        query=ShiftsQuery,
        answer=ShiftsAnswer,
        roles=SIGNED_IN,
    )
    def duty_shifts(self, call: Call) -> Reply:
        """Who is there when, and what was handed over."""
        which, asked = call.path["post_id"], call.query
        permission.require(call.asker, action_area=area_of(self.log, duty_stream(which)))
        start = asked["start"] or call.at - _WEEK / 7
        return Reply({"shifts": queries.shifts(self.rows, which, start, asked["end"] or start + _WEEK)})

    @door(
        "POST",
        "/api/v1/duty/posts/<uuid:post_id>/shifts",
        summary="Plan shifts",
        body=PlanBody,
        answer=Done,
        status=201,
        roles=_CHIEFS,
    )
    def plan_shifts(self, call: Call) -> Reply:
        """All of them or none; nobody is at two posts at once."""
        which = call.path["post_id"]
        wanted = [(one["person"], one["starts_at"], one["ends_at"]) for one in call.body["shifts"]]
        elsewhere = queries.elsewhere(self.rows, which, wanted)
        return done(
            handlers.plan_shifts(self.log, which, call.signed_in, call.cause(), shifts=wanted, elsewhere=elsewhere)
        )

    @door(
        "POST",
        "/api/v1/duty/posts/<uuid:post_id>/shifts/<uuid:shift_id>/cancel",
        summary="Cancel a shift",
        body=ReasonBody,
        answer=Done,
        roles=_CHIEFS,
    )
    def cancel_shift(self, call: Call) -> Reply:
        """They will not be there after all; the gap is told of when it comes near."""
        which, shift = call.path["post_id"], call.path["shift_id"]
        reason = call.body["reason"]
        return done(handlers.cancel_shift(self.log, which, shift, call.signed_in, call.cause(), reason=reason))

    @door(
        "POST",
        "/api/v1/duty/posts/<uuid:post_id>/roll-call",
        summary="I am there",
        answer=Done,
        roles=SIGNED_IN,
    )
    def answer_roll_call(self, call: Call) -> Reply:
        """Whoever is on shift answers the roll-call; a post that was taken over has its work back by that."""
        return done(handlers.answer_roll_call(self.log, call.path["post_id"], call.signed_in, call.cause()))

    @door(
        "POST",
        "/api/v1/duty/posts/<uuid:post_id>/hand-over",
        summary="Hand over",
        body=NotesBody,
        answer=Done,
        roles=SIGNED_IN,
    )
    def hand_over(self, call: Call) -> Reply:
        """What the next one has to know."""
        which, notes = call.path["post_id"], call.body["notes"]
        return done(handlers.hand_over(self.log, which, call.signed_in, call.cause(), notes=notes))

    # --- emergency mode -----------------------------------------------------------------------------------------

    @door(
        "GET",
        "/api/v1/emergencies",
        summary="Emergencies",
        query=EmergenciesQuery,
        answer=EmergenciesAnswer,
        roles=SIGNED_IN,
    )
    def emergencies(self, call: Call) -> Reply:
        """Those that touch the area: in it, or around it."""
        found = queries.emergencies(self.rows, within(call), running=call.query["running"])
        return Reply({"emergencies": found})

    @door(
        "POST",
        "/api/v1/emergencies",
        summary="Go into emergency mode",
        body=StartEmergencyBody,
        answer=Done,
        status=201,
        roles=_CHIEFS,
    )
    def start_emergency(self, call: Call) -> Reply:
        """The area and all below it: limits of working time run day and night from now on."""
        asked = dict(call.body)
        area: Area = asked.pop("area")
        wanted = EmergencyStarted(area=area.path, **asked)
        return done(handlers.start_emergency(self.log, call.signed_in, call.cause(), wanted=wanted))

    @door(
        "POST",
        "/api/v1/emergencies/<area>/end",
        summary="Back to usual",
        body=ReasonBody,
        answer=Done,
        roles=_CHIEFS,
    )
    def end_emergency(self, call: Call) -> Reply:
        """Its posts close; nothing becomes overdue by the change itself."""
        area, reason = Area.parse(call.path["area"]), call.body["reason"]
        return done(handlers.end_emergency(self.log, area, call.signed_in, call.cause(), reason=reason))
