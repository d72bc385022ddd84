"""Figures published for a window: announced once, and never changed; a late correction is a new version beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from shared.contracts.appraisal import Figure, IndicatorPublished, IndicatorRestated
from shared.kernel.errors import Invalid, Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

AppraisalEvent = IndicatorPublished | IndicatorRestated


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Figures as somebody has just counted them."""

    position: int
    at: datetime
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One announcement."""

    version: int
    position: int
    counted_at: datetime
    figures: tuple[Figure, ...]
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """What was announced for one window, area and grouping: every version can still be read."""

    first: IndicatorPublished
    versions: tuple[Version, ...]

    @property
    def latest(self) -> Version:
        return self.versions[-1]


def evolve(appraisal: Appraisal | None, event: AppraisalEvent) -> Appraisal:
    """The appraisal after the event; history is not up for debate."""
    match event:
        case IndicatorPublished():
            return Appraisal(first=event, versions=(_version(event, None),))
        case IndicatorRestated():
            if appraisal is None:
                raise LookupError("an appraisal begins with indicator.published")
            return replace(appraisal, versions=(*appraisal.versions, _version(event, event.reason)))
        case _:
            assert_never(event)


def _version(event: AppraisalEvent, reason: str | None) -> Version:
    return Version(
        version=event.version,
        position=event.position,
        counted_at=event.counted_at,
        figures=event.figures,
        reason=reason,
    )


def appraisal_id(area: str, by: str, since: datetime, until: datetime) -> UUID:
    """The same window of the same area in the same grouping is announced once."""
    return derived_id("appraisal", area, by, since.timestamp(), until.timestamp())


def publish(
    title: str, area: str, by: str, since: datetime, until: datetime, count: Count
) -> tuple[AppraisalEvent, ...]:
    """Announce figures. Raises Invalid for a window that has not ended: its figures would not hold tomorrow."""
    if until > count.at:
        said = Wording("统计期间尚未结束，不能发布", "the window has not ended yet, so its figures cannot be announced")
        raise Invalid(str(said), where="until")
    return (
        IndicatorPublished(
            appraisal_id=appraisal_id(area, by, since, until),
            title=title,
            area=area,
            by=by,
            since=since,
            until=until,
            position=count.position,
            counted_at=count.at,
            version=1,
            figures=count.figures,
        ),
    )


def restate(appraisal: Appraisal, count: Count, reason: str) -> tuple[AppraisalEvent, ...]:
    """Announce the same window anew, with the reason. Raises Refused when nothing has changed."""
    if not reason.strip():
        said = Wording("更正发布须写明理由", "a restatement says why")
        raise Invalid(str(said), where="reason")
    if count.figures == appraisal.latest.figures:
        said = Wording("指标没有变化，无需更正", "no figure has changed: there is nothing to restate")
        raise Refused(str(said), rule="appraisal.unchanged")
    return (
        IndicatorRestated(
            appraisal_id=appraisal.first.appraisal_id,
            reason=reason,
            position=count.position,
            counted_at=count.at,
            version=appraisal.latest.version + 1,
            figures=count.figures,
        ),
    )


def changes(before: Version, after: Version) -> Iterable[tuple[Figure | None, Figure | None]]:
    """Every figure that differs between two versions, as (old, new); None where one has no such figure."""
    old = {(figure.key, figure.indicator): figure for figure in before.figures}
    new = {(figure.key, figure.indicator): figure for figure in after.figures}
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield old.get(key), new.get(key)
