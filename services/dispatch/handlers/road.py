"""The straight road: given, signed, answered, closed, reopened, archived."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.dispatch.domain import decisions
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import CaseEvent
from services.dispatch.domain.responsibility import Assignment
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.common import area_of, change
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.errors import Refused
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security.permission import Asker


def dispatch(
    log: EventLog,
    rulebook: Rulebook,
    case_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    department: str | None,
    co_handlers: tuple[str, ...] = (),
    reason: str = "",
) -> Appended:
    """Give the case to a department: the one named, with a reason, or else the one that the list proposes."""
    area = area_of(log, case_id, asker)

    def decide(case: Case) -> Iterable[CaseEvent]:
        assignment = _assignment(rulebook, case, area, cause.at, department, co_handlers, mask(reason))
        return decisions.dispatch(case, asker.actor, assignment)

    return change(log, case_id, cause, decide)


def sign(log: EventLog, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """The department takes its task on."""
    area_of(log, case_id, asker)
    return change(log, case_id, cause, lambda case: decisions.sign(case, asker.actor))


def respond(
    log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, answer: str, evidence: tuple[str, ...]
) -> Appended:
    """The department says what it did; the case goes on to the check."""
    area_of(log, case_id, asker)
    return change(
        log, case_id, cause, lambda case: decisions.respond(case, asker.actor, mask(answer), evidence, cause.at)
    )


def close(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, answer: str) -> Appended:
    """The duty chief closes a case whose check was passed; the answer is what the reporter is told."""
    area_of(log, case_id, asker)
    return change(log, case_id, cause, lambda case: decisions.close(case, asker.actor, mask(answer)))


def reopen(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """A closed case comes back, on somebody's word."""
    area_of(log, case_id, asker)
    return change(log, case_id, cause, lambda case: decisions.reopen(case, asker.actor, mask(reason)))


def archive(log: EventLog, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """Nothing more may happen to the case."""
    area_of(log, case_id, asker)
    return change(log, case_id, cause, lambda case: decisions.archive(case, asker.actor))


def _assignment(
    rulebook: Rulebook,
    case: Case,
    area: Area,
    at: datetime,
    department: str | None,
    co_handlers: tuple[str, ...],
    reason: str,
) -> Assignment:
    issue_type = case.filed.issue_type
    if department is not None:
        return rulebook.by_hand(issue_type, area, at, department, co_handlers, reason)
    proposal = rulebook.propose(issue_type, area, at)
    if proposal is None:
        said = Wording(
            f"权责清单中没有适用于 {issue_type} 的条目，请指定部门",
            f"the responsibility list has no line for {issue_type} in {area}: name a department",
        )
        raise Refused(str(said), rule="responsibility.no_line")
    return proposal
