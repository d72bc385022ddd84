"""One function per event heard from others: a case was closed, so its reporter is asked."""

from __future__ import annotations

from datetime import datetime

from services.survey.domain.feedback import feedback_id, invite
from services.survey.handlers import feedback_stream
from shared.contracts.case import CaseClosed, CaseFiled
from shared.contracts.envelope import Recorded
from shared.handling import Cause, begin
from shared.kernel.errors import Unavailable
from shared.ports import Appended, EventLog


def invite_reporter(recorded: Recorded[CaseClosed], log: EventLog, *, consumer: str, at: datetime) -> Appended:
    """Ask about this closing, whether the reporter left a contact or not: a window may hand the link over.

    What was filed is read from the case's own history, which is older than its closing.
    """
    closed = recorded.event
    stream = feedback_stream(feedback_id(closed.case_id, closed.attempt))
    history = log.stream(stream)
    if history:
        return Appended(stream, len(history), ())
    events = invite(_filed(log, closed), closed, at)
    cause = Cause.reaction(consumer, recorded, at)
    return begin(log, stream, events, cause, area=recorded.area, correlation_id=recorded.correlation_id)


def _filed(log: EventLog, closed: CaseClosed) -> CaseFiled:
    for recorded in log.stream(f"case-{closed.case_id}"):
        if isinstance(recorded.event, CaseFiled):
            return recorded.event
    raise Unavailable(f"the filing of case {closed.case_id} is not to be seen yet")
