"""What departments ask for, and who decides: returns, extensions, suspensions; and taking up what was put aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from services.dispatch.domain import extensions, requests, returns, suspensions
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import CaseEvent
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.common import case_stream, on_case, sample_for
from shared.contracts.case import CaseSuspended
from shared.handling import Cause
from shared.kernel.masking import mask
from shared.ports import Appended, EventLog
from shared.security.permission import Asker


def ask_return(
    log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, wish: returns.Wish
) -> Appended:
    """The department wants to give its task back, and says whose it is."""
    if wish.believed_responsible is not None:
        rulebook.registered(wish.believed_responsible, "believed_responsible")
    masked = replace(wish, reason=mask(wish.reason))
    return on_case(log, case_id, asker, cause, lambda case: returns.ask(case, asker, masked))


def ask_extension(
    log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, wish: extensions.Wish
) -> Appended:
    """The department wants more time."""
    masked = replace(wish, reason=mask(wish.reason))
    return on_case(
        log,
        case_id,
        asker,
        cause,
        lambda case: extensions.ask(case, asker, masked, cause.at, rulebook.calendar),
    )


def ask_suspension(
    log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, wish: suspensions.Wish
) -> Appended:
    """The department says that it cannot be done now, and when to look again."""
    masked = replace(wish, reason=mask(wish.reason))
    today = rulebook.calendar.local(cause.at).date()
    return on_case(log, case_id, asker, cause, lambda case: suspensions.ask(case, asker, masked, today))


def approve(
    log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, *, request_id: UUID
) -> Appended:
    """What was asked for is granted."""

    def decide(case: Case) -> Iterable[CaseEvent]:
        now = requests.Now(at=cause.at, calendar=rulebook.calendar, sample=sample_for(rulebook, case))
        return requests.approve(case, asker, request_id, now)

    return on_case(log, case_id, asker, cause, decide)


def refuse(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, request_id: UUID, reason: str) -> Appended:
    """What was asked for is not granted."""
    return on_case(log, case_id, asker, cause, lambda case: requests.refuse(case, asker, request_id, mask(reason)))


def resume(log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """What was put aside is taken up again, with the time that was left."""

    def decide(case: Case) -> Iterable[CaseEvent]:
        since = {
            found.event.request_id: found.occurred_at
            for found in log.stream(case_stream(case_id))
            if isinstance(found.event, CaseSuspended)
        }
        return suspensions.resume(case, asker, mask(reason), cause.at, since, rulebook.calendar)

    return on_case(log, case_id, asker, cause, decide)
