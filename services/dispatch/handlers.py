"""One function per command: load the case, ask whether this asker may, decide, append."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.dispatch.domain import decisions
from services.dispatch.domain.case import Case, CaseEvent, evolve
from services.dispatch.domain.responsibility import Assignment
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.case import ReturnKind
from shared.contracts.envelope import Recorded
from shared.handling import Cause, amend
from shared.kernel.area import Area
from shared.kernel.errors import NotFound, Refused
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker

Decide = Callable[[Case], Iterable[CaseEvent]]


class Rulebooks(Protocol):
    """Where the rulebook comes from."""

    def current(self, at: datetime) -> Rulebook:
        """The one in memory, at most a moment old. Raises Unavailable before the first one was projected."""

    def as_of(self, position: int, at: datetime) -> Rulebook:
        """One that has taken in everything up to that place in the log. Raises Unavailable until there is one."""


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
    area = _area(log, case_id, asker)

    def decide(case: Case) -> Iterable[CaseEvent]:
        assignment = _assignment(rulebook, case, area, cause.at, department, co_handlers, mask(reason))
        return decisions.dispatch(case, asker.actor, assignment)

    return _change(log, case_id, cause, decide)


def sign(log: EventLog, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """The department takes its task on."""
    _area(log, case_id, asker)
    return _change(log, case_id, cause, lambda case: decisions.sign(case, asker.actor))


def return_task(
    log: EventLog,
    rulebook: Rulebook,
    case_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    kind: ReturnKind,
    reason: str,
    believed_responsible: str | None,
) -> Appended:
    """The department gives its task back, and says whose it is."""
    _area(log, case_id, asker)
    if believed_responsible is not None:
        rulebook.registered(believed_responsible, "believed_responsible")
    return _change(
        log,
        case_id,
        cause,
        lambda case: decisions.return_task(case, asker.actor, kind, mask(reason), believed_responsible),
    )


def respond(
    log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, answer: str, evidence: tuple[str, ...]
) -> Appended:
    """The department says what it did; the case goes on to the check."""
    _area(log, case_id, asker)
    return _change(
        log, case_id, cause, lambda case: decisions.respond(case, asker.actor, mask(answer), evidence, cause.at)
    )


def close(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, answer: str) -> Appended:
    """The duty chief closes a case whose check was passed; the answer is what the reporter is told."""
    _area(log, case_id, asker)
    return _change(log, case_id, cause, lambda case: decisions.close(case, asker.actor, mask(answer)))


def reopen(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """A closed case comes back, on somebody's word."""
    _area(log, case_id, asker)
    return _change(log, case_id, cause, lambda case: decisions.reopen(case, asker.actor, mask(reason)))


def archive(log: EventLog, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """Nothing more may happen to the case."""
    _area(log, case_id, asker)
    return _change(log, case_id, cause, lambda case: decisions.archive(case, asker.actor))


# --- what they share --------------------------------------------------------------------------------------------


def case_stream(case_id: UUID) -> str:
    return f"case-{case_id}"


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


def _area(log: EventLog, case_id: UUID, asker: Asker) -> Area:
    """Where the case lies, when the asker serves that area."""
    history = log.stream(case_stream(case_id))
    if not history:
        raise NotFound(str(Wording(f"没有案件 {case_id}", f"there is no case {case_id}")))
    permission.require(asker, action_area=history[-1].area)
    return history[-1].area


def _change(log: EventLog, case_id: UUID, cause: Cause, decide: Decide) -> Appended:
    try:
        return amend(log, case_stream(case_id), evolve, decide, cause)
    except Refused as refusal:
        raise _with_the_last_word(refusal, log.stream(case_stream(case_id))) from refusal


def _with_the_last_word(refusal: Refused, history: list[Recorded[CaseEvent]]) -> Refused:
    """The same refusal, saying who did what last: whoever was a moment too late sees who was first."""
    last = history[-1]
    who = f"{last.actor.role} {last.actor.id}"
    when = last.occurred_at.isoformat(timespec="seconds")
    said = Wording(
        f"最近一步 {last.type} 由 {who} 于 {when} 完成", f"the last step, {last.type}, was taken by {who} at {when}"
    )
    return Refused(f"{refusal} ({said})", rule=refusal.rule, where=refusal.where, hint=refusal.hint)
