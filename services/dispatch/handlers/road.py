"""The straight road: given, signed, worked on, answered, closed, reopened, archived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.dispatch.domain import answers, decisions
from services.dispatch.domain import recall as domain
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import CaseEvent
from services.dispatch.domain.responsibility import Assignment
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.common import (
    area_of,
    asked_until,
    case_stream,
    change,
    dispatched_at,
    on_case,
    sample_for,
)
from shared.contracts.case import Loop
from shared.contracts.clock import ClockRecomputed, ClockStarted, Stage
from shared.contracts.report import Urgency
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
        return decisions.dispatch(case, asker, assignment)

    return change(log, case_id, cause, decide)


def recall(log: EventLog, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """The dispatch is taken back, within a minute of it by our own clock."""

    def decide(case: Case) -> Iterable[CaseEvent]:
        return domain.recall(case, asker, dispatched_at(log.stream(case_stream(case_id))), cause.at)

    return on_case(log, case_id, asker, cause, decide)


def sign(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, task_id: UUID | None = None) -> Appended:
    """The department takes its task on."""
    return on_case(log, case_id, asker, cause, lambda case: decisions.sign(case, asker, task_id))


def start(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, task_id: UUID | None = None) -> Appended:
    """The department has begun."""
    return on_case(log, case_id, asker, cause, lambda case: answers.start(case, asker, task_id))


def complete_stage(
    log: EventLog,
    rulebook: Rulebook,
    case_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    stage: str,
    words: str,
    task_id: UUID | None = None,
) -> Appended:
    """A closing condition on the way is met: one of those that the rulebook has for such a case."""
    area = area_of(log, case_id, asker)

    def decide(case: Case) -> Iterable[CaseEvent]:
        said = answers.StageDone(
            stage=stage,
            words=mask(words),
            known=stages_of(rulebook, case, area),
            on_time=_on_time(log, case_id, stage, cause.at),
            task_id=task_id,
        )
        return answers.complete_stage(case, asker, said)

    return change(log, case_id, cause, decide)


def respond(log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, said: Answer) -> Appended:
    """What was done; the last answer sends the case on."""
    masked = replace(said, answer=mask(said.answer))
    return on_case(
        log,
        case_id,
        asker,
        cause,
        lambda case: answers.respond(case, asker, masked, cause.at, sample_for(rulebook, case)),
    )


def close(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, answer: str) -> Appended:
    """A duty chief closes the case; the answer is what the reporter is told."""
    return on_case(log, case_id, asker, cause, lambda case: decisions.close(case, asker, mask(answer)))


def reopen(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """A closed case comes back, on somebody's word."""
    return on_case(log, case_id, asker, cause, lambda case: decisions.reopen(case, asker, mask(reason)))


def archive(log: EventLog, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """Nothing more may happen to the case; not while the reporter may still answer."""

    def decide(case: Case) -> Iterable[CaseEvent]:
        return decisions.archive(case, asker, asked_until(log, case, cause.at))

    return on_case(log, case_id, asker, cause, decide)


def _assignment(
    rulebook: Rulebook,
    case: Case,
    area: Area,
    at: datetime,
    department: str | None,
    co_handlers: tuple[str, ...],
    reason: str,
) -> Assignment:
    filed, book = case.filed, rulebook.of_case(case.filed)
    if department is not None:
        return book.by_hand(filed.issue_type, area, at, department, co_handlers, reason, filed.urgency, case.loop)
    proposal = book.propose(filed.issue_type, area, at, filed.urgency, case.loop)
    if proposal is None:
        said = Wording(
            f"权责清单中没有适用于 {filed.issue_type} 的条目，请指定部门",
            f"the responsibility list has no line for {filed.issue_type} in {area}: name a department",
        )
        raise Refused(str(said), rule="responsibility.no_line")
    return proposal


def stages_of(rulebook: Rulebook, case: Case, area: Area) -> dict[str, str]:
    """The closing conditions that this case has on the way, by the rules it keeps."""
    filed = case.filed
    return conditions_on_the_way(rulebook.of_case(filed), filed.issue_type, area, filed.urgency, case.loop)


def conditions_on_the_way(
    rulebook: Rulebook, issue_type: str, area: Area, urgency: Urgency, loop: Loop
) -> dict[str, str]:
    """The closing conditions that such a case has on the way: code → name."""
    found = rulebook.limits.conditions(Stage.HANDLE, issue_type, area, urgency, loop)
    return {line.condition: line.condition_name or "" for line in found if line.condition is not None}


def _on_time(log: EventLog, case_id: UUID, stage: str, at: datetime) -> bool | None:
    """Whether the stage's own clock still runs; None when it has none (yet)."""
    due_at: datetime | None = None
    clock_id: UUID | None = None
    for found in log.stream(f"clock-{case_id}"):
        event = found.event
        if isinstance(event, ClockStarted) and event.condition == stage:
            clock_id, due_at = event.clock_id, event.due_at
        if isinstance(event, ClockRecomputed) and event.clock_id == clock_id:
            due_at = event.due_at
    return None if due_at is None else at <= due_at
