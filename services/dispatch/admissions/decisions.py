"""What may be done with an admission: its state and the wish → the events that follow, or a refusal naming its rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.dispatch.admissions.domain import MOVES, Admission, AdmissionEvent
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


def checked(draft: AdmissionDrafted) -> AdmissionDrafted:
    """The draft, when it says everything that is asked of one. Raises Invalid with every field that is wrong."""
    errors: dict[str, object] = {**_wrong_scope(draft), **_wrong_forms(draft)}
    if not draft.kinds:
        errors["kinds"] = ["say what will be asked for"]
    if not timedelta() < draft.valid_until - draft.valid_from <= LONGEST:
        errors["valid_until"] = [f"the period is to be longer than nothing and at most {LONGEST.days} days"]
    if errors:
        raise Invalid("the application is incomplete", errors=errors)
    return draft


def _wrong_scope(draft: AdmissionDrafted) -> dict[str, object]:
    areas = [Area.parse(path) for path in draft.scope]
    if not areas:
        return {"scope": ["name at least one area"]}
    if any(area.tier > Tier.COMMUNITY for area in areas):
        return {"scope": ["an admission is for communities: name communities, streets or the district"]}
    if len({area.district for area in areas}) > 1:
        return {"scope": ["every area must lie in the same district"]}
    return {}


def _wrong_forms(draft: AdmissionDrafted) -> dict[str, object]:
    errors: dict[str, object] = {}
    if {DemandKind.FORM, DemandKind.REPORT} & set(draft.kinds) and not draft.forms:
        errors["forms"] = ["list the forms and standing records that will be asked for"]
    if len({form.form for form in draft.forms}) < len(draft.forms):
        errors["forms"] = ["every form is listed once"]
    if draft.forms and not draft.already_known:
        errors["already_known"] = ["say what is on record already, and why that does not do"]
    return errors


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


def approve(admission: Admission, narrower: Narrower, reason: str | None, at: datetime) -> tuple[AdmissionEvent, ...]:
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
