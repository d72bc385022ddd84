"""Anything that anybody may try on a case, in any order: it either moves as the table says or refuses and is unmoved.

The machine also forgets everything now and then, and goes on from what the log kept.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.dispatch import handlers, reactions
from services.dispatch.domain import returns
from services.dispatch.domain.actions import Action, Moment, answers
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.guards import is_own
from shared.contracts.case import ReturnKind
from shared.contracts.check import CheckFailed, CheckPassed
from shared.contracts.codec import encode, revive
from shared.contracts.envelope import Actor, Recorded
from shared.contracts.feedback import FeedbackRecorded, Satisfaction
from shared.handling import Cause, fold
from shared.kernel.case_states import FINAL, State, target
from shared.kernel.errors import Invalid, Refused, WujiError
from shared.kernel.ids import derived_id
from shared.ports import Appended
from shared.security.permission import Asker
from tests.support.case_commands import BOOK, COMMANDS, LEADER, Command, with_admission, with_earlier
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    DISPATCHER,
    SANITATION,
    STRANGER,
    SUPERVISOR,
    THURSDAY,
    URBAN,
    FixedRulebooks,
    Story,
    accepted,
    recorded,
)
from tests.support.memory import MemoryLog

WATER = Asker("w.zhou", "department", None, "water")

COMMUNITY_CHIEF = Asker("c.she", "duty_chief", COMMUNITY)
TEAM = (DISPATCHER, SANITATION, URBAN, WATER, CHIEF, SUPERVISOR, LEADER)
TRIED = [command for command in COMMANDS if command.name not in ("archive", "dispatch", "return", "respond")]
DO: dict[str, Command] = {command.path or command.name: command for command in COMMANDS}
ENDINGS = ("archive", "reject")
PARTICULAR = ("tasks", "stages", "lower", "extension")
people = st.sampled_from([*TEAM, STRANGER, COMMUNITY_CHIEF])
departments = st.sampled_from([None, "sanitation", "urban", "water", "nobody"])
words = st.sampled_from(["说明", "", "  ", "电话 13888123456"])
keys = st.one_of(st.none(), st.integers(0, 5).map(str))


class CaseMachine(RuleBasedStateMachine):
    """One case, everybody who may touch it, and time that goes on."""

    @initialize(kind=st.sampled_from(["E-01-02", "E-01-05", "E-09-01"]))
    def file(self, kind: str) -> None:
        self.log = MemoryLog()
        self.at = THURSDAY
        self.report = recorded(accepted(kind, derived_id("case", kind)))
        self.messages: list[Any] = []
        self.number = 0
        reactions.file_report(self.report, self.log, FixedRulebooks(), consumer="dispatch.file_report", at=self.at)
        with_admission(with_earlier(Story(self.log, self.case_id)))
        self.case = self._from_the_log()

    # --- what people try ----------------------------------------------------------------------------------------

    @rule(command=st.sampled_from(TRIED), asker=people, key=keys)
    def somebody_tries(self, command: Command, asker: Asker, key: str | None) -> None:
        """Anybody tries anything, some of it twice."""
        self._try(
            asker, command.path or command.name, key, lambda cause: command.do(self.log, self.case_id, asker, cause)
        )

    @rule(asker=people, department=departments, reason=words)
    def dispatch(self, asker: Asker, department: str | None, reason: str) -> None:
        def command(cause: Cause) -> Appended:
            return handlers.dispatch(self.log, BOOK, self.case_id, asker, cause, department=department, reason=reason)

        self._try(asker, "dispatch", None, command)

    @rule(asker=people, kind=st.sampled_from(ReturnKind), reason=words, believed=departments)
    def give_back(self, asker: Asker, kind: ReturnKind, reason: str, believed: str | None) -> None:
        wish = returns.Wish(kind=kind, reason=reason, believed_responsible=believed)
        self._try(
            asker, "return", None, lambda cause: handlers.ask_return(self.log, BOOK, self.case_id, asker, cause, wish)
        )

    @rule(asker=people, answer=words, task=st.integers(0, 3))
    def respond(self, asker: Asker, answer: str, task: int) -> None:
        ids = [None, *self.case.tasks]
        said = Answer(answer=answer, task_id=ids[task % len(ids)])
        self._try(
            asker, "respond", None, lambda cause: handlers.respond(self.log, BOOK, self.case_id, asker, cause, said)
        )

    @rule(choices=st.lists(st.integers(0, 60), min_size=1, max_size=12))
    def the_right_people_go_on(self, choices: list[int]) -> None:
        """Chance alone rarely gets a case to its end."""
        for choice in choices:
            self._go_on(choice)

    def _go_on(self, choice: int) -> None:
        if self.case.state is State.CHECKING and not self.case.is_cleared:
            return self.check_passes() if choice % 3 else self.check_fails(choice)
        allowed = [
            (asker, found.action)
            for asker in TEAM
            for found in answers(self.case, asker, self.moment)
            if found.allowed and found.action.name in DO and (found.action.name not in ENDINGS or choice > 55)
        ]
        if not allowed:
            return None
        asker, action = allowed[choice % len(allowed)]
        before = len(self.log.events)
        self._do(asker, action)
        # What is allowed in general may still not be done with that department, that stage, that old admission.
        assert len(self.log.events) > before or action.name in PARTICULAR, action.name
        return self._advance(before)

    def _do(self, asker: Asker, action: Action) -> None:
        """What was said to be allowed is done: with the request or the task that the action's path names."""
        cause = Cause(actor=asker.actor, at=self.at)
        own = [task.task_id for task in self.case.tasks.values() if is_own(task, asker)]
        for task_id in own or [None]:
            with suppress(Refused, Invalid if action.name in PARTICULAR else Refused):
                if "/" in action.door:
                    self._decide(asker, action.name, UUID(action.door.split("/")[1]), cause)
                elif action.name in ("return", "sign", "start", "respond"):
                    self._work(asker, action.name, task_id, cause)
                else:
                    DO[action.name].do(self.log, self.case_id, asker, cause)
                return

    def _decide(self, asker: Asker, name: str, about: UUID, cause: Cause) -> None:
        if name == "approve":
            handlers.approve(self.log, BOOK, self.case_id, asker, cause, request_id=about)
        elif name == "refuse":
            handlers.refuse(self.log, self.case_id, asker, cause, request_id=about, reason="不同意")
        else:
            told: dict[str, Any] = {"task_id": about, "reason": "不需要"}
            handlers.withdraw_task(self.log, BOOK, self.case_id, asker, cause, **told)

    def _work(self, asker: Asker, name: str, task_id: UUID | None, cause: Cause) -> None:
        if name == "return":
            wish = returns.Wish(kind=ReturnKind.NOTHING_TO_DO, reason="无需处置", task_id=task_id)
            handlers.ask_return(self.log, BOOK, self.case_id, asker, cause, wish)
        elif name == "respond":
            said = Answer(answer="已清运", task_id=task_id)
            handlers.respond(self.log, BOOK, self.case_id, asker, cause, said)
        else:
            command = handlers.sign if name == "sign" else handlers.start
            command(self.log, self.case_id, asker, cause, task_id=task_id)

    # --- what is heard ------------------------------------------------------------------------------------------

    @rule()
    def check_passes(self) -> None:
        self._hear(recorded(CheckPassed(check_id=self._id(), case_id=self.case_id, findings="已清")))

    @rule(which=st.integers(0, 5))
    def check_fails(self, which: int) -> None:
        """Of all tasks, of one of them, or of one that nobody knows any more."""
        ids = [(), *((task_id,) for task_id in self.case.tasks), (self._id(),)]
        again = ids[which % len(ids)]
        self._hear(recorded(CheckFailed(check_id=self._id(), case_id=self.case_id, findings="仍有", task_ids=again)))

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
            moved = target(state, found.type, getattr(found.event, "back_to", None))
            assert moved is not None, f"{found.type} from {state}"
            state = moved
        assert state is self.case.state

    @invariant()
    def somebody_may_always_do_something_until_it_is_archived(self) -> None:
        if self.case.state in FINAL or (self.case.state is State.CHECKING and not self.case.is_cleared):
            return  # a check is done in another service
        if self.case.state is State.REJECTED:
            return  # an appeal is another service's
        allowed = [
            found.action.name for asker in TEAM for found in answers(self.case, asker, self.moment) if found.allowed
        ]
        assert allowed, self.case.state

    @invariant()
    def counters_count(self) -> None:
        types = [found.type for found in self.log.stream(f"case-{self.case_id}")]
        assert self.case.dispatches == types.count("case.dispatched")
        assert self.case.checks == types.count("case.sent_to_check") + types.count("case.check_waived")
        assert self.case.reworks == types.count("case.rework_ordered")
        assert self.case.closings == types.count("case.closed")
        assert self.case.added == types.count("task.added")

    @invariant()
    def an_issue_that_came_back_or_went_round_too_often_is_a_problem_case_once(self) -> None:
        history = [found for found in self.log.stream(f"case-{self.case_id}")]
        declared = sum(found.type == "case.problem_declared" for found in history)
        taken_back = sum(getattr(found.event, "was_problem", False) for found in history)
        assert declared - taken_back in (0, 1)
        assert (self.case.problem is not None) == (declared > taken_back)
        if self.case.reworks >= 3 or self.case.transfers >= 3:
            assert self.case.problem is not None

    @invariant()
    def what_was_taken_back_left_no_trace_but_in_the_log(self) -> None:
        history = self.log.stream(f"case-{self.case_id}")
        if history[-1].type == "case.dispatch_recalled":
            given = max(n for n, found in enumerate(history) if found.type == "case.dispatched")
            before = fold(history[:given], evolve)
            assert before is not None
            assert not self.case.tasks
            assert (self.case.state, self.case.transfers) == (before.state, before.transfers)
            assert (self.case.problem, self.case.handlers) == (before.problem, before.handlers)

    @invariant()
    def no_two_tasks_have_the_same_name(self) -> None:
        given = [
            found.event.task_id
            for found in self.log.stream(f"case-{self.case_id}")
            if found.type in ("case.dispatched", "task.added")
        ]
        assert len(set(given)) == len(given)

    @invariant()
    def a_case_goes_on_when_and_only_when_nothing_mandatory_is_open(self) -> None:
        if self.case.state in (State.RESPONDED, State.CHECKING, State.CLOSED):
            assert not self.case.awaited()
        if self.case.state in (State.DISPATCHED, State.HANDLING, State.REWORK) and self.case.tasks:
            assert self.case.awaited()

    @invariant()
    def what_is_asked_for_is_about_a_task_in_hand(self) -> None:
        for asked in self.case.requests.values():
            about = getattr(asked, "task_id", None)
            assert about is None or about in self.case.tasks
        assert (self.case.suspension is not None) == (self.case.state is State.SUSPENDED)

    @invariant()
    def no_phone_number_is_kept(self) -> None:
        assert "13888123456" not in str([found.event for found in self.log.events])

    # --- how it is tried ----------------------------------------------------------------------------------------

    @property
    def moment(self) -> Moment:
        given_at = handlers.dispatched_at(self.log.stream(f"case-{self.case_id}"))
        return Moment(self.at, dispatched_at=given_at)

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
        allowed = {found.action.name: found.allowed for found in answers(self.case, asker, self.moment)}.get(action)
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
            if found.stream == f"case-{self.case_id}":
                self.case = evolve(self.case, found.event)


TestCase = CaseMachine.TestCase
TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
