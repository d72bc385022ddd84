"""One function per event heard from others: reporters are asked, and odd facts beside a case are noted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.survey.domain import flags
from services.survey.domain.feedback import feedback_id, invite
from services.survey.handlers import feedback_stream, flag_stream
from shared.contracts.case import CaseClosed, CaseFiled, CaseSelfHandled
from shared.contracts.envelope import Recorded
from shared.contracts.photo import PhotoStored
from shared.handling import Cause, amend, begin, fold
from shared.kernel.errors import Unavailable
from shared.ports import Appended, EventLog, Rows


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


def _filed(log: EventLog, closed: CaseClosed) -> CaseFiled | CaseSelfHandled:
    for recorded in log.stream(f"case-{closed.case_id}"):
        if isinstance(recorded.event, CaseFiled | CaseSelfHandled):
            return recorded.event
    raise Unavailable(f"the filing of case {closed.case_id} is not to be seen yet")


def look_for_flags(
    recorded: Recorded[Any], log: EventLog, rows: Rows, *, consumer: str, at: datetime
) -> Appended | None:
    """Read the issue's history once more, and note what looks odd and was not noted yet."""
    case_id: UUID = getattr(recorded.event, "case_id", recorded.correlation_id)
    history = log.about(case_id)
    found = [*flags.suspicions(history, _photos(log, history)), *_mass_closing(recorded, rows, case_id)]
    stream = flag_stream(case_id)
    known = log.stream(stream)
    events = flags.raise_missing(fold(known, flags.evolve) or flags.Flags(), found)
    if not events:
        return None
    cause = Cause.reaction(consumer, recorded, at)
    if known:
        return amend(log, stream, flags.evolve, lambda now: flags.raise_missing(now, found), cause)
    return begin(log, stream, events, cause, area=recorded.area, correlation_id=case_id)


def _photos(log: EventLog, history: list[Recorded[Any]]) -> dict[str, PhotoStored]:
    found: dict[str, PhotoStored] = {}
    for name in flags.photos_of(history):
        for recorded in log.stream(f"photo-{name}"):
            if isinstance(recorded.event, PhotoStored):
                found[name] = recorded.event
    return found


_CLOSINGS = """
SELECT count(*) AS closings FROM closings
WHERE closed_by = %(by)s AND closed_at > %(at)s - %(within)s AND closed_at <= %(at)s AND case_id <> %(this)s::uuid
"""


def _mass_closing(recorded: Recorded[Any], rows: Rows, case_id: UUID) -> list[Any]:
    if not isinstance(recorded.event, CaseClosed):
        return []
    (row,) = rows.query(
        _CLOSINGS, {"by": recorded.actor.id, "at": recorded.occurred_at, "within": flags.WITHIN, "this": str(case_id)}
    )
    return list(flags.mass_closing(case_id, recorded.occurred_at, row["closings"] + 1, None))
