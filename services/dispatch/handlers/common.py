"""What every command does: find the case, ask whether this asker serves its area, decide, append."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.dispatch.clocks.effective import with_clocks
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import CaseEvent, evolve
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.domain.sampling import ALL, Sample
from shared.contracts.case import CaseDispatched, CaseSelfHandled
from shared.contracts.envelope import Recorded
from shared.contracts.feedback import FeedbackInvited, FeedbackRecorded
from shared.handling import Cause, amend
from shared.kernel.area import Area
from shared.kernel.case_states import State
from shared.kernel.errors import NotFound, Refused
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


def case_stream(case_id: UUID) -> str:
    return f"case-{case_id}"


def area_of(log: EventLog, case_id: UUID, asker: Asker) -> Area:
    """Where the case lies, when the asker serves that area."""
    history = log.stream(case_stream(case_id))
    if not history:
        raise NotFound(str(Wording(f"没有案件 {case_id}", f"there is no case {case_id}")))
    permission.require(asker, action_area=history[-1].area)
    return history[-1].area


def on_case(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, decide: Decide) -> Appended:
    """One command of somebody who serves the area of the case."""
    area_of(log, case_id, asker)
    return change(log, case_id, cause, decide)


def change(log: EventLog, case_id: UUID, cause: Cause, decide: Decide) -> Appended:
    """Decide on the case as it stands, and append; a refusal says who did what last."""
    clocks = log.stream(f"clock-{case_id}")
    try:
        return amend(log, case_stream(case_id), evolve, lambda case: decide(with_clocks(case, clocks)), cause)
    except Refused as refusal:
        raise _with_the_last_word(refusal, log.stream(case_stream(case_id))) from refusal


def sample_for(rulebook: Rulebook, case: Case) -> Sample:
    """How many of such cases are looked at."""
    on_the_spot = isinstance(case.filed, CaseSelfHandled) and not case.dispatches
    line = rulebook.of_case(case.filed).sampling(case.filed.issue_type, case.loop, on_the_spot)
    return ALL if line is None else Sample(line.rate, line.rule)


def asked_until(log: EventLog, case: Case, at: datetime) -> datetime | None:
    """Until when the reporter of a closed case may still answer; None when there is nobody to ask, or not any more."""
    if case.state is not State.CLOSED:
        return None
    about = [found.event for found in log.about(case.case_id)]
    answered = {event.feedback_id for event in about if isinstance(event, FeedbackRecorded)}
    open_until = (
        event.expires_at
        for event in about
        if isinstance(event, FeedbackInvited)
        and event.subject_id is not None
        and event.feedback_id not in answered
        and event.expires_at > at
    )
    return max(open_until, default=None)


def dispatched_at(history: Iterable[Recorded[CaseEvent]]) -> datetime | None:
    """When the case was last given to a department; None when it never was."""
    return max((found.occurred_at for found in history if isinstance(found.event, CaseDispatched)), default=None)


def _with_the_last_word(refusal: Refused, history: list[Recorded[CaseEvent]]) -> Refused:
    """The same refusal, saying who did what last: whoever was a moment too late sees who was first."""
    last = history[-1]
    who = f"{last.actor.role} {last.actor.id}"
    when = last.occurred_at.isoformat(timespec="seconds")
    said = Wording(
        f"最近一步 {last.type} 由 {who} 于 {when} 完成", f"the last step, {last.type}, was taken by {who} at {when}"
    )
    return Refused(f"{refusal} ({said})", rule=refusal.rule, where=refusal.where, hint=refusal.hint)
