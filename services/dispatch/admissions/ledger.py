"""What is asked of the communities of a district in a month, booked in one stream before it is asked.

Two departments that ask at the same moment write to the same ledger, so one of them writes second and sees what the
first one took: both cannot have the last place. Whoever dies between booking and asking leaves an entry without a
demand; it is found, and freed, by the first who would be refused for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from services.dispatch.domain.caps import Caps, Load
from shared.contracts.demand import BurdenFreed, BurdenReserved, DemandMade, DemandReportedOutside
from shared.contracts.envelope import Recorded
from shared.handling import Cause
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.kernel.working_calendar import Calendar
from shared.ports import Append, Appended, EventLog, Happening

BookEvent = BurdenReserved | BurdenFreed
ON_ITS_WAY = timedelta(seconds=60)
"""For so long an entry counts of which no demand is known: it may be on its way. It never takes as long."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is booked."""

    entries: Mapping[UUID, BurdenReserved] = field(default_factory=dict)

    def used(self, community: Area) -> Load:
        """What is asked of the community in this month."""
        there = (entry for entry in self.entries.values() if community.path in entry.communities)
        return sum((Load(1, entry.fields, entry.meetings) for entry in there), Load())


def evolve(ledger: Ledger, event: BookEvent) -> Ledger:
    """The ledger after the event."""
    match event:
        case BurdenReserved(demand_id=demand_id):
            return replace(ledger, entries={**ledger.entries, demand_id: event})
        case BurdenFreed(demand_id=demand_id):
            return replace(ledger, entries={key: one for key, one in ledger.entries.items() if key != demand_id})
        case _:
            assert_never(event)


def ledger_of(district: Area, month: str) -> UUID:
    return derived_id("burden", district.path, month)


def month_of(calendar: Calendar, at: datetime) -> str:
    """`2026-11`, on the clocks of the city."""
    return f"{calendar.local(at):%Y-%m}"


@dataclass(frozen=True, slots=True)
class Book:
    """The ledger of one district and month, as it stands in the log."""

    log: EventLog
    district: Area
    month: str

    @property
    def stream(self) -> str:
        return f"demand-{ledger_of(self.district, self.month)}"

    def read(self) -> tuple[Ledger, list[Recorded[Any]]]:
        """What is booked, and its history."""
        history, ledger = self.log.stream(self.stream), Ledger()
        for recorded in history:
            ledger = evolve(ledger, recorded.event)
        return ledger, history

    def take(self, demand_id: UUID, places: Iterable[Area], more: Load, caps: Caps, cause: Cause) -> tuple[Area, ...]:
        """Book the demand; the places for which it would be too much, and then nothing is booked.

        Raises Conflict when somebody else booked at the same moment: look again.
        """
        asked = tuple(places)
        ledger, history = self.read()
        over = _over(ledger, asked, more, caps)
        freed: tuple[BookEvent, ...] = ()
        if over:
            freed = self._never_made(ledger, history, cause.at)
            for event in freed:
                ledger = evolve(ledger, event)
            over = _over(ledger, asked, more, caps)
        if not over:
            self._write(len(history), (*freed, self.entry(demand_id, asked, more)), cause)
        return over

    def entry(self, demand_id: UUID, places: Iterable[Area], more: Load) -> BurdenReserved:
        return BurdenReserved(
            ledger_id=ledger_of(self.district, self.month),
            month=self.month,
            demand_id=demand_id,
            communities=tuple(place.path for place in places),
            fields=more.fields,
            meetings=more.meetings,
        )

    def note(self, event: BookEvent, cause: Cause) -> Appended:
        """Book what has happened already, or free it, whatever the caps say."""
        return self._write(len(self.log.stream(self.stream)), (event,), cause, keyed=True)

    def _never_made(self, ledger: Ledger, history: list[Recorded[Any]], at: datetime) -> tuple[BurdenFreed, ...]:
        booked = {
            found.event.demand_id: found.occurred_at for found in history if isinstance(found.event, BurdenReserved)
        }
        old = [key for key in ledger.entries if at - booked[key] > ON_ITS_WAY]
        gone = [key for key in old if not self._is_there(key)]
        ledger_id = ledger_of(self.district, self.month)
        return tuple(BurdenFreed(ledger_id=ledger_id, demand_id=key, reason="never made") for key in gone)

    def _is_there(self, demand_id: UUID) -> bool:
        found = self.log.stream(f"demand-{demand_id}")
        return any(isinstance(one.event, DemandMade | DemandReportedOutside) for one in found)

    def _write(self, version: int, events: tuple[BookEvent, ...], cause: Cause, *, keyed: bool = False) -> Appended:
        return self.log.append(
            Append(
                stream=self.stream,
                expected=version,
                happenings=tuple(Happening(event, cause.at) for event in events),
                area=self.district,
                actor=cause.actor,
                correlation_id=ledger_of(self.district, self.month),
                causation_id=cause.causation_id,
                idempotency_key=cause.idempotency_key if keyed else None,
                traceparent=cause.traceparent,
            )
        )


def _over(ledger: Ledger, places: Iterable[Area], more: Load, caps: Caps) -> tuple[Area, ...]:
    return tuple(place for place in places if caps.passed(place, ledger.used(place), more))
