"""The doors of the burden: the meter, and what communities tell of as asked outside of the platform."""

from __future__ import annotations

from uuid import UUID

from services.dispatch.admissions import burden, outside
from services.dispatch.admissions.burden_schemas import (
    BurdenAnswer,
    BurdenQuery,
    OutsideAnswer,
    OutsideBody,
    OutsideQuery,
    OutsideRow,
    SettleBody,
)
from services.dispatch.admissions.demands import ALLOWERS, SPEAKERS
from services.dispatch.admissions.outside import Told
from services.dispatch.doors.base import Doors
from shared.contracts.codec import encode
from shared.contracts.demand import DemandOutsideSettled, DemandReportedOutside
from shared.contracts.envelope import Recorded
from shared.entrypoints.on import on
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.security import permission
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door

OUTSIDE = "/api/v1/demands/outside"
ONE = f"{OUTSIDE}/<uuid:demand_id>"


class BurdenDoors(Doors):
    """What DispatchService inherits."""

    @door("GET", "/api/v1/burdens", summary="The burden meter", query=BurdenQuery, answer=BurdenAnswer, roles=SIGNED_IN)
    def burdens(self, call: Call) -> Reply:
        """减负: what each community was asked for, month by month: requests, fields, meetings; with its cap."""
        asked, book = call.query, self.rulebooks.current(call.at)
        now = f"{book.calendar.local(call.at):%Y-%m}"
        last = asked["to_month"] or now
        first = asked["from_month"] or min(last, now)
        return Reply(burden.burden(self.rows, book, call.signed_in, asked["area"], (first, last)))

    @door(
        "POST",
        OUTSIDE,
        summary="Tell of a demand outside",
        body=OutsideBody,
        answer=OutsideRow,
        status=201,
        roles=SPEAKERS,
    )
    def report_outside(self, call: Call) -> Reply:
        """体外下派举报: a community tells what somebody asked of it by phone, in a group, on paper. It counts."""
        asked = {**call.body, "fields": call.body["to_fill"], "evidence": tuple(call.body["evidence"])}
        del asked["to_fill"]
        book = self.rulebooks.current(call.at)
        call.path["demand_id"] = outside.report(self.log, book, Told(**asked), call.signed_in, call.cause())
        return self._outside(call)

    @door("POST", f"{ONE}/settle", summary="Settle it", body=SettleBody, answer=OutsideRow, roles=ALLOWERS)
    def settle_outside(self, call: Call) -> Reply:
        """体外下派处理: it goes on under an admission, it was stopped, or it was no burden after all."""
        outside.settle(self.log, call.path["demand_id"], call.signed_in, call.cause(), **call.body)
        return self._outside(call)

    @door("GET", ONE, summary="One that was told of", answer=OutsideRow, roles=SIGNED_IN)
    def outside_demand(self, call: Call) -> Reply:
        """As it stands this moment."""
        return self._outside(call)

    @door("GET", OUTSIDE, summary="Demands outside", query=OutsideQuery, answer=OutsideAnswer, roles=SIGNED_IN)
    def outside_demands(self, call: Call) -> Reply:
        """What communities told of, the newest first; a department sees what is told of itself."""
        asked = call.query
        told = {"is_open": asked["open"], "after": asked["after"], "limit": asked["limit"]}
        return Reply(burden.outside_demands(self.rows, call.signed_in, asked["area"], **told))

    @on(DemandReportedOutside, DemandOutsideSettled)
    def count_outside(self, recorded: Recorded[DemandReportedOutside | DemandOutsideSettled]) -> None:
        """What was asked outside weighs on the community's month, until it turns out to be no burden."""
        outside.count(recorded, self.log, consumer="dispatch.count_outside", at=utc_now())

    def _outside(self, call: Call) -> Reply:
        demand_id: UUID = call.path["demand_id"]
        call.note(demand_id=demand_id)
        found = outside.load(self.log, demand_id)
        told, settled = found.told, found.settled
        permission.require(call.asker, department=told.department or "")
        permission.serves_somewhere(call.signed_in, [Area(told.community)])
        decided = {name: getattr(settled, name, None) for name in ("outcome", "admission_id", "reason")}
        return Reply({**encode(told), "department": told.department, **decided})
