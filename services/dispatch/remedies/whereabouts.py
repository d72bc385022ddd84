"""Which root cause is that of a place: one place and kind has one, for as long as it is not withdrawn.

The id is made from kind and place, so that two who open it at once open the same. A building names its place by itself;
anywhere else it is the report with which the series began. What the register knows of points near by comes on top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.remedies.domain import Remedy, State, evolve
from shared.contracts.envelope import Recorded
from shared.contracts.remedy import RemedyCleared
from shared.contracts.report import ReportRecurred
from shared.contracts.shapes import Point
from shared.handling import fold
from shared.kernel.area import Area, Tier
from shared.kernel.errors import NotFound
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.ports import EventLog

Near = Callable[[str, Area, Point | None], UUID | None]
"""Issue type, area, point → the root cause that the register knows for that place, if any."""


def stream_of(remedy_id: UUID) -> str:
    return f"remedy-{remedy_id}"


def load(log: EventLog, remedy_id: UUID) -> tuple[Remedy, list[Recorded[Any]]]:
    """One remedy and its history. Raises NotFound."""
    history = log.stream(stream_of(remedy_id))
    found = fold(history, evolve)
    if found is None:
        raise NotFound(str(Wording(f"没有整治事项 {remedy_id}", f"there is no remedy {remedy_id}")))
    return found, history


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with the root cause of a place."""

    remedy_id: UUID
    remedy: Remedy | None
    """None: there is none, and this would be its id."""
    withdrawn_at: datetime | None = None
    """When the last one was withdrawn, where there was one: what came before that says nothing any more."""
    cleared_at: datetime | None = None
    """When it was last struck off, and the department had done with it."""


def standing(log: EventLog, near: Near, issue_type: str, area: Area, point: Point | None, series: UUID) -> Standing:
    """The root cause of such an issue in that place."""
    known = near(issue_type, area, point)
    if known is not None:
        remedy, history = load(log, known)
        if remedy.state is not State.WITHDRAWN:  # the register may be a moment behind
            return Standing(known, remedy, cleared_at=_cleared_at(history))
    return _by_id(log, issue_type, area.path if area.tier is Tier.BUILDING else str(series))


def _by_id(log: EventLog, issue_type: str, place: str) -> Standing:
    withdrawn_at, n = None, 0
    while True:
        remedy_id = derived_id("remedy", "root_cause", issue_type, place, n)
        history = log.stream(stream_of(remedy_id))
        remedy = fold(history, evolve)
        if remedy is None or remedy.state is not State.WITHDRAWN:
            return Standing(remedy_id, remedy, withdrawn_at, _cleared_at(history))
        withdrawn_at, n = history[-1].occurred_at, n + 1


def series_of(log: EventLog, report_id: UUID) -> UUID:
    """The report with which the series began to which this one belongs; itself, when it did not come back."""
    said = (one.event.series for one in log.stream(f"report-{report_id}") if isinstance(one.event, ReportRecurred))
    return next(said, report_id)


def _cleared_at(history: list[Recorded[Any]]) -> datetime | None:
    return next((one.occurred_at for one in reversed(history) if isinstance(one.event, RemedyCleared)), None)
