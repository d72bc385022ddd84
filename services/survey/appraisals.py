"""One function per command on published figures: announce a window, or announce it anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.survey.domain import appraisals
from services.survey.domain.appraisals import Count, evolve
from services.survey.queries.figures import By, Wanted, figures
from shared.contracts.appraisal import Figure
from shared.handling import Cause, amend, begin
from shared.kernel.area import Area
from shared.kernel.errors import NotFound
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog, Rows
from shared.security import permission
from shared.security.permission import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What is to be announced."""

    title: str
    area: Area
    by: By
    since: datetime
    until: datetime

    @property
    def appraisal_id(self) -> UUID:
        return appraisals.appraisal_id(self.area.path, self.by.value, self.since, self.until)


def publish(log: EventLog, rows: Rows, wanted: Announcement, asker: Asker, cause: Cause) -> Appended:
    """Count the window and announce it (考核发布). Raises Conflict when it was announced before."""
    permission.require(asker, action_area=wanted.area)
    area, by = wanted.area.path, wanted.by.value
    count = _counted(rows, wanted.area, wanted.by, wanted.since, wanted.until, cause.at)
    events = appraisals.publish(wanted.title, area, by, wanted.since, wanted.until, count)
    stream = appraisal_stream(wanted.appraisal_id)
    return begin(log, stream, events, cause, area=wanted.area, correlation_id=wanted.appraisal_id)


def restate(log: EventLog, rows: Rows, appraisal_id: UUID, reason: str, asker: Asker, cause: Cause) -> Appended:
    """Count an announced window anew and announce what came out (更正发布), beside the old figures."""
    history = log.stream(appraisal_stream(appraisal_id))
    if not history:
        raise NotFound(str(Wording("没有这份考核", "there is no such appraisal")))
    permission.require(asker, action_area=history[0].area)
    first = history[0].event
    count = _counted(rows, history[0].area, By(first.by), first.since, first.until, cause.at)
    return amend(
        log,
        appraisal_stream(appraisal_id),
        evolve,
        lambda appraisal: appraisals.restate(appraisal, count, reason),
        cause,
    )


def appraisal_stream(appraisal_id: UUID) -> str:
    return f"appraisal-{appraisal_id}"


def _counted(rows: Rows, area: Area, by: By, since: datetime, until: datetime, at: datetime) -> Count:
    """The figures as of where the rows stand: counted twice at one position, they are the same."""
    wanted = Wanted(since=since, until=until, at=at, area=area, by=by)
    position = figures(rows, wanted)["position"]
    found = figures(rows, replace(wanted, position=position))
    return Count(position=position, at=at, figures=tuple(_told(found)))


def _told(found: dict[str, Any]) -> list[Figure]:
    return [
        Figure(
            key=group["key"],
            indicator=figure["indicator"],
            numerator=figure["numerator"],
            denominator=figure["denominator"],
        )
        for group in found["groups"]
        for figure in group["figures"]
    ]
