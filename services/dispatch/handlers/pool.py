"""The open pool: offering, claiming within one's limit, giving back; and saying that a claim has run out.

A claim needs two streams: the case's, where one of many wins, and the volunteer's, where the limit holds. A place is
taken in the second before the case is asked in the first; whoever dies in between leaves a place that the volunteer's
next claim finds, compares with the case, and frees.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from services.dispatch.domain import pool, volunteer
from services.dispatch.domain.case import Case, Task
from services.dispatch.domain.evolve import CaseEvent, evolve
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.domain.volunteer import Standing, Volunteer, VolunteerEvent
from services.dispatch.handlers.common import area_of, case_stream, change, on_case
from shared.contracts.clock import Stage
from shared.contracts.envelope import Actor
from shared.contracts.volunteer import ClaimReserved, ClaimSettled
from shared.handling import Cause, amend, fold
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Refused
from shared.kernel.ids import derived_id, new_id
from shared.kernel.masking import mask
from shared.kernel.working_time import due
from shared.ports import Append, Appended, EventLog, Happening
from shared.security.permission import Asker

TIMER = Actor("wuji", "timer")
ON_ITS_WAY = timedelta(seconds=60)
"""For so long a place counts of which the case knows nothing: the claim may be on its way. It never takes as long."""


def offer(
    log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause, *, what: str, claim_hours: int | None
) -> Appended:
    """Put the case into the pool, for as long a claim as the area's rules say."""
    area = area_of(log, case_id, asker)
    hours = claim_hours or rulebook.pools.rules(area).claim_hours

    def decide(case: Case) -> Iterable[CaseEvent]:
        filed = case.filed
        limit = rulebook.of_case(filed).limit(Stage.HANDLE, filed.issue_type, area, filed.urgency, loop=case.loop)
        until = None if limit is None else due(cause.at, limit, rulebook.calendar)
        wish = pool.Offer(
            what=mask(what),
            claim_hours=hours,
            due_at=None if until is None else until.at,
            due_because="" if until is None else str(until.because),
        )
        return pool.offer(case, asker, wish)

    return change(log, case_id, cause, decide)


def claim(log: EventLog, rulebook: Rulebook, case_id: UUID, asker: Asker, cause: Cause) -> Appended:
    """Take the task, when nobody else has, and no more are in hand than the area's rules allow."""
    area = area_of(log, case_id, asker)
    if cause.idempotency_key is not None:
        before = log.seen(cause.idempotency_key, cause.request_hash)
        if before is not None:
            return before
    say_expired(log, case_id, cause.at)
    case = _load(log, case_id)
    pool.claim(case, asker, new_id(), cause.at)  # Refused now, before a place is taken for nothing.
    most = rulebook.pools.rules(area).claims_per_person
    claim_id = _take_place(log, asker, case, most, area, cause)
    try:
        return change(log, case_id, cause, lambda found: pool.claim(found, asker, claim_id, cause.at))
    except Refused:
        _free(log, asker.id, claim_id, cause)
        raise


