"""What the clock finds about a duty post: nobody answers, nobody will be there, the emergency is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.grid.domain.duty import DutyEvent, DutyPost, Shift, close
from shared.contracts.duty import DutyGapFound, DutySilent, DutyTakenOver
from shared.kernel.area import Area
from shared.kernel.wording import Wording

AHEAD = timedelta(hours=12)
"""How long before it begins a gap is told of."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is planned to be there."""

    starts_at: datetime
    ends_at: datetime | None


def watch(post: DutyPost, now: datetime, *, in_emergency: bool = True) -> tuple[DutyEvent, ...]:
    """What has to be said about the post now: silent, taken over, a gap ahead, its emergency over. Said once each."""
    if post.is_closed:
        return ()
    if post.emergency and not in_emergency:
        return close(post, str(Wording("应急状态已解除", "the emergency is over")))
    found: list[DutyEvent] = []
    since = last_sign(post, now)
    if since is not None and now - since > post.roll_call:
        if post.silent_since is None:
            found.append(DutySilent(post_id=post.post_id, area=post.area, since=since))
        above = Area(post.area).parent
        late = post.takeover is not None and now - since > post.takeover
        if late and post.taken_over_by is None and above is not None:
            found.append(DutyTakenOver(post_id=post.post_id, area=post.area, by_area=above.path))
    for gap in gaps(post, now, now + AHEAD):
        if gap.starts_at not in post.gaps_told:
            told = DutyGapFound(post_id=post.post_id, area=post.area, starts_at=gap.starts_at, ends_at=gap.ends_at)
            found.append(told)
    return tuple(found)


def last_sign(post: DutyPost, now: datetime) -> datetime | None:
    """Since when nobody has said that they are there; None while nobody has to."""
    if post.around_the_clock:
        start = post.since
    else:
        begun = [one.starts_at for one in post.shifts if one.covers(now)]
        if not begun:
            return None
        start = min(begun)
    if start > now:
        return None
    return start if post.answered_at is None else max(start, post.answered_at)


def gaps(post: DutyPost, start: datetime, end: datetime) -> tuple[Gap, ...]:
    """When nobody is planned to be there, of the gaps that reach into the span. None for a post that only knows its
    shifts."""
    if not post.around_the_clock or post.is_closed:
        return ()
    found: list[Gap] = []
    reached = post.since
    for shift in sorted(post.shifts, key=lambda one: one.starts_at):
        if shift.starts_at > reached:
            found.append(Gap(reached, shift.starts_at))
        reached = max(reached, shift.ends_at)
    found.append(Gap(reached, None))
    return tuple(one for one in found if one.starts_at < end and (one.ends_at is None or one.ends_at > start))


def on_duty(post: DutyPost, at: datetime) -> Sequence[Shift]:
    """Who is to be there at that time."""
    return [one for one in post.shifts if one.covers(at)]
