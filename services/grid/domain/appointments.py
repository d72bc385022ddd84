"""Who stands where: one person at one post for one area or grid, from a day on and up to a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from services.grid.domain.posts import POSTS, Place
from shared.contracts.appointment import AppointmentEnded, AppointmentStarted, Post
from shared.contracts.grid import GridDrawn
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

AppointmentEvent = AppointmentStarted | AppointmentEnded


@dataclass(frozen=True, slots=True)
class Appointment:
    """One appointment as it is known now."""

    appointment_id: UUID
    started: AppointmentStarted | None
    """None only for a stream that lacks its beginning, as no stream of ours does."""
    until: date | None


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody has a seat that has room for one."""

    appointment_id: UUID
    person: str
    slots: tuple[str, ...]
    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An appointment that somebody asks for."""

    person: str
    post: Post
    area: Area
    grid: str | None
    unit: str | None
    since: date


def evolve(appointment: Appointment | None, event: AppointmentEvent) -> Appointment:
    """What the event makes of it."""
    match event:
        case AppointmentStarted():
            return Appointment(event.appointment_id, event, None)
        case AppointmentEnded():
            known = appointment or Appointment(event.appointment_id, None, event.until)
            return replace(known, until=event.until)
        case _:
            assert_never(event)


def appointment_id(wanted: Wanted) -> UUID:
    """The same appointment has the same id, so that it cannot be made twice."""
    place = [wanted.person, wanted.post.value, wanted.area.path, wanted.grid or "", wanted.since.isoformat()]
    return derived_id("appointment", *place, *([wanted.unit] if wanted.unit else []))


def start(wanted: Wanted, grid: GridDrawn | None, *, area_exists: bool) -> AppointmentStarted:
    """Somebody takes a post, where the table of posts has it. Whether the seat is free is `seated`'s question."""
    area, post, rule = wanted.area, wanted.post, POSTS[wanted.post]
    if not area_exists:
        raise _refused("area_missing", "area", f"区域 {area} 不存在", f"there is no area {area}")
    if area.tier not in rule.tiers:
        zh, en = (" / ".join(_names(rule.tiers, name)) for name in ("zh", "label"))
        said = f"a {post.value} belongs to a {en}, and {area} is a {area.tier.label}"
        raise _refused("wrong_tier", "area", f"{rule.zh}属于{zh}一级，{area} 是{area.tier.zh}", said)
    _check_place(wanted, grid)
    return AppointmentStarted(
        appointment_id=appointment_id(wanted),
        person=wanted.person,
        post=post,
        area=area.path,
        grid=grid.code if grid else None,
        since=wanted.since,
        unit=wanted.unit,
    )


def _names(tiers: Iterable[Tier], name: str) -> list[str]:
    return [str(getattr(tier, name)) for tier in tiers]


def _check_place(wanted: Wanted, grid: GridDrawn | None) -> None:
    area, rule, name = wanted.area, POSTS[wanted.post], wanted.post.value
    if rule.place is Place.GRID and grid is None:
        raise _refused("grid_needed", "grid", f"{rule.zh}需要网格", f"a {name} stands on a grid: name it")
    if rule.place in (Place.AREA, Place.UNIT) and grid is not None:
        raise _refused("no_grid", "grid", f"{rule.zh}不在网格上任职", f"a {name} stands for an area, not for a grid")
    if (rule.place is Place.UNIT) != (wanted.unit is not None):
        zh = f"{rule.zh}需要{'' if wanted.unit is None else '不'}填写单元"
        raise _refused("unit", "unit", zh, f"a {name} {'needs a' if wanted.unit is None else 'has no'} unit")
    if grid is not None and not _meet(area, Area(grid.community), wider=area.tier in rule.tiers):
        said = f"grid {grid.code} lies in {grid.community}, not in {area}"
        raise _refused("grid_elsewhere", "grid", f"网格 {grid.code} 不在 {area}", said)


def _meet(area: Area, community: Area, *, wider: bool) -> bool:
    """The grid's community lies in the area of a street's or district's post, or the other way round."""
    return area.is_within(community) or (wider and community.is_within(area))


def seated(started: AppointmentStarted, taken: Iterable[Seat], leaving: Iterable[UUID] = ()) -> AppointmentStarted:
    """The appointment, when its seats are free from its first day on.

    `leaving`: appointments that end before that day. Raises Refused `appointment.place_taken` (一格一员) or
    `appointment.person_taken`.
    """
    gone = frozenset((*leaving, started.appointment_id))
    for seat in taken:
        if seat.appointment_id in gone or (seat.until is not None and seat.until < started.since):
            continue
        slot = seat.slots[0]
        rule = POSTS[started.post]
        if slot.startswith("person "):
            zh = f"{started.person} 已任{rule.zh}（自 {seat.since} 起），一人只任一处"
            said = f"{started.person} has such a post already, since {seat.since}: a {started.post.value} has one"
            raise _refused("person_taken", "person", zh, said, "end that appointment first")
        zh = f"该处已有{rule.zh} {seat.person}（自 {seat.since} 起），一处只设一人"
        said = f"{seat.person} stands there since {seat.since}: there is one {started.post.value} to a place"
        raise _refused("place_taken", "grid", zh, said, "end that appointment first, or let somebody succeed it")
    return started


def end(appointment: Appointment, until: date, reason: str) -> tuple[AppointmentEnded, ...]:
    """Somebody leaves a post; the day is the last one served. Ending it on the same day again changes nothing."""
    if appointment.until == until:
        return ()
    if appointment.until is not None:
        zh, said = f"该任职已于 {appointment.until} 结束", f"the appointment ended on {appointment.until} already"
        raise _refused("ended", "until", zh, said)
    if appointment.started is not None and until < appointment.started.since:
        since = appointment.started.since
        zh, said = f"结束日 {until} 早于开始日 {since}", f"{until} is before {since}, the first day"
        raise _refused("ends_before_it_starts", "until", zh, said)
    return (AppointmentEnded(appointment_id=appointment.appointment_id, until=until, reason=reason),)


def _refused(rule: str, where: str, zh: str, en: str, hint: str | None = None) -> Refused:
    return Refused(str(Wording(zh, en)), rule=f"appointment.{rule}", where=where, hint=hint)
