"""Who follows a case that a community sent up 社区代言: the community at every step; and the reporter is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.notify.callings import Office
from services.notify.reactions import Channels, ask, everybody_of
from shared.contracts.case import (
    CaseClosed,
    CaseDispatched,
    CaseLevelRaised,
    CaseRejected,
    CaseReopened,
    CaseResumed,
    CaseSuspended,
    CaseTransferredOut,
    TaskResponded,
)
from shared.contracts.envelope import Recorded
from shared.contracts.words import TYPES
from shared.kernel.area import Area
from shared.ports import EventLog, Rows

STEPS = (
    CaseDispatched,
    CaseLevelRaised,
    CaseSuspended,
    CaseResumed,
    CaseTransferredOut,
    TaskResponded,
    CaseClosed,
    CaseReopened,
    CaseRejected,
)
"""What the community is told of."""


def tell_sponsor(recorded: Recorded[Any], office: Office, *, consumer: str, at: datetime) -> None:
    """The community that sent the case up hears how it goes on; not of what it did itself."""
    sponsor = _sponsor(office.log, recorded)
    if sponsor is None:
        return
    told = office.to_chief(Area(sponsor), recorded.occurred_at, {"step": TYPES[recorded.type]})
    office.tell(recorded, "case_sponsored", told, consumer=consumer, at=at)


def tell_raised(
    recorded: Recorded[CaseLevelRaised],
    log: EventLog,
    rows: Rows,
    *,
    channels: Channels,
    consumer: str,
    at: datetime,
) -> None:
    """升级: the reporter, and everybody who had reported the same, hear that it went up."""
    to = everybody_of(log, rows, recorded.event.case_id)
    ask(log, recorded, "report_raised", to, channels=channels, consumer=consumer, at=at)


def _sponsor(log: EventLog, recorded: Recorded[Any]) -> str | None:
    """Who had sent the case up before this step."""
    found: str | None = None
    for one in log.stream(recorded.stream):
        if one.version >= recorded.version:
            break
        if isinstance(one.event, CaseLevelRaised):
            found = one.event.sponsor or found
    return found
