"""Which clocks an issue's events start, pause, move and stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.dispatch.clocks.effective import with_clocks
from services.dispatch.clocks.facts import missing
from services.dispatch.clocks.rules import Rules, Turn
from services.dispatch.domain.case import Case
from services.dispatch.domain.evolve import evolve
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts import case, task
from shared.contracts.case import Loop
from shared.contracts.clock import ClockStarted, ClockStopped, Stage
from shared.contracts.envelope import Origin
from shared.contracts.report import ReportVerificationRequested, Urgency
from shared.contracts.shapes import Limit
from shared.handling import fold
from shared.kernel.ids import derived_id, new_id
from tests.support.calendars import YEAR_2026
from tests.support.cases import LINES
from tests.support.clocks import DAYS, HOURS, RULES, STAGED, STANDARDS, URGENT, Issue, at, limit_line

MORNING = at("2026-11-23 09:00")


def whole_road() -> Issue:
    issue = Issue(MORNING).submitted().at("2026-11-23 09:30").accepted().filed()
    issue.at("2026-11-23 10:00").dispatched().at("2026-11-23 10:30").signed().at("2026-11-23 15:00").responded()
    issue.sent_to_check().at("2026-11-23 17:00").checked().at("2026-11-24 09:00").closed()
    return issue


def test_every_stage_of_the_road_has_its_clock_and_every_clock_stops() -> None:
    clocks = whole_road().book.clocks.values()

    assert [clock.stage.value for clock in clocks] == [
        "accept",
        "file",
        "dispatch",
        "sign",
        "handle",
        "check",
        "reply",
    ]
    assert all(clock.stopped is not None and clock.stopped.fulfilled for clock in clocks)


def test_what_the_field_tells_hours_later_is_to_be_accepted_from_when_it_was_told() -> None:
    """Two working hours to accept: seen at 9 without a network, told at 15, so due at 17 and not at 11."""
    issue = Issue(at("2026-11-23 15:00")).submitted(seen_at=MORNING)
    clock = issue.clock(Stage.ACCEPT)

    assert (clock.started.started_at, clock.due_at) == (at("2026-11-23 15:00"), at("2026-11-23 17:00"))
    assert issue.ticked() == []
    assert issue.history[0].occurred_at == MORNING


def test_what_was_put_right_hours_ago_is_to_be_filed_from_when_it_was_told() -> None:
    issue = Issue(at("2026-11-23 15:00")).submitted(seen_at=MORNING).self_handled(seen_at=MORNING)
    accept, file = issue.clock(Stage.ACCEPT), issue.clock(Stage.FILE)

    assert accept.stopped is not None
    assert (accept.stopped.on_time, accept.stopped.minutes) == (True, 0)
    assert file.started.started_at == at("2026-11-23 15:00")
    assert file.due_at == at("2026-11-23 16:00")
    assert issue.ticked() == []


def test_counted_minutes_are_working_minutes() -> None:
    issue = whole_road()

    # 10:00 to 12:00 and 14:00 to 15:00; 15:00 to 17:00; the reply over the night: 17:00 to 18:00 and 08:00 to 09:00.
    used = {stage: issue.clock(stage).stopped for stage in (Stage.HANDLE, Stage.CHECK, Stage.REPLY)}
    assert [found.minutes for found in used.values() if found] == [180, 120, 120]


def test_a_due_instant_is_the_one_that_the_case_says() -> None:
    issue = Issue(MORNING).filed().dispatched(Limit(5, HOURS))

    assert issue.clock(Stage.HANDLE).due_at == at("2026-11-23 16:00")
    assert issue.clock(Stage.HANDLE).minutes == 300
    assert issue.clock(Stage.HANDLE).warn_at == at("2026-11-23 15:00")


def test_a_task_without_a_limit_has_no_clock_for_handling() -> None:
    issue = Issue(MORNING).filed().dispatched(None)

    assert [clock.stage for clock in issue.book.running] == [Stage.SIGN]


def test_the_limit_of_a_stage_belongs_to_the_loop_and_the_urgency() -> None:
    own = (
        limit_line(Stage.DISPATCH, Limit(4, HOURS), loop=Loop.DISTRICT),
        limit_line(Stage.DISPATCH, Limit(1, URGENT), urgency=Urgency.CRITICAL),
    )
    rules = Rules(Rulebook.of((*LINES, *STANDARDS, *own)))
    district = Issue(MORNING, rules=rules).filed(loop=Loop.DISTRICT).clock(Stage.DISPATCH)
    critical = Issue(at("2026-11-22 23:30"), rules=rules).filed(Urgency.CRITICAL).clock(Stage.DISPATCH)

    assert district.due_at == at("2026-11-23 15:00")
    assert critical.due_at == at("2026-11-23 00:30")
    assert critical.day_and_night


def test_whoever_verifies_has_a_clock_and_filing_counts_from_then() -> None:
    issue = Issue(MORNING).submitted().at("2026-11-23 09:10")
    issue.happens(ReportVerificationRequested(report_id=issue.case_id))

    assert [clock.stage for clock in issue.book.running] == [Stage.VERIFY]
    assert issue.clock(Stage.ACCEPT).stopped is not None


def staged() -> Issue:
    return Issue(MORNING, rules=Rules(Rulebook.of((*LINES, *STANDARDS, *STAGED)))).filed().dispatched(Limit(20, DAYS))


def test_every_closing_condition_runs_from_the_dispatch() -> None:
    issue = staged()

    assert issue.clock(Stage.HANDLE, "stop_work").due_at == at("2026-11-23 15:00")
    assert issue.clock(Stage.HANDLE, "penalty").due_at == at("2026-12-02 18:00")
    assert issue.clock(Stage.HANDLE, "demolition").due_at == issue.clock(Stage.HANDLE).due_at


def test_a_stage_of_work_stops_its_own_clock_and_the_answer_stops_the_others() -> None:
    issue = staged().signed().at("2026-11-23 14:00")
    issue.happens(
        task.TaskStageCompleted(
            case_id=issue.case_id, task_id=issue.task_id, department="urban", stage="stop_work", words="", on_time=None
        )
    )

    assert issue.clock(Stage.HANDLE, "stop_work").stopped is not None
    assert [clock.started.condition for clock in issue.book.running] == [None, "penalty", "demolition"]
    assert not issue.responded().book.running


def test_a_condition_that_came_into_the_rules_later_is_not_added_to_a_task_in_hand() -> None:
    issue = Issue(MORNING).filed().dispatched(Limit(20, DAYS))
    issue.rules = Rules(Rulebook.of((*LINES, *STANDARDS, *STAGED)))

    assert issue.kept().clock(Stage.HANDLE).started.condition is None
    assert len(issue.book.running) == 2


def test_a_condition_that_left_the_rules_still_stops_with_its_task() -> None:
    issue = staged()
    issue.rules = RULES

    assert not issue.responded().book.running


def test_a_returned_task_lets_its_clocks_fall_away_and_dispatching_counts_again() -> None:
    issue = Issue(MORNING).filed().dispatched().at("2026-11-23 11:00")
    issue.happens(
        case.TaskReturned(
            case_id=issue.case_id,
            task_id=issue.task_id,
            department="urban",
            kind=case.ReturnKind.WRONG_DEPARTMENT,
            reason="not ours",
            believed_responsible="water",
        )
    )

    stopped = issue.clock(Stage.HANDLE).stopped
    assert stopped is not None
    assert not stopped.fulfilled
    assert [clock.stage for clock in issue.book.running] == [Stage.DISPATCH]
    assert issue.clock(Stage.DISPATCH).started.started_at == at("2026-11-23 11:00")


def test_a_co_handler_has_clocks_of_its_own() -> None:
    issue = Issue(MORNING).filed().dispatched()
    other = new_id()
    issue.happens(
        task.TaskAdded(
            case_id=issue.case_id,
            task_id=other,
            department="water",
            joined=task.Joined.CO_HANDLER,
            what="",
            mandatory=True,
            limit=Limit(1, DAYS),
            due_at=at("2026-11-24 18:00"),
            due_because="",
        )
    )
    issue.at("2026-11-23 16:30").happens(
        task.TaskPartResponded(
            case_id=issue.case_id, task_id=other, department="water", answer="", evidence=(), on_time=True
        )
    )

    assert issue.clock(Stage.HANDLE, department="water").stopped is not None
    assert issue.clock(Stage.HANDLE, department="urban").is_running


def test_a_rework_runs_to_the_due_instant_of_before() -> None:
    issue = Issue(MORNING).filed().dispatched().signed().at("2026-11-23 11:00").responded().sent_to_check()
    issue.at("2026-11-23 15:00").checked(passed=False)
    again = issue.clock(Stage.HANDLE)

    assert again.is_running
    assert again.due_at == at("2026-11-23 16:00")
    assert again.minutes == 60


def test_a_check_stops_when_somebody_looked_not_when_we_heard_of_it() -> None:
    issue = Issue(MORNING).filed().dispatched().responded().sent_to_check().at("2026-11-23 11:00").checked()
    stopped = issue.clock(Stage.CHECK).stopped

    assert stopped is not None
    assert stopped.stopped_at == at("2026-11-23 11:00")


def test_suspending_stops_the_time_and_sets_a_day_to_look_again() -> None:
    issue = Issue(MORNING).filed().dispatched().signed().at("2026-11-23 11:00").suspended()

    assert [clock.stage for clock in issue.book.running] == [Stage.REVIEW]
    paused = issue.clock(Stage.HANDLE).paused
    assert paused is not None
    assert paused.minutes_left == 180
    assert issue.clock(Stage.REVIEW).due_at == at("2026-12-01 18:00")


def test_resuming_counts_what_was_left() -> None:
    issue = staged().signed().at("2026-11-23 11:00").suspended().at("2026-11-30 14:00").resumed()

    assert issue.clock(Stage.HANDLE, "stop_work").due_at == at("2026-11-30 16:00")
    assert issue.clock(Stage.HANDLE, "stop_work").is_running


def test_resuming_takes_the_due_instant_that_the_case_says() -> None:
    issue = Issue(MORNING).filed().dispatched().signed().at("2026-11-23 11:00").suspended().at("2026-11-30 14:00")
    issue.resumed(case.NewDue(task_id=issue.task_id, due_at=at("2026-11-30 17:00"), because="left"))

    assert issue.clock(Stage.HANDLE).due_at == at("2026-11-30 17:00")
    assert issue.clock(Stage.HANDLE).minutes_used == 120


def test_pausing_and_resuming_at_once_changes_nothing() -> None:
    for moment in ("2026-11-23 10:20:33", "2026-11-23 13:00:00", "2026-11-23 12:00:00", "2026-11-23 15:59:59"):
        issue = staged().at(moment).suspended().resumed()

        assert issue.clock(Stage.HANDLE, "penalty").due_at == at("2026-12-02 18:00")
        assert issue.clock(Stage.HANDLE).due_at == staged().clock(Stage.HANDLE).due_at


def test_what_had_run_out_before_it_was_suspended_stays_run_out() -> None:
    issue = staged().at("2026-11-24 10:00").suspended().at("2026-11-26 10:00").resumed()

    assert issue.clock(Stage.HANDLE, "stop_work").due_at == at("2026-11-23 15:00")


def test_a_clock_that_stands_still_when_it_ends_is_not_late() -> None:
    issue = Issue(MORNING).filed().dispatched().at("2026-11-23 10:00").suspended().at("2026-12-20 10:00").closed()
    stopped = issue.clock(Stage.HANDLE).stopped

    assert stopped is not None
    assert stopped.on_time
    assert stopped.minutes == 60


def test_an_extension_moves_the_due_instant_and_the_warning() -> None:
    issue = Issue(MORNING).filed().dispatched().at("2026-11-23 15:00").extended(at("2026-11-24 09:00"))
    clock = issue.clock(Stage.HANDLE)

    assert clock.due_at == at("2026-11-24 09:00")
    assert clock.warn_at == at("2026-11-23 18:00") + timedelta(hours=14, minutes=12)
    assert clock.minutes_used == 240


def test_raising_a_level_ends_tasks_and_dispatching_counts_by_the_new_loop() -> None:
    issue = Issue(MORNING).filed().dispatched()
    issue.happens(
        case.CaseLevelRaised(case_id=issue.case_id, from_loop=Loop.COMMUNITY, to_loop=Loop.STREET, reason="too much")
    )

    assert [clock.stage for clock in issue.book.running] == [Stage.DISPATCH]
    assert issue.clock(Stage.DISPATCH).started.loop == "street"


def test_a_comment_or_an_unknown_event_moves_nothing() -> None:
    issue = Issue(MORNING).filed().dispatched()
    before = [fact.event for fact in issue.facts()]
    issue.at("2026-11-23 11:00").happens(
        task.TaskStarted(case_id=issue.case_id, task_id=issue.task_id, department="urban")
    )
    issue.happens(
        task.ExtensionRequested(
            case_id=issue.case_id,
            task_id=issue.task_id,
            request_id=new_id(),
            department="urban",
            limit=Limit(1, DAYS),
            reason="",
            evidence=(),
            attempt=1,
            needs="duty_chief",
        )
    )

    assert [fact.event for fact in issue.facts()] == before


def test_what_was_imported_has_no_clocks() -> None:
    issue = Issue(MORNING, origin=Origin.IMPORT).filed().dispatched().responded()

    assert issue.facts() == []


def test_hearing_of_everything_at_the_end_gives_the_same_clocks_as_hearing_of_it_step_by_step() -> None:
    late = Issue(MORNING, keeps=False)
    step = Issue(MORNING, case_id=late.case_id)
    for issue in (late, step):
        issue.submitted().at("2026-11-23 09:30").accepted().filed().at("2026-11-23 10:00").dispatched()
        issue.at("2026-11-23 10:30").signed().at("2026-11-23 11:00").suspended().at("2026-11-25 11:00").resumed()
        issue.at("2026-11-25 15:00").responded().sent_to_check()
    late.kept()

    assert _told(late) == _told(step)


def _told(issue: Issue) -> list[tuple[str, object]]:
    found = []
    for fact in issue.facts():
        event = fact.event
        if isinstance(event, ClockStarted | ClockStopped):
            # Ids follow the founding events, which are new each time.
            event = replace(event, clock_id=derived_id("any"))
        found.append((fact.type, getattr(event, "due_at", None) or getattr(event, "minutes", None)))
    return sorted(found, key=str)


def test_asking_again_misses_nothing() -> None:
    issue = whole_road()

    assert missing(issue.history, RULES, issue.now + timedelta(days=3)) == ()


# --- another calendar, an emergency -----------------------------------------------------------------------------

CORRECTED = replace(YEAR_2026, version=2, holidays=(*YEAR_2026.holidays, at("2026-11-24 00:00").date()))


def corrected(issue: Issue) -> Issue:
    lines = [line for line in LINES if line is not YEAR_2026]
    issue.rules = Rules(Rulebook.of((*lines, CORRECTED, *STANDARDS)))
    return issue.kept()


def test_a_corrected_calendar_moves_what_runs_and_says_so() -> None:
    issue = Issue(at("2026-11-23 16:00")).filed().dispatched(Limit(5, HOURS))
    before = issue.clock(Stage.HANDLE)
    after = corrected(issue).clock(Stage.HANDLE)

    assert (before.due_at, before.calendar) == (at("2026-11-24 11:00"), "2026/1")
    assert (after.due_at, after.calendar) == (at("2026-11-25 11:00"), "2026/2")
    assert issue.facts()[-1].type == "clock.recomputed"


def test_a_corrected_calendar_is_taken_in_once() -> None:
    issue = corrected(Issue(at("2026-11-23 16:00")).filed().dispatched())
    count = len(issue.facts())

    assert len(issue.at("2026-11-23 17:00").kept().facts()) == count


def test_a_correction_alone_never_makes_anything_overdue() -> None:
    lines = [line for line in LINES if line is not YEAR_2026]
    closed = replace(YEAR_2026, holidays=(*YEAR_2026.holidays, at("2026-11-24 00:00").date()))
    with_holiday = Rules(Rulebook.of((*lines, closed, *STANDARDS)))
    issue = Issue(at("2026-11-23 16:00"), rules=with_holiday).filed().dispatched()
    due_at = issue.clock(Stage.HANDLE).due_at
    issue.rules = Rules(Rulebook.of((*lines, replace(YEAR_2026, version=2), *STANDARDS)))

    assert due_at == at("2026-11-25 11:00")
    assert issue.at("2026-11-24 17:00").kept().clock(Stage.HANDLE).due_at == due_at


def test_what_has_run_out_stays_as_it_is_whatever_the_calendar_says() -> None:
    issue = Issue(at("2026-11-23 16:00")).filed().dispatched().at("2026-11-25 09:00")

    assert corrected(issue).clock(Stage.HANDLE).due_at == at("2026-11-24 11:00")


def emergency(issue: Issue, is_on: bool, since: str) -> Issue:
    issue.rules = replace(RULES, emergencies={"530103.004": Turn(is_on, at(since))})
    return issue.kept()


def test_in_an_emergency_what_is_left_counts_day_and_night() -> None:
    issue = Issue(at("2026-11-23 16:00")).filed().dispatched(Limit(5, HOURS)).at("2026-11-23 17:00")
    clock = emergency(issue, True, "2026-11-23 17:00").clock(Stage.HANDLE)

    assert clock.due_at == at("2026-11-23 21:00")
    assert clock.day_and_night


def test_after_the_emergency_what_is_left_counts_in_working_hours_again() -> None:
    issue = Issue(at("2026-11-23 16:00")).filed().dispatched(Limit(5, HOURS)).at("2026-11-23 17:00")
    emergency(issue, True, "2026-11-23 17:00").at("2026-11-23 19:00")
    clock = emergency(issue, False, "2026-11-23 19:00").clock(Stage.HANDLE)

    assert clock.due_at == at("2026-11-24 10:00")
    assert not clock.day_and_night


def test_there_and_back_at_once_changes_nothing() -> None:
    issue = Issue(at("2026-11-23 16:00")).filed().dispatched(Limit(5, HOURS)).at("2026-11-23 17:00")
    emergency(issue, True, "2026-11-23 17:00")

    assert emergency(issue, False, "2026-11-23 17:00").clock(Stage.HANDLE).due_at == at("2026-11-24 11:00")


def test_nothing_becomes_overdue_because_we_learnt_late_of_an_emergency() -> None:
    issue = Issue(at("2026-11-23 16:00")).filed().dispatched(Limit(5, HOURS)).signed().at("2026-11-24 08:30")

    assert emergency(issue, True, "2026-11-23 17:00").clock(Stage.HANDLE).due_at == at("2026-11-24 11:00")
    assert not issue.ticked()


def test_a_case_that_comes_during_the_emergency_counts_day_and_night_from_its_start() -> None:
    issue = Issue(at("2026-11-23 20:00"))
    issue.rules = replace(RULES, emergencies={"530103": Turn(True, at("2026-11-20 10:00"))})

    assert issue.filed().clock(Stage.DISPATCH).due_at == at("2026-11-23 21:00")


def test_one_emergency_ends_for_a_place_when_the_last_one_around_it_has_ended() -> None:
    issue = Issue(at("2026-11-23 16:00"))
    issue.rules = replace(
        RULES,
        emergencies={"530103": Turn(True, at("2026-11-20 10:00")), "530103.004": Turn(False, at("2026-11-22 10:00"))},
    )

    assert issue.filed().clock(Stage.DISPATCH).day_and_night


@pytest.mark.parametrize("urgency", list(Urgency))
def test_an_urgent_limit_is_moved_by_neither(urgency: Urgency) -> None:
    issue = Issue(at("2026-11-23 16:00")).filed(urgency).dispatched(Limit(24, URGENT))
    due_at = issue.clock(Stage.HANDLE).due_at
    emergency(issue, True, "2026-11-23 16:30")

    assert corrected(issue).clock(Stage.HANDLE).due_at == due_at == at("2026-11-24 16:00")


# --- what the case says ---------------------------------------------------------------------------------------------


def the_case(issue: Issue) -> Case:
    found = fold([one for one in issue.history if one.stream.startswith("case-")], evolve)
    assert found is not None
    return with_clocks(found, issue.facts())


def test_a_case_is_due_when_its_clock_is() -> None:
    issue = corrected(Issue(at("2026-11-23 16:00")).filed().dispatched(Limit(5, HOURS)))
    task_in_hand = the_case(issue).task

    assert task_in_hand is not None
    assert task_in_hand.due_at == at("2026-11-25 11:00")
    assert "2026/2" in task_in_hand.due_because


def test_an_extension_that_the_clock_has_not_heard_of_counts_already() -> None:
    issue = corrected(Issue(at("2026-11-23 16:00")).filed().dispatched(Limit(5, HOURS)))
    issue.keeps = False
    task_in_hand = the_case(issue.extended(at("2026-11-26 11:00"))).task

    assert task_in_hand is not None
    assert task_in_hand.due_at == at("2026-11-26 11:00")
