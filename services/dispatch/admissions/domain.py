"""One admission: its states, who may move it, and whether it holds at an instant.

Whether an approved admission is in force is a question of its period and of nothing else: it needs no clock that runs,
and an expiry that nobody has noticed yet is an expiry all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from shared.contracts.admission import (
    AdmissionApplied,
    AdmissionApproved,
    AdmissionDrafted,
    AdmissionExpired,
    AdmissionRejected,
    AdmissionResumed,
    AdmissionReviewStarted,
    AdmissionRevoked,
    AdmissionSuspended,
    DemandKind,
)
from shared.contracts.catalogue import OF_SHAPE
from shared.kernel.area import Area

AdmissionEvent = (
    AdmissionDrafted
    | AdmissionApplied
    | AdmissionReviewStarted
    | AdmissionApproved
    | AdmissionRejected
    | AdmissionSuspended
    | AdmissionResumed
    | AdmissionRevoked
    | AdmissionExpired
)


class State(StrEnum):
    """Where an admission stands. `approved` becomes `in_force` and `expired` by its period alone."""

    DRAFT = "draft"
    APPLIED = "applied"
    REVIEWING = "reviewing"
    APPROVED = "approved"
    REJECTED = "rejected"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"

    @property
    def zh(self) -> str:
        return _NAMES[self]


_NAMES = {
    State.DRAFT: "草稿",
    State.APPLIED: "已申请",
    State.REVIEWING: "审核中",
    State.APPROVED: "已批准",
    State.REJECTED: "不予准入",
    State.IN_FORCE: "准入有效",
    State.SUSPENDED: "暂停",
    State.REVOKED: "已撤销",
    State.EXPIRED: "已到期",
}

APPLICANTS = ("department",)
DECIDERS = ("duty_chief", "leader")

_GRANTED = (State.APPROVED, State.IN_FORCE)
MOVES: dict[str, tuple[tuple[State, ...], State, tuple[str, ...]]] = {
    "admission.drafted": ((State.DRAFT,), State.DRAFT, APPLICANTS),
    "admission.applied": ((State.DRAFT,), State.APPLIED, APPLICANTS),
    "admission.review_started": ((State.APPLIED,), State.REVIEWING, DECIDERS),
    "admission.approved": ((State.APPLIED, State.REVIEWING), State.APPROVED, DECIDERS),
    "admission.rejected": ((State.APPLIED, State.REVIEWING), State.REJECTED, DECIDERS),
    "admission.suspended": (_GRANTED, State.SUSPENDED, DECIDERS),
    "admission.resumed": ((State.SUSPENDED,), State.APPROVED, DECIDERS),
    "admission.revoked": ((*_GRANTED, State.SUSPENDED), State.REVOKED, DECIDERS),
    "admission.expired": ((State.EXPIRED,), State.EXPIRED, ("timer",)),
}
"""Event → where it may happen, where it leads, and who may cause it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What has become of an application."""

    draft: AdmissionDrafted
    recorded_state: State
    scope: tuple[str, ...]
    """What was approved; until then what is wanted. The same of the period."""
    valid_from: datetime
    valid_until: datetime
    decide_by: datetime | None = None
    is_short_notice: bool = False
    reason: str | None = None
    """What was last said about it: why it was rejected, suspended, revoked, or on which conditions approved."""

    @property
    def admission_id(self) -> UUID:
        return self.draft.admission_id

    @property
    def department(self) -> str:
        return self.draft.department

    @property
    def kinds(self) -> tuple[DemandKind, ...]:
        return self.draft.kinds

    def state(self, at: datetime) -> State:
        """Where it stands at an instant."""
        if self.recorded_state in (State.APPROVED, State.SUSPENDED) and at >= self.valid_until:
            return State.EXPIRED
        if self.recorded_state is State.APPROVED and at >= self.valid_from:
            return State.IN_FORCE
        return self.recorded_state

    def holds(self, area: Area, at: datetime) -> bool:
        """Whether it is in force at that instant for that place."""
        return self.state(at) is State.IN_FORCE and any(area.is_within(Area(path)) for path in self.scope)

    def allows(self, kind: DemandKind | None, form: str | None) -> bool:
        """Whether such a demand is on its list; None asks for nothing in particular."""
        return (kind is None or kind in self.kinds) and (form is None or self.form_fields(form) is not None)

    @property
    def is_to_expire(self) -> bool:
        """Whether its expiry would still have to be said when the end of the period has passed."""
        return self.recorded_state in (State.APPROVED, State.SUSPENDED)

    def form_fields(self, form: str) -> tuple[str, ...] | None:
        """What is to be filled in on a form of its list; None when the list does not have it."""
        return next((found.fields for found in self.draft.forms if found.form == form), None)


def evolve(admission: Admission | None, event: AdmissionEvent) -> Admission:
    """The admission after the event; history is not up for debate."""
    if isinstance(event, AdmissionDrafted):
        period = {"scope": event.scope, "valid_from": event.valid_from, "valid_until": event.valid_until}
        return Admission(draft=event, recorded_state=State.DRAFT, **period)  # type: ignore[arg-type]  # by name
    if admission is None:
        raise LookupError("an admission begins with admission.drafted")
    moved = replace(admission, recorded_state=MOVES[OF_SHAPE[type(event)].name][1])
    match event:
        case AdmissionApplied(decide_by=decide_by, is_short_notice=is_short):
            return replace(moved, decide_by=decide_by, is_short_notice=is_short)
        case AdmissionApproved(scope=scope, valid_from=valid_from, valid_until=valid_until, reason=reason):
            return replace(moved, scope=scope, valid_from=valid_from, valid_until=valid_until, reason=reason)
        case AdmissionRejected() | AdmissionSuspended() | AdmissionResumed() | AdmissionRevoked():
            return replace(moved, reason=event.reason)
        case AdmissionReviewStarted() | AdmissionExpired():
            return moved
        case _:
            assert_never(event)
