"""Grid's doors and ears: the only file here that knows nameko."""

from __future__ import annotations

from datetime import date

from nameko.timer import timer

from services.grid import handlers, reactions, watch
from services.grid.accounts.doors import AccountDoors
from services.grid.accounts.pages import AccountPages
from services.grid.domain import grids
from services.grid.domain.time import day_of
from services.grid.doors import AppointmentDoors, CheckDoors, DutyDoors, ViewDoors, VisitDoors
from services.grid.doors.answers import GROUND, done, households, within
from services.grid.pages import GridPages
from services.grid.queries import gauges, places, staffing
from services.grid.schemas import (
    AreaAnswer,
    AreasAnswer,
    CreateAreaBody,
    Done,
    DrawGridBody,
    GridsAnswer,
    GridsQuery,
    RenameAreaBody,
)
from services.grid.work_pages import CheckPages
from shared.contracts.case import CaseSentToCheck
from shared.contracts.envelope import Recorded
from shared.entrypoints.on import on
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.errors import WujiError
from shared.telemetry.logs import logger
from shared.telemetry.metrics import (
    CASES_OPEN,
    CASES_OVERDUE,
    CHECKS_PENDING,
    DUTY_POSTS_EMPTY,
    DUTY_POSTS_SILENT,
    GRID_VACANT_POSTS,
    GRIDS_WITHOUT_PERSON,
)
from shared.web.call import ANYONE, SIGNED_IN, Call, Reply
from shared.web.door import door


class GridService(  # one mixin for each kind of thing that has doors
    GridPages,
    CheckPages,
    AccountPages,
    AccountDoors,
    AppointmentDoors,
    CheckDoors,
    DutyDoors,
    ViewDoors,
    VisitDoors,
):
    """任务核查, the ground itself, and the five-level views."""

    name = "grid"

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
        created = handlers.create_area(
            self.log,
            asked["path"],
            call.signed_in,
            call.cause(),
            name=asked["name"],
            kind=asked["kind"],
            centre=asked["centre"],
        )
        return done(created)

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
        return done(handlers.rename_area(self.log, _area(call), call.signed_in, call.cause(), name=call.body["name"]))

    @door("GET", "/api/v1/grids", summary="Grids", query=GridsQuery, answer=GridsAnswer, roles=SIGNED_IN)
    def grids(self, call: Call) -> Reply:
        """Grids of an area, page by page."""
        return Reply(places.grids(self.rows, within(call), call.query["after"], call.query["limit"]))

    @door("POST", "/api/v1/grids", summary="Draw a grid", body=DrawGridBody, answer=Done, status=201, roles=GROUND)
    def draw_grid(self, call: Call) -> Reply:
        """A new grid, or other lines for one that exists; warned of when it has too many households, or too few."""
        asked = call.body
        drawn = handlers.draw_grid(
            self.log,
            asked["code"],
            call.signed_in,
            call.cause(),
            name=asked["name"],
            community=asked["community"],
            covers=tuple(asked["covers"]),
            households=asked["households"],
        )
        return done(drawn, warnings=grids.warnings(asked["households"], households(self.settings)))

    # --- what it hears, and what it tells the metrics -----------------------------------------------------------

    @on(CaseSentToCheck)
    def request_check(self, recorded: Recorded[CaseSentToCheck]) -> None:
        """A handled case is to be looked at."""

        def supervisor(area: Area, day: date, of_district: bool) -> str | None:
            return staffing.supervisor_of(self.rows, area, day, of_district)

        reactions.request_check(recorded, self.log, supervisor, consumer="grid.request_check", at=utc_now())

    @timer(interval=30, eager=True)  # type: ignore[untyped-decorator]  # nameko has no types
    def watch_the_clock(self) -> None:
        """Say what nobody else would: a post is silent, or will be empty; a household waits for too long."""
        try:
            watch.look(self.log, self.rows, utc_now())
        except WujiError as error:
            # Nothing is lost: what is due stays due, and the next turn is in a moment.
            logger("grid").warning("watch_interrupted", error=str(error))

    @timer(interval=15, eager=True)  # type: ignore[untyped-decorator]  # nameko has no types
    def tell_metrics(self) -> None:
        """Open and overdue cases by street, checks and duty: few labels, whatever the size of the city."""
        now = utc_now()
        try:
            found = gauges.by_street(self.rows, now)
            duty = gauges.duty(self.rows, now)
        except WujiError as error:
            # Old figures stand until the database is back; the next turn is in a moment.
            logger("grid").warning("gauges_not_updated", error=str(error))
            return
        for street in found:
            CASES_OPEN.labels(street["path"]).set(street["open"])
            CASES_OVERDUE.labels(street["path"]).set(street["overdue"])
        CHECKS_PENDING.set(duty["checks"])
        DUTY_POSTS_SILENT.set(duty["silent"])
        DUTY_POSTS_EMPTY.set(duty["empty"])

    @timer(interval=300, eager=True)  # type: ignore[untyped-decorator]  # nameko has no types
    def tell_vacancies(self) -> None:
        """Vacant posts by kind: they change by the day."""
        try:
            vacant, without = gauges.vacancies(self.rows, date.fromisoformat(day_of(utc_now())))
        except WujiError as error:
            logger("grid").warning("gauges_not_updated", error=str(error))
            return
        for post, n in vacant.items():
            GRID_VACANT_POSTS.labels(post).set(n)
        GRIDS_WITHOUT_PERSON.set(without)


def _area(call: Call) -> Area:
    return Area.parse(call.path["area"])
