"""Disputes about whose a case is, and whistles: what is asked of others beside the road, each in a time of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.dispatch.domain import disputes, whistles
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import CaseEvent
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.common import area_of, change, on_case
from services.dispatch.handlers.moves import PartWish, part_of
from shared.contracts.clock import Stage
from shared.contracts.shapes import Limit, Unit
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.masking import mask
from shared.kernel.working_time import Due, due
from shared.ports import Appended, EventLog
from shared.security.permission import Asker

WITHOUT_A_LINE = {Stage.DISPUTE: Limit(2, Unit.WORKING_DAYS), Stage.WHISTLE: Limit(4, Unit.WORKING_HOURS)}
"""How long it may take where the rulebook says nothing: what is asked of others always has an end."""


def open_dispute(
    log: EventLog,
    rulebook: Rulebook,
    case_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    between: tuple[str, ...],
    question: str,
) -> Appended:
    """Departments disagree whose it is."""
    area = area_of(log, case_id, asker)
    for code in between:
        rulebook.registered(code, "between")

    def decide(case: Case) -> Iterable[CaseEvent]:
        until = _due(rulebook, Stage.DISPUTE, case, area, cause.at)
        return disputes.open_one(case, asker, disputes.Question(between=between, question=mask(question), due=until))

    return change(log, case_id, cause, decide)


def adjudicate(
    log: EventLog,
    rulebook: Rulebook,
    case_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    dispute_id: UUID,
    department: str,
    reason: str,
) -> Appended:
    """A tier above decides whose it is."""
    rulebook.registered(department, "department")
    return on_case(
        log,
        case_id,
        asker,
        cause,
        lambda case: disputes.adjudicate(case, asker, dispute_id, department, mask(reason), cause.at),
    )


def blow(
    log: EventLog,
    rulebook: Rulebook,
    case_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    departments: tuple[str, ...],
    reason: str,
    with_tasks: bool = False,
) -> Appended:
    """A community summons departments: to report, and where it says so to help at once."""
    area = area_of(log, case_id, asker)
    for code in departments:
        rulebook.registered(code, "departments")

    def decide(case: Case) -> Iterable[CaseEvent]:
        until, why = _due(rulebook, Stage.WHISTLE, case, area, cause.at), mask(reason)
        wishes = [PartWish(department=code, what=why) for code in departments] if with_tasks else []
        parts = tuple(part_of(rulebook, case, area, cause.at, wish) for wish in wishes)
        return whistles.blow(case, asker, whistles.Summons(departments=departments, reason=why, due=until, parts=parts))

    return change(log, case_id, cause, decide)


def answer_whistle(
    log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, whistle_id: UUID, words: str
) -> Appended:
    """A summoned department reports."""
    return on_case(
        log, case_id, asker, cause, lambda case: whistles.answer(case, asker, whistle_id, mask(words), cause.at)
    )


def _due(rulebook: Rulebook, stage: Stage, case: Case, area: Area, at: datetime) -> Due:
    filed = case.filed
    limit = rulebook.of_case(filed).limit(stage, filed.issue_type, area, filed.urgency, loop=case.loop)
    return due(at, limit or WITHOUT_A_LINE[stage], rulebook.calendar)
