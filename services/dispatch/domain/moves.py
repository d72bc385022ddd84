"""What takes a case off the straight road: another loop, another case, another authority, or nothing to do at all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.dispatch.domain import authority
from services.dispatch.domain.case import Case
from services.dispatch.domain.guards import Events, Somebody, Verb, need, refuse, say_why
from shared.contracts.case import (
    CaseLevelLowered,
    CaseLevelRaised,
    CaseMerged,
    CaseRejected,
    CaseTransferredOut,
    CaseUnmerged,
    Loop,
    TransferReceipted,
)
from shared.kernel.area import Tier
from shared.kernel.case_states import State
from shared.kernel.errors import Invalid
from shared.kernel.wording import Wording
from shared.security.permission import Asker

RAISE = Verb("case.level_raised", "case.not_raisable", "升级", "raised")
LOWER = Verb("case.level_lowered", "case.not_lowerable", "下沉", "lowered")
MERGE = Verb("case.merged", "case.not_mergeable", "并案", "merged")
UNMERGE = Verb("case.unmerged", "case.not_merged", "撤销并案", "taken apart")
REJECT = Verb("case.rejected", "case.not_rejectable", "作废", "rejected")
TRANSFER = Verb("case.transferred_out", "case.not_transferable", "转外部", "transferred out")
RECEIPT = Verb("transfer.receipted", "case.not_transferred", "登记外部回执", "receipted")


def raise_level(case: Case, by: Asker, to: Loop | None, reason: str) -> Events:
    """The case goes up (升级): by one loop, or to the one named. Tasks in hand end; it is dispatched anew up there.

    What a community itself sends up, it speaks for: it is told of every step from then on.
    """
    need(case, RAISE, by)
    authority.require(case, by)
    say_why(reason, "reason")
    if case.loop is Loop.DISTRICT:
        refuse(
            "case.at_the_top",
            "案件已在区级小循环，只能转外部",
            "the district has it already: what the district cannot do is transferred out",
        )
    target = to or authority.above(case.loop)
    if authority.LOOPS.index(target) <= authority.LOOPS.index(case.loop):
        said = Wording("升级须升至更高的循环", "a case is raised to a higher loop than it has")
        raise Invalid(str(said), where="to")
    return (
        CaseLevelRaised(
            case_id=case.case_id, from_loop=case.loop, to_loop=target, reason=reason, sponsor=_community_of(by)
        ),
    )


def _community_of(by: Asker) -> str | None:
    """The community that somebody speaks for (社区代言); None for whoever serves a wider area."""
    found = None if by.area is None else by.area.at(Tier.COMMUNITY)
    return None if found is None else found.path


def lower_level(case: Case, by: Asker, to: Loop, reason: str, admission_id: UUID) -> Events:
    """The case goes down (下沉), under an admission that the caller has found to be in force where the case lies."""
    need(case, LOWER, by)
    authority.require(case, by)
    say_why(reason, "reason")
    if case.problem is not None:
        refuse("case.is_problem", "问题工单不能下沉", "a problem case is watched over from above: it does not go down")
    if case.dispute is not None:
        refuse("case.disputed", "权责争议尚未裁定", "whose it is, is being decided: wait for that")
    if authority.LOOPS.index(to) >= authority.LOOPS.index(case.loop):
        said = Wording("下沉须至更低的循环", "a case is lowered to a lower loop than it has")
        raise Invalid(str(said), where="to")
    return (
        CaseLevelLowered(
            case_id=case.case_id, from_loop=case.loop, to_loop=to, admission_id=admission_id, reason=reason
        ),
    )


def merge(case: Case, by: Somebody, into: Case) -> Events:
    """The case is the same as an earlier one (并案).

    Only into an earlier one, so that two cases can never be merged into each other, whoever merges at the same time;
    and only into one that is still open, and not merged itself.
    """
    need(case, MERGE, by)
    if into.case_id == case.case_id:
        raise Invalid(str(Wording("不能并入自身", "a case is not merged into itself")), where="into")
    if into.state is State.MERGED:
        refuse("merge.into_merged", "目标案件已并入他案", f"that case is merged itself, into {into.merged_into}")
    if not into.state.is_open:
        refuse("merge.into_closed", f"目标案件为「{into.state.zh}」", f"that case is {into.state.value}: it is over")
    if _age(into) >= _age(case):
        refuse(
            "merge.into_later", "只能并入更早的案件", "a case is merged into an earlier one: merge that one into this"
        )
    return (CaseMerged(case_id=case.case_id, into=into.case_id),)


def _age(case: Case) -> tuple[datetime, str]:
    return case.filed.reported_at, str(case.case_id)


def unmerge(case: Case, by: Somebody) -> Events:
    """A merge was a mistake."""
    need(case, UNMERGE, by)
    if case.merged_into is None:
        refuse(UNMERGE.rule, "案件未并案", "the case is merged into no other")
    return (CaseUnmerged(case_id=case.case_id, out_of=case.merged_into),)


def reject(case: Case, by: Somebody, reason_code: str, reason: str) -> Events:
    """There is nothing to handle (作废), as the department said and a duty chief agreed."""
    need(case, REJECT, by)
    if case.dispute is not None:
        refuse("case.disputed", "权责争议尚未裁定", "whose it is, is being decided: wait for that")
    say_why(reason, "reason")
    return (CaseRejected(case_id=case.case_id, reason_code=reason_code, reason=reason),)


def transfer_out(case: Case, by: Somebody, to: str, reason: str, receipt_due_at: datetime | None) -> Events:
    """It is for somebody outside of the district (转出); a receipt is awaited. Tasks in hand end."""
    need(case, TRANSFER, by)
    if case.dispute is not None:
        refuse("case.disputed", "权责争议尚未裁定", "whose it is, is being decided: wait for that")
    say_why(reason, "reason")
    return (CaseTransferredOut(case_id=case.case_id, to=to, reason=reason, receipt_due_at=receipt_due_at),)


def receipt(case: Case, by: Somebody, number: str) -> Events:
    """The other side has it, under a number of its own (转出回执)."""
    need(case, RECEIPT, by)
    if case.receipt is not None:
        refuse("transfer.receipted_already", f"已有回执 {case.receipt}", f"it has the receipt {case.receipt} already")
    return (TransferReceipted(case_id=case.case_id, receipt=number),)
