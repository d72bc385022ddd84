"""More departments on a case, other loops, other cases, other authorities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.admissions import force
from services.dispatch.domain import moves, tasks
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import CaseEvent, evolve
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.common import area_of, case_stream, change, on_case, sample_for
from shared.contracts.case import Loop
from shared.handling import Cause, fold
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class PartWish:
    """A department, and what it is to do of a case."""

    department: str
    what: str
    mandatory: bool = True


def add_task(log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, wish: PartWish) -> Appended:
    """Another department gets a task of the case too."""
    area = area_of(log, case_id, asker)
    return change(
        log, case_id, cause, lambda case: tasks.add(case, asker, part_of(rulebook, case, area, cause.at, wish))
    )


def split(
    log: EventLog,
    rulebook: Rulebook,
    case_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    parts: tuple[PartWish, ...],
    reason: str,
) -> Appended:
    """The work is divided among departments."""
    area = area_of(log, case_id, asker)

    def decide(case: Case) -> Iterable[CaseEvent]:
        given = tuple(part_of(rulebook, case, area, cause.at, wish) for wish in parts)
        return tasks.split(case, asker, given, mask(reason))

    return change(log, case_id, cause, decide)


def withdraw_task(
    log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, *, task_id: UUID, reason: str
) -> Appended:
    """A task beside the lead's is taken off the case."""
    return on_case(
        log,
        case_id,
        asker,
        cause,
        lambda case: tasks.withdraw(case, asker, task_id, mask(reason), sample_for(rulebook, case)),
    )


def raise_level(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, to: Loop | None, reason: str) -> Appended:
    """The case goes up a loop."""
    return on_case(log, case_id, asker, cause, lambda case: moves.raise_level(case, asker, to, mask(reason)))


def lower_level(
    log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, to: Loop, reason: str, admission_id: UUID
) -> Appended:
    """The case goes down a loop, when the admission named is in force where the case lies."""
    area = area_of(log, case_id, asker)

    def decide(case: Case) -> Iterable[CaseEvent]:
        events = moves.lower_level(case, asker, to, mask(reason), admission_id)
        force.required(log, admission_id, area, cause.at)
        return events

    return change(log, case_id, cause, decide)


def transfer_out(
    log: EventLog,
    case_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    to: str,
    reason: str,
    receipt_due_at: datetime | None,
) -> Appended:
    """The case goes to somebody outside of the district."""
    return on_case(
        log, case_id, asker, cause, lambda case: moves.transfer_out(case, asker, to, mask(reason), receipt_due_at)
    )


def receipt(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, number: str) -> Appended:
    """The other side has it."""
    return on_case(log, case_id, asker, cause, lambda case: moves.receipt(case, asker, number))


def merge(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, into: UUID) -> Appended:
    """The case is the same as an earlier one, which lies in the asker's area too."""

    def decide(case: Case) -> Iterable[CaseEvent]:
        history = log.stream(case_stream(into))
        other = fold(history, evolve)
        if other is None:
            raise NotFound(str(Wording(f"没有案件 {into}", f"there is no case {into}")), where="into")
        permission.require(asker, action_area=history[-1].area)
        return moves.merge(case, asker, other)

    return on_case(log, case_id, asker, cause, decide)


def unmerge(log: EventLog, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """The merge was a mistake."""
    return on_case(log, case_id, asker, cause, lambda case: moves.unmerge(case, asker))


def reject(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, reason_code: str, reason: str) -> Appended:
    """There is nothing to handle."""
    return on_case(log, case_id, asker, cause, lambda case: moves.reject(case, asker, reason_code, mask(reason)))


def part_of(rulebook: Rulebook, case: Case, area: Area, at: datetime, wish: PartWish) -> tasks.Part:
    """What a department is to do, with the time that the rulebook gives it. Raises Invalid for an unknown one."""
    filed, what, book = case.filed, mask(wish.what), rulebook.of_case(case.filed)
    given = book.by_hand(filed.issue_type, area, at, wish.department, (), what, filed.urgency, case.loop)
    return tasks.Part(assignment=given, what=what, mandatory=wish.mandatory)
