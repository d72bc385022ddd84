"""Whatever departments, chiefs and time do in whatever order: a demand reaches a community exactly when some admission
of that department was approved for it, has begun, has not ended, and is neither suspended nor revoked.

The model keeps only what people were told; the log is asked anew for everything, as after every restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from services.dispatch.admissions import decisions, demands, force, handlers
from services.dispatch.admissions.decisions import Narrower
from services.dispatch.admissions.domain import State, evolve
from shared.contracts.codec import encode, revive
from shared.contracts.demand import DemandBlocked, DemandMade
from shared.handling import fold
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden, Invalid, Refused
from shared.security.permission import Asker
from tests.support.admissions import CIVIL, DISTRICT_CHIEF, FAR, JINXING, LEADER, POLICE, WENYI, demand, wish
from tests.support.cases import RULEBOOK, THURSDAY, cause
from tests.support.memory import MemoryLog

PLACES = (WENYI, JINXING, FAR)
departments = st.sampled_from([CIVIL, POLICE])
deciders = st.sampled_from([DISTRICT_CHIEF, LEADER])
scopes = st.sets(st.sampled_from([*PLACES, Area("530103.004"), Area("530103")]), min_size=1).map(tuple)


@dataclass
class Told:
    """What people were told about one admission."""

    department: str
    scope: tuple[Area, ...]
    begins: datetime
    ends: datetime
    approved: bool = False
    suspended: bool = False
    over: bool = False

    def holds(self, place: Area, at: datetime) -> bool:
        standing = self.approved and not self.suspended and not self.over and self.begins <= at < self.ends
        return standing and any(place.is_within(area) for area in self.scope)


class AdmissionMachine(RuleBasedStateMachine):
    """Two departments, two who decide, three communities, and time that goes on."""

    admissions: Bundle[UUID] = Bundle("admissions")

    @initialize()
    def begin(self) -> None:
        self.log = MemoryLog("dispatch")
        self.at = THURSDAY
        self.told: dict[UUID, Told] = {}

    @rule(target=admissions, by=departments, scope=scopes, wait=st.integers(0, 3), days=st.integers(1, 6))
    def draft(self, by: Asker, scope: tuple[Area, ...], wait: int, days: int) -> UUID:
        begins = self.at + timedelta(days=wait)
        wanted = wish(scope=scope, valid_from=begins, valid_until=begins + timedelta(days=days))
        admission_id = handlers.draft(self.log, wanted, by, cause(by, self.at))
        assert by.department is not None
        self.told[admission_id] = Told(by.department, scope, begins, wanted.valid_until)
        return admission_id

    @rule(admission_id=admissions, by=departments)
    def apply(self, admission_id: UUID, by: Asker) -> None:
        self._tried(lambda: handlers.apply(self.log, RULEBOOK.calendar, admission_id, by, cause(by, self.at)))

    @rule(admission_id=admissions, by=deciders, only=st.none() | st.sampled_from(PLACES))
    def approve(self, admission_id: UUID, by: Asker, only: Area | None) -> None:
        narrower = Narrower(scope=None if only is None else (only,))
        if self._tried(lambda: handlers.approve(self.log, admission_id, narrower, "好", by, cause(by, self.at))):
            told = self.told[admission_id]
            told.approved, told.scope = True, told.scope if only is None else (only,)

    @rule(
        admission_id=admissions,
        by=deciders,
        decision=st.sampled_from([decisions.reject, decisions.suspend, decisions.resume, decisions.revoke]),
    )
    def decide(self, admission_id: UUID, by: Asker, decision: Any) -> None:
        if self._tried(lambda: handlers.decide(self.log, admission_id, decision, "故", by, cause(by, self.at))):
            told = self.told[admission_id]
            told.suspended = decision is decisions.suspend
            told.over = decision in (decisions.reject, decisions.revoke)

    @rule(hours=st.integers(1, 60))
    def time_goes_on(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule(by=departments, places=st.sets(st.sampled_from(PLACES), min_size=1).map(tuple))
    def demand(self, by: Asker, places: tuple[Area, ...]) -> None:
        before = len(self.log.events)
        went = self._tried(lambda: demands.make(self.log, RULEBOOK, demand(*places), by, cause(by, self.at)))
        kept = [found.event for found in self.log.events[before:] if found.type.startswith("demand.")]

        assert len(kept) == 1
        assert isinstance(kept[0], DemandMade if went else DemandBlocked)
        allowed = {place.path for place in places if self._holds(by.department, place)}
        if isinstance(kept[0], DemandBlocked):
            assert set(kept[0].missing) == {place.path for place in places} - allowed != set()
        else:
            assert {one.community for one in kept[0].asked} == allowed == {place.path for place in places}

    @invariant()
    def the_log_says_what_people_were_told(self) -> None:
        for department in ("civil-affairs", "police"):
            found = force.in_force(self.log, department, PLACES, self.at)
            assert set(found) == {place for place in PLACES if self._holds(department, place)}

    @invariant()
    def an_expiry_is_said_once_and_never_early(self) -> None:
        for admission_id, told in self.told.items():
            history = self.log.stream(force.stream_of(admission_id))
            expired = [recorded for recorded in history if recorded.type == "admission.expired"]
            assert len(expired) <= 1
            assert all(recorded.occurred_at >= told.ends for recorded in expired)

    @invariant()
    def a_replay_from_bytes_is_the_same(self) -> None:
        for admission_id in self.told:
            history = self.log.stream(force.stream_of(admission_id))
            again = None
            for recorded in history:
                again = evolve(again, revive(recorded.type, 1, encode(recorded.event)))
            assert again == fold(history, evolve)
            assert again is not None
            assert again.state(self.at) in State

    def _holds(self, department: str | None, place: Area) -> bool:
        return any(told.department == department and told.holds(place, self.at) for told in self.told.values())

    def _tried(self, act: Callable[[], object]) -> bool:
        """Whether it was done; a refusal may leave a blocked demand behind, and nothing else."""
        before = [found.event_id for found in self.log.events]
        try:
            act()
        except (Refused, Forbidden, Invalid):
            left = [found for found in self.log.events if found.event_id not in before]
            assert {found.type for found in left} <= {"demand.blocked", "admission.expired"}
            return False
        return True


TestAdmission = AdmissionMachine.TestCase
TestAdmission.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
