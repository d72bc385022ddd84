"""One function per command: load what the rules need, ask whether this asker may, decide, append."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.grid.domain import appointments, areas, checks, grids
from shared.contracts.appointment import Post
from shared.contracts.shapes import Point
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import NotFound, Refused
from shared.kernel.ids import derived_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker


def create_area(
    log: EventLog, area: Area, asker: Asker, cause: Cause, *, name: str, kind: str, centre: Point | None
) -> Appended:
    """A new area under one that exists. Raises Refused `area.exists`, `area.parent_missing`."""
    permission.require(asker, action_area=area)
    if (before := _before(log, cause)) is not None:
        return before
    parent = None if area.parent is None else _place(log, area.parent)
    created = areas.create(area, _place(log, area), parent, name, kind, centre)
    return begin(log, area_stream(area), [created], cause, area=area, correlation_id=derived_id("area", area))


def rename_area(log: EventLog, area: Area, asker: Asker, cause: Cause, *, name: str) -> Appended:
    """Another name for an area. Raises NotFound."""
    permission.require(asker, action_area=area)
    return amend(log, area_stream(area), areas.evolve, lambda place: areas.rename(place, name), cause)


def draw_grid(
    log: EventLog,
    code: str,
    asker: Asker,
    cause: Cause,
    *,
    name: str,
    community: Area,
    covers: tuple[Area, ...],
    households: int,
) -> Appended:
    """A new grid, or other lines for one that exists."""
    permission.require(asker, action_area=community)
    exists = _place(log, community) is not None
    wanted = grids.draw(code, name, community, covers, households, community_exists=exists)
    stream = f"grid-{code}"
    if log.stream(stream):
        return amend(log, stream, grids.evolve, lambda grid: grids.redraw(grid, wanted), cause)
    return begin(log, stream, [wanted], cause, area=community, correlation_id=derived_id("grid", code))


def start_appointment(
    log: EventLog,
    asker: Asker,
    cause: Cause,
    *,
    person: str,
    post: Post,
    area: Area,
    grid: str | None,
    since: date,
) -> Appended:
    """Somebody takes a post; the same appointment again changes nothing. Raises Refused `appointment.…`."""
    permission.require(asker, action_area=area)
    drawn = None
    if grid is not None:
        drawn = fold(log.stream(f"grid-{grid}"), grids.evolve)
        if drawn is None:
            said = Wording(f"没有网格 {grid}", f"there is no grid {grid}")
            raise Refused(str(said), rule="appointment.grid_missing", where="grid")
    exists = _place(log, area) is not None
    started = appointments.start(person, post, area, drawn, since, area_exists=exists)
    stream = appointment_stream(started.appointment_id)
    if history := log.stream(stream):
        return Appended(stream, len(history), ())
    return begin(log, stream, [started], cause, area=area, correlation_id=started.appointment_id)


def end_appointment(
    log: EventLog, appointment_id: UUID, asker: Asker, cause: Cause, *, until: date, reason: str
) -> Appended:
    """Somebody leaves a post. Raises NotFound, Refused `appointment.ended`."""
    stream = appointment_stream(appointment_id)
    permission.require(asker, action_area=_area_of(log, stream))
    return amend(log, stream, appointments.evolve, lambda found: appointments.end(found, until, mask(reason)), cause)


def answer_check(log: EventLog, check_id: UUID, asker: Asker, cause: Cause, *, passed: bool, findings: str) -> Appended:
    """Somebody looked. Raises NotFound, Forbidden outside the asker's area, Refused `check.own_department`,
    `check.answered`."""
    stream = check_stream(check_id)
    permission.require(asker, action_area=_area_of(log, stream))
    return amend(
        log,
        stream,
        checks.evolve,
        lambda check: checks.answer(check, asker.actor, passed=passed, findings=mask(findings)),
        cause,
    )


# --- what they share --------------------------------------------------------------------------------------------


def area_stream(area: Area) -> str:
    return f"area-{area.path}"


def check_stream(check_id: UUID) -> str:
    return f"check-{check_id}"


def appointment_stream(appointment_id: UUID) -> str:
    return f"appointment-{appointment_id}"


def _place(log: EventLog, area: Area) -> areas.Place | None:
    return fold(log.stream(area_stream(area)), areas.evolve)


def _area_of(log: EventLog, stream: str) -> Area:
    history = log.stream(stream)
    if not history:
        raise NotFound(str(Wording(f"没有 {stream}", f"there is no {stream}")))
    return history[-1].area


def _before(log: EventLog, cause: Cause) -> Appended | None:
    """The first result of a key that was used before."""
    return None if cause.idempotency_key is None else log.seen(cause.idempotency_key, cause.request_hash)
