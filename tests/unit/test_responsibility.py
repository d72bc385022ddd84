"""The responsibility list: the narrowest area wins, then the narrowest kind, and every answer says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.domain.lines import check, settle, stream_of
from services.dispatch.domain.responsibility import indexed, matching, patterns, ties
from services.dispatch.domain.rulebook import Rulebook
from shared.contracts.rulebook import ResponsibilityAssigned
from shared.contracts.shapes import Limit, Unit
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, Refused
from tests.support.calendars import YEAR_2026
from tests.support.cases import COMMUNITY, DISTRICT, LINES, RULEBOOK, STREET, THURSDAY, line

AREAS = ("530103", "530103.004", "530103.004.012", "530103.004.013", "530103.005", "530102")
KINDS = ("*", "E", "E-01", "E-01-02", "E-01-05", "E-02", "E-02-01", "P-01")


def test_the_patterns_of_an_issue_type_run_from_the_full_code_to_everything() -> None:
    assert list(patterns("E-01-02")) == ["E-01-02", "E-01", "E", "*"]


@pytest.mark.parametrize(
    ("lines", "winner"),
    [
        ([("a", "*", "530103"), ("b", "E-01", "530103")], "b"),
        ([("a", "E-01", "530103"), ("b", "E-01-02", "530103")], "b"),
        ([("a", "E-01-02", "530103"), ("b", "*", "530103.004")], "b"),
        ([("a", "E-01-02", "530103.004"), ("b", "E-01", "530103.004.012")], "b"),
        ([("a", "E-01", "530103"), ("b", "E-01-02", "530103.005")], "a"),
        ([("a", "E-01", "530103"), ("b", "E-0", "530103.004")], "a"),
    ],
)
def test_the_more_specific_line_wins_and_area_goes_before_kind(lines: list[tuple[str, str, str]], winner: str) -> None:
    listed = indexed(line(rule, kind, area, rule) for rule, kind, area in lines)

    assert next(matching(listed, "E-01-02", COMMUNITY)).rule == winner


def test_where_no_line_holds_there_is_no_proposal() -> None:
    assert RULEBOOK.propose("E-09-01", COMMUNITY, THURSDAY) is None
    assert RULEBOOK.propose("E-01-02", Area.parse("530102"), THURSDAY) is None


def test_a_proposal_says_which_line_chose_whom_and_why_and_until_when() -> None:
    found = RULEBOOK.propose("E-01-02", COMMUNITY, THURSDAY)

    assert found is not None
    assert (found.department, found.rule, found.automatic) == ("sanitation", "garbage", True)
    assert found.because.zh == "权责清单 garbage 条：E-01类事项（E-01）由环卫站负责"
    assert "responsibility list garbage" in found.because.en
    assert found.due_at is not None
    assert f"{found.due_at:%m-%d %H:%M}" == "11-27 10:40"
    assert "5 工作时" in found.due_because.zh


def test_a_line_that_beat_others_says_how_many() -> None:
    found = RULEBOOK.propose("E-01-05", STREET, THURSDAY)

    assert found is not None
    assert found.rule == "water"
    assert "比另外 1 条更具体" in found.because.zh


def test_a_lines_own_limit_goes_before_that_of_the_issue_type() -> None:
    hurried = line("hurried", "E-01-02", "530103.004", "sanitation", limit=Limit(1, Unit.WORKING_HOURS))
    found = Rulebook.of((*LINES, hurried)).propose("E-01-02", COMMUNITY, THURSDAY)

    assert found is not None
    assert found.limit == Limit(1, Unit.WORKING_HOURS)


def test_an_issue_type_without_a_limit_is_never_due() -> None:
    everything = line("rest", "*", "530103", "urban")
    found = Rulebook.of((*LINES, everything)).propose("E-09-01", COMMUNITY, THURSDAY)

    assert found is not None
    assert found.due_at is None
    assert "没有规定时限" in found.due_because.zh


def test_a_choice_by_hand_carries_no_rule_and_says_the_dispatchers_reason() -> None:
    found = RULEBOOK.by_hand("E-01-02", COMMUNITY, THURSDAY, "urban", ("sanitation",), "涉及占道经营")

    assert (found.department, found.co_handlers, found.rule) == ("urban", ("sanitation",), None)
    assert "涉及占道经营" in found.because.zh
    assert found.limit == Limit(5, Unit.WORKING_HOURS)


def test_a_choice_by_hand_of_nobody_we_know_is_invalid() -> None:
    with pytest.raises(Invalid) as refused:
        RULEBOOK.by_hand("E-01-02", COMMUNITY, THURSDAY, "nobody", (), "就近")

    assert refused.value.where == "department"


# --- properties -------------------------------------------------------------------------------------------------

all_lines = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(AREAS)), unique=True, max_size=len(AREAS) * len(KINDS)
).map(lambda pairs: [line(f"r{number}", kind, area, f"d{number}") for number, (kind, area) in enumerate(pairs)])


def _holds(found: ResponsibilityAssigned, kind: str, area: Area) -> bool:
    means_it = found.issue_type in ("*", kind) or kind.startswith(found.issue_type + "-")
    return means_it and area.is_within(Area(found.area))


@given(all_lines, st.sampled_from(("E-01-02", "E-02-01", "P-01", "Q-07")), st.sampled_from(AREAS))
def test_the_winner_is_the_narrowest_of_all_that_hold(
    lines: list[ResponsibilityAssigned], kind: str, place: str
) -> None:
    area = Area(place)
    holding = [found for found in lines if _holds(found, kind, area)]
    narrowest = sorted(holding, key=lambda found: (-len(found.area), found.issue_type == "*", -len(found.issue_type)))

    assert list(matching(indexed(lines), kind, area)) == narrowest


@given(all_lines, st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_the_list(
    lines: list[ResponsibilityAssigned], chance: object
) -> None:
    shuffled = sorted(lines, key=lambda _: chance.random())  # type: ignore[attr-defined]  # hypothesis' Random

    assert indexed(shuffled) == indexed(lines)


@given(all_lines, st.sampled_from(AREAS))
def test_a_line_elsewhere_changes_nothing_here(lines: list[ResponsibilityAssigned], place: str) -> None:
    area = Area(place)
    here = [found for found in lines if area.is_within(Area(found.area))]

    assert list(matching(indexed(here), "E-01-02", area)) == list(matching(indexed(lines), "E-01-02", area))


@given(all_lines)
def test_lines_about_different_places_or_kinds_never_tie(lines: list[ResponsibilityAssigned]) -> None:
    assert ties(lines) == []


# --- loading ----------------------------------------------------------------------------------------------------


def test_a_sound_rulebook_passes_the_check() -> None:
    check(LINES)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (line("again", "E-01", "530103", "urban"), "again"),
        (line("ghost", "E-04-03", "530103", "ghosts"), "ghost"),
        (line("nothing", "E-77", "530103", "urban"), "nothing"),
        (line("zero", "E-09", "530103", "urban", limit=Limit(0, Unit.WORKING_DAYS)), "zero"),
        (line("where", "E-09", "530103004", "urban"), "where"),
        (line("nowhere", "E-09", "five", "urban"), "nowhere"),
        (line("both", "E-09", "530103", "urban", co_handlers=("urban",)), "both"),
        (replace(YEAR_2026, cutoff="noon"), "calendar 2026"),
    ],
)
def test_a_rulebook_that_contradicts_itself_is_refused_by_the_name_of_its_line(wrong: object, named: str) -> None:
    with pytest.raises(Invalid) as refused:
        check((*LINES, wrong))  # type: ignore[arg-type]

    assert named in refused.value.errors


def test_a_line_that_says_what_is_wanted_is_left_alone_and_another_word_is_an_event() -> None:
    garbage = line("garbage", "E-01", "530103", "sanitation")

    assert settle(garbage, garbage) == ()
    assert settle(None, garbage) == (garbage,)
    assert settle(garbage, replace(garbage, department="urban")) == (replace(garbage, department="urban"),)


def test_a_calendar_that_says_something_new_needs_a_higher_version() -> None:
    corrected = replace(YEAR_2026, holidays=(*YEAR_2026.holidays, date(2026, 11, 27)))

    assert settle(YEAR_2026, replace(corrected, version=2))
    with pytest.raises(Refused) as refused:
        settle(YEAR_2026, corrected)
    assert refused.value.rule == "calendar.version_not_raised"


def test_every_line_has_a_stream_of_its_own_in_the_rulebook_category() -> None:
    streams = [stream_of(found) for found in LINES]

    assert len(set(streams)) == len(LINES)
    assert all(stream.startswith("rulebook-") for stream in streams)


def test_a_rulebook_knows_where_a_case_of_an_unknown_kind_starts() -> None:
    assert RULEBOOK.loop("E-01-02").value == "street"
    assert RULEBOOK.loop("Z-99").value == "community"
    assert DISTRICT.path in {found.area for found in RULEBOOK.lines.values()}
