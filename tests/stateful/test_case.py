"""Anything that anybody may try on a case, in any order: it either moves as the table says or refuses and is unmoved.

The machine also forgets everything now and then, and goes on from what the log kept.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.dispatch import handlers, reactions
from services.dispatch.domain import returns
from services.dispatch.domain.actions import Moment, answers
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from shared.contracts.case import ReturnKind
from shared.contracts.check import CheckFailed, CheckPassed
from shared.contracts.codec import encode, revive
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.feedback import FeedbackRecorded, Satisfaction
from shared.handling import Cause, fold
from shared.kernel.case_states import FINAL, State, target
from shared.kernel.errors import WujiError
from shared.kernel.ids import derived_id
from shared.ports import Appended
from shared.security.permission import Asker
from tests.support.cases import (
    CHIEF,
    DISPATCHER,
    RULEBOOK,
    SANITATION,
    STRANGER,
    SUPERVISOR,
    THURSDAY,
    URBAN,
    FixedRulebooks,
    accepted,
    recorded,
)
from tests.support.memory import MemoryLog

WATER = Asker("w.zhou", "department", None, "water")

people = st.sampled_from([DISPATCHER, SANITATION, URBAN, CHIEF, SUPERVISOR, STRANGER])
departments = st.sampled_from([None, "sanitation", "urban", "water", "nobody"])
words = st.sampled_from(["说明", "", "  ", "电话 13888123456"])
KNOWN = ("dispatch", "sign", "return", "respond", "close", "reopen", "archive")
keys = st.one_of(st.none(), st.integers(0, 5).map(str))


class CaseMachine(RuleBasedStateMachine):
    """One case, everybody who may touch it, and time that goes on."""

    @initialize(kind=st.sampled_from(["E-01-02", "E-01-05", "E-09-01"]))
    def file(self, kind: str) -> None:
        self.log = MemoryLog("dispatch")
        self.at = THURSDAY
        self.report = recorded(accepted(kind, derived_id("case", kind)))
        self.messages: list[Any] = []
        self.number = 0
        reactions.file_report(self.report, self.log, FixedRulebooks(), consumer="dispatch.file_report", at=self.at)
        self.case = self._from_the_log()

    # --- what people try ----------------------------------------------------------------------------------------

    @rule(asker=people, department=departments, reason=words, key=keys)
    def dispatch(self, asker: Asker, department: str | None, reason: str, key: str | None) -> None:
        self._try(
            asker,
            "dispatch",
            key,
            lambda cause: handlers.dispatch(
                self.log, RULEBOOK, self.case_id, asker, cause, department=department, reason=reason
            ),
        )

    @rule(asker=people, key=keys)
    def sign(self, asker: Asker, key: str | None) -> None:
        self._try(asker, "sign", key, lambda cause: handlers.sign(self.log, self.case_id, asker, cause))

    @rule(asker=people, kind=st.sampled_from(ReturnKind), reason=words, believed=departments)
    def give_back(self, asker: Asker, kind: ReturnKind, reason: str, believed: str | None) -> None:
        self._try(
            asker,
            "return",
            None,
            lambda cause: handlers.ask_return(
                self.log,
                RULEBOOK,
                self.case_id,
                asker,
                cause,
                returns.Wish(kind=kind, reason=reason, believed_responsible=believed),
            ),
        )

    @rule(asker=people, agrees=st.booleans(), reason=words)
    def decide(self, asker: Asker, agrees: bool, reason: str) -> None:
        before = len(self.log.events)
        for request_id in tuple(self.case.requests):
            cause = Cause(actor=asker.actor, at=self.at)
            with suppress(WujiError):
                if agrees:
                    handlers.approve(self.log, RULEBOOK, self.case_id, asker, cause, request_id=request_id)
                else:
                    handlers.refuse(self.log, self.case_id, asker, cause, request_id=request_id, reason=reason)
        self._advance(before)

    @rule(asker=people, answer=words, key=keys)
    def respond(self, asker: Asker, answer: str, key: str | None) -> None:
        self._try(
            asker,
            "respond",
            key,
            lambda cause: handlers.respond(self.log, RULEBOOK, self.case_id, asker, cause, Answer(answer=answer)),
        )

    @rule(asker=people, answer=words)
    def close(self, asker: Asker, answer: str) -> None:
        self._try(
            asker, "close", None, lambda cause: handlers.close(self.log, self.case_id, asker, cause, answer=answer)
        )

    @rule(asker=people, reason=words)
    def reopen(self, asker: Asker, reason: str) -> None:
        self._try(
            asker, "reopen", None, lambda cause: handlers.reopen(self.log, self.case_id, asker, cause, reason=reason)
        )

    @rule(asker=people, really=st.integers(0, 9))
    def archive(self, asker: Asker, really: int) -> None:
        if really == 0:  # the archive is the end of the story: not too soon
            self._try(asker, "archive", None, lambda cause: handlers.archive(self.log, self.case_id, asker, cause))

    @rule(choices=st.lists(st.integers(0, 30), min_size=1, max_size=9))
    def the_right_people_go_on(self, choices: list[int]) -> None:
        """Chance alone rarely gets a case to its end."""
        for choice in choices:
            self._go_on(choice)

    def _go_on(self, choice: int) -> None:
        if self.case.state is State.CHECKING and not self.case.is_cleared:
            return self.check_passes() if choice % 3 else self.check_fails()
        team = (DISPATCHER, SANITATION, URBAN, WATER, CHIEF)
        allowed = [
            (asker, found.action.name)
            for asker in team
            for found in answers(self.case, asker, Moment(self.at))
            if found.allowed and found.action.name in KNOWN and (found.action.name != "archive" or choice > 25)
        ]
        if not allowed:
            return None
        asker, name = allowed[choice % len(allowed)]
        before = len(self.log.events)
        self._right(asker, name, Cause(actor=asker.actor, at=self.at))
        assert len(self.log.events) > before, name
        return self._advance(before)

    def _right(self, asker: Asker, name: str, cause: Cause) -> Appended:
        log, case_id = self.log, self.case_id
        match name:
            case "dispatch":
                return handlers.dispatch(log, RULEBOOK, case_id, asker, cause, department="sanitation", reason="近")
            case "sign":
                return handlers.sign(log, case_id, asker, cause)
            case "return":
                wish = returns.Wish(kind=ReturnKind.NOTHING_TO_DO, reason="无需处置")
                return handlers.ask_return(log, RULEBOOK, case_id, asker, cause, wish)
            case "respond":
                return handlers.respond(log, RULEBOOK, case_id, asker, cause, Answer(answer="已清运"))
            case "close":
                return handlers.close(log, case_id, asker, cause, answer="已办结")
            case "reopen":
                return handlers.reopen(log, case_id, asker, cause, reason="仍有")
            case _:
                return handlers.archive(log, case_id, asker, cause)

    # --- what is heard ------------------------------------------------------------------------------------------

    @rule()
    def check_passes(self) -> None:
        self._hear(recorded(CheckPassed(check_id=self._id(), case_id=self.case_id, findings="已清")))

    @rule()
    def check_fails(self) -> None:
        self._hear(recorded(CheckFailed(check_id=self._id(), case_id=self.case_id, findings="仍有")))

    @rule(wants=st.booleans())
    def reporter_answers(self, wants: bool) -> None:
        said = FeedbackRecorded(
            feedback_id=self._id(),
            case_id=self.case_id,
            resolved=not wants,
            satisfaction=Satisfaction.UNSATISFIED,
            words="还在",
            wants_reopening=wants,
        )
        self._hear(recorded(said, actor=Actor("feedback", "resident")))

    @rule(which=st.integers(0, 30))
    def a_message_comes_again(self, which: int) -> None:
        if self.messages:
            before = len(self.log.events)
            self._hear(self.messages[which % len(self.messages)], again=True)

            assert len(self.log.events) == before

    @rule()
    def the_report_comes_again(self) -> None:
        before = len(self.log.events)
        reactions.file_report(self.report, self.log, FixedRulebooks(), consumer="dispatch.file_report", at=self.at)

        assert len(self.log.events) == before

    # --- time, and death ----------------------------------------------------------------------------------------

    @rule(hours=st.integers(1, 72))
    def time_goes_on(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule()
    def the_process_dies_and_another_goes_on(self) -> None:
        """Nothing survives but bodies of events: the case must be the same when it is made of them again."""
        bodies = [(found.type, encode(found.event)) for found in self.log.stream(f"case-{self.case_id}")]
        revived = None
        for name, body in bodies:
            revived = evolve(revived, revive(name, 1, body))  # type: ignore[arg-type]

        assert revived == self.case

    # --- what always holds --------------------------------------------------------------------------------------

    @invariant()
    def replaying_the_log_gives_the_case(self) -> None:
        assert self._from_the_log() == self.case

    @invariant()
    def every_event_was_a_legal_move(self) -> None:
        state = State.REPORTED
        for found in self.log.stream(f"case-{self.case_id}"):
            moved = target(state, found.type)
            assert moved is not None, f"{found.type} from {state}"
            state = moved
        assert state is self.case.state

    @invariant()
    def somebody_may_always_do_something_until_it_is_archived(self) -> None:
        if self.case.state in FINAL or (self.case.state is State.CHECKING and not self.case.is_cleared):
            return  # a check is done in another service
        allowed = [
            found.action.name
            for asker in (DISPATCHER, SANITATION, URBAN, CHIEF, SUPERVISOR, WATER)
            for found in answers(self.case, asker, Moment(self.at))
            if found.allowed
        ]
        assert allowed, self.case.state

    @invariant()
    def counters_count(self) -> None:
        types = [found.type for found in self.log.stream(f"case-{self.case_id}")]
        assert self.case.dispatches == types.count("case.dispatched")
        assert self.case.checks == types.count("case.sent_to_check")
        assert self.case.reworks == types.count("case.rework_ordered")
        assert self.case.closings == types.count("case.closed")

    @invariant()
    def no_phone_number_is_kept(self) -> None:
        assert "13888123456" not in str([found.event for found in self.log.events])

    # --- how it is tried ----------------------------------------------------------------------------------------

    @property
    def case_id(self) -> Any:
        return self.report.event.report_id

    def _id(self) -> Any:
        self.number += 1
        return derived_id("message", self.number)

    def _from_the_log(self) -> Case:
        found = fold(self.log.stream(f"case-{self.case_id}"), evolve)
        assert found is not None
        return found

    def _try(self, asker: Asker, action: str, key: str | None, command: Any) -> None:
        """It appends or it refuses, never both; and what the case said would be allowed was true."""
        before = len(self.log.events)
        allowed = {found.action.name: found.allowed for found in answers(self.case, asker, Moment(self.at))}[action]
        cause = Cause(
            actor=asker.actor, at=self.at, idempotency_key=None if key is None else f"{action}:{asker.id}:{key}"
        )
        try:
            done: Appended = command(cause)
        except WujiError:
            assert len(self.log.events) == before
        else:
            assert len(self.log.events) - before == (0 if done.repeated else len(done.event_ids))
            assert done.repeated or (allowed and asker is not STRANGER)
        self._advance(before)

    def _hear(self, message: Recorded[Any], again: bool = False) -> None:
        before = len(self.log.events)
        try:
            self._react(message)
        except WujiError:
            assert len(self.log.events) == before
        else:
            if not again and len(self.log.events) > before:
                self.messages.append(message)
        self._advance(before)

    def _react(self, message: Recorded[Any]) -> None:
        match message.event:
            case CheckPassed():
                reactions.clear_to_close(message, self.log, consumer="dispatch.clear_to_close", at=self.at)
            case CheckFailed():
                reactions.order_rework(message, self.log, consumer="dispatch.order_rework", at=self.at)
            case FeedbackRecorded():
                reactions.reopen(message, self.log, consumer="dispatch.reopen_on_feedback", at=self.at)

    def _advance(self, before: int) -> None:
        for found in self.log.events[before:]:
            self.case = evolve(self.case, found.event)


TestCase = CaseMachine.TestCase
TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
