"""The doors of what departments ask for: the request, and the decision on it."""

from __future__ import annotations

from services.dispatch import handlers
from services.dispatch.domain import returns
from services.dispatch.doors.base import CASE, CaseDoors, roles_of
from services.dispatch.schemas import CaseAnswer, ReasonBody, ReturnBody
from shared.web.call import Call, Reply
from shared.web.door import door

REQUEST = f"{CASE}/requests/<uuid:request_id>"


class RequestDoors(CaseDoors):
    """What DispatchService inherits."""

    @door(
        "POST",
        f"{CASE}/return",
        summary="Ask to give the task back",
        body=ReturnBody,
        answer=CaseAnswer,
        roles=roles_of("return.requested"),
    )
    def ask_return(self, call: Call) -> Reply:
        """申请退回: with the reason, and the department whose it is."""
        asked = call.body
        wish = returns.Wish(
            kind=asked["kind"],
            reason=asked["reason"],
            believed_responsible=asked["believed_responsible"],
            evidence=tuple(asked["evidence"]),
            task_id=asked["task_id"],
        )
        book = self.rulebooks.current(call.at)
        done = handlers.ask_return(self.log, book, call.path["case_id"], call.signed_in, call.cause(), wish)
        return self.after(call, done)

    @door(
        "POST",
        f"{REQUEST}/approve",
        summary="Agree to what a department asked for",
        answer=CaseAnswer,
        roles=roles_of("task.returned"),
    )
    def approve(self, call: Call) -> Reply:
        """同意: who may, depends on what was asked."""
        where = call.path
        done = handlers.approve(
            self.log, where["case_id"], call.signed_in, call.cause(), request_id=where["request_id"]
        )
        return self.after(call, done)

    @door(
        "POST",
        f"{REQUEST}/refuse",
        summary="Say no to what a department asked for",
        body=ReasonBody,
        answer=CaseAnswer,
        roles=roles_of("return.refused"),
    )
    def refuse(self, call: Call) -> Reply:
        """不同意: with the reason."""
        where, reason = call.path, call.body["reason"]
        done = handlers.refuse(
            self.log,
            where["case_id"],
            call.signed_in,
            call.cause(),
            request_id=where["request_id"],
            reason=reason,
        )
        return self.after(call, done)
