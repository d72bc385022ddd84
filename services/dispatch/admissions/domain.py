"""One admission: its states, who may move it, and whether it holds at an instant. Pure.

Whether an approved admission is in force is a question of its period and of nothing else: it needs no clock that runs,
and an expiry that nobody has noticed yet is an expiry all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid, Refused
from shared.kernel.wording import Wording
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import Limit, Unit, due

LEAD_TIME = Limit(30, Unit.WORKING_DAYS)
"""How long before it begins an admission is to be applied for; later is short notice."""
TO_DECIDE = Limit(15, Unit.WORKING_DAYS)
"""How long those who decide have."""
LONGEST = timedelta(days=3 * 366)
"""No admission holds longer without being applied for again."""

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


# --- what may be done ---------------------------------------------------------------------------------------------


def checked(draft: AdmissionDrafted) -> AdmissionDrafted:
    """The draft, when it says everything that is asked of one. Raises Invalid with every field that is wrong."""
    errors: dict[str, object] = {}
    areas = [Area.parse(path) for path in draft.scope]
    if not areas:
        errors["scope"] = ["name at least one area"]
    elif any(area.tier > Tier.COMMUNITY for area in areas):
        errors["scope"] = ["an admission is for communities: name communities, streets or the district"]
    elif len({area.district for area in areas}) > 1:
        errors["scope"] = ["every area must lie in the same district"]
    if not draft.kinds:
        errors["kinds"] = ["say what will be asked for"]
    if not timedelta() < draft.valid_until - draft.valid_from <= LONGEST:
        errors["valid_until"] = [f"the period is to be longer than nothing and at most {LONGEST.days} days"]
    if {DemandKind.FORM, DemandKind.REPORT} & set(draft.kinds) and not draft.forms:
        errors["forms"] = ["list the forms and standing records that will be asked for"]
    if len({form.form for form in draft.forms}) < len(draft.forms):
        errors["forms"] = ["every form is listed once"]
    if draft.forms and not draft.already_known:
        errors["already_known"] = ["say what is on record already, and why that does not do"]
    if errors:
        raise Invalid("the application is incomplete", errors=errors)
    return draft


def amend(admission: Admission, draft: AdmissionDrafted, at: datetime) -> tuple[AdmissionEvent, ...]:
    """Another wording of a draft; nothing when it says the same."""
    need(admission, "admission.drafted", at)
    return () if draft == admission.draft else (checked(draft),)


def apply(admission: Admission, calendar: Calendar, at: datetime) -> tuple[AdmissionEvent, ...]:
    """The department applies: those who decide have their time from now on."""
    need(admission, "admission.applied", at)
    if at >= admission.valid_until:
        raise Refused(str(Wording("申请的期限已过", "the period is over already")), rule="admission.period_over")
    decide = due(at, TO_DECIDE, calendar)
    return (
        AdmissionApplied(
            admission_id=admission.admission_id,
            department=admission.department,
            decide_by=decide.at,
            due_because=str(decide.because),
            is_short_notice=due(at, LEAD_TIME, calendar).at > admission.valid_from,
        ),
    )


def review(admission: Admission, at: datetime) -> tuple[AdmissionEvent, ...]:
    need(admission, "admission.review_started", at)
    return (AdmissionReviewStarted(admission_id=admission.admission_id),)


@dataclass(frozen=True, slots=True)
class Narrower:
    """What an approval changes about what was wanted: fewer places, a shorter period. None: as it was wanted."""

    scope: tuple[Area, ...] | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def approve(
    admission: Admission, narrower: Narrower, reason: str | None, at: datetime
) -> tuple[AdmissionEvent, ...]:
    """It may be asked: all of what was wanted or less, never more."""
    need(admission, "admission.approved", at)
    if admission.is_short_notice and not (reason or "").strip():
        said = Wording("临时申请须写明批准理由", "it comes on short notice: say why it is approved all the same")
        raise Invalid(str(said), where="reason")
    scope = narrower.scope or tuple(Area(path) for path in admission.scope)
    first = narrower.valid_from or admission.valid_from
    last = narrower.valid_until or admission.valid_until
    _be_within(admission, scope, first, last)
    if last <= max(first, at):
        raise Refused(str(Wording("批准的期限已过", "the period is over already")), rule="admission.period_over")
    return (
        AdmissionApproved(
            admission_id=admission.admission_id,
            department=admission.department,
            matter=admission.draft.matter,
            scope=tuple(area.path for area in scope),
            kinds=admission.kinds,
            valid_from=first,
            valid_until=last,
            reason=reason,
        ),
    )


def _be_within(admission: Admission, scope: Iterable[Area], first: datetime, last: datetime) -> None:
    wanted = [Area(path) for path in admission.scope]
    outside = [area.path for area in scope if not any(area.is_within(place) for place in wanted)]
    if outside:
        raise Invalid(f"nobody asked for {', '.join(outside)}", where="scope")
    if first < admission.valid_from or last > admission.valid_until:
        raise Invalid("the period may be shortened, not lengthened", where="valid_until")


def reject(admission: Admission, reason: str, at: datetime) -> tuple[AdmissionEvent, ...]:
    need(admission, "admission.rejected", at)
    return (AdmissionRejected(admission_id=admission.admission_id, reason=reason),)


def suspend(admission: Admission, reason: str, at: datetime) -> tuple[AdmissionEvent, ...]:
    need(admission, "admission.suspended", at)
    return (AdmissionSuspended(admission_id=admission.admission_id, reason=reason),)


def resume(admission: Admission, reason: str, at: datetime) -> tuple[AdmissionEvent, ...]:
    need(admission, "admission.resumed", at)
    return (AdmissionResumed(admission_id=admission.admission_id, reason=reason),)


def revoke(admission: Admission, reason: str, at: datetime) -> tuple[AdmissionEvent, ...]:
    need(admission, "admission.revoked", at)
    return (AdmissionRevoked(admission_id=admission.admission_id, reason=reason),)


def expire(admission: Admission, at: datetime) -> tuple[AdmissionEvent, ...]:
    """What its period's end has made true, said; nothing when it was said, or is not true yet."""
    if not admission.is_to_expire or at < admission.valid_until:
        return ()
    return (AdmissionExpired(admission_id=admission.admission_id, valid_until=admission.valid_until),)


def need(admission: Admission, event: str, at: datetime) -> None:
    """Raises Refused when the event may not happen where the admission stands now."""
    sources, state = MOVES[event][0], admission.state(at)
    if state in sources:
        return
    zh, en = "、".join(f"「{one.zh}」" for one in sources), " or ".join(one.value for one in sources)
    said = Wording(
        f"准入事项现为「{state.zh}」，须为{zh}", f"the admission is {state.value}; this takes one that is {en}"
    )
    raise Refused(str(said), rule="admission.not_possible_now")
