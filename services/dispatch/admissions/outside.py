"""Demands that reached a community by another way 体外下派: told of, counted, settled by a leader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from services.dispatch.admissions import force
from services.dispatch.admissions.demand import MISSING
from services.dispatch.admissions.demands import ALLOWERS, SPEAKERS, stream_of
from services.dispatch.admissions.ledger import Book
from services.dispatch.domain.caps import Load
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.admission import DemandKind
from shared.contracts.demand import BurdenFreed, Channel, DemandOutsideSettled, DemandReportedOutside, Settled
from shared.contracts.envelope import Recorded
from shared.handling import Cause, amend, begin
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound, Refused
from shared.kernel.ids import new_id
from shared.kernel.masking import mask
from shared.kernel.wording import Wording
from shared.ports import Appended, EventLog
from shared.security import permission
from shared.security.permission import Asker
from shared.telemetry import metrics

OutsideEvent = DemandReportedOutside | DemandOutsideSettled
OLDEST = 366
"""Days: what lies further back is history, and no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a community tells of."""

    community: Area
    department: str | None
    asked_by: str
    channel: Channel
    kind: DemandKind
    what: str
    fields: int
    asked_on: date
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outside:
    """A demand that was made outside, and what a leader decided."""

    told: DemandReportedOutside
    settled: DemandOutsideSettled | None = None


def evolve(found: Outside | None, event: OutsideEvent) -> Outside:
    """After the event."""
    match event:
        case DemandReportedOutside():
            return Outside(event)
        case DemandOutsideSettled():
            if found is None:
                raise LookupError("it begins with demand.reported_outside")
            return Outside(found.told, event)
        case _:
            assert_never(event)


def report(log: EventLog, rulebook: Rulebook, told: Told, asker: Asker, cause: Cause) -> UUID:
    """A community says what somebody asked of it; the id under which it is kept."""
    permission.speak_for(permission.require(asker, roles=SPEAKERS), told.community)
    if cause.idempotency_key is not None:
        before = log.seen(cause.idempotency_key, cause.request_hash)
        if before is not None:
            return _id_of(before.stream)
    if told.department is not None:
        rulebook.registered(told.department, "department")
    today = rulebook.calendar.local(cause.at).date()
    if not 0 <= (today - told.asked_on).days <= OLDEST:
        said = Wording(f"提出日期须在最近 {OLDEST} 天内", f"the day lies in the last {OLDEST} days")
        raise Invalid(str(said), where="asked_on")
    demand_id = new_id()
    event = DemandReportedOutside(
        demand_id=demand_id,
        community=told.community.path,
        department=told.department,
        asked_by=mask(told.asked_by),
        channel=told.channel,
        kind=told.kind,
        what=mask(told.what),
        fields=told.fields,
        asked_on=told.asked_on,
        evidence=told.evidence,
    )
    done = begin(log, stream_of(demand_id), (event,), cause, area=told.community, correlation_id=demand_id)
    metrics.ADMISSION_BLOCKED.labels(told.kind.value, "outside").inc()
    return _id_of(done.stream)


def settle(
    log: EventLog,
    demand_id: UUID,
    asker: Asker,
    cause: Cause,
    *,
    outcome: Settled,
    reason: str,
    admission_id: UUID | None = None,
) -> Appended:
    """A leader decides: it goes on under an admission that is in force there, it was stopped, or it was no burden."""
    told = load(log, demand_id).told
    community = Area(told.community)
    permission.require(asker, roles=ALLOWERS, action_area=community)
    if (outcome is Settled.REGULARISED) is not (admission_id is not None):
        said = Wording("纳入准入须指明准入事项，其他处理则不用", "an admission is named when it goes on under one")
        raise Invalid(str(said), where="admission_id")

    def decide(found: Outside) -> Iterable[OutsideEvent]:
        if found.settled is not None:
            raise Refused(str(Wording("已处理", "it is settled already")), rule="outside.settled_already")
        if admission_id is not None:
            _admitted(log, admission_id, told, cause.at)
        return (
            DemandOutsideSettled(
                demand_id=demand_id,
                community=told.community,
                outcome=outcome,
                admission_id=admission_id,
                reason=mask(reason),
            ),
        )

    return amend(log, stream_of(demand_id), evolve, decide, cause)


def count(
    recorded: Recorded[DemandReportedOutside | DemandOutsideSettled],
    log: EventLog,
    *,
    consumer: str,
    at: datetime,
) -> Appended | None:
    """It weighs on the community's month like any demand, until it turns out to be no burden."""
    told = load(log, recorded.event.demand_id).told
    community, cause = Area(told.community), Cause.reaction(consumer, recorded, at)
    book = Book(log, community.district, f"{told.asked_on:%Y-%m}")
    more = Load(1, told.fields, int(told.kind is DemandKind.MEETING))
    entry, event = book.entry(told.demand_id, [community], more), recorded.event
    if isinstance(event, DemandReportedOutside):
        return book.note(entry, cause)
    if event.outcome is not Settled.NO_BURDEN:
        return None
    return book.note(BurdenFreed(ledger_id=entry.ledger_id, demand_id=told.demand_id, reason=event.reason), cause)


def load(log: EventLog, demand_id: UUID) -> Outside:
    """One of them. Raises NotFound."""
    found: Outside | None = None
    for recorded in log.stream(stream_of(demand_id)):
        if isinstance(recorded.event, DemandReportedOutside | DemandOutsideSettled):
            found = evolve(found, recorded.event)
    if found is None:
        raise NotFound(str(Wording("没有这项体外下派", f"nothing was told of as {demand_id}")))
    return found


def _admitted(log: EventLog, admission_id: UUID, told: DemandReportedOutside, at: datetime) -> None:
    admission = force.required(log, admission_id, Area(told.community), at)
    if admission.department != told.department:
        said = Wording(
            f"该准入事项属于 {admission.department}，不是提出单位的",
            f"this is an admission of {admission.department}, and not of whoever asked",
        )
        raise Refused(str(said), rule=MISSING, where="admission_id")


def _id_of(stream: str) -> UUID:
    return UUID(stream.partition("-")[2])
