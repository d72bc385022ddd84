"""The page of the burden 减负: the meter against its caps, what is asked now, and what was asked outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from marshmallow import fields, validate

from services.dispatch.admissions import burden, queries
from services.dispatch.admissions.burden_doors import BurdenDoors
from services.dispatch.admissions.burden_schemas import OutsideBody, SettleBody
from services.dispatch.admissions.demand_doors import DemandDoors
from services.dispatch.admissions.demands import ALLOWERS, SPEAKERS
from services.dispatch.admissions.domain import State
from services.dispatch.admissions.queries import Wanted
from services.dispatch.admissions.schemas import MONTH, ReasonBody
from services.dispatch.forms import complaints, filled, through
from services.dispatch.room import PAGES, called
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused, WujiError
from shared.kernel.ids import new_id
from shared.pages.language import of_call
from shared.pages.page import PageQuery, page, to
from shared.security.permission import Asker
from shared.web.call import Call, Reply
from shared.web.fields import Body, Text

READERS = ("dispatcher", "department", "duty_chief", "leader", "grid_worker", "supervisor", "reader")
_SHOWN = 20


def _text(longest: int = 60) -> Text:
    return Text(longest=longest, shortest=0, load_default="")


class BurdensPageQuery(PageQuery):
    """Which month, and what has just been done."""

    month = fields.String(load_default="", validate=validate.Regexp(f"^$|{MONTH}"))
    done = _text()


class BurdenForm(Body):
    """Every field that a form of the page may have."""

    key = _text(100)
    community = _text()
    department = _text()
    asked_by = _text(200)
    channel = _text()
    kind = _text()
    what = _text(2_000)
    fields_ = _text(10)
    asked_on = _text()
    evidence = _text(2_000)
    outcome = _text()
    admission_id = _text()
    reason = _text(2_000)


class BurdenPages(BurdenDoors, DemandDoors):
    """What DispatchService inherits."""

    @page("GET", "/burdens", summary="The burden of communities", query=BurdensPageQuery, roles=READERS)
    def burdens_page(self, call: Call) -> Reply:
        """减负: what each community carries this month, what is open, and what leaders have to decide."""
        return self._burdens(call, done=call.query["done"], month=call.query["month"])

    @page("POST", "/burdens/outside", summary="Tell of a demand outside", body=BurdenForm, roles=SPEAKERS)
    def burdens_outside(self, call: Call) -> Reply:
        """Through the same door as a program would."""
        return self._done(call, "outside", lambda: self._tell(call))

    @page("POST", "/burdens/outside/<uuid:demand_id>/settle", summary="Settle it", body=BurdenForm, roles=ALLOWERS)
    def burdens_settle(self, call: Call) -> Reply:
        """Through the same door as a program would."""
        return self._done(call, "settle", lambda: self._send(call, BurdenDoors.settle_outside, SettleBody))

    @page("POST", "/burdens/demands/<uuid:demand_id>/allow", summary="Let it pass", body=BurdenForm, roles=ALLOWERS)
    def burdens_allow(self, call: Call) -> Reply:
        """Through the same door as a program would."""
        return self._done(call, "allow", lambda: self._send(call, DemandDoors.allow_demand, ReasonBody))

    # --- what they share --------------------------------------------------------------------------------------------

    def _done(self, call: Call, name: str, do: Callable[[], None]) -> Reply:
        try:
            do()
        except (Refused, Invalid, Forbidden, NotFound) as error:
            return self._burdens(call, error=error, said=call.body)
        return to(f"/burdens?done={name}")

    def _tell(self, call: Call) -> None:
        said = call.body
        number = int(said["fields_"]) if said["fields_"].isascii() and said["fields_"].isdigit() else 0
        BurdenDoors.report_outside(self, through(call, "burdens", filled(OutsideBody, said, fields=number)))

    def _send(self, call: Call, door: Any, schema: Any) -> None:
        door(self, through(call, "burdens", filled(schema, call.body)))

    def _burdens(
        self,
        call: Call,
        *,
        done: str = "",
        month: str = "",
        error: WujiError | None = None,
        said: dict[str, Any] | None = None,
    ) -> Reply:
        book, asker = self.rulebooks.current(call.at), call.signed_in
        present = f"{book.calendar.local(call.at):%Y-%m}"
        shown = month or present
        found = burden.burden(self.rows, book, asker, None, (shown, shown))
        told = burden.outside_demands(self.rows, asker, None, is_open=None, after=None, limit=_SHOWN)["outside"]
        return PAGES.render(
            call,
            "burdens.html",
            status=200 if error is None else error.status,
            months=_months(book.calendar.local(call.at)),
            month=shown,
            rows=found["burdens"],
            outside=told,
            admissions=self._admissions(call) if asker.role in ALLOWERS and told else [],
            demands=queries.demands(self.rows, asker, Wanted(limit=_SHOWN), call.at)["demands"],
            community=_community(asker),
            can_settle=asker.role in ALLOWERS,
            names=called(book, of_call(call)),
            today=book.calendar.local(call.at).date().isoformat(),
            done=done,
            said=said or {},
            wrong=None if error is None else str(error),
            complaints=[] if error is None else complaints(error),
            key=str(new_id()),
        )

    def _admissions(self, call: Call) -> list[dict[str, Any]]:
        """What is in force, to name where something goes on under it."""
        wanted = Wanted(states=(State.IN_FORCE,), limit=200)
        found: list[dict[str, Any]] = queries.admissions(self.rows, call.signed_in, wanted, call.at)["admissions"]
        return found


def _community(asker: Asker) -> Area | None:
    """The community for which the asker may speak."""
    if asker.role not in SPEAKERS or asker.area is None:
        return None
    return asker.area.at(Tier.COMMUNITY)


def _months(now: datetime) -> list[str]:
    """This month and the eleven before it."""
    return [f"{now.year + (now.month - 1 - back) // 12}-{(now.month - 1 - back) % 12 + 1:02}" for back in range(12)]
