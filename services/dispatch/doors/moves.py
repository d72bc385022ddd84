"""The doors of what leaves the straight road: more departments, other loops, other cases, other authorities."""

from __future__ import annotations

from typing import Any

from services.dispatch import handlers
from services.dispatch.doors.base import CASE, CaseDoors, roles_of
from services.dispatch.handlers import PartWish
from services.dispatch.schemas.bodies import (
    CaseReasonBody,
    LowerBody,
    MergeCaseBody,
    PartBody,
    RaiseBody,
    ReceiptBody,
    RejectCaseBody,
    SplitBody,
    TransferBody,
)
from services.dispatch.schemas.case import CaseAnswer
from shared.web.call import Call, Reply
from shared.web.door import door


class MoveDoors(CaseDoors):
    """What DispatchService inherits."""

    @door(
        "POST",
        f"{CASE}/tasks",
        summary="Give another department a task of it",
        body=PartBody,
        answer=CaseAnswer,
        roles=roles_of("task.added"),
    )
    def add_task(self, call: Call) -> Reply:
        """增派协办: with the time that the rulebook gives it."""
        book, case_id = self.rulebooks.current(call.at), call.path["case_id"]
        done = handlers.add_task(self.log, book, case_id, call.signed_in, call.cause(), PartWish(**call.body))
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/split",
        summary="Divide the work",
        body=SplitBody,
        answer=CaseAnswer,
        roles=roles_of("case.split"),
    )
    def split(self, call: Call) -> Reply:
        """拆分: every part is a task of its own; the case waits for the mandatory ones."""
        parts = tuple(PartWish(**part) for part in call.body["parts"])
        book, case_id = self.rulebooks.current(call.at), call.path["case_id"]
        done = handlers.split(
            self.log, book, case_id, call.signed_in, call.cause(), parts=parts, reason=call.body["reason"]
        )
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/tasks/<uuid:task_id>/withdraw",
        summary="Take a task off the case",
        body=CaseReasonBody,
        answer=CaseAnswer,
        roles=roles_of("task.withdrawn"),
    )
    def withdraw_task(self, call: Call) -> Reply:
        """撤销协办: a task beside the lead's."""
        told: dict[str, Any] = {"task_id": call.path["task_id"], "reason": call.body["reason"]}
        book, case_id = self.rulebooks.current(call.at), call.path["case_id"]
        done = handlers.withdraw_task(self.log, book, case_id, call.signed_in, call.cause(), **told)
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/raise",
        summary="Raise it to the loop above",
        body=RaiseBody,
        answer=CaseAnswer,
        roles=roles_of("case.level_raised"),
    )
    def raise_level(self, call: Call) -> Reply:
        """升级: by whoever decides in the loop that has it, with the reason. It is dispatched anew up there."""
        case_id = call.path["case_id"]
        done = handlers.raise_level(
            self.log, case_id, call.signed_in, call.cause(), to=call.body["to"], reason=call.body["reason"]
        )
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/lower",
        summary="Lower it to a loop below",
        body=LowerBody,
        answer=CaseAnswer,
        roles=roles_of("case.level_lowered"),
    )
    def lower_level(self, call: Call) -> Reply:
        """下沉: only under an admission that is in force where the case lies."""
        case_id = call.path["case_id"]
        done = handlers.lower_level(self.log, case_id, call.signed_in, call.cause(), **call.body)
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/transfer-out",
        summary="Transfer it out of the district",
        body=TransferBody,
        answer=CaseAnswer,
        roles=roles_of("case.transferred_out"),
    )
    def transfer_out(self, call: Call) -> Reply:
        """转外部: a receipt is awaited; what was done there is answered by a dispatcher."""
        case_id = call.path["case_id"]
        done = handlers.transfer_out(self.log, case_id, call.signed_in, call.cause(), **call.body)
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/receipt",
        summary="Note the receipt of the other side",
        body=ReceiptBody,
        answer=CaseAnswer,
        roles=roles_of("transfer.receipted"),
    )
    def receipt(self, call: Call) -> Reply:
        """登记外部回执: the number that they know it by."""
        case_id = call.path["case_id"]
        done = handlers.receipt(self.log, case_id, call.signed_in, call.cause(), number=call.body["receipt"])
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/merge",
        summary="Merge it into an earlier case",
        body=MergeCaseBody,
        answer=CaseAnswer,
        roles=roles_of("case.merged"),
    )
    def merge_case(self, call: Call) -> Reply:
        """并案: the same issue as an earlier case that is still open."""
        case_id = call.path["case_id"]
        done = handlers.merge(self.log, case_id, call.signed_in, call.cause(), into=call.body["into"])
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/unmerge",
        summary="Take the merge back",
        answer=CaseAnswer,
        roles=roles_of("case.unmerged"),
    )
    def unmerge_case(self, call: Call) -> Reply:
        """撤销并案."""
        case_id = call.path["case_id"]
        done = handlers.unmerge(self.log, case_id, call.signed_in, call.cause())
        return self.after(call, done)

    @door(
        "POST",
        f"{CASE}/reject",
        summary="Reject it",
        body=RejectCaseBody,
        answer=CaseAnswer,
        roles=roles_of("case.rejected"),
    )
    def reject_case(self, call: Call) -> Reply:
        """作废: there is nothing to handle; the reporter is told why."""
        case_id = call.path["case_id"]
        done = handlers.reject(self.log, case_id, call.signed_in, call.cause(), **call.body)
        return self.after(call, done)
