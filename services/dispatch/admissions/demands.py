"""One function per command on a demand: who asks whom, under which admission, and what communities say to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dispatch.admissions import demand as decisions
from services.dispatch.admissions.demand import Demand, DemandEvent, evolve
from services.dispatch.admissions.domain import APPLICANTS, Admission
from services.dispatch.admissions.force import in_force
from shared.contracts.admission import DemandKind
from shared.contracts.demand import AskedOf, DemandBlocked, DemandMade, Filled
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, NotFound
from shared.kernel.ids import new_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker
from shared.telemetry import metrics

SPEAKERS = ("duty_chief", "dispatcher", "grid_worker")
"""Who may speak for a community, when they belong to it."""
_PREFIX = "demand-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a department wants of communities."""

    kind: DemandKind
    matter: str
    what: str
    communities: tuple[Area, ...]
    form: str | None = None
    due_at: datetime | None = None


def make(log: EventLog, wish: Wish, asker: Asker, cause: Cause) -> UUID:
    """Ask communities for something; the demand's id.

    All of them or none: raises Refused (`admission.missing`) when any has no admission in force, and keeps the attempt
    as an event, so that what was blocked can be counted years later.
    """
    department = _department(asker, wish)
    if cause.idempotency_key is not None:
        before = log.seen(cause.idempotency_key, cause.request_hash)
        if before is not None:
            return _as_before(log, UUID(before.stream.removeprefix(_PREFIX)))
    found = in_force(log, department, wish.communities, cause.at, wish.kind, wish.form)
    demand_id, about = new_id(), _around(wish.communities)
    missing = [place.path for place in wish.communities if place not in found]
    if missing:
        event = _blocked(demand_id, department, wish, missing)
        begin(log, stream_of(demand_id), (event,), cause, area=about, correlation_id=demand_id)
        metrics.ADMISSION_BLOCKED.labels(wish.kind.value).inc()
        raise decisions.blocked(event)
    made = _made(demand_id, department, wish, found, cause.at)
    begin(log, stream_of(demand_id), (made,), cause, area=about, correlation_id=demand_id)
    return demand_id


def answer(  # what a community says, field by field
    log: EventLog,
    demand_id: UUID,
    community: Area,
    asker: Asker,
    cause: Cause,
    *,
    words: str,
    filled: tuple[Filled, ...] = (),
    evidence: tuple[str, ...] = (),
) -> Appended:
    """A community has done it."""
    _speaker(asker, community)
    masked = tuple(Filled(field=one.field, text=mask(one.text)) for one in filled)
    return _change(
        log,
        demand_id,
        cause,
        lambda found: decisions.answer(found, community, mask(words), masked, evidence, cause.at),
    )


def decline(log: EventLog, demand_id: UUID, community: Area, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """A community refuses, and says why."""
    _speaker(asker, community)
    return _change(log, demand_id, cause, lambda found: decisions.decline(found, community, mask(reason)))


def withdraw(log: EventLog, demand_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """The department wants it no more."""
    permission.require(asker, roles=APPLICANTS, department=load(log, demand_id).made.department)
    return _change(log, demand_id, cause, lambda found: decisions.withdraw(found, mask(reason)))


def load(log: EventLog, demand_id: UUID) -> Demand:
    """One demand. Raises NotFound."""
    found = fold(log.stream(stream_of(demand_id)), evolve)
    if found is None:
        raise NotFound(str(Wording(f"没有下派 {demand_id}", f"there is no demand {demand_id}")))
    return found


def stream_of(demand_id: UUID) -> str:
    return f"{_PREFIX}{demand_id}"


# --- what they share ----------------------------------------------------------------------------------------------


def _department(asker: Asker, wish: Wish) -> str:
    permission.require(asker, roles=APPLICANTS)
    if asker.department is None:
        raise Forbidden(str(Wording("您的账号没有所属部门", "your account names no department")))
    if not wish.communities:
        raise Invalid(str(Wording("没有指定社区", "no community is named")), where="areas")
    if wish.kind in (DemandKind.FORM, DemandKind.REPORT) and wish.form is None:
        raise Invalid(str(Wording("须指明表册", "name the form or record that is wanted")), where="form")
    for place in wish.communities:
        permission.require(asker, action_area=place)
    return asker.department


def _speaker(asker: Asker, community: Area) -> None:
    permission.speak_for(permission.require(asker, roles=SPEAKERS), community)


def _as_before(log: EventLog, demand_id: UUID) -> UUID:
    """A repeated request is answered as it was: also by the same refusal."""
    before = load(log, demand_id).made
    if isinstance(before, DemandBlocked):
        raise decisions.blocked(before)
    return demand_id


def _blocked(demand_id: UUID, department: str, wish: Wish, missing: list[str]) -> DemandBlocked:
    return DemandBlocked(
        demand_id=demand_id,
        department=department,
        kind=wish.kind,
        matter=mask(wish.matter),
        communities=tuple(place.path for place in wish.communities),
        missing=tuple(missing),
    )


def _made(
    demand_id: UUID, department: str, wish: Wish, admissions: Mapping[Area, Admission], at: datetime
) -> DemandMade:
    if wish.due_at is not None and wish.due_at <= at:
        raise Invalid(str(Wording("期限须晚于现在", "the due instant is to come")), where="due_at")
    return DemandMade(
        demand_id=demand_id,
        department=department,
        kind=wish.kind,
        matter=mask(wish.matter),
        what=mask(wish.what),
        form=wish.form,
        fields=_fields(wish, list(admissions.values())),
        asked=tuple(
            AskedOf(community=place.path, admission_id=admissions[place].admission_id) for place in wish.communities
        ),
        due_at=wish.due_at,
    )


def _fields(wish: Wish, admissions: list[Admission]) -> tuple[str, ...]:
    """What the form asks for, which is the same in every admission that the demand rests on."""
    if wish.form is None:
        return ()
    found = {one.form_fields(wish.form) or () for one in admissions}
    if len(found) > 1:
        said = Wording(
            f"各准入事项中表册「{wish.form}」不一致", f"the admissions differ in what {wish.form!r} asks for"
        )
        raise Invalid(str(said), where="form", hint="ask in two demands")
    return found.pop()


def _around(places: Iterable[Area]) -> Area:
    """The narrowest area in which all of them lie."""
    first, *others = places
    inside = [area for area in first.ancestors() if all(other.is_within(area) for other in others)]
    if not inside:
        raise Invalid(str(Wording("社区须在同一区", "all of them must lie in one district")), where="areas")
    return inside[-1]


def _change(
    log: EventLog, demand_id: UUID, cause: Cause, decide: Callable[[Demand], Iterable[DemandEvent]]
) -> Appended:
    return amend(log, stream_of(demand_id), evolve, decide, cause)
