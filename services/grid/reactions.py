"""One function per event heard from others: what grid does about it."""

from __future__ import annotations

from datetime import datetime

from services.grid.domain import checks
from services.grid.handlers import check_stream
from shared.contracts.case import CaseSentToCheck
from shared.contracts.envelope import Recorded
from shared.handling import Cause, begin
from shared.ports import Appended, EventLog


def request_check(recorded: Recorded[CaseSentToCheck], log: EventLog, *, consumer: str, at: datetime) -> Appended:
    """A case was handled: somebody outside the handling department is to look.

    The check's id follows from the case and the round, so a case that is heard of twice is looked at once.
    """
    sent = recorded.event
    asked = checks.request(sent.case_id, sent.department, sent.attempt)
    stream = check_stream(asked.check_id)
    if history := log.stream(stream):
        return Appended(stream, len(history), ())
    cause = Cause.reaction(consumer, recorded, at)
    return begin(log, stream, [asked], cause, area=recorded.area, correlation_id=sent.case_id)
