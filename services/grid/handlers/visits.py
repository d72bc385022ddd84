"""Visits are recorded, answered and rated; those that wait for their answer too long are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.grid.domain import grids, visits
from services.grid.domain.visits import Seen, Visit, VisitEvent
from services.grid.handlers.common import area_of, grid_stream, place, visit_stream
from services.grid.handlers.duty import OURSELVES
from shared.contracts.feedback import Satisfaction
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker

GridOf = Callable[[Area], str | None]
"""The one grid that takes the area in; None when there is none, or several."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a visit that a device sent."""

    visit_id: UUID
    is_new: bool


def record_visit(
    log: EventLog, grid_of: GridOf, asker: Asker, cause: Cause, *, seen: Seen, reply_within: timedelta
) -> Kept:
    """Keep one visit, as of the time in the field; sent again it is the same one.

    Raises Invalid, Forbidden outside the asker's area, NotFound for an area that does not exist, Refused
    `visit.client_id_reused`.
    """
    permission.require(asker, action_area=seen.area)
    which = visits.visit_id(asker.id, seen.client_id)
    stream = visit_stream(which)
    known = fold(log.stream(stream), visits.evolve)
    if known is not None:
        # Before anything else: a device that was offline for weeks may send again what it sent in time.
        visits.same(known, visits.facts(seen))
        return Kept(which, is_new=False)
    if place(log, seen.area) is None:
        raise NotFound(str(Wording(f"没有区域 {seen.area}", f"there is no area {seen.area}")), where="area")
    recorded = visits.record(asker.id, seen, _grid(log, grid_of, seen), cause.at, reply_within)
    # What happened, happened in the field: the log keeps besides when it came to us.
    in_field = replace(cause, at=min(seen.happened_at, cause.at), idempotency_key=None, request_hash=None)
    try:
        begin(log, stream, [recorded], in_field, area=seen.area, correlation_id=seen.report_id or which)
    except Conflict:
        # The same device has sent it twice at once.
        visits.same(_known(log, stream), recorded.facts)
        return Kept(which, is_new=False)
    return Kept(which, is_new=True)


def reply_to_visit(log: EventLog, visit_id: UUID, asker: Asker, cause: Cause, *, words: str) -> Appended:
    """The household has its answer. Raises NotFound, Forbidden, Refused `visit.…`."""
    said = mask(words)
    return _change(log, visit_id, asker, cause, lambda visit: visits.reply(visit, said, cause.at))


def rate_visit(
    log: EventLog, visit_id: UUID, asker: Asker, cause: Cause, *, satisfaction: Satisfaction, words: str
) -> Appended:
    """What the household thinks of it. Raises NotFound, Forbidden, Refused `visit.…`."""
    said = mask(words)
    return _change(log, visit_id, asker, cause, lambda visit: visits.rate(visit, satisfaction, said))


def watch_visit(log: EventLog, visit_id: UUID, now: datetime) -> Appended | None:
    """Say that the household waits for too long, once; None when another process said it first."""
    try:
        return amend(
            log,
            visit_stream(visit_id),
            visits.evolve,
            lambda visit: visits.overdue(visit, now),
            Cause(actor=OURSELVES, at=now),
        )
    except Conflict:
        return None


def _change(
    log: EventLog, visit_id: UUID, asker: Asker, cause: Cause, decide: Callable[[Visit], tuple[VisitEvent, ...]]
) -> Appended:
    stream = visit_stream(visit_id)
    permission.require(asker, action_area=area_of(log, stream))
    return amend(log, stream, visits.evolve, decide, cause)


def _grid(log: EventLog, grid_of: GridOf, seen: Seen) -> str | None:
    """The grid that it counts for: the one that was named, when it takes the place in, or the one that does."""
    if seen.grid is None:
        return grid_of(seen.area)
    drawn = fold(log.stream(grid_stream(seen.grid)), grids.evolve)
    if drawn is None or not grids.holds(drawn, seen.area):
        said = Wording(f"{seen.area} 不在网格 {seen.grid}", f"{seen.area} is not in grid {seen.grid}")
        raise Invalid(str(said), where="grid", hint="leave it out: it follows from the area")
    return seen.grid


def _known(log: EventLog, stream: str) -> Visit:
    found = fold(log.stream(stream), visits.evolve)
    if found is None:
        raise NotFound(f"there is no {stream}")
    return found
