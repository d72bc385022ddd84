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
from services.dispatch.admissions.ledger import Book, month_of
from services.dispatch.domain.caps import Caps, Load
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.admission import DemandKind
from shared.contracts.demand import AskedOf, DemandBlocked, DemandMade, Filled
from shared.handling import Cause, amend, begin, fold
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused
from shared.kernel.ids import new_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker
from shared.telemetry import metrics

SPEAKERS = ("duty_chief", "dispatcher", "grid_worker")
"""Who may speak for a community, when they belong to it."""
ALLOWERS = ("leader",)
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
    allowed: UUID | None = None
    """The demand that was refused for the cap and that a leader has let pass: this is it again."""


def make(log: EventLog, rulebook: Rulebook, wish: Wish, asker: Asker, cause: Cause) -> UUID:
    """Ask communities for something; the demand's id.

    All of them or none: raises Refused when any has no admission in force (`admission.missing`), or would be asked for
    more than its cap of the month (`burden_cap`), and keeps the attempt as an event, so that what was blocked can be
    counted years later. What a leader has allowed may be made once.
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
        raise _refusal(log, _blocked(demand_id, department, wish, missing=missing), about, cause)
    made = _made(wish.allowed or demand_id, department, wish, found, cause.at)
    book = Book(log, about.district, month_of(rulebook.calendar, cause.at))
    if wish.allowed is not None:
        return _make_allowed(log, book, made, wish, cause)
    over = book.take(demand_id, wish.communities, _load(made), rulebook.caps, cause)
    if over:
        paths = tuple(place.path for place in over)
        event = _blocked(
            demand_id,
            department,
            wish,
            over=paths,
            fields=len(made.fields),
            reason=decisions.too_much(paths, book.month),
        )
        raise _refusal(log, event, about, cause)
    done = begin(log, stream_of(demand_id), (made,), cause, area=about, correlation_id=demand_id)
    return UUID(done.stream.removeprefix(_PREFIX))


def allow(log: EventLog, demand_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """A leader lets a demand pass that was refused for the cap."""
    load(log, demand_id)
    permission.require(asker, roles=ALLOWERS, action_area=log.stream(stream_of(demand_id))[0].area)
    return _change(log, demand_id, cause, lambda found: decisions.allow(found, mask(reason)))


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
    history = log.stream(stream_of(demand_id))
    # Ledgers, and what was told of as made outside, have streams of the same category.
    is_one = bool(history) and isinstance(history[0].event, DemandMade | DemandBlocked)
    found = fold(history, evolve) if is_one else None
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


def _make_allowed(log: EventLog, book: Book, made: DemandMade, wish: Wish, cause: Cause) -> UUID:
    """The demand that a leader has let pass is made now, in the stream of the one that was refused: only once."""
    wanted = _blocked(made.demand_id, made.department, wish, fields=len(made.fields))
    decisions.permitted(load(log, made.demand_id), wanted)
    book.take(made.demand_id, wish.communities, _load(made), Caps(), cause)

    def decide(found: Demand) -> Iterable[DemandEvent]:
        decisions.permitted(found, wanted)
        return (made,)

    _change(log, made.demand_id, cause, decide)
    return made.demand_id


def _load(made: DemandMade) -> Load:
    """What the demand puts on each community."""
    return Load(1, len(made.fields), int(made.kind is DemandKind.MEETING))


def _refusal(log: EventLog, event: DemandBlocked, about: Area, cause: Cause) -> Refused:
    """The refusal, once the attempt is on record and counted."""
    begin(log, stream_of(event.demand_id), (event,), cause, area=about, correlation_id=event.demand_id)
    refusal = decisions.blocked(event)
    metrics.ADMISSION_BLOCKED.labels(event.kind.value, refusal.rule).inc()
    return refusal


def _blocked(
    demand_id: UUID,
    department: str,
    wish: Wish,
    *,
    missing: Iterable[str] = (),
    over: tuple[str, ...] = (),
    fields: int = 0,
    reason: str | None = None,
) -> DemandBlocked:
    return DemandBlocked(
        demand_id=demand_id,
        department=department,
        kind=wish.kind,
        matter=mask(wish.matter),
        communities=tuple(place.path for place in wish.communities),
        missing=tuple(missing),
        over=over,
        fields=fields,
        reason=reason,
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
        fields=form_fields(wish, list(admissions.values())),
        asked=tuple(
            AskedOf(community=place.path, admission_id=admissions[place].admission_id) for place in wish.communities
        ),
        due_at=wish.due_at,
    )


def form_fields(wish: Wish, admissions: list[Admission]) -> tuple[str, ...]:
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
