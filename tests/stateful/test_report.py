"""Anything that a desk may try on two reports, in any order: each moves by the table, or refuses and is unmoved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.intake import handlers
from services.intake.domain import Report, evolve
from services.intake.handlers import Seen
from services.intake.sources import must_look
from shared.contracts.codec import encode, revive
from shared.contracts.report import Source
from shared.handling import Cause, fold
from shared.kernel.case_states import State, target
from shared.kernel.errors import Forbidden, Invalid, NotFound, Refused, WujiError
from shared.ports import Appended
from shared.security import links
from shared.security.permission import Asker
from tests.support.memory import MemoryLog
from tests.support.reports import ACCEPTOR, STRANGER, cause, desk, told

people = st.sampled_from([ACCEPTOR, ACCEPTOR, ACCEPTOR, STRANGER])
keys = st.one_of(st.none(), st.integers(0, 5).map(str))
which = st.integers(0, 1)


class ReportMachine(RuleBasedStateMachine):
    """Two reports and everybody who may decide on them."""

    @initialize(source=st.sampled_from(list(Source)), needs_look=st.booleans())
    def submit(self, source: Source, needs_look: bool) -> None:
        self.log = MemoryLog("intake")
        self.needs_look = needs_look
        self.desk = counter = desk()
        self.reports = [
            handlers.submit(self.log, counter, told(source=source), cause()).submitted.report_id for _ in range(2)
        ]

    @rule(nth=which, who=people, key=keys)
    def request_verification(self, nth: int, who: Asker, key: str | None) -> None:
        self._try(
            nth, lambda report: handlers.request_verification(self.log, report, who, self._cause(who, "ask", key))
        )

    @rule(nth=which, who=people, found=st.booleans(), key=keys)
    def verify(self, nth: int, who: Asker, found: bool, key: str | None) -> None:
        self._try(
            nth,
            lambda report: handlers.verify(self.log, report, Seen(found, "看了"), who, self._cause(who, "see", key)),
        )

    @rule(nth=which, who=people, key=keys)
    def accept(self, nth: int, who: Asker, key: str | None) -> None:
        def must_look(_: str) -> bool:
            return self.needs_look

        self._try(nth, lambda report: handlers.accept(self.log, must_look, report, who, self._cause(who, "take", key)))

    @rule(nth=which, who=people, code=st.sampled_from(["abusive", "not_municipal", "nonsense"]), key=keys)
    def reject(self, nth: int, who: Asker, code: str, key: str | None) -> None:
        self._try(nth, lambda report: handlers.reject(self.log, report, code, None, who, self._cause(who, "no", key)))

    @rule(nth=which, into=which, who=people, key=keys)
    def merge(self, nth: int, into: int, who: Asker, key: str | None) -> None:
        other = self.reports[into]
        self._try(nth, lambda report: handlers.merge(self.log, report, other, who, self._cause(who, "join", key)))

    @rule(nth=which, who=people, key=keys)
    def unmerge(self, nth: int, who: Asker, key: str | None) -> None:
        self._try(nth, lambda report: handlers.unmerge(self.log, report, who, self._cause(who, "part", key)))

    @rule(nth=which, key=keys, right=st.booleans())
    def appeal(self, nth: int, key: str | None, right: bool) -> None:
        secret = links.token(self.desk.link_key, "report", self.reports[nth]) if right else "nonsense"
        self._try(
            nth,
            lambda report: handlers.appeal(
                self.log, self.desk, report, secret, "没有解决", cause(None if key is None else f"appeal-{key}")
            ),
        )

    def _cause(self, who: Asker, command: str, key: str | None) -> Cause:
        return replace(cause(None if key is None else f"{command}-{key}"), actor=who.actor)

    def _try(self, nth: int, command: Callable[[UUID], Appended]) -> None:
        """A command appends what it answers, or raises and appends nothing."""
        before = len(self.log.events)
        error, appended = _outcome(lambda: command(self.reports[nth]))
        if appended is None:
            assert isinstance(error, Refused | Forbidden | Invalid | NotFound)
            assert not isinstance(error, Refused) or error.rule.startswith("report.")
            assert len(self.log.events) == before
            return
        added = len(self.log.events) - before
        assert added in (0, len(appended.event_ids))
        if appended.repeated:
            assert added == 0

    def _state(self, report: UUID) -> Report:
        found: Report | None = fold(self.log.stream(f"report-{report}"), evolve)
        assert found is not None
        return found

    @invariant()
    def every_move_is_in_the_table_of_states(self) -> None:
        for report in getattr(self, "reports", ()):
            state: State | None = None
            for recorded in self.log.stream(f"report-{report}"):
                moved = target(state, recorded.type)
                assert moved is not None or recorded.type == "report.accepted"
                state = moved or state
            assert self._state(report).state is state

    @invariant()
    def what_was_accepted_had_been_seen_where_that_is_wanted(self) -> None:
        for report in getattr(self, "reports", ()):
            found = self._state(report)
            if found.accepted and must_look(found.submitted.source, self.needs_look):
                assert found.found is True

    @invariant()
    def nothing_happens_after_acceptance_and_it_happens_once(self) -> None:
        for report in getattr(self, "reports", ()):
            types = [recorded.type for recorded in self.log.stream(f"report-{report}")]
            assert types.count("report.accepted") <= 1
            if "report.accepted" in types:
                assert types[-1] == "report.accepted"

    @invariant()
    def a_refusal_is_appealed_against_once(self) -> None:
        for report in getattr(self, "reports", ()):
            types = [recorded.type for recorded in self.log.stream(f"report-{report}")]
            assert types.count("report.appealed") <= 1

    @invariant()
    def no_two_reports_are_merged_into_each_other(self) -> None:
        if hasattr(self, "reports"):
            assert not all(self._state(report).merged_into for report in self.reports)

    @invariant()
    def strangers_leave_no_trace(self) -> None:
        if hasattr(self, "log"):
            assert all(recorded.actor.id != STRANGER.id for recorded in self.log.events)

    @invariant()
    def what_the_log_keeps_reads_back_the_same(self) -> None:
        for recorded in getattr(getattr(self, "log", None), "events", ()):
            assert revive(recorded.type, 1, encode(recorded.event)) == recorded.event


def _outcome(command: Callable[[], Appended]) -> tuple[WujiError | None, Appended | None]:
    try:
        return None, command()
    except WujiError as error:
        return error, None


TestReports = ReportMachine.TestCase
TestReports.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
