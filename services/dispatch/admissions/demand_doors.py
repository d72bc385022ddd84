"""The doors of demands: departments ask communities, communities answer or refuse."""

from __future__ import annotations

from typing import Any

from services.dispatch.admissions import demands, queries
from services.dispatch.admissions.burden import preview
from services.dispatch.admissions.burden_schemas import PreviewAnswer
from services.dispatch.admissions.demands import ALLOWERS, SPEAKERS, Wish
from services.dispatch.admissions.domain import APPLICANTS
from services.dispatch.admissions.queries import Wanted
from services.dispatch.admissions.schemas import (
    AnswerBody,
    DeclineBody,
    DemandAnswer,
    DemandBody,
    DemandsAnswer,
    DemandsQuery,
    ReasonBody,
)
from services.dispatch.doors.base import Doors
from shared.contracts.demand import Filled
from shared.ports import Rows
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door

BASE = "/api/v1/demands"
ONE = f"{BASE}/<uuid:demand_id>"


class DemandDoors(Doors):
    """What DispatchService inherits."""

    @door("POST", BASE, summary="Ask communities", body=DemandBody, answer=DemandAnswer, status=201, roles=APPLICANTS)
    def make_demand(self, call: Call) -> Reply:
        """下派: only under an admission in force for every community, and within its cap; else it is refused,
        and on record."""
        asked = call.body
        book, wish = self.rulebooks.current(call.at), wish_of(self.rows, asked)
        call.path["demand_id"] = demands.make(self.log, book, wish, call.signed_in, call.cause())
        return self._demand(call)

    @door(
        "POST",
        f"{BASE}/preview",
        summary="What would become of it",
        body=DemandBody,
        answer=PreviewAnswer,
        roles=APPLICANTS,
    )
    def preview_demand(self, call: Call) -> Reply:
        """试算: which communities could be asked, how much they carry, and what they have told somebody already."""
        book, wish = self.rulebooks.current(call.at), wish_of(self.rows, call.body)
        return Reply(preview(self.log, self.rows, book, wish, call.signed_in, call.at))

    @door("POST", f"{ONE}/allow", summary="Let it pass the cap", body=ReasonBody, answer=DemandAnswer, roles=ALLOWERS)
    def allow_demand(self, call: Call) -> Reply:
        """特批: a leader lets one demand pass that was refused for the cap, with the reason."""
        reason = call.body["reason"]
        demands.allow(self.log, call.path["demand_id"], call.signed_in, call.cause(), reason=reason)
        return self._demand(call)

    @door("POST", f"{ONE}/answer", summary="Answer a demand", body=AnswerBody, answer=DemandAnswer, roles=SPEAKERS)
    def answer_demand(self, call: Call) -> Reply:
        """办结: a community says what it did, or fills in the form, field by field."""
        asked = call.body
        demands.answer(
            self.log,
            call.path["demand_id"],
            asked["community"],
            call.signed_in,
            call.cause(),
            words=asked["answer"],
            filled=tuple(Filled(field=one["field"], text=one["text"]) for one in asked["filled"]),
            evidence=tuple(asked["evidence"]),
        )
        return self._demand(call)

    @door("POST", f"{ONE}/decline", summary="Decline a demand", body=DeclineBody, answer=DemandAnswer, roles=SPEAKERS)
    def decline_demand(self, call: Call) -> Reply:
        """社区拒绝: also what is admitted, with the reason."""
        asked, demand_id = call.body, call.path["demand_id"]
        demands.decline(self.log, demand_id, asked["community"], call.signed_in, call.cause(), reason=asked["reason"])
        return self._demand(call)

    @door(
        "POST",
        f"{ONE}/withdraw",
        summary="Withdraw a demand",
        body=ReasonBody,
        answer=DemandAnswer,
        roles=APPLICANTS,
    )
    def withdraw_demand(self, call: Call) -> Reply:
        """撤回: whoever has not answered need not."""
        reason = call.body["reason"]
        demands.withdraw(self.log, call.path["demand_id"], call.signed_in, call.cause(), reason=reason)
        return self._demand(call)

    @door("GET", ONE, summary="One demand", answer=DemandAnswer, roles=SIGNED_IN)
    def demand(self, call: Call) -> Reply:
        """As it stands this moment; a community sees its own part."""
        return self._demand(call)

    @door("GET", BASE, summary="Demands", query=DemandsQuery, answer=DemandsAnswer, roles=SIGNED_IN)
    def demands(self, call: Call) -> Reply:
        """The register, the newest first, also of what was blocked; a department sees its own."""
        asked = call.query
        wanted = Wanted(
            department=asked["department"],
            area=asked["area"],
            blocked=asked["blocked"],
            after=asked["after"],
            limit=asked["limit"],
        )
        return Reply(queries.demands(self.rows, call.signed_in, wanted, call.at))

    def _demand(self, call: Call) -> Reply:
        call.note(demand_id=call.path["demand_id"])
        return Reply(queries.one_demand(self.log, call.path["demand_id"], call.signed_in))


def wish_of(rows: Rows, asked: dict[str, Any]) -> Wish:
    """What the body asks for, of every community that its areas mean."""
    return Wish(
        kind=asked["kind"],
        matter=asked["matter"],
        what=asked["what"],
        communities=queries.communities_in(rows, tuple(asked["areas"])),
        form=asked["form"],
        due_at=asked["due_at"],
        allowed=asked["allowed"],
    )
