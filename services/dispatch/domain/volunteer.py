"""What one volunteer has in hand: places that are taken before the case hears of a claim, so that a limit holds in a
race. Each stream is one volunteer's; two claims of the same person meet there, and one of them decides anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from services.dispatch.domain.case import Case
from services.dispatch.domain.guards import refuse
from shared.contracts.task import TaskClaimed, TaskClaimExpired, TaskClaimReleased
from shared.contracts.volunteer import ClaimReserved, ClaimSettled
from shared.kernel.case_states import State

VolunteerEvent = ClaimReserved | ClaimSettled


class Standing(StrEnum):
    """What a case says about a claim."""

    UNKNOWN = "lost"
    """The case never heard of it: somebody else was first, or it is still on its way."""
    HELD = "held"
    RELEASED = "released"
    EXPIRED = "expired"
    ANSWERED = "answered"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Volunteer:
    """The places that one volunteer has taken, by claim."""

    places: Mapping[UUID, ClaimReserved] = field(default_factory=dict)

    def of_task(self, task_id: UUID) -> ClaimReserved | None:
        """The place that was taken for this task, when it is not settled yet."""
        return next((place for place in self.places.values() if place.task_id == task_id), None)


def evolve(volunteer: Volunteer | None, event: VolunteerEvent) -> Volunteer:
    """What is in hand after the event."""
    known = volunteer or Volunteer()
    match event:
        case ClaimReserved(claim_id=claim_id):
            return replace(known, places={**known.places, claim_id: event})
        case ClaimSettled(claim_id=claim_id):
            left = {key: place for key, place in known.places.items() if key != claim_id}
            return replace(known, places=left)
        case _:
            assert_never(event)


def reserve(
    volunteer: Volunteer, place: ClaimReserved, over: Iterable[tuple[UUID, Standing]], most: int
) -> tuple[VolunteerEvent, ...]:
    """Take a place for a task, after settling those that are over. Raises Refused when all places are taken."""
    settled = tuple(ClaimSettled(claim_id=claim_id, outcome=standing.value) for claim_id, standing in over)
    left = len(volunteer.places) - len(settled)
    if left >= most:
        refuse(
            "claim.limit_reached",
            f"每人最多同时领 {most} 单，请先办结或退单",
            f"at most {most} tasks may be in hand at once: answer or release one first",
        )
    return *settled, place


def standing(case: Case, history: Iterable[object], claim_id: UUID, at: datetime) -> Standing:
    """What the case says about the claim at an instant."""
    task = case.task
    if task is not None and task.claim is not None and task.claim.claim_id == claim_id:
        if task.is_answered:
            return Standing.ANSWERED
        if case.state is State.REWORK:
            return Standing.OVER  # It failed the check: it is free for whoever claims it next.
        return Standing.HELD if at < task.claim.expires_at else Standing.EXPIRED
    ends = {TaskClaimReleased: Standing.RELEASED, TaskClaimExpired: Standing.EXPIRED}
    of_it = [event for event in history if getattr(event, "claim_id", None) == claim_id]
    for event in of_it:
        if type(event) in ends:
            return ends[type(event)]
    return Standing.OVER if any(isinstance(event, TaskClaimed) for event in of_it) else Standing.UNKNOWN
