"""One function per event heard from others: what grid does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from services.grid.domain import checks
from services.grid.domain.time import day_of
from services.grid.handlers.common import check_stream
from shared.contracts.case import CaseSentToCheck
from shared.contracts.envelope import Recorded
from shared.handling import Cause, begin
from shared.kernel.area import Area
from shared.ports import Appended, EventLog

Supervisor = Callable[[Area, date, bool], str | None]
"""Who looks after an area on a day; with True somebody of the district, where the street itself handled it."""


def request_check(
    recorded: Recorded[CaseSentToCheck], log: EventLog, supervisor: Supervisor, *, consumer: str, at: datetime
) -> Appended:
    """A case was handled: somebody outside the handling organisation is to look, the area's supervisor if there is one.

    The check's id follows from the case and the round, so a case that is heard of twice is looked at once.
    """
    sent = recorded.event
    stream = check_stream(checks.check_id(sent.case_id, sent.attempt))
    if history := log.stream(stream):
        return Appended(stream, len(history), ())
    done_by = checks.handling(log.about(sent.case_id))
    is_streets = "street" in done_by.departments | {sent.department}
    found = supervisor(recorded.area, date.fromisoformat(day_of(recorded.occurred_at)), is_streets)
    events = checks.request(sent, done_by, found)
    cause = Cause.reaction(consumer, recorded, at)
    return begin(log, stream, events, cause, area=recorded.area, correlation_id=sent.case_id)
