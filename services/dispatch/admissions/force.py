"""Which admission holds where at this moment: what every demand, and every case that goes down a loop, asks first.

Answered from the log itself: all admissions of a department share one correlation id, so they are one query, and
neither an approval nor a revocation a moment ago is overlooked, however far behind a projection may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.admissions import decisions
from services.dispatch.admissions.demand import MISSING
from services.dispatch.admissions.domain import Admission, evolve
from shared.contracts.admission import DemandKind
from shared.contracts.envelope import Actor, Recorded
from shared.handling import Cause, amend, fold
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, NotFound, Refused
from shared.kernel.ids import derived_id
from shared.kernel.wording import Wording
from shared.ports import EventLog

TIMER = Actor("wuji", "timer")


def stream_of(admission_id: UUID) -> str:
    return f"admission-{admission_id}"


def register_of(department: str) -> UUID:
    """The correlation id that all admissions of a department share."""
    return derived_id("admissions", department)


def of_department(log: EventLog, department: str) -> list[Admission]:
    """Everything that the department ever applied for, the oldest first."""
    streams: dict[str, list[Recorded[Any]]] = {}
    for recorded in log.about(register_of(department)):
        streams.setdefault(recorded.stream, []).append(recorded)
    found = (fold(sorted(history, key=lambda one: one.version), evolve) for history in streams.values())
    return [admission for admission in found if admission is not None]


def load(log: EventLog, admission_id: UUID) -> Admission:
    """One admission. Raises NotFound."""
    found = fold(log.stream(stream_of(admission_id)), evolve)
    if found is None:
        raise NotFound(str(Wording(f"没有准入事项 {admission_id}", f"there is no admission {admission_id}")))
    return found


def in_force(
    log: EventLog,
    department: str,
    places: Iterable[Area],
    at: datetime,
    kind: DemandKind | None = None,
    form: str | None = None,
) -> Mapping[Area, Admission]:
    """Place → an admission of the department that holds there now, for that kind of demand and that form, where given.

    A place that is missing in the answer has none. Of several, the one that ends last counts. Periods that were found
    to be over are said so in the log on the way.
    """
    all_of_them = of_department(log, department)
    for admission in all_of_them:
        say_expired(log, admission, at)
    fit = [one for one in all_of_them if one.allows(kind, form)]
    fit.sort(key=lambda one: (one.valid_until, str(one.admission_id)), reverse=True)
    chosen = ((place, next((one for one in fit if one.holds(place, at)), None)) for place in places)
    return {place: admission for place, admission in chosen if admission is not None}


def required(log: EventLog, admission_id: UUID, place: Area, at: datetime) -> Admission:
    """The admission, when it holds there now: what a case needs in order to go down to a community.

    Raises NotFound, or Refused (`admission.missing`) saying how it stands.
    """
    found = load(log, admission_id)
    if found.holds(place, at):
        return found
    state = found.state(at)
    said = Wording(
        f"准入事项现为「{state.zh}」，在 {place} 不生效", f"the admission is {state.value}; it does not hold in {place}"
    )
    raise Refused(str(said), rule=MISSING, where="admission_id")


def say_expired(log: EventLog, admission: Admission, at: datetime) -> bool:
    """Append the expiry that its period's end has made true; whether there was one to say. Several may try at once."""
    if not decisions.expire(admission, at):
        return False
    key = f"admission.expired:{admission.admission_id}:{admission.valid_until.isoformat()}"
    cause = Cause(actor=TIMER, at=at, idempotency_key=key)
    try:
        done = amend(log, stream_of(admission.admission_id), evolve, lambda now: decisions.expire(now, at), cause)
    except Conflict:
        return False  # Somebody wrote to it this very moment; it is over all the same, and the next look says so.
    return bool(done.event_ids) and not done.repeated
