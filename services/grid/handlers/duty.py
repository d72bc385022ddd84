"""Duty posts are opened, planned for, answered and watched; areas go into emergency mode and leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.grid.domain import duty, duty_clock, emergencies
from services.grid.domain.duty import DutyEvent, DutyPost
from services.grid.domain.emergencies import Emergency
from services.grid.handlers.common import area_of, duty_stream, emergency_stream, place
from shared.contracts.duty import DutyPostOpened
from shared.contracts.emergency import EmergencyStarted
from shared.contracts.envelope import Actor
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, NotFound, Refused
from shared.kernel.ids import derived_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker

OURSELVES = Actor("wuji", "timer")
"""Who acts when the clock does."""


def open_post(log: EventLog, asker: Asker, cause: Cause, *, opened: DutyPostOpened) -> Appended:
    """Somebody has to be there from now on. The same name in the same area is the same post while it is open."""
    area = Area(opened.area)
    permission.require(asker, action_area=area)
    in_emergency = any(one.kind is not None for one in _standing(log, area.ancestors()))
    duty.check_opening(opened, area_exists=place(log, area) is not None, in_emergency=in_emergency)
    stream = duty_stream(opened.post_id)
    if history := log.stream(stream):
        return Appended(stream, len(history), ())
    return begin(log, stream, [opened], cause, area=area, correlation_id=opened.post_id)


def close_post(log: EventLog, post_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """Nobody has to be there any more. Raises NotFound, Forbidden."""
    return _change(log, post_id, asker, cause, lambda post: duty.close(post, mask(reason)))


def plan_shifts(
    log: EventLog,
    post_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    shifts: Sequence[tuple[str, datetime, datetime]],
    elsewhere: Iterable[str] = (),
) -> Appended:
    """Who is there when: all of them, or none. `elsewhere`: people who are known to be at another post then.

    Raises NotFound, Forbidden, Refused `duty.closed`, `shift.…`.
    """
    away = sorted(set(elsewhere))
    if away:
        names = "、".join(away)
        said = Wording(f"{names} 同一时间在其他岗位当班", f"{', '.join(away)}: on shift at another post at that time")
        raise Refused(str(said), rule="shift.elsewhere", where="shifts")
    return _change(log, post_id, asker, cause, lambda post: duty.plan(post, shifts))


def cancel_shift(log: EventLog, post_id: UUID, shift_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """They will not be there after all. Raises NotFound, Forbidden."""
    return _change(log, post_id, asker, cause, lambda post: duty.cancel(post, shift_id, mask(reason)))


def answer_roll_call(log: EventLog, post_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """I am there. Raises NotFound, Refused `shift.not_on_duty`."""
    return amend(log, duty_stream(post_id), duty.evolve, lambda post: duty.answer(post, asker.id, cause.at), cause)


def hand_over(log: EventLog, post_id: UUID, asker: Asker, cause: Cause, *, notes: str) -> Appended:
    """What the next one has to know. Raises NotFound, Refused `shift.not_on_duty`."""
    words = mask(notes)
    return amend(
        log, duty_stream(post_id), duty.evolve, lambda post: duty.hand_over(post, asker.id, words, cause.at), cause
    )


def watch_post(log: EventLog, post_id: UUID, now: datetime, *, in_emergency: bool) -> Appended | None:
    """Say what is to be said about the post now; None when another process said it first."""
    try:
        return amend(
            log,
            duty_stream(post_id),
            duty.evolve,
            lambda post: duty_clock.watch(post, now, in_emergency=in_emergency),
            Cause(actor=OURSELVES, at=now),
        )
    except Conflict:
        # Whoever was first has looked at the same facts; what is still to be said is said at the next turn.
        return None


def start_emergency(log: EventLog, asker: Asker, cause: Cause, *, wanted: EmergencyStarted) -> Appended:
    """The area and all below it go into emergency mode. Raises Forbidden, Refused `emergency.…`."""
    area = Area(wanted.area)
    permission.require(asker, action_area=area)
    if place(log, area) is None:
        raise NotFound(str(Wording(f"没有区域 {area}", f"there is no area {area}")), where="area")
    above = _standing(log, (one for one in area.ancestors() if one != area))
    stream = emergency_stream(area)
    if log.stream(stream):
        return amend(log, stream, emergencies.evolve, lambda known: emergencies.start(known, above, wanted), cause)
    events = emergencies.start(None, above, wanted)
    return begin(log, stream, events, cause, area=area, correlation_id=derived_id("emergency", area))


def end_emergency(log: EventLog, area: Area, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """Back to usual. Raises NotFound when it never was in emergency mode, Forbidden."""
    permission.require(asker, action_area=area)
    return amend(
        log,
        emergency_stream(area),
        emergencies.evolve,
        lambda known: emergencies.end(known, mask(reason)),
        cause,
    )


def _change(
    log: EventLog, post_id: UUID, asker: Asker, cause: Cause, decide: Callable[[DutyPost], tuple[DutyEvent, ...]]
) -> Appended:
    stream = duty_stream(post_id)
    permission.require(asker, action_area=area_of(log, stream))
    return amend(log, stream, duty.evolve, decide, cause)


def _standing(log: EventLog, areas: Iterable[Area]) -> list[Emergency]:
    found = (fold(log.stream(emergency_stream(area)), emergencies.evolve) for area in areas)
    return [one for one in found if one is not None]
