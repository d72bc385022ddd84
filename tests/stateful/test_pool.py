"""Whatever volunteers, dispatchers, time and crashes do: a case has one holder at most, nobody holds more than allowed,
and what is free can be had.

A crash is a place that was taken in a volunteer's stream by somebody who died before the case was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.dispatch import handlers
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers import pool
from shared.contracts.codec import encode, revive
from shared.contracts.rulebook import PoolDefined
from shared.handling import fold
from shared.kernel.case_states import State
from shared.kernel.errors import Conflict, Refused, WujiError
from shared.security.permission import Asker
from tests.support.cases import COMMUNITY, DISPATCHER, DISTRICT, LINES, THURSDAY, Story, cause, filed
from tests.support.memory import MemoryLog

MOST, HOURS, CASES = 2, 5, 4
BOOK = Rulebook.of([*LINES, PoolDefined(area="530103.004", claims_per_person=MOST, claim_hours=HOURS)])
PEOPLE = {name: Asker(name, "volunteer", DISTRICT) for name in ("li", "ma", "hu")}

people = st.sampled_from(sorted(PEOPLE))
numbers = st.integers(0, CASES - 1)


class PoolMachine(RuleBasedStateMachine):
    """Four cases in the pool, three volunteers who may have two each, a dispatcher, and time that goes on."""

    @initialize()
    def begin(self) -> None:
        self.at: datetime = THURSDAY
        self.log = MemoryLog("dispatch", clock=lambda: self.at)
        self.stories: list[Story] = [filed("E-09-01", self.log) for _ in range(CASES)]
        self.lost: dict[str, list[datetime]] = {}
        """When places were taken by those who died."""
        for story in self.stories:
            self._offer(story.case_id)

    @rule(who=people, number=numbers)
    def claim(self, who: str, number: int) -> None:
        case_id = self.stories[number].case_id
        free, held = self._is_free(self._case(case_id)), self._held(who)
        on_its_way = [at for at in self.lost.get(who, []) if self.at - at <= pool.ON_ITS_WAY]
        got = self._tried(lambda: pool.claim(self.log, BOOK, case_id, PEOPLE[who], cause(PEOPLE[who], self.at)))

        if got:
            assert free
            assert held < MOST
        elif free and held + len(on_its_way) < MOST:
            raise AssertionError(f"{who} holds {held}, and could not claim what is free")

    @rule(who=people, number=numbers)
    def release(self, who: str, number: int) -> None:
        case_id, by = self.stories[number].case_id, PEOPLE[who]
        self._tried(lambda: pool.release(self.log, case_id, by, cause(by, self.at), reason="有事"))

    @rule(who=people, number=numbers)
    def answer(self, who: str, number: int) -> None:
        case_id, by = self.stories[number].case_id, PEOPLE[who]
        held = self._case(case_id).task
        said = Answer(answer="已办")
        if self._tried(lambda: handlers.respond(self.log, BOOK, case_id, by, cause(by, self.at), said)):
            assert held is not None
            assert held.claim is not None
            assert held.claim.claimed_by == who
            assert held.claim.expires_at > self.at

    @rule(number=numbers)
    def check_fails(self, number: int) -> None:
        story = self.stories[number]
        if self._case(story.case_id).state is State.CHECKING:
            story.at = self.at
            story.failed()

    @rule(number=numbers)
    def take_back_and_offer_again(self, number: int) -> None:
        case_id = self.stories[number].case_id
        by = cause(DISPATCHER, self.at)
        if self._tried(lambda: pool.take_back(self.log, case_id, DISPATCHER, by, reason="无人领")):
            self._offer(case_id)

    @rule(number=numbers)
    def the_timer_looks(self, number: int) -> None:
        pool.say_expired(self.log, self.stories[number].case_id, self.at)

    @rule(minutes=st.integers(1, 400))
    def time_goes_on(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @precondition(lambda self: sum(len(found) for found in self.lost.values()) < 4)
    @rule(who=people, number=numbers)
    def somebody_dies_on_the_way(self, who: str, number: int) -> None:
        case = self._case(self.stories[number].case_id)
        if case.task is None or not self._is_free(case):
            return
        by = cause(PEOPLE[who], self.at)
        # As far as a claim comes before the case is asked: the limit is looked at by then.
        if self._tried(lambda: pool._take_place(self.log, PEOPLE[who], case, MOST, COMMUNITY, by)):
            self.lost.setdefault(who, []).append(self.at)

    @invariant()
    def nobody_holds_too_much(self) -> None:
        for who in PEOPLE:
            assert self._held(who) <= MOST

    @invariant()
    def a_replay_from_bytes_is_the_same(self) -> None:
        for story in self.stories:
            history = self.log.stream(f"case-{story.case_id}")
            again = None
            for recorded in history:
                again = evolve(again, revive(recorded.type, 1, encode(recorded.event)))
            assert again == fold(history, evolve)

    # --- what the machine knows ---------------------------------------------------------------------------------

    def _offer(self, case_id: UUID) -> None:
        pool.offer(self.log, BOOK, case_id, DISPATCHER, cause(DISPATCHER, self.at), what="搬", claim_hours=None)

    def _case(self, case_id: UUID) -> Case:
        found = fold(self.log.stream(f"case-{case_id}"), evolve)
        assert found is not None
        return found

    def _is_free(self, case: Case) -> bool:
        if case.state is State.HANDLING:
            claim = None if case.task is None else case.task.claim
            return claim is not None and claim.expires_at <= self.at
        return case.state in (State.DISPATCHED, State.REWORK)

    def _held(self, who: str) -> int:
        found = [self._case(story.case_id) for story in self.stories]
        claims = [
            case.task.claim
            for case in found
            if case.state is State.HANDLING and case.task is not None and case.task.claim is not None
        ]
        return sum(claim.claimed_by == who and claim.expires_at > self.at for claim in claims)

    def _tried(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except (Refused, Conflict):
            return False
        except WujiError:
            return False
        return True


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
