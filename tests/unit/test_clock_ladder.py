"""What the passing of time says about a clock, to whom, and when it keeps silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.dispatch.clocks.posts import Holder, Posts
from shared.contracts.appointment import Post
from shared.contracts.case import Loop
from shared.contracts.clock import EscalationRaised, Rung, Stage
from shared.contracts.report import Urgency
from shared.contracts.shapes import Limit
from shared.kernel.area import Area
from shared.kernel.duty_hours import Rosters, Shift
from tests.support.clocks import DAYS, HOURS, POSTS, RULES, URGENT, Issue, at

PLACE = Area.parse("530103.004.012.003.00007")
TODAY = date(2026, 11, 24)


def handling(limit: Limit | None = None) -> Issue:
    """Dispatched and signed on Monday 09:00, due at 16:00."""
    return Issue(at("2026-11-23 09:00")).filed().dispatched(limit or Limit(5, HOURS)).signed()


def raised(issue: Issue) -> list[EscalationRaised]:
    return [fact.event for fact in issue.facts() if fact.type == "escalation.raised"]


def test_nothing_is_said_before_four_fifths_of_the_time() -> None:
    assert handling().at("2026-11-23 14:59").ticked() == []


def test_a_warning_is_given_after_four_fifths_of_the_time_once() -> None:
    issue = handling().at("2026-11-23 15:00")

    assert issue.ticked() == ["clock.warned"]
    assert issue.at("2026-11-23 15:30").ticked() == []


def test_at_the_due_instant_itself_it_is_still_on_time() -> None:
    issue = handling().at("2026-11-23 15:00")
    issue.ticked()

    assert issue.at("2026-11-23 16:00").ticked() == []
    assert issue.at("2026-11-23 16:00:01").ticked() == ["clock.breached", "escalation.raised"]


def test_every_rung_is_climbed_once_in_its_time() -> None:
    issue = handling()
    said = [(moment, issue.at(moment).ticked()) for moment in EVERY_HOUR]
    found = [(moment, one) for moment, types in said for one in types]

    # Due on Monday 16:00: a working day later is Tuesday 18:00, when nobody is there any more; three are Thursday's.
    assert found == [
        ("2026-11-23 15:00", "clock.warned"),
        ("2026-11-23 17:00", "clock.breached"),
        ("2026-11-23 17:00", "escalation.raised"),
        ("2026-11-25 08:00", "escalation.raised"),
        ("2026-11-27 08:00", "escalation.raised"),
    ]
    assert [one.rung for one in raised(issue)] == [Rung.URGED, Rung.SUPERVISED, Rung.RAISED]


EVERY_HOUR = [f"2026-11-{day} {hour:02}:00" for day in range(23, 30) for hour in range(24)]


def test_a_breach_is_said_at_night_and_the_reminder_waits_for_the_morning() -> None:
    issue = Issue(at("2026-11-23 15:00")).filed().at("2026-11-23 16:30").dispatched(Limit(1, HOURS)).signed()

    assert issue.at("2026-11-23 22:00").ticked() == ["clock.breached"]
    assert issue.at("2026-11-24 07:59").ticked() == []
    assert issue.at("2026-11-24 08:00").ticked() == ["escalation.raised"]


def test_no_reminder_goes_out_on_a_holiday() -> None:
    issue = Issue(at("2026-09-30 16:00")).filed().dispatched(Limit(1, HOURS)).signed().at("2026-09-30 16:59")
    issue.ticked()

    assert issue.at("2026-10-03 10:00").ticked() == ["clock.breached"]
    assert issue.at("2026-10-08 08:00").ticked() == ["escalation.raised"]


def test_an_urgent_limit_reminds_at_night() -> None:
    issue = Issue(at("2026-11-23 22:00")).filed(Urgency.CRITICAL).dispatched(Limit(2, URGENT)).signed()

    assert issue.at("2026-11-24 01:00").ticked() == ["clock.breached", "escalation.raised"]


def test_an_answer_that_came_in_time_and_was_heard_late_is_never_called_a_breach() -> None:
    issue = handling()
    issue.keeps = False
    issue.at("2026-11-23 15:59").responded().at("2026-11-23 16:30")

    assert issue.ticked() == ["clock.stopped"]
    assert issue.clock(Stage.HANDLE).stopped is not None


def test_an_extension_begins_the_ladder_anew() -> None:
    issue = handling().at("2026-11-23 16:30")
    issue.ticked()
    issue.extended(at("2026-11-24 10:00")).at("2026-11-24 09:00")

    assert issue.ticked() == []
    assert issue.at("2026-11-24 11:00").ticked() == ["clock.breached", "escalation.raised"]


def test_nobody_is_reminded_of_what_stands_still() -> None:
    assert handling().at("2026-11-23 10:00").suspended().at("2026-11-26 10:00").ticked() == []


def test_an_issue_that_nobody_has_is_reminded_of_like_any_other() -> None:
    issue = Issue(at("2026-11-23 09:00")).filed().at("2026-11-23 11:00")

    assert issue.ticked() == ["clock.breached", "escalation.raised"]
    assert raised(issue)[0].department is None
    assert raised(issue)[0].target_post == "grid_lead"


def test_the_sentence_says_what_was_due_when() -> None:
    issue = handling().at("2026-11-23 17:00")
    issue.ticked()

    assert raised(issue)[0].because == (
        "处置时限已于 2026-11-23 16:00 届满，催办 / handle was due 2026-11-23 16:00: urged"
    )


@pytest.mark.parametrize(
    ("loop", "up", "area", "post"),
    [
        (Loop.COMMUNITY, 0, "530103.004.012", Post.GRID_LEAD),
        (Loop.COMMUNITY, 1, "530103.004", Post.STREET_SUPERVISOR),
        (Loop.COMMUNITY, 2, "530103", Post.DISTRICT_INSPECTOR),
        (Loop.STREET, 0, "530103.004", Post.STREET_SUPERVISOR),
        (Loop.STREET, 2, "530103", Post.DISTRICT_INSPECTOR),
        (Loop.DISTRICT, 0, "530103", Post.DISTRICT_INSPECTOR),
        (None, 0, "530103.004.012", Post.GRID_LEAD),
    ],
)
def test_a_rung_leads_up_the_areas_own_chain(loop: Loop | None, up: int, area: str, post: Post) -> None:
    found = POSTS.target(PLACE, loop, up, TODAY)

    assert (found.area.path, found.post) == (area, post)


def test_where_nobody_holds_a_post_the_next_tier_above_is_addressed() -> None:
    without = Posts({path: holders for path, holders in POSTS.holders.items() if path != "530103.004"})

    assert without.target(PLACE, Loop.STREET, 0, TODAY).post is Post.DISTRICT_INSPECTOR


def test_with_nobody_in_the_chain_the_tiers_own_desk_is_addressed() -> None:
    found = Posts().target(PLACE, Loop.STREET, 0, TODAY)

    assert (found.area.path, found.post) == ("530103.004", None)


def test_who_has_left_is_not_addressed_and_a_neighbour_never_is() -> None:
    left = Holder(Post.GRID_LEAD, "old", date(2025, 1, 1), date(2026, 11, 23))
    neighbour = Holder(Post.GRID_LEAD, "next", date(2025, 1, 1))
    found = Posts({"530103.004.012": (left,), "530103.004.013": (neighbour,)}).target(PLACE, None, 0, TODAY)

    assert found.post is None


def test_a_ladder_that_was_shortened_ends_where_it_stands() -> None:
    issue = handling().at("2026-11-23 17:00")
    issue.ticked()
    rules = replace(RULES, rulebook=replace(RULES.rulebook, limits=replace(RULES.rulebook.limits, ladders=())))
    issue.rules = rules
    issue.at("2026-11-30 10:00").ticked()

    assert [one.rung for one in raised(issue)] == [Rung.URGED, Rung.SUPERVISED]
    assert issue.clock(Stage.HANDLE).next_rung is None


def test_a_week_of_silence_is_made_up_for_rung_by_rung() -> None:
    issue = handling(Limit(1, DAYS)).at("2026-12-07 10:00")

    assert issue.ticked() == ["clock.breached", "escalation.raised", "escalation.raised", "escalation.raised"]
    assert issue.ticked() == []


# --- duty by roster ---------------------------------------------------------------------------------------------------

NIGHT = Shift("night.012", at("2026-11-23 20:00"), at("2026-11-24 06:00"))


def late_at_night(*shifts: tuple[str, Shift]) -> Issue:
    """Due on Monday 17:30; working hours end at 18:00, and nobody looked before 22:00."""
    issue = Issue(at("2026-11-23 15:00"), rules=replace(RULES, rosters=Rosters.of(shifts)))
    return issue.filed().at("2026-11-23 16:30").dispatched(Limit(1, HOURS)).signed().at("2026-11-23 22:00")


def test_at_night_the_shift_of_the_centre_is_called_and_the_rung_comes_again_in_the_morning() -> None:
    issue = late_at_night(("530103.004.012", NIGHT))

    assert issue.ticked() == ["clock.breached", "escalation.raised"]
    assert issue.at("2026-11-24 01:00").ticked() == []
    assert issue.at("2026-11-24 08:00").ticked() == ["escalation.raised"]
    assert [(one.rung, one.on_shift) for one in raised(issue)] == [(Rung.URGED, ("night.012",)), (Rung.URGED, None)]
    assert len({one.escalation_id for one in raised(issue)}) == 2


def test_a_shift_calls_upon_nobody_before_it_begins_or_after_it_ends() -> None:
    issue = late_at_night(("530103.004.012", replace(NIGHT, starts_at=at("2026-11-23 23:00"))))

    assert issue.ticked() == ["clock.breached"]
    assert issue.at("2026-11-24 06:00").ticked() == []
    assert issue.at("2026-11-24 05:59").ticked() == ["escalation.raised"]


@pytest.mark.parametrize("elsewhere", ["530103.004.013", "530103.004"])
def test_the_shift_of_another_centre_lends_no_duty_hours(elsewhere: str) -> None:
    assert late_at_night((elsewhere, NIGHT)).ticked() == ["clock.breached"]


def test_a_warning_waits_for_the_department_however_many_are_on_shift() -> None:
    at_noon = replace(NIGHT, starts_at=at("2026-11-23 12:00"), ends_at=at("2026-11-23 14:00"))
    rules = replace(RULES, rosters=Rosters.of([("530103.004.012", at_noon)]))
    issue = Issue(at("2026-11-23 08:30"), rules=rules).filed().dispatched(Limit(4, HOURS)).signed()

    assert issue.at("2026-11-23 13:00").ticked() == []
    assert issue.at("2026-11-23 14:00").ticked() == ["clock.warned"]
