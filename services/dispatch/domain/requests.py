"""Deciding on what a department asked for: each kind has its own approver and its own outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.dispatch.domain import extensions, returns, suspensions
from services.dispatch.domain.case import Case, Request
from services.dispatch.domain.guards import Events, Somebody, say_why
from services.dispatch.domain.sampling import ALL, Sample
from shared.contracts.task import ExtensionRequested, ReturnRequested, SuspensionRequested
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What deciding needs to know besides the case."""

    at: datetime
    calendar: Calendar
    sample: Sample = ALL


def approve(case: Case, by: Somebody, request_id: UUID, now: Now) -> Events:
    """What was asked for is granted, by whoever may."""
    asked = asked_for(case, request_id)
    match asked:
        case ReturnRequested():
            return returns.approve(case, by, asked, now.sample)
        case ExtensionRequested():
            return extensions.approve(case, by, asked, now.at, now.calendar)
        case SuspensionRequested():
            return suspensions.approve(case, by, asked, now.calendar.local(now.at).date())
        case _:
            assert_never(asked)


def refuse(case: Case, by: Somebody, request_id: UUID, reason: str) -> Events:
    """It is not granted, with the reason."""
    asked = asked_for(case, request_id)
    match asked:
        case ReturnRequested():
            events = returns.refuse_it(case, by, asked, reason)
        case ExtensionRequested():
            events = extensions.refuse_it(case, by, asked, reason)
        case SuspensionRequested():
            events = suspensions.refuse_it(case, by, asked, reason)
        case _:
            assert_never(asked)
    say_why(reason, "reason")
    return events


def asked_for(case: Case, request_id: UUID) -> Request:
    """The request that waits for a decision. Raises NotFound when it was decided, or never made."""
    found = case.requests.get(request_id)
    if found is None:
        said = Wording("没有这项待审批的申请", f"no request {request_id} waits for a decision here")
        raise NotFound(str(said))
    return found
