"""What falls due by the mere passing of time: a warning, the breach, then rung by rung up the ladder.

A breach is a fact and is said whenever it is true. Everything else reminds people, and waits for their working hours
unless every hour counts anyway. Each is said once for a due instant; its id is made of both.

Where the centre that a rung would address has somebody on shift, they are called upon at once, and they alone: the
rung itself is climbed when everybody is back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from services.dispatch.clocks.book import Clock, ClockEvent, evolve
from services.dispatch.clocks.posts import Target
from services.dispatch.clocks.rules import Rules
from shared.contracts.case import Loop
from shared.contracts.clock import ClockBreached, ClockWarned, EscalationRaised, Rung
from shared.contracts.rulebook import LadderRung
from shared.kernel.area import Area
from shared.kernel.duty_hours import is_on_duty, next_working_moment
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.kernel.working_time import due
from shared.ports import Happening

RUNG_WORDS = {
    Rung.URGED: Wording("催办", "urged"),
    Rung.SUPERVISED: Wording("督办", "supervised"),
    Rung.RAISED: Wording("提级督办", "raised a tier"),
}


def fallen_due(clock: Clock, area: Area, rules: Rules, now: datetime) -> tuple[Happening, ...]:
    """Everything about the clock that is to be said by now and was not."""
    return tuple(Happening(event, now, event_id) for event, event_id in _said(clock, area, rules, now))


def _said(clock: Clock, area: Area, rules: Rules, now: datetime) -> Iterator[tuple[ClockEvent, UUID]]:
    if not clock.is_running:
        return
    may_remind = clock.day_and_night or is_on_duty(now, rules.calendar)
    if now > clock.due_at:
        if not clock.is_breached:
            breached = _breached(clock, rules)
            yield breached, _id("clock.breached", clock)
            clock = evolve(clock, breached)
        while (rung := clock.next_rung) is not None and clock.next_at is not None and clock.next_at <= now:
            if may_remind:
                raised, event_id = _raised(clock, rung, area, rules, now), _id("escalation.raised", clock, rung)
            elif (called := _called_out_of_hours(clock, rung, area, rules, now)) is not None:
                raised, event_id = called, _id("escalation.raised", clock, rung, "shift")
            else:
                return
            yield raised, event_id
            clock = evolve(clock, raised)
    elif may_remind and clock.warn_at is not None and clock.warn_at <= now and not clock.is_warned:
        warned = ClockWarned(
            clock_id=clock.clock_id,
            case_id=clock.started.case_id,
            stage=clock.stage,
            due_at=clock.due_at,
            department=clock.started.department,
        )
        yield warned, _id("clock.warned", clock)


def _breached(clock: Clock, rules: Rules) -> ClockBreached:
    rungs = rules.rungs(clock.stage, clock.started.urgency)
    first = rungs[0] if rungs else None
    return ClockBreached(
        clock_id=clock.clock_id,
        case_id=clock.started.case_id,
        stage=clock.stage,
        due_at=clock.due_at,
        department=clock.started.department,
        next_rung=None if first is None else first.rung,
        next_at=None if first is None else _rung_at(clock, first, rules),
    )


def _raised(clock: Clock, rung: Rung, area: Area, rules: Rules, now: datetime) -> EscalationRaised:
    rungs = rules.rungs(clock.stage, clock.started.urgency)
    place = next((n for n, found in enumerate(rungs) if found.rung is rung), None)
    following = rungs[place + 1] if place is not None and place + 1 < len(rungs) else None
    target = _target(clock, rung, area, rules, now)
    return EscalationRaised(
        escalation_id=_id("escalation", clock, rung),
        clock_id=clock.clock_id,
        case_id=clock.started.case_id,
        rung=rung,
        stage=clock.stage,
        department=clock.started.department,
        due_at=clock.due_at,
        target_area=target.area.path,
        target_post=None if target.post is None else target.post.value,
        because=str(_because(clock, rung, rules)),
        next_rung=None if following is None else following.rung,
        next_at=None if following is None else _rung_at(clock, following, rules),
    )


def _target(clock: Clock, rung: Rung, area: Area, rules: Rules, now: datetime) -> Target:
    rungs = rules.rungs(clock.stage, clock.started.urgency)
    # The ladder may have changed since this rung was announced: then it is the last one.
    up = next((found.up for found in rungs if found.rung is rung), 0)
    loop = None if clock.started.loop is None else Loop(clock.started.loop)
    return rules.posts.target(area, loop, up, rules.calendar.local(now).date())


def _called_out_of_hours(clock: Clock, rung: Rung, area: Area, rules: Rules, now: datetime) -> EscalationRaised | None:
    """The call to those who are on shift where the rung leads, which comes again in working hours; None where nobody
    is."""
    on_shift = rules.rosters.on_shift(_target(clock, rung, area, rules, now).area, now)
    if not on_shift:
        return None
    return replace(
        _raised(clock, rung, area, rules, now),
        escalation_id=_id("escalation", clock, rung, "shift"),
        on_shift=on_shift,
        next_rung=rung,
        next_at=next_working_moment(now, rules.calendar),
    )


def _rung_at(clock: Clock, rung: LadderRung, rules: Rules) -> datetime:
    return clock.due_at if rung.delay is None else due(clock.due_at, rung.delay, rules.calendar).at


def _because(clock: Clock, rung: Rung, rules: Rules) -> Wording:
    due_at = rules.calendar.local(clock.due_at)
    words = RUNG_WORDS[rung]
    return Wording(
        f"{clock.stage.zh}已于 {due_at:%Y-%m-%d %H:%M} 届满，{words.zh}",
        f"{clock.stage.value} was due {due_at:%Y-%m-%d %H:%M}: {words.en}",
    )


def _id(kind: str, clock: Clock, *more: object) -> UUID:
    return derived_id(kind, clock.clock_id, clock.due_at.astimezone(UTC).isoformat(), *more)
