"""Who stands where: one person at one post for one area or grid, from a day on and up to a day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.contracts.appointment import AppointmentEnded, AppointmentStarted, Post
from shared.contracts.grid import GridDrawn
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

AppointmentEvent = AppointmentStarted | AppointmentEnded

TIER_OF: dict[Post, Tier] = {
    Post.DISTRICT_INSPECTOR: Tier.DISTRICT,
    Post.STREET_SUPERVISOR: Tier.STREET,
    Post.GRID_WORKER: Tier.COMMUNITY,
    Post.GRID_LEAD: Tier.COMMUNITY,
    Post.GROUP_LEAD: Tier.GROUP,
    Post.BUILDING_HEAD: Tier.BUILDING,
}
"""The tier that a post belongs to; a volunteer may stand anywhere. Grid posts belong to the grid's community."""
ON_A_GRID = frozenset({Post.GRID_WORKER, Post.GRID_LEAD})


@dataclass(frozen=True, slots=True)
class Appointment:
    """One appointment as it is known now."""

    appointment_id: UUID
    person: str
    post: Post
    since: date
    until: date | None


def evolve(appointment: Appointment | None, event: AppointmentEvent) -> Appointment:
    """What the event makes of it."""
    match event:
        case AppointmentStarted():
            return Appointment(event.appointment_id, event.person, event.post, event.since, None)
        case AppointmentEnded():
            known = appointment or Appointment(event.appointment_id, "", Post.VOLUNTEER, event.until, None)
            return replace(known, until=event.until)
        case _:
            assert_never(event)


def appointment_id(person: str, post: Post, area: Area, grid: str | None, since: date) -> UUID:
    """The same appointment has the same id, so that it cannot be made twice."""
    return derived_id("appointment", person, post.value, area.path, grid or "", since.isoformat())


def start(
    person: str, post: Post, area: Area, grid: GridDrawn | None, since: date, *, area_exists: bool
) -> AppointmentStarted:
    """Somebody takes a post. Grid workers and leads stand on a grid, the others in an area of their post's tier."""
    if not area_exists:
        said = Wording(f"区域 {area} 不存在", f"there is no area {area}")
        raise Refused(str(said), rule="appointment.area_missing", where="area")
    tier = TIER_OF.get(post)
    if tier is not None and area.tier is not tier:
        said = Wording(
            f"{post.value} 属于{tier.zh}一级，{area} 是{area.tier.zh}",
            f"a {post.value} belongs to a {tier.label}, and {area} is a {area.tier.label}",
        )
        raise Refused(str(said), rule="appointment.wrong_tier", where="area")
    if post in ON_A_GRID and grid is None:
        said = Wording(f"{post.value} 需要网格", f"a {post.value} stands on a grid: name it")
        raise Refused(str(said), rule="appointment.grid_needed", where="grid")
    if grid is not None and not area.is_within(Area(grid.community)):
        said = Wording(f"网格 {grid.code} 不在 {area}", f"grid {grid.code} lies in {grid.community}, not in {area}")
        raise Refused(str(said), rule="appointment.grid_elsewhere", where="grid")
    return AppointmentStarted(
        appointment_id=appointment_id(person, post, area, grid.code if grid else None, since),
        person=person,
        post=post,
        area=area.path,
        grid=grid.code if grid else None,
        since=since,
    )


def end(appointment: Appointment, until: date, reason: str) -> tuple[AppointmentEnded, ...]:
    """Somebody leaves a post; the day is the last one served. Ending it on the same day again changes nothing."""
    if appointment.until == until:
        return ()
    if appointment.until is not None:
        said = Wording(f"该任职已于 {appointment.until} 结束", f"the appointment ended on {appointment.until} already")
        raise Refused(str(said), rule="appointment.ended", where="until")
    if until < appointment.since:
        said = Wording(
            f"结束日 {until} 早于开始日 {appointment.since}", f"{until} is before {appointment.since}, the first day"
        )
        raise Refused(str(said), rule="appointment.ends_before_it_starts", where="until")
    return (AppointmentEnded(appointment_id=appointment.appointment_id, until=until, reason=reason),)
