"""The doors of the open pool: a case is offered, volunteers see what is free, one of them has it."""

from __future__ import annotations

from services.dispatch.doors.base import CASE, CaseDoors, roles_of
from services.dispatch.handlers import pool
from services.dispatch.queries.pool import open_pool
from services.dispatch.schemas.bodies import CaseReasonBody
from services.dispatch.schemas.case import CaseAnswer
from services.dispatch.schemas.pool import OfferBody, PoolAnswer, PoolQuery
from shared.web.call import SIGNED_IN, Call, Reply
from shared.web.door import door


class PoolDoors(CaseDoors):
    """What DispatchService inherits."""

    @door(
        "POST",
        f"{CASE}/offer",
        summary="Put it into the open pool",
        body=OfferBody,
        answer=CaseAnswer,
        roles=roles_of("case.offered"),
    )
    def offer(self, call: Call) -> Reply:
        """点单: whoever claims it first has it."""
        asked, book = call.body, self.rulebooks.current(call.at)
        done = pool.offer(
            self.log,
            book,
            call.path["case_id"],
            call.signed_in,
            call.cause(),
            what=asked["what"],
            claim_hours=asked["claim_hours"],
        )
        return self.after(call, done)

    @door("POST", f"{CASE}/claim", summary="Claim it", answer=CaseAnswer, roles=roles_of("task.claimed"))
    def claim(self, call: Call) -> Reply:
        """领单: of many at once one has it, and nobody has more in hand than the area's rules allow."""
        book = self.rulebooks.current(call.at)
        return self.after(call, pool.claim(self.log, book, call.path["case_id"], call.signed_in, call.cause()))

    @door(
        "POST",
        f"{CASE}/release",
        summary="Give it back to the pool",
        body=CaseReasonBody,
        answer=CaseAnswer,
        roles=roles_of("task.claim_released"),
    )
    def release(self, call: Call) -> Reply:
        """退单: with the reason."""
        reason = call.body["reason"]
        return self.after(
            call, pool.release(self.log, call.path["case_id"], call.signed_in, call.cause(), reason=reason)
        )

    @door(
        "POST",
        f"{CASE}/take-back",
        summary="Take it out of the pool",
        body=CaseReasonBody,
        answer=CaseAnswer,
        roles=roles_of("task.returned"),
    )
    def take_back(self, call: Call) -> Reply:
        """撤出: nobody takes it, so a dispatcher finds somebody whose it is."""
        reason = call.body["reason"]
        return self.after(
            call, pool.take_back(self.log, call.path["case_id"], call.signed_in, call.cause(), reason=reason)
        )

    @door("GET", "/api/v1/pool", summary="The open pool", query=PoolQuery, answer=PoolAnswer, roles=SIGNED_IN)
    def pool(self, call: Call) -> Reply:
        """What is free to claim where the asker serves, nearest due time first; or what the asker has claimed."""
        asked = call.query
        return Reply(open_pool(self.rows, call.signed_in, asked["area"], asked["mine"], asked["limit"], call.at))
