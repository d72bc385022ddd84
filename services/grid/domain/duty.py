"""Duty 值班值守: a place that somebody has to be at, shifts, the roll-call, and who takes over when it is silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from shared.contracts.duty import (
    DutyGapFound,
    DutyGivenBack,
    DutyKind,
    DutyPostClosed,
    DutyPostOpened,
    DutySilent,
    DutyTakenOver,
    ShiftAnswered,
    ShiftCancelled,
    ShiftHandedOver,
    ShiftPlanned,
)
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording

DutyEvent = (
    DutyPostOpened
    | DutyPostClosed
    | ShiftPlanned
    | ShiftCancelled
    | ShiftAnswered
    | ShiftHandedOver
    | DutySilent
    | DutyTakenOver
    | DutyGivenBack
    | DutyGapFound
)

LONGEST_SHIFT = timedelta(hours=24)
EARLY = timedelta(minutes=30)
"""How long before its beginning a shift may be answered, and after its end handed over."""
_SAME_CALL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody is to be there for a time."""

    shift_id: UUID
    person: str
    starts_at: datetime
    ends_at: datetime

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class DutyPost:
    """One post as it is known now."""

    post_id: UUID
    area: str
    name: str
    kind: DutyKind
    since: datetime
    around_the_clock: bool
    roll_call: timedelta
    takeover: timedelta | None
    emergency: bool
    is_closed: bool = False
    shifts: tuple[Shift, ...] = ()
    answered_at: datetime | None = None
    silent_since: datetime | None = None
    taken_over_by: str | None = None
    gaps_told: frozenset[datetime] = field(default_factory=frozenset)
    """Beginnings of the gaps that somebody was told of."""
    notes: tuple[tuple[UUID, str], ...] = ()
    """What was handed over, by shift."""


def evolve(post: DutyPost | None, event: DutyEvent) -> DutyPost:  # noqa: C901, PLR0911  # one case for each event
    """What the event makes of it."""
    if isinstance(event, DutyPostOpened):
        return _opened(event)
    if post is None:
        raise ValueError(f"the stream of duty post {event.post_id} does not begin with its opening")
    match event:
        case DutyPostClosed():
            return replace(post, is_closed=True, silent_since=None, taken_over_by=None)
        case ShiftPlanned():
            shift = Shift(event.shift_id, event.person, event.starts_at, event.ends_at)
            told = frozenset(at for at in post.gaps_told if not shift.covers(at))
            return replace(post, shifts=(*post.shifts, shift), gaps_told=told)
        case ShiftCancelled():
            return replace(post, shifts=tuple(one for one in post.shifts if one.shift_id != event.shift_id))
        case ShiftAnswered():
            return replace(post, answered_at=event.at, silent_since=None)
        case ShiftHandedOver():
            return replace(post, notes=(*post.notes, (event.shift_id, event.notes)))
        case DutySilent():
            return replace(post, silent_since=event.since)
        case DutyTakenOver():
            return replace(post, taken_over_by=event.by_area)
        case DutyGivenBack():
            return replace(post, taken_over_by=None)
        case DutyGapFound():
            return replace(post, gaps_told=post.gaps_told | {event.starts_at})
        case _:
            assert_never(event)


def _opened(event: DutyPostOpened) -> DutyPost:
    return DutyPost(
        post_id=event.post_id,
        area=event.area,
        name=event.name,
        kind=event.kind,
        since=event.since,
        around_the_clock=event.around_the_clock,
        roll_call=timedelta(minutes=event.roll_call_minutes),
        takeover=None if event.takeover_minutes is None else timedelta(minutes=event.takeover_minutes),
        emergency=event.emergency,
    )


# --- what people do -----------------------------------------------------------------------------------------------


def check_opening(opened: DutyPostOpened, *, area_exists: bool, in_emergency: bool) -> DutyPostOpened:
    """A post in an area that exists; one for an emergency only while there is one. Raises Refused, Invalid."""
    if not area_exists:
        raise _refused("duty.area_missing", f"区域 {opened.area} 不存在", f"there is no area {opened.area}")
    if opened.emergency and not in_emergency:
        zh, en = f"{opened.area} 未进入应急状态", f"{opened.area} is not in emergency mode"
        raise _refused("duty.no_emergency", zh, en)
    if opened.takeover_minutes is not None:
        if opened.takeover_minutes < opened.roll_call_minutes:
            raise Invalid("a post is taken over after it was found silent, not before", where="takeover_minutes")
        if Area(opened.area).parent is None:
            zh, en = "区级之上没有可接管的中心", "nobody is above a district to take over"
            raise _refused("duty.nobody_above", zh, en)
    return opened


