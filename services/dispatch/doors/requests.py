"""The doors of what departments ask for: the request, and the decision on it."""

from __future__ import annotations

from services.dispatch import handlers
from services.dispatch.domain import extensions, returns, suspensions
from services.dispatch.doors.base import CASE, CaseDoors, roles_of
from services.dispatch.schemas.bodies import CaseReasonBody, ExtensionBody, ReturnBody, SuspensionBody
from services.dispatch.schemas.case import CaseAnswer
from shared.contracts.shapes import Limit
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
        f"{CASE}/extension",
        summary="Ask for more time",
        body=ExtensionBody,
        answer=CaseAnswer,
        roles=roles_of("extension.requested"),
    )
    def ask_extension(self, call: Call) -> Reply:
        """申请延期: before the time has run out. The clock runs on until somebody agrees."""
        asked = call.body
        wish = extensions.Wish(
            limit=Limit(asked["limit"]["amount"], asked["limit"]["unit"]),
            reason=asked["reason"],
            evidence=tuple(asked["evidence"]),
            task_id=asked["task_id"],
        )
        book = self.rulebooks.current(call.at)
        done = handlers.ask_extension(self.log, book, call.path["case_id"], call.signed_in, call.cause(), wish)
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/suspension",
        summary="Ask to put the case aside",
        body=SuspensionBody,
        answer=CaseAnswer,
        roles=roles_of("suspension.requested"),
    )
    def ask_suspension(self, call: Call) -> Reply:
        """申请挂账: it cannot be done now; with the day on which to look again."""
        asked = call.body
        wish = suspensions.Wish(reason=asked["reason"], review_on=asked["review_on"], evidence=tuple(asked["evidence"]))
        book = self.rulebooks.current(call.at)
        done = handlers.ask_suspension(self.log, book, call.path["case_id"], call.signed_in, call.cause(), wish)
        return self.after(call, done)

    @door(
        "POST",
        f"{REQUEST}/approve",
        summary="Agree to what a department asked for",
        answer=CaseAnswer,
        roles=roles_of("task.returned", "extension.approved", "case.suspended"),
    )
    def approve(self, call: Call) -> Reply:
        """同意: who may, depends on what was asked."""
        where, book = call.path, self.rulebooks.current(call.at)
        done = handlers.approve(
            self.log, book, where["case_id"], call.signed_in, call.cause(), request_id=where["request_id"]
        )
        return self.after(call, done)

    @door(
        "POST",
        f"{REQUEST}/refuse",
        summary="Say no to what a department asked for",
        body=CaseReasonBody,
        answer=CaseAnswer,
        roles=roles_of("return.refused", "extension.refused", "suspension.refused"),
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

    @door(
        "POST",
        f"{CASE}/resume",
        summary="Take up again what was put aside",
        body=CaseReasonBody,
        answer=CaseAnswer,
        roles=roles_of("case.resumed"),
    )
    def resume(self, call: Call) -> Reply:
        """恢复: what was left of the time counts from now."""
        book, reason = self.rulebooks.current(call.at), call.body["reason"]
        done = handlers.resume(self.log, book, call.path["case_id"], call.signed_in, call.cause(), reason=reason)
        return self.after(call, done)
