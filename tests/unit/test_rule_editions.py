"""A case keeps the rules it was filed under, whatever they become; new cases get the new ones, from their day on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch import handlers, reactions
from services.dispatch.clocks.keep import keep
from services.dispatch.clocks.rules import Rules
from services.dispatch.domain import editions
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from services.dispatch.rulebooks import EDITIONS, ProjectedRulebooks, RulebookMemory
from shared.contracts.check import CheckPassed
from shared.contracts.clock import ClockStarted, Stage
from shared.contracts.rulebook import (
    DepartmentRegistered,
    DepartmentWithdrawn,
    IssueTypeWithdrawn,
    LimitDefined,
    PolicyAdopted,
    SamplingDefined,
)
from shared.contracts.shapes import Limit, Unit
from shared.handling import fold
from shared.kernel.errors import Refused
from shared.kernel.ids import new_id
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    DISPATCHER,
    LINES,
    SUPERVISOR,
    THURSDAY,
    URBAN,
    accepted,
    cause,
    department,
    issue_type,
    line,
    recorded,
)
from tests.support.memory import MemoryLog
from tests.support.rulebook_rows import RulebookRows

FIRST = PolicyAdopted(code="pl-1", title="网格规则", basis="示范", effective_from=date(2026, 1, 1))
SECOND = PolicyAdopted(code="pl-2", title="网格规则（修订）", basis="示范", effective_from=date(2026, 12, 1))
TEN_HOURS, TWO_HOURS = Limit(10, Unit.WORKING_HOURS), Limit(2, Unit.WORKING_HOURS)
LATER = THURSDAY + timedelta(days=1)


class City:
    """A city whose rulebook goes on changing while cases are about."""

    def __init__(self, *lines: object) -> None:
        self.rows = RulebookRows(*lines)
        self.books: ProjectedRulebooks = RulebookMemory().of(self.rows)
        self.log = MemoryLog()
        self.at = THURSDAY

    def say(self, *lines: object) -> None:
        """The rulebook changes, and a second goes by."""
        for found in lines:
            self.rows.say(found)
        self.at += timedelta(seconds=2)

    def filed(self, kind: str = "E-01-02") -> UUID:
        heard = recorded(accepted(kind))
        reactions.file_report(heard, self.log, self.books, consumer="dispatch.file_report", at=self.at)  # type: ignore[arg-type]
        return heard.correlation_id

    def case(self, case_id: UUID) -> Case:
        found = fold(self.log.stream(f"case-{case_id}"), evolve)
        assert found is not None
        return found

    def limit(self, case_id: UUID) -> Limit | None:
        task = self.case(case_id).task
        assert task is not None
        return task.limit

    def raised_and_dispatched(self, case_id: UUID, to: str | None = None) -> None:
        """The case comes back to the dispatcher, who gives it away again."""
        handlers.raise_level(self.log, case_id, CHIEF, cause(CHIEF, self.at), to=None, reason="街道无力解决")
        book, why = self.books.current(self.at), cause(DISPATCHER, self.at)
        reason = "" if to is None else "就近"
        handlers.dispatch(self.log, book, case_id, DISPATCHER, why, department=to, reason=reason)


def test_a_limit_that_changes_is_not_the_limit_of_cases_that_were_filed_before() -> None:
    city = City(*LINES)
    before = city.filed()
    city.say(issue_type("E-01-02", "暴露垃圾", TEN_HOURS))
    after = city.filed()

    city.raised_and_dispatched(before)
    city.raised_and_dispatched(after)

    assert city.limit(before) == Limit(5, Unit.WORKING_HOURS)
    assert city.limit(after) == TEN_HOURS
    task = city.case(before).task
    assert task is not None
    assert "按立案时的" in task.because


def test_a_responsibility_that_moves_stays_with_cases_that_were_filed_before() -> None:
    city = City(*LINES)
    before = city.filed()
    city.say(line("garbage", "E-01", "530103", "urban"))

    city.raised_and_dispatched(before)
    after = city.filed()

    assert city.case(before).department == "sanitation"
    assert city.case(after).department == "urban"


def test_by_hand_too_the_time_is_the_one_of_the_case() -> None:
    city = City(*LINES)
    case_id = city.filed()
    city.say(issue_type("E-01-02", "暴露垃圾", TEN_HOURS))

    city.raised_and_dispatched(case_id, "urban")

    assert city.limit(case_id) == Limit(5, Unit.WORKING_HOURS)


def test_whoever_is_gone_meanwhile_is_given_nothing_and_the_reason_says_so() -> None:
    city = City(*LINES)
    case_id = city.filed()
    city.say(DepartmentWithdrawn(code="sanitation", reason="并入城管"), line("garbage", "E-01", "530103", "urban"))

    city.raised_and_dispatched(case_id)

    task = city.case(case_id).task
    assert task is not None
    assert task.department == "urban"
    assert "sanitation 已撤销" in task.because


def test_a_kind_of_issue_that_is_gone_goes_by_todays_rules() -> None:
    city = City(*LINES)
    case_id = city.filed()
    city.say(IssueTypeWithdrawn(code="E-01-02", reason="合并"), line("garbage", "E-01", "530103", "urban"))

    city.raised_and_dispatched(case_id)

    assert city.case(case_id).department == "urban"


def test_the_sample_is_the_one_of_the_edition() -> None:
    city = City(*LINES, SamplingDefined(rule="all", issue_type="*", loop=None, self_handled=False, rate=100))
    before = city.filed()
    city.say(SamplingDefined(rule="all", issue_type="*", loop=None, self_handled=False, rate=0))
    after = city.filed()
    book = city.books.current(city.at)

    assert handlers.sample_for(book, city.case(before)).rate == 100
    assert handlers.sample_for(book, city.case(after)).rate == 0


def test_clocks_that_start_later_count_by_the_edition_of_the_case() -> None:
    check = LimitDefined(
        rule="check",
        stage=Stage.DISPATCH,
        issue_type="*",
        area="530103",
        urgency=None,
        loop=None,
        condition=None,
        condition_name=None,
        limit=TWO_HOURS,
    )
    city = City(*LINES, check)
    case_id = city.filed()
    city.say(replace(check, limit=TEN_HOURS))
    handlers.raise_level(city.log, case_id, CHIEF, cause(CHIEF, city.at), to=None, reason="街道无力解决")

    keep(city.log, case_id, Rules(city.books.current(city.at)), city.at)

    started = [found.event for found in city.log.stream(f"clock-{case_id}") if isinstance(found.event, ClockStarted)]
    assert [one.limit for one in started if one.stage is Stage.DISPATCH] == [TWO_HOURS, TWO_HOURS]


def test_a_reopened_case_is_what_it_was() -> None:
    city = City(*LINES)
    case_id = city.filed("E-04-03")
    edition = city.case(case_id).filed.edition
    city.say(department("fire", "消防救援大队"), issue_type("E-04-03", "燃气管道破裂", Limit(9, Unit.WORKING_DAYS)))
    book = city.books.current(city.at)
    why = cause(URBAN, city.at)
    handlers.sign(city.log, case_id, URBAN, why)
    handlers.respond(city.log, book, case_id, URBAN, why, Answer(answer="已抢修"))
    passed = recorded(CheckPassed(check_id=new_id(), case_id=case_id, findings="已修好"))
    reactions.clear_to_close(passed, city.log, consumer="dispatch.clear_to_close", at=city.at)  # type: ignore[arg-type]
    handlers.close(city.log, case_id, CHIEF, cause(CHIEF, city.at), answer="已抢修")
    handlers.reopen(city.log, case_id, SUPERVISOR, cause(SUPERVISOR, city.at), reason="仍有异味")

    handlers.dispatch(city.log, book, case_id, DISPATCHER, cause(DISPATCHER, city.at), department=None)

    assert city.case(case_id).filed.edition == edition
    assert city.limit(case_id) == Limit(2, Unit.URGENT_HOURS)


def test_a_policy_names_the_edition_and_the_case_remembers_it() -> None:
    city = City(FIRST, *LINES)

    filed = city.case(city.filed()).filed

    assert (filed.policy, filed.edition) == ("pl-1", city.rows.edition)
    assert city.books.current(city.at).said.zh == "《网格规则》（pl-1）"


def test_what_is_announced_holds_from_its_day_on_and_not_before() -> None:
    city = City(FIRST, *LINES)
    city.say(SECOND, issue_type("E-01-02", "暴露垃圾", TEN_HOURS), DepartmentWithdrawn(code="water", reason="合并"))
    early = city.filed()

    assert city.limit(early) == Limit(5, Unit.WORKING_HOURS)
    assert city.case(early).filed.policy == "pl-1"
    assert "water" in city.books.current(city.at).departments

    city.at = datetime(2026, 12, 1, 9, 30, tzinfo=THURSDAY.tzinfo)
    late = city.filed()

    assert city.limit(late) == TEN_HOURS
    assert city.case(late).filed.policy == "pl-2"
    city.raised_and_dispatched(early)
    assert city.limit(early) == Limit(5, Unit.WORKING_HOURS)


def test_a_policy_can_neither_change_the_past_nor_overtake_another() -> None:
    with pytest.raises(Refused, match="cannot be moved"):
        editions.check([FIRST], replace(FIRST, effective_from=date(2026, 3, 1)), THURSDAY.date())
    with pytest.raises(Refused, match="cannot begin earlier"):
        editions.check(
            [FIRST, SECOND], replace(SECOND, code="pl-3", effective_from=date(2026, 11, 30)), THURSDAY.date()
        )

    editions.check([FIRST, SECOND], replace(SECOND, effective_from=date(2027, 1, 1)), THURSDAY.date())
    editions.check([FIRST, SECOND], replace(FIRST, title="改个名字"), THURSDAY.date())


def test_editions_in_memory_are_read_once_and_only_so_many_are_kept() -> None:
    city = City(*LINES)
    first = city.rows.edition
    for number in range(EDITIONS + 5):
        city.say(DepartmentRegistered(code=f"d{number}", name="部门", name_en="d", contact=None))
    book = city.books.current(city.at)
    asked = len(city.rows.asked)

    again = [book.under(first, "E-01-02") for _ in range(50)]
    assert len(city.rows.asked) == asked + 1
    assert all(found == again[0] for found in again)

    for edition in range(first, first + EDITIONS + 5):
        book.under(edition, "E-01-02")
    assert len(city.books.memory._editions) <= EDITIONS


changes = st.one_of(
    st.builds(lambda hours: issue_type("E-01-02", "暴露垃圾", Limit(hours, Unit.WORKING_HOURS)), st.integers(1, 40)),
    st.sampled_from(["sanitation", "urban", "water"]).map(lambda code: line("garbage", "E-01", "530103", code)),
    st.sampled_from(["sanitation", "urban", "water"]).map(lambda code: line("narrow", "E-01-02", str(COMMUNITY), code)),
)


@given(st.lists(changes, max_size=6), st.lists(changes, max_size=6))
def test_whatever_is_said_later_a_case_is_proposed_what_it_was_proposed_at_first(
    earlier: list[object], later: list[object]
) -> None:
    city = City(*LINES, *earlier)
    then = city.books.current(city.at)
    first = then.propose("E-01-02", COMMUNITY, LATER)
    city.say(*later)

    now = city.books.current(city.at).under(then.edition, "E-01-02").propose("E-01-02", COMMUNITY, LATER)

    assert first is not None
    assert now is not None
    assert (now.department, now.rule, now.limit, now.due_at) == (
        first.department,
        first.rule,
        first.limit,
        first.due_at,
    )
