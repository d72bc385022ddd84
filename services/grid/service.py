"""Grid's doors and ears: the only file here that knows nameko."""

from __future__ import annotations

from datetime import date

from nameko.timer import timer

from services.grid import handlers, reactions
from services.grid.accounts.doors import AccountDoors
from services.grid.accounts.pages import AccountPages
from services.grid.domain.time import day_of
from services.grid.pages import GridPages
from services.grid.queries import cases as case_queries
from services.grid.queries import gauges, places, views
from services.grid.schemas import (
    AppointmentsAnswer,
    AppointmentsQuery,
    AreaAnswer,
    AreasAnswer,
    CaseListAnswer,
    CaseListQuery,
    ChecksAnswer,
    ChecksQuery,
    CreateAreaBody,
    DistrictsView,
    Done,
    DrawGridBody,
    EndAppointmentBody,
    FindingsBody,
    GridsAnswer,
    GridsQuery,
    RenameAreaBody,
    StartAppointmentBody,
    TimelineAnswer,
    ViewAnswer,
    ViewQuery,
)
from shared.contracts.case import CaseSentToCheck
from shared.contracts.envelope import Recorded
from shared.entrypoints.on import on
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.errors import WujiError
from shared.ports import Appended
from shared.security import permission
from shared.telemetry.logs import logger
from shared.telemetry.metrics import CASES_OPEN, CASES_OVERDUE
from shared.web.call import ANYONE, SIGNED_IN, Call, Reply
from shared.web.door import door

_GROUND = ("operator", "duty_chief", "supervisor")
"""Who may change the tree, the grids and the posts, each within their own area."""
_CHECKERS = ("supervisor", "grid_worker")


