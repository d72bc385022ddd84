"""Deciding on what a department asked for: each kind has its own approver and its own outcome."""

from __future__ import annotations

from uuid import UUID

from services.dispatch.domain import returns
from services.dispatch.domain.case import Case, Request
from services.dispatch.domain.guards import Events, say_why
from shared.contracts.envelope import Actor
from shared.contracts.task import ReturnRequested
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording


def approve(case: Case, by: Actor, request_id: UUID) -> Events:
    """What was asked for is granted, by whoever may."""
    asked = _asked(case, request_id)
    if isinstance(asked, ReturnRequested):
        return returns.approve(case, by, asked)
    return ()


def refuse(case: Case, by: Actor, request_id: UUID, reason: str) -> Events:
    """It is not granted, with the reason."""
    asked = _asked(case, request_id)
    events = returns.refuse_it(case, by, asked, reason) if isinstance(asked, ReturnRequested) else ()
    say_why(reason, "reason")
    return events


def _asked(case: Case, request_id: UUID) -> Request:
    found = case.requests.get(request_id)
    if found is None:
        said = Wording("没有这项待审批的申请", f"no request {request_id} waits for a decision here")
        raise NotFound(str(said))
    return found
