"""Whose is it? 权责争议: a case that went back as somebody else's twice is decided one tier higher, in its own time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.domain import authority
from services.dispatch.domain.case import Case
from services.dispatch.domain.guards import Events, Somebody, Verb, forbid, need, refuse, say_why
from shared.contracts.task import DisputeAdjudicated, DisputeOpened
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.kernel.working_time import Due
from shared.security import permission
from shared.security.permission import Asker

OPEN = Verb("dispute.opened", "dispute.not_possible_now", "提出权责争议", "disputed")
ADJUDICATE = Verb("dispute.adjudicated", "dispute.not_open", "裁定", "decided")
SENT_BACK = 2
"""So many returns as somebody else's, agreed to, make a question that somebody above has to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who disagrees, about what, and until when it is to be decided."""

    between: tuple[str, ...]
    question: str
    due: Due


def open_one(case: Case, by: Somebody, asked: Question) -> Events:
    """Departments disagree whose it is: nobody dispatches it before that is decided."""
    need(case, OPEN, by)
    if case.dispute is not None:
        refuse("dispute.open_already", "权责争议已在裁定中", "it is being decided already")
    if case.wrong_returns < SENT_BACK:
        refuse(
            "dispute.too_early",
            f"须先以不属本部门为由退回 {SENT_BACK} 次",
            f"first it has to be returned as somebody else's {SENT_BACK} times",
        )
    if by.role == "department" and by.department not in case.handlers:
        forbid("本案件未派遣给您的部门", f"this case was never given to {by.department}")
    say_why(asked.question, "question")
    if len(asked.between) < 2 or len(set(asked.between)) < len(asked.between):
        said = Wording("争议须有两个以上不同部门", "a dispute is between two departments or more, each named once")
        raise Invalid(str(said), where="between")
    return (
        DisputeOpened(
            case_id=case.case_id,
            dispute_id=derived_id("dispute", case.case_id, case.disputes + 1),
            between=asked.between,
            question=asked.question,
            due_at=asked.due.at,
            due_because=str(asked.due.because),
        ),
    )


def adjudicate(case: Case, by: Asker, dispute_id: UUID | None, department: str, reason: str, at: datetime) -> Events:
    """Somebody a tier above the loop decides whose it is; also one that did not take part in the dispute."""
    need(case, ADJUDICATE, by)
    if case.dispute is None:
        refuse(ADJUDICATE.rule, "案件没有待裁定的争议", "nothing is disputed about this case")
    if dispute_id is not None and dispute_id != case.dispute.dispute_id:
        raise NotFound(str(Wording(f"没有争议 {dispute_id}", f"there is no dispute {dispute_id} here now")))
    permission.require(by, at_least=authority.TIERS[authority.above(authority.owner(case))])
    say_why(reason, "reason")
    return (
        DisputeAdjudicated(
            case_id=case.case_id,
            dispute_id=case.dispute.dispute_id,
            department=department,
            reason=reason,
            on_time=at <= case.dispute.due_at,
        ),
    )
