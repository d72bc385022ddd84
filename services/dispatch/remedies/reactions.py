"""What comes back 复发 opens a root cause when it was once too often, joins an open one, opens a closed one again."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.dispatch.handlers import Rulebooks
from services.dispatch.remedies import decisions
from services.dispatch.remedies.domain import State, evolve
from services.dispatch.remedies.whereabouts import Near, Standing, standing, stream_of
from shared.contracts.envelope import Recorded
from shared.contracts.remedy import RemedyKind, RemedyOpened, Severity
from shared.contracts.report import ReportRecurred
from shared.handling import Cause, amend, begin
from shared.ports import Appended, EventLog


def find_root(
    recorded: Recorded[ReportRecurred],
    log: EventLog,
    near: Near,
    rulebooks: Rulebooks,
    often: int,
    *,
    consumer: str,
    at: datetime,
) -> Appended | None:
    """The `often`th time opens the root cause of the place; after that every time is linked to it.

    One that was struck off before the report is open again: its measures did not last. Of what came back before a
    remedy was withdrawn nothing is counted.
    """
    told = recorded.event
    cause = Cause.reaction(consumer, recorded, at)
    known = standing(log, near, told.issue_type, recorded.area, told.point, told.series)
    stream = stream_of(known.remedy_id)
    if known.remedy is None:
        if _times(told, known) < often:
            return None
        opened = _opened(told, known, rulebooks, at)
        return begin(log, stream, (opened,), cause, area=recorded.area, correlation_id=known.remedy_id)
    if known.remedy.state is not State.CLEARED:
        return amend(log, stream, evolve, lambda remedy: decisions.link(remedy, told.report_id), cause)
    lasted = told.reported_at - (known.cleared_at or told.reported_at)
    if lasted <= timedelta():
        return None  # told before it was struck off, and taken in after
    return amend(
        log, stream, evolve, lambda remedy: decisions.relapse(remedy, told.report_id, told.number, lasted), cause
    )


def _times(told: ReportRecurred, known: Standing) -> int:
    since = known.withdrawn_at
    return told.times if since is None else sum(one.closed_at > since for one in told.earlier)


def _opened(told: ReportRecurred, known: Standing, rulebooks: Rulebooks, at: datetime) -> RemedyOpened:
    kind = rulebooks.current(at).issue_types.get(told.issue_type)
    name = told.issue_type if kind is None else kind.name
    earlier = "、".join(one.number for one in told.earlier[:5])
    return RemedyOpened(
        remedy_id=known.remedy_id,
        kind=RemedyKind.ROOT_CAUSE,
        severity=Severity.GENERAL,
        issue_type=told.issue_type,
        title=f"{name}反复发生" if told.place is None else f"{told.place}：{name}反复发生",
        words=f"{told.within_days} 天内第 {told.times} 次复发。此前已办结：{earlier}。",
        place=told.place,
        point=told.point,
        photos=(),
        case_ids=(told.report_id, *(one.report_id for one in told.earlier)),
        times=told.times,
    )