class GridService(GridPages, AccountPages, AccountDoors):
    """任务核查, the ground itself, and the five-level views."""

    name = "grid"

    # --- the five-level views -----------------------------------------------------------------------------------

    @door("GET", "/api/v1/views", summary="All districts", query=ViewQuery, answer=DistrictsView, roles=SIGNED_IN)
    def all_districts(self, call: Call) -> Reply:
        """The figures of every district that the asker serves or lies in."""
        return Reply(views.all_districts(self.rows, call.signed_in.area, call.at, call.query["days"]))

    @door(
        "GET",
        "/api/v1/views/<area>",
        summary="An area and its children",
        query=ViewQuery,
        answer=ViewAnswer,
        roles=SIGNED_IN,
    )
    def view(self, call: Call) -> Reply:
        """Cases by step and state, open, overdue, closed, on time, handling time, satisfaction, kinds, days."""
        area = _area(call)
        permission.require(call.asker, action_area=area)
        return Reply(views.view(self.rows, area, call.at, call.query["days"]))

    @door(
        "GET",
        "/api/v1/views/<area>/cases",
        summary="Cases of an area",
        query=CaseListQuery,
        answer=CaseListAnswer,
        roles=SIGNED_IN,
    )
    def case_list(self, call: Call) -> Reply:
        """Newest first, page by page; a department sees the cases that are its own."""
        area, asked = _area(call), call.query
        asker = permission.require(call.asker, action_area=area)
        wanted = case_queries.Wanted(
            area=area,
            state=asked["state"] and asked["state"].value,
            issue_type=asked["issue_type"],
            department=asker.department if asker.role == "department" else asked["department"],
            is_open=asked["open"],
            overdue=asked["overdue"],
            after=asked["after"],
            limit=asked["limit"],
        )
        return Reply(case_queries.list_cases(self.rows, wanted, call.at))

    @door(
        "GET",
        "/api/v1/timeline/<uuid:case_id>",
        summary="One case's whole life",
        answer=TimelineAnswer,
        roles=SIGNED_IN,
    )
    def timeline(self, call: Call) -> Reply:
        """Every event of the case from all services, in order, with who did it and what it answers."""
        call.note(case_id=call.path["case_id"])
        area, found = case_queries.timeline(self.log, call.path["case_id"])
        permission.require(call.asker, action_area=area)
        return Reply(found)

    # --- the ground ---------------------------------------------------------------------------------------------

    @door("GET", "/api/v1/areas", summary="All districts", answer=AreasAnswer, roles=ANYONE)
    def districts(self, _call: Call) -> Reply:
        """Where the tree begins; anyone may walk down from here."""
        return Reply({"areas": places.districts(self.rows)})

    @door("GET", "/api/v1/areas/<area>", summary="One area", answer=AreaAnswer, roles=ANYONE)
    def area(self, call: Call) -> Reply:
        """The area, what it lies in, and what lies directly in it."""
        return Reply(places.area(self.rows, _area(call)))

    @door(
        "POST",
        "/api/v1/areas",
        summary="Create an area",
        body=CreateAreaBody,
        answer=Done,
        status=201,
        roles=("operator",),
    )
    def create_area(self, call: Call) -> Reply:
        """A new area under one that exists."""
        asked = call.body
        done = handlers.create_area(
            self.log,
            asked["path"],
            call.signed_in,
            call.cause(),
            name=asked["name"],
            kind=asked["kind"],
            centre=asked["centre"],
        )
        return _done(done)

    @door(
        "POST",
        "/api/v1/areas/<area>/rename",
        summary="Rename an area",
        body=RenameAreaBody,
        answer=Done,
        roles=("operator",),
    )
    def rename_area(self, call: Call) -> Reply:
        """Another name; the path and the past stay."""
        return _done(handlers.rename_area(self.log, _area(call), call.signed_in, call.cause(), name=call.body["name"]))

    @door("GET", "/api/v1/grids", summary="Grids", query=GridsQuery, answer=GridsAnswer, roles=SIGNED_IN)
    def grids(self, call: Call) -> Reply:
        """Grids of an area, page by page."""
        within = _within(call)
        return Reply(places.grids(self.rows, within, call.query["after"], call.query["limit"]))

    @door("POST", "/api/v1/grids", summary="Draw a grid", body=DrawGridBody, answer=Done, status=201, roles=_GROUND)
    def draw_grid(self, call: Call) -> Reply:
        """A new grid, or other lines for one that exists."""
        asked = call.body
        done = handlers.draw_grid(
            self.log,
            asked["code"],
            call.signed_in,
            call.cause(),
            name=asked["name"],
            community=asked["community"],
            covers=tuple(asked["covers"]),
            households=asked["households"],
        )
        return _done(done)

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
        on = asked["on"] or date.fromisoformat(day_of(call.at))
        return Reply(
            places.appointments(
                self.rows,
                on=on,
                within=_within(call),
                person=asked["person"],
                post=asked["post"],
                grid=asked["grid"],
            )
        )

    @door(
        "POST",
        "/api/v1/appointments",
        summary="Appoint somebody",
        body=StartAppointmentBody,
        answer=Done,
        status=201,
        roles=_GROUND,
    )
    def start_appointment(self, call: Call) -> Reply:
        """Somebody takes a post from a day on; the same appointment again changes nothing."""
        return _done(handlers.start_appointment(self.log, call.signed_in, call.cause(), **call.body))

    @door(
        "POST",
        "/api/v1/appointments/<uuid:appointment_id>/end",
        summary="End an appointment",
        body=EndAppointmentBody,
        answer=Done,
        roles=_GROUND,
    )
    def end_appointment(self, call: Call) -> Reply:
        """The day is the last one served."""
        done = handlers.end_appointment(
            self.log, call.path["appointment_id"], call.signed_in, call.cause(), **call.body
        )
        return _done(done)

    # --- checks -------------------------------------------------------------------------------------------------

    @door("GET", "/api/v1/checks", summary="Checks", query=ChecksQuery, answer=ChecksAnswer, roles=SIGNED_IN)
    def checks(self, call: Call) -> Reply:
        """What waits to be looked at in the asker's area, oldest first."""
        asked = call.query
        within = _within(call)
        return Reply(
            places.checks(
                self.rows, within=within, pending=asked["pending"], after=asked["after"], limit=asked["limit"]
            )
        )

    @door(
        "POST",
        "/api/v1/checks/<uuid:check_id>/pass",
        summary="It is solved",
        body=FindingsBody,
        answer=Done,
        roles=_CHECKERS,
    )
    def pass_check(self, call: Call) -> Reply:
        """Somebody outside the handling department looked, and it is solved."""
        return self._answer_check(call, passed=True)

    @door(
        "POST",
        "/api/v1/checks/<uuid:check_id>/fail",
        summary="It is not solved",
        body=FindingsBody,
        answer=Done,
        roles=_CHECKERS,
    )
    def fail_check(self, call: Call) -> Reply:
        """Somebody outside the handling department looked, and it is not solved: the case goes back."""
        return self._answer_check(call, passed=False)

    def _answer_check(self, call: Call, *, passed: bool) -> Reply:
        done = handlers.answer_check(
            self.log,
            call.path["check_id"],
            call.signed_in,
            call.cause(),
            passed=passed,
            findings=call.body["findings"],
        )
        return _done(done)

    # --- what it hears, and what it tells the metrics -----------------------------------------------------------

    @on(CaseSentToCheck)
    def request_check(self, recorded: Recorded[CaseSentToCheck]) -> None:
        """A handled case is to be looked at."""
        reactions.request_check(recorded, self.log, consumer="grid.request_check", at=utc_now())

    @timer(interval=15, eager=True)  # type: ignore[untyped-decorator]  # nameko has no types
    def tell_metrics(self) -> None:
        """Open and overdue cases by street: few labels, whatever the size of the city."""
        try:
            found = gauges.by_street(self.rows, utc_now())
        except WujiError as error:
            # Old figures stand until the database is back; the next turn is in a moment.
            logger("grid").warning("gauges_not_updated", error=str(error))
            return
        for street in found:
            CASES_OPEN.labels(street["path"]).set(street["open"])
            CASES_OVERDUE.labels(street["path"]).set(street["overdue"])


def _area(call: Call) -> Area:
    return Area.parse(call.path["area"])


def _within(call: Call) -> Area | None:
    """The area asked for, if the asker serves it; else all that the asker serves."""
    asked: Area | None = call.query["area"]
    asker = permission.require(call.asker, action_area=asked)
    return asked or asker.area


def _done(appended: Appended) -> Reply:
    return Reply({"stream": appended.stream, "version": appended.version, "events": len(appended.event_ids)})
