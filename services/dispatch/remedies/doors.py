"""The doors of remedies: found, planned, put right by the department, looked at by somebody else, struck off."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial

from services.dispatch.doors.base import Doors
from services.dispatch.queries.places import know
from services.dispatch.remedies import handlers, queries
from services.dispatch.remedies.decisions import Plan
from services.dispatch.remedies.domain import CLEARERS, FINDERS, INSPECTORS, PLANNERS
from services.dispatch.remedies.handlers import Found
from services.dispatch.remedies.queries import Wanted
from services.dispatch.remedies.schemas import (
    ClearBody,
    LinkBody,
    OpenBody,
    PlanBody,
    RectifiedBody,
    ReinspectionBody,
    RemediesAnswer,
    RemediesQuery,
    RemedyAnswer,
    WithdrawBody,
)
from shared.kernel.working_calendar import Calendar
from shared.web.call import Call, Reply
from shared.web.door import door

BASE = "/api/v1/remedies"
ONE = f"{BASE}/<uuid:remedy_id>"
LOOKERS = (*FINDERS, "acceptor", "reader", "operator")


class RemedyDoors(Doors):
    """What DispatchService inherits."""

    @door("POST", BASE, summary="Put it on the list", body=OpenBody, answer=RemedyAnswer, status=201, roles=FINDERS)
    def open_remedy(self, call: Call) -> Reply:
        """登记: a hidden danger 隐患, or from a case the root of what keeps coming back 源头治理."""
        asked = call.body
        know(self.rows, asked["area"])
        several = {name: tuple(dict.fromkeys(asked[name])) for name in ("photos", "case_ids")}
        found, near = Found(**{**asked, **several}), partial(queries.near, self.rows)
        call.path["remedy_id"] = handlers.open_(
            self.log, self.rulebooks.current(call.at), near, found, call.signed_in, call.cause()
        )
        return self._remedy(call)

    @door("POST", f"{ONE}/plan", summary="Plan it", body=PlanBody, answer=RemedyAnswer, roles=PLANNERS)
    def plan_remedy(self, call: Call) -> Reply:
        """整改方案 with the five things that must be settled 五落实. A later plan takes its place."""
        asked, book = call.body, self.rulebooks.current(call.at)
        wish = Plan(
            department=asked["department"],
            measures=asked["measures"],
            funding=asked["funding"],
            due_at=after_day(book.calendar, asked["due_on"]),
            interim=asked["interim"],
        )
        handlers.plan(self.log, book, call.path["remedy_id"], wish, call.signed_in, call.cause())
        return self._remedy(call)

    @door(
        "POST",
        f"{ONE}/rectified",
        summary="Say that it is put right",
        body=RectifiedBody,
        answer=RemedyAnswer,
        roles=("department",),
    )
    def remedy_rectified(self, call: Call) -> Reply:
        """整改完成, with photos of how it is now."""
        words, photos = call.body["words"], tuple(dict.fromkeys(call.body["photos"]))
        handlers.rectify(self.log, call.path["remedy_id"], words, photos, call.signed_in, call.cause())
        return self._remedy(call)

    @door(
        "POST",
        f"{ONE}/reinspection",
        summary="Look at it again",
        body=ReinspectionBody,
        answer=RemedyAnswer,
        roles=INSPECTORS,
    )
    def reinspect_remedy(self, call: Call) -> Reply:
        """复查, by somebody from outside the department."""
        asked, remedy_id = call.body, call.path["remedy_id"]
        photos = tuple(dict.fromkeys(asked["photos"]))
        handlers.reinspect(
            self.log, remedy_id, asked["passed"], asked["findings"], photos, call.signed_in, call.cause()
        )
        return self._remedy(call)

    @door("POST", f"{ONE}/clear", summary="Strike it off", body=ClearBody, answer=RemedyAnswer, roles=CLEARERS)
    def clear_remedy(self, call: Call) -> Reply:
        """销号: by a duty chief; what is major by a leader."""
        handlers.clear(self.log, call.path["remedy_id"], call.body["words"], call.signed_in, call.cause())
        return self._remedy(call)

    @door("POST", f"{ONE}/withdraw", summary="Withdraw it", body=WithdrawBody, answer=RemedyAnswer, roles=CLEARERS)
    def withdraw_remedy(self, call: Call) -> Reply:
        """撤销, with the reason."""
        handlers.withdraw(self.log, call.path["remedy_id"], call.body["reason"], call.signed_in, call.cause())
        return self._remedy(call)

    @door(
        "POST",
        f"{ONE}/cases",
        summary="Link a case",
        body=LinkBody,
        answer=RemedyAnswer,
        roles=("dispatcher", "duty_chief", "leader"),
    )
    def link_remedy(self, call: Call) -> Reply:
        """关联案件: another case has to do with it."""
        handlers.link(self.log, call.path["remedy_id"], call.body["case_id"], call.signed_in, call.cause())
        return self._remedy(call)

    @door("GET", ONE, summary="One remedy", answer=RemedyAnswer, roles=LOOKERS)
    def remedy(self, call: Call) -> Reply:
        """As it stands this moment, with its life and what the asker may do."""
        return self._remedy(call)

    @door("GET", BASE, summary="Remedies", query=RemediesQuery, answer=RemediesAnswer, roles=LOOKERS)
    def remedies(self, call: Call) -> Reply:
        """The register, the newest first."""
        asked = dict(call.query)
        wanted = Wanted(states=tuple(asked.pop("state")), is_open=asked.pop("open"), **asked)
        return Reply(queries.remedies(self.rows, call.signed_in, wanted, call.at))

    def _remedy(self, call: Call) -> Reply:
        call.note(remedy_id=call.path["remedy_id"])
        return Reply(queries.one_remedy(self.log, call.path["remedy_id"], call.signed_in, call.at))


def after_day(calendar: Calendar, day: date) -> datetime:
    """The first instant after the day, on the clocks of the city: what comes then is too late."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=calendar.zone)
