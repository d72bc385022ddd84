"""What departments ask for, and who decides: returns, extensions, suspensions."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dispatch.domain import requests, returns
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers.common import on_case
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
    return on_case(log, case_id, asker, cause, lambda case: returns.ask(case, asker.actor, masked))


def approve(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, request_id: UUID) -> Appended:
    """What was asked for is granted."""
    return on_case(log, case_id, asker, cause, lambda case: requests.approve(case, asker.actor, request_id))


def refuse(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, request_id: UUID, reason: str) -> Appended:
    """What was asked for is not granted."""
    return on_case(
        log, case_id, asker, cause, lambda case: requests.refuse(case, asker.actor, request_id, mask(reason))
    )
