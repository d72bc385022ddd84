"""One function per event heard: what intake does about it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.intake import domain, recurrence
from services.intake.handlers import stream_of
from shared.contracts.envelope import Recorded
from shared.contracts.report import Earlier, ReportAccepted, ReportRecurred, ReportSelfHandled
from shared.handling import Cause, amend
from shared.kernel.errors import Unavailable
from shared.ports import Appended, EventLog, Rows

_STANDS_AT = "SELECT position FROM intake.watermarks WHERE projection = 'reports'"


def note_recurrence(
    recorded: Recorded[ReportAccepted | ReportSelfHandled], log: EventLog, rows: Rows, *, consumer: str, at: datetime
) -> Appended | None:
    """Say once that the issue is back where it was closed not long before.

    Asked of our own tables, which have to know every closing that came before the report: until they have got as far
    as the report itself, this raises Unavailable, and is tried again.
    """
    report_id = recorded.event.report_id
    stream = stream_of(report_id)
    first = log.stream(stream)[0]
    needed = first.position or recorded.position or 0
    standing = rows.query(_STANDS_AT)
    known = standing[0]["position"] if standing else 0
    if known < needed:
        raise Unavailable(f"our reports stand at position {known}, this needs {needed}", retry_after=1)
    found = tuple(
        Earlier(report_id=UUID(str(one["report_id"])), number=one["number"], closed_at=one["closed_at"])
        for one in recurrence.earlier(rows, report_id)
    )
    if not found:
        return None
    series, days = _series(log, found[-1].report_id), recurrence.WITHIN_DAYS
    cause = Cause.reaction(consumer, recorded, at)
    return amend(
        log, stream, domain.evolve, lambda report: domain.recur(report, found, series, days, first.occurred_at), cause
    )


def _series(log: EventLog, oldest: UUID) -> UUID:
    """The report with which it began: what the oldest one that we look back at said of itself, or that one."""
    said = (one.event.series for one in log.stream(stream_of(oldest)) if isinstance(one.event, ReportRecurred))
    return next(said, oldest)
