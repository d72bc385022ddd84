"""Streams `appraisal-<id>`, written by survey: figures published for a window, and every restatement of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.catalogue import event


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of one group, with what it was made of."""

    key: str
    """The group: an area, a department, an issue type; empty for all together, and for what is nobody's."""
    indicator: str
    numerator: int
    denominator: int | None
    """None for a count."""


@event("indicator.published", "appraisal", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorPublished:
    """Figures are announced (考核发布): counted as of a position, they never change again."""

    appraisal_id: UUID
    title: str
    area: str
    by: str
    """What the figures are grouped by."""
    since: datetime
    until: datetime
    position: int
    """The place in the log up to which events are counted."""
    counted_at: datetime
    """For which instant they hold: what is overdue then."""
    version: int
    figures: tuple[Figure, ...]


@event("indicator.restated", "appraisal", public=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRestated:
    """Figures of the same window, counted anew after a late correction (更正发布): a new version beside the old."""

    appraisal_id: UUID
    reason: str
    position: int
    counted_at: datetime
    version: int
    figures: tuple[Figure, ...]
