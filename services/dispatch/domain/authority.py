"""Three loops 自循环、微循环、小循环: which tier owns a case, and who may therefore close, raise or lower it."""

from __future__ import annotations

from services.dispatch.domain.case import Case
from shared.contracts.case import CaseProblemDeclared, Loop, ProblemKind
from shared.kernel.area import Tier
from shared.security import permission
from shared.security.permission import Asker

LOOPS = (Loop.COMMUNITY, Loop.STREET, Loop.DISTRICT)
"""From the nearest to the people up."""
TIERS = {Loop.COMMUNITY: Tier.COMMUNITY, Loop.STREET: Tier.STREET, Loop.DISTRICT: Tier.DISTRICT}
TOO_OFTEN = 3
"""So many reworks, or transfers between departments, make a problem case 问题工单."""


def above(loop: Loop) -> Loop:
    """One loop up; the district's own stays where it is."""
    return LOOPS[min(LOOPS.index(loop) + 1, len(LOOPS) - 1)]


def owner(case: Case) -> Loop:
    """The loop whose people decide about the case: its own, or the one that watches over a problem case."""
    return max(case.loop, case.supervised_by or case.loop, key=LOOPS.index)


def require(case: Case, by: Asker) -> None:
    """The asker serves the tier that owns the case, or a wider area. Raises Forbidden."""
    permission.require(by, at_least=TIERS[owner(case)])


def problem(case: Case, kind: ProblemKind, count: int) -> tuple[CaseProblemDeclared, ...]:
    """The declaration that the count makes necessary, once: from now on one tier higher watches over the case."""
    if count < TOO_OFTEN or case.problem is not None:
        return ()
    return (CaseProblemDeclared(case_id=case.case_id, kind=kind, count=count, supervised_by=above(case.loop)),)