def close(post: DutyPost, reason: str) -> tuple[DutyEvent, ...]:
    """Nobody has to be there any more; closing it again changes nothing."""
    return () if post.is_closed else (DutyPostClosed(post_id=post.post_id, reason=reason),)


def plan(post: DutyPost, wanted: Iterable[tuple[str, datetime, datetime]]) -> tuple[DutyEvent, ...]:
    """Shifts are added; one that is planned already changes nothing. Raises Refused `duty.closed`, `shift.…`."""
    if post.is_closed:
        raise _refused("duty.closed", f"岗位“{post.name}”已撤", f"the post {post.name} is closed")
    known, added = list(post.shifts), []
    for person, starts_at, ends_at in wanted:
        if not timedelta() < ends_at - starts_at <= LONGEST_SHIFT:
            zh, en = "一班最长 24 小时，且须先始后终", "a shift ends after it begins, within 24 hours"
            raise _refused("shift.length", zh, en)
        shift = Shift(derived_id("shift", post.post_id, person, starts_at.isoformat()), person, starts_at, ends_at)
        if shift in known:
            continue
        clash = next((one for one in known if one.person == person and _overlap(one, shift)), None)
        if clash is not None:
            zh = f"{person} 自 {clash.starts_at.isoformat()} 起已在该岗"
            raise _refused("shift.overlaps", zh, f"{person} is there already from {clash.starts_at.isoformat()} on")
        known.append(shift)
        added.append(shift)
    return tuple(
        ShiftPlanned(
            post_id=post.post_id,
            shift_id=one.shift_id,
            person=one.person,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )
        for one in added
    )


def cancel(post: DutyPost, shift_id: UUID, reason: str) -> tuple[DutyEvent, ...]:
    """They will not be there after all; one that is not planned (any more) changes nothing."""
    if all(one.shift_id != shift_id for one in post.shifts):
        return ()
    return (ShiftCancelled(post_id=post.post_id, shift_id=shift_id, reason=reason),)


def answer(post: DutyPost, person: str, at: datetime) -> tuple[DutyEvent, ...]:
    """Whoever is on shift says that they are there; within a minute a second answer changes nothing."""
    shift = _own(post, person, at, EARLY, timedelta())
    if post.answered_at is not None and timedelta() <= at - post.answered_at < _SAME_CALL:
        return ()
    answered = ShiftAnswered(post_id=post.post_id, shift_id=shift.shift_id, at=at)
    if post.taken_over_by is None:
        return (answered,)
    return answered, DutyGivenBack(post_id=post.post_id, area=post.area)


def hand_over(post: DutyPost, person: str, notes: str, at: datetime) -> tuple[DutyEvent, ...]:
    """What the next one has to know; the same words again change nothing."""
    shift = _own(post, person, at, timedelta(), EARLY)
    if (shift.shift_id, notes) in post.notes:
        return ()
    return (ShiftHandedOver(post_id=post.post_id, shift_id=shift.shift_id, notes=notes),)


def _own(post: DutyPost, person: str, at: datetime, before: timedelta, after: timedelta) -> Shift:
    """The person's shift at that time, the latest one first."""
    if post.is_closed:
        raise _refused("duty.closed", f"岗位“{post.name}”已撤", f"the post {post.name} is closed")
    for shift in sorted(post.shifts, key=lambda one: one.starts_at, reverse=True):
        if shift.person == person and shift.starts_at - before <= at < shift.ends_at + after:
            return shift
    zh, en = f"{person} 此刻不在“{post.name}”当班", f"{person} is not on shift at {post.name} now"
    raise _refused("shift.not_on_duty", zh, en)


def _overlap(one: Shift, other: Shift) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _refused(rule: str, zh: str, en: str) -> Refused:
    return Refused(str(Wording(zh, en)), rule=rule)