def release(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """Give the task back to the pool."""
    return on_case(log, case_id, asker, cause, lambda case: pool.release(case, asker, mask(reason)))


def take_back(log: EventLog, case_id: UUID, asker: Asker, cause: Cause, *, reason: str) -> Appended:
    """Take a case out of the pool that nobody takes."""
    say_expired(log, case_id, cause.at)
    return on_case(log, case_id, asker, cause, lambda case: pool.take_back(case, asker, mask(reason)))


def say_expired(log: EventLog, case_id: UUID, at: datetime) -> bool:
    """Append that the claim of the case has run out, when it has; whether there was anything to say."""
    case = fold(log.stream(case_stream(case_id)), evolve)
    if case is None or not pool.expire(case, at) or case.task is None or case.task.claim is None:
        return False
    cause = Cause(actor=TIMER, at=at, idempotency_key=f"claim.expired:{case.task.claim.claim_id}")
    try:
        return not amend(log, case_stream(case_id), evolve, lambda found: pool.expire(found, at), cause).repeated
    except Conflict:
        return False  # Somebody did something with the case this very moment; whoever looks next sees what.


# --- a volunteer's places -----------------------------------------------------------------------------------------


def stream_of(account: str) -> str:
    return f"volunteer-{account}"


def have_room(log: EventLog, rulebook: Rulebook, asker: Asker, case: Case, area: Area, at: datetime) -> None:
    """Whether the volunteer may have one more in hand. Raises Refused at the limit; nothing is taken."""
    _find_place(log, asker, case, rulebook.pools.rules(area).claims_per_person, at)


def _take_place(log: EventLog, asker: Asker, case: Case, most: int, area: Area, cause: Cause) -> UUID:
    """A place for the task; the claim's id. Raises Refused at the limit, Conflict when the same person claims twice."""
    claim_id, version, events = _find_place(log, asker, case, most, cause.at)
    if events:
        _write(log, asker.id, version, events, area, cause)
    return claim_id


def _find_place(
    log: EventLog, asker: Asker, case: Case, most: int, at: datetime
) -> tuple[UUID, int, tuple[VolunteerEvent, ...]]:
    """The claim's id, and what is to be written, at which version, for it to have a place; nothing where it has one."""
    history = log.stream(stream_of(asker.id))
    known = fold(history, volunteer.evolve) or Volunteer()
    task = _the_task(case)
    standings = {claim_id: _standing(log, place, at) for claim_id, place in known.places.items()}
    begun = known.of_task(task.task_id)
    if begun is not None and standings[begun.claim_id] is Standing.UNKNOWN:
        return begun.claim_id, len(history), ()  # An earlier try got this far.
    taken_at = {found.event.claim_id: found.occurred_at for found in history if isinstance(found.event, ClaimReserved)}
    over = [
        (claim_id, found)
        for claim_id, found in standings.items()
        if found is not Standing.HELD and (found is not Standing.UNKNOWN or at - taken_at[claim_id] > ON_ITS_WAY)
    ]
    place = ClaimReserved(
        claim_id=new_id(),
        case_id=case.case_id,
        task_id=task.task_id,
        account=asker.id,
        until=at + timedelta(hours=task.claim_hours or 1),
    )
    return place.claim_id, len(history), volunteer.reserve(known, place, over, most)


def _write(
    log: EventLog, account: str, version: int, events: tuple[VolunteerEvent, ...], area: Area, cause: Cause
) -> None:
    log.append(
        Append(
            stream=stream_of(account),
            expected=version,
            happenings=tuple(Happening(event, cause.at) for event in events),
            area=area,
            actor=cause.actor,
            correlation_id=derived_id("volunteer", account),
            traceparent=cause.traceparent,
        )
    )


def _free(log: EventLog, account: str, claim_id: UUID, cause: Cause) -> None:
    """The place is not needed: somebody else was first. Where this fails, the next claim frees it."""
    plain = Cause(actor=cause.actor, at=cause.at, traceparent=cause.traceparent)
    settled = ClaimSettled(claim_id=claim_id, outcome=Standing.UNKNOWN.value)

    def decide(known: Volunteer) -> tuple[VolunteerEvent, ...]:
        return (settled,) if claim_id in known.places else ()

    try:
        amend(log, stream_of(account), volunteer.evolve, decide, plain)
    except Conflict:
        return


def _standing(log: EventLog, place: ClaimReserved, at: datetime) -> Standing:
    history = log.stream(case_stream(place.case_id))
    case = fold(history, evolve)
    if case is None:
        return Standing.UNKNOWN
    return volunteer.standing(case, (found.event for found in history), place.claim_id, at)


def _load(log: EventLog, case_id: UUID) -> Case:
    found = fold(log.stream(case_stream(case_id)), evolve)
    if found is None:
        raise LookupError(f"case {case_id} was there a moment ago")
    return found


def _the_task(case: Case) -> Task:
    if case.task is None:
        raise LookupError("only a case with a task can be claimed")
    return case.task
