"""Taking photos away: a person who is erased takes the photos of their reports along; what nobody ever named goes too.

The fact comes first, then the bytes: whoever dies between leaves a fact without its deed, and the next sweep does it.
A photo that anything else still needs stays: another issue, unless all that it holds is an erased person's own report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from services.intake.photos.projections import photos_of
from shared.contracts.envelope import Recorded
from shared.contracts.photo import ErasedWhy, PhotoErased, PhotoStored
from shared.contracts.subject import SubjectErased
from shared.handling import Cause
from shared.kernel.errors import Conflict
from shared.photos import PhotoStore
from shared.ports import Append, EventLog, Happening, Rows

_ISSUES = "SELECT DISTINCT issue FROM intake.photo_uses WHERE sha256 = %s"
_ERASED = """
SELECT report_id FROM intake.subjects WHERE erased_at IS NOT NULL AND report_id = ANY (%s::uuid[])
"""


def stream_of(sha256: str) -> str:
    return f"photo-{sha256}"


def own_photos(history: Iterable[Recorded[Any]], report_id: UUID) -> list[str]:
    """The photos that the reporter named themself: in the report and in what they added to it."""
    own = [one for one in history if one.stream == f"report-{report_id}"]
    return list(dict.fromkeys(sha256 for one in own for sha256 in photos_of(one)))


def going(log: EventLog, rows: Rows, report_id: UUID) -> list[str]:
    """The photos of a report that nothing else needs, when its reporter is erased."""
    return [
        sha256
        for sha256 in own_photos(log.stream(f"report-{report_id}"), report_id)
        if not is_needed(log, rows, sha256, report_id)
    ]


def erase_of(
    recorded: Recorded[SubjectErased], log: EventLog, rows: Rows, store: PhotoStore, cause: Cause
) -> list[str]:
    """Take away the photos of the person's report that nothing else needs; the hashes of those that it was news of."""
    why, reason, by = ErasedWhy.SUBJECT_ERASED, recorded.event.reason, recorded.actor.id
    news = []
    for sha256 in going(log, rows, recorded.correlation_id):
        if say(log, sha256, why, reason, by, cause):
            news.append(sha256)
        take_away(log, store, sha256)
    return news


def is_needed(log: EventLog, rows: Rows, sha256: str, without: UUID) -> bool:
    """Whether another issue holds the photo: as evidence, or in a report whose reporter was not erased."""
    others = [UUID(str(row["issue"])) for row in rows.query(_ISSUES, [sha256]) if str(row["issue"]) != str(without)]
    if not others:
        return False
    gone = {UUID(str(row["report_id"])) for row in rows.query(_ERASED, [[str(one) for one in others]])}
    return any(_holds(log.about(issue), sha256, issue, is_erased=issue in gone) for issue in others)


def _holds(history: Sequence[Recorded[Any]], sha256: str, issue: UUID, *, is_erased: bool) -> bool:
    """An erased person's own report holds nothing any more; everything else does."""
    if not is_erased:
        return True
    mine = f"report-{issue}"
    return any(sha256 in photos_of(one) for one in history if one.stream != mine)


def say(log: EventLog, sha256: str, why: ErasedWhy, reason: str, by: str, cause: Cause) -> bool:
    """Say that it goes; whether that was news. What the same cause has taken away before, and somebody has sent anew
    since, is theirs, and stays; so does what somebody sends at this very moment."""
    history = log.stream(stream_of(sha256))
    if not history or not isinstance(history[-1].event, PhotoStored):
        return False
    if cause.causation_id is not None and any(one.causation_id == cause.causation_id for one in history):
        return False
    try:
        log.append(_append(history, PhotoErased(sha256=sha256, why=why, reason=reason, by=by), cause))
    except Conflict:
        return False
    return True


def take_away(log: EventLog, store: PhotoStore, sha256: str) -> bool:
    """Remove the bytes of a photo that was said to go; whether there were any."""
    return is_erased(log, sha256) and store.remove(sha256, lambda: is_erased(log, sha256))


def is_erased(log: EventLog, sha256: str) -> bool:
    """Whether the last word about the photo is that it goes."""
    history = log.stream(stream_of(sha256))
    return bool(history) and isinstance(history[-1].event, PhotoErased)


def keep_again(log: EventLog, stored: PhotoStored, cause: Cause) -> bool:
    """A photo that was erased was sent anew, by whomever: it is there again. Whether that was news."""
    history = log.stream(stream_of(stored.sha256))
    if not isinstance(history[-1].event, PhotoErased):
        return False
    try:
        log.append(_append(history, stored, cause))
    except Conflict:
        return False
    return True


def _append(history: Sequence[Recorded[Any]], event: PhotoErased | PhotoStored, cause: Cause) -> Append:
    first = history[0]
    return Append(
        stream=first.stream,
        expected=len(history),
        happenings=(Happening(event, cause.at),),
        area=first.area,
        actor=cause.actor,
        correlation_id=first.correlation_id,
        causation_id=cause.causation_id,
    )
