"""Due times over the 2026 calendar, each counted by hand, and what holds of all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import Invalid
from shared.kernel.working_calendar import Calendar, DayKind
from shared.kernel.working_time import Limit, Unit, budget, due, spend, working_minutes, working_time
from tests.support.calendars import CALENDAR_2026, YEAR_2026

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNITS = {"H": Unit.WORKING_HOURS, "D": Unit.WORKING_DAYS, "U": Unit.URGENT_HOURS}

# start, limit, due. Hours are 08:00-12:00 and 14:00-18:00, the cut-off is 17:00, 31 December is a half day.
BY_HAND = """
2026-01-05 09:00  1H  2026-01-05 10:00  inside the morning
2026-01-05 11:30  1H  2026-01-05 14:30  over lunch
2026-01-05 11:00  1H  2026-01-05 12:00  ends with the window, not after lunch
2026-01-05 12:00  1H  2026-01-05 15:00  starts as lunch starts
2026-01-05 13:00  2H  2026-01-05 16:00  starts at lunch
2026-01-05 17:30  1H  2026-01-06 08:30  over night
2026-01-05 07:00  4H  2026-01-05 12:00  before the doors open
2026-01-05 08:00  8H  2026-01-05 18:00  one whole day
2026-01-05 08:00  9H  2026-01-06 09:00  a day and an hour
2026-01-05 23:00  1H  2026-01-06 09:00  at night
2026-01-09 16:40  5H  2026-01-12 11:40  over a plain weekend
2025-12-31 17:00  2H  2026-01-04 09:00  over New Year to the swap Sunday
2026-01-02 10:00  3H  2026-01-04 11:00  on a holiday
2026-01-03 10:00  1D  2026-01-05 18:00  on a holiday: received on the swap Sunday
2026-02-13 16:40  5H  2026-02-14 11:40  Friday to the swap Saturday
2026-02-14 16:40  5H  2026-02-24 11:40  from the swap Saturday over the Spring Festival
2026-02-14 16:40  1D  2026-02-24 18:00  the same in working days
2026-02-14 17:00  1D  2026-02-24 18:00  at the cut-off it still counts as today
2026-02-14 17:01  1D  2026-02-25 18:00  a minute later it does not
2026-02-17 10:00  5D  2026-03-02 18:00  on the Spring Festival: swap Saturday 28 February is the fourth day
2026-02-27 10:00  1D  2026-02-28 18:00  due on a swap Saturday
2026-02-27 17:30  1D  2026-03-02 18:00  after the cut-off, received on the swap Saturday
2026-02-28 15:00  4H  2026-03-02 09:00  from a swap Saturday over the Sunday
2026-02-17 10:00  2U  2026-02-17 12:00  urgent hours run on the Spring Festival
2026-02-14 23:30  4U  2026-02-15 03:30  and at night
2026-04-03 16:40  5H  2026-04-07 11:40  over Tomb-Sweeping
2026-04-03 10:00  3D  2026-04-09 18:00  the same in days
2026-04-06 10:00  1D  2026-04-08 18:00  on the holiday Monday
2026-04-30 16:40  5H  2026-05-06 11:40  over Labour Day
2026-04-30 10:00  4D  2026-05-09 18:00  the swap Saturday is the fourth day
2026-05-08 17:30  1H  2026-05-09 08:30  Friday to the swap Saturday
2026-05-09 17:30  2H  2026-05-11 09:30  swap Saturday to Monday
2026-06-18 12:00  8H  2026-06-22 12:00  over the Dragon Boat Festival
2026-06-18 09:00  1D  2026-06-22 18:00  the same in days
2026-09-18 17:00  3H  2026-09-20 10:00  Friday over a free Saturday to the swap Sunday
2026-09-20 10:00  4D  2026-09-24 18:00  from the swap Sunday
2026-09-20 10:00  5D  2026-09-28 18:00  over Mid-Autumn
2026-09-24 16:40  5H  2026-09-28 11:40  the same in hours
2026-09-30 16:40  5H  2026-10-08 11:40  over National Day
2026-09-30 16:40 15D  2026-10-27 18:00  fifteen days with a swap Saturday
2026-10-09 09:00  1D  2026-10-10 18:00  due on the swap Saturday
2026-10-10 18:00  1H  2026-10-12 09:00  as the swap Saturday ends
2026-10-11 08:00  1H  2026-10-12 09:00  on a Sunday
2026-11-26 15:40  5H  2026-11-27 10:40  the example everybody knows
2026-11-26 15:40  1D  2026-11-27 18:00  the same day in days
2026-11-26 17:20  1D  2026-11-30 18:00  after the cut-off on a Thursday
2026-12-30 16:00  4H  2026-12-31 10:00  into the half day
2026-12-30 10:00  1D  2026-12-31 12:00  a half day ends at noon
2026-12-31 11:00  3H  2027-01-01 10:00  into a year that nobody has published
2026-12-31 13:00  1D  2027-01-04 18:00  after the last minute of the half day
2026-09-30 23:00 24U  2026-10-01 23:00  a day and a night
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def limit(text: str) -> Limit:
    return Limit(int(text[:-1]), UNITS[text[-1]])


def _cases() -> list[object]:
    rows = []
    for line in BY_HAND.strip().splitlines():
        start_day, start_time, amount, due_day, due_time, *words = line.split()
        rows.append(pytest.param(f"{start_day} {start_time}", amount, f"{due_day} {due_time}", id="-".join(words)))
    return rows


@pytest.mark.parametrize(("start", "amount", "expected"), _cases())
def test_the_due_time_is_the_one_counted_by_hand(start: str, amount: str, expected: str) -> None:
    found = due(at(start), limit(amount), CALENDAR_2026)

    assert found.at == at(expected)


def test_the_holidays_of_2026_are_those_of_the_public_list() -> None:
    listed = {day for day in holidays.country_holidays("CN", years=2026) if day.weekday() < 5}

    assert {day for day in YEAR_2026.holidays if day.weekday() < 5} == listed


def test_the_explanation_says_when_why_and_from_when_in_both_languages() -> None:
    because = due(at("2026-11-26 15:40"), limit("5H"), CALENDAR_2026).because

    assert because.zh == (
        "11 月 27 日 10:40 前，因为 5 工作时，从 11 月 26 日 15:40 起算，扣除非工作时段；2026 年日历第 1 版"
    )
    assert because.en == (
        "due 27 Nov 10:40, because 5 working hours count from 26 Nov 15:40; "
        "not counted: hours outside work; calendar 2026 version 1"
    )


def test_the_explanation_names_holidays_and_swap_days() -> None:
    because = due(at("2026-02-13 16:40"), limit("2D"), CALENDAR_2026).because

    assert "法定节假日 2 月 15 日至 2 月 23 日" in because.zh
    assert "计入调休上班 2 月 14 日" in because.zh
    assert "holiday 15 Feb to 23 Feb" in because.en


def test_the_explanation_of_many_weeks_counts_the_weekends_instead_of_naming_them() -> None:
    because = due(at("2026-07-01 09:00"), limit("40D"), CALENDAR_2026).because

    assert "周末 16 天" in because.zh


def test_the_explanation_says_when_a_year_is_not_published() -> None:
    because = due(at("2026-12-31 11:00"), limit("3H"), CALENDAR_2026).because

    assert "2027 年日历未发布" in because.zh
    assert because.zh.startswith("2027 年 1 月 1 日 10:00 前，因为 3 工作时，从 2026 年 12 月 31 日 11:00 起算")


def test_urgent_hours_are_explained_as_running_day_and_night() -> None:
    assert "昼夜连续计算" in due(at("2026-02-14 23:30"), limit("4U"), CALENDAR_2026).because.zh


def test_a_due_time_after_the_cut_off_says_when_it_counts_as_received() -> None:
    assert "视为 11 月 27 日 收到" in due(at("2026-11-26 17:20"), limit("1D"), CALENDAR_2026).because.zh


def test_counted_minutes_of_a_working_day_limit_are_working_minutes() -> None:
    assert due(at("2026-11-26 15:40"), limit("1D"), CALENDAR_2026).minutes == 140 + 480


@pytest.mark.parametrize("amount", [0, -1, 10_001])
def test_a_limit_of_nothing_or_of_forever_is_invalid(amount: int) -> None:
    with pytest.raises(Invalid):
        due(at("2026-11-26 15:40"), Limit(amount, Unit.WORKING_HOURS), CALENDAR_2026)


def test_a_start_without_a_zone_is_invalid() -> None:
    with pytest.raises(Invalid):
        due(datetime(2026, 11, 26, 15, 40), Limit(1, Unit.WORKING_HOURS), CALENDAR_2026)  # noqa: DTZ001 - the point


def test_a_newer_version_of_a_year_replaces_the_older_one_whatever_their_order() -> None:
    corrected = replace(YEAR_2026, version=2, holidays=(*YEAR_2026.holidays, date(2026, 11, 27)))

    for years in ([YEAR_2026, corrected], [corrected, YEAR_2026]):
        assert due(at("2026-11-26 15:40"), limit("5H"), Calendar.of(years)).at == at("2026-11-30 10:40")


def test_the_hours_of_a_daylight_saving_night_are_real_hours() -> None:
    boston = Calendar.of([replace(YEAR_2026, zone="America/New_York", windows=("00:00-24:00",), holidays=())])
    friday = datetime(2026, 10, 30, 12, 0, tzinfo=boston.zone)
    monday = datetime(2026, 11, 2, 12, 0, tzinfo=boston.zone)

    assert working_minutes(friday, monday, boston) == 24 * 60
    assert spend(friday, timedelta(hours=73), Unit.URGENT_HOURS, boston) == monday


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("windows", ("12:00-08:00",)),
        ("windows", ("08:00-12:00", "11:00-13:00")),
        ("windows", ()),
        ("windows", ("8-12",)),
        ("windows", ("08:00-25:00",)),
        ("cutoff", "17:75"),
        ("zone", "Asia/Nowhere"),
        ("holidays", (date(2025, 1, 1),)),
        ("swap_days", (date(2026, 1, 5),)),
        ("half_days", (date(2026, 1, 1),)),
        ("half_days", (date(2026, 7, 4),)),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(field: str, value: object) -> None:
    with pytest.raises(Invalid):
        Calendar.of([replace(YEAR_2026, **{field: value})])  # type: ignore[arg-type]  # one field at a time


def test_a_calendar_without_a_published_year_is_refused() -> None:
    with pytest.raises(Invalid):
        Calendar.of([])


def test_a_year_without_any_working_day_ends_in_an_error_and_not_in_a_search_for_ever() -> None:
    never = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    years = [replace(YEAR_2026, year=year, swap_days=(), half_days=(), holidays=()) for year in (2026, 2027)]
    closed = [
        replace(years[0], holidays=tuple(never)),
        replace(years[1], holidays=tuple(day + timedelta(days=365) for day in never)),
    ]

    with pytest.raises(Invalid):
        due(at("2026-01-05 09:00"), limit("1H"), Calendar.of(closed))
    with pytest.raises(Invalid):
        due(at("2026-01-05 09:00"), limit("1D"), Calendar.of(closed))


# --- properties -------------------------------------------------------------------------------------------------

instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20), timezones=st.just(SHANGHAI))  # noqa: DTZ001 - zoned by hypothesis
working_limits = st.builds(Limit, st.integers(1, 60), st.sampled_from([Unit.WORKING_DAYS, Unit.WORKING_HOURS]))
limits = st.builds(Limit, st.integers(1, 60), st.sampled_from(list(Unit)))


@given(instants, instants, limits)
def test_what_starts_later_is_never_due_earlier(one: datetime, other: datetime, a_limit: Limit) -> None:
    first, second = sorted((one, other))

    assert due(first, a_limit, CALENDAR_2026).at <= due(second, a_limit, CALENDAR_2026).at


@given(instants, limits)
def test_a_longer_limit_is_due_later(start: datetime, a_limit: Limit) -> None:
    longer = Limit(a_limit.amount + 1, a_limit.unit)

    assert due(start, a_limit, CALENDAR_2026).at < due(start, longer, CALENDAR_2026).at


@given(instants, instants, limits)
def test_pausing_and_resuming_at_once_changes_nothing(start: datetime, pause: datetime, a_limit: Limit) -> None:
    due_at = due(start, a_limit, CALENDAR_2026).at
    left = budget(due_at, pause, a_limit.unit, CALENDAR_2026)

    if left > timedelta():
        assert spend(pause, left, a_limit.unit, CALENDAR_2026) == due_at
    else:
        assert pause >= due_at


@given(instants, working_limits)
def test_a_due_instant_lies_inside_a_working_window(start: datetime, a_limit: Limit) -> None:
    due_at = due(start, a_limit, CALENDAR_2026).at

    assert any(begin < due_at <= end for begin, end in CALENDAR_2026.windows(due_at.date()))


@given(instants, limits)
def test_the_counted_minutes_are_those_between_start_and_due(start: datetime, a_limit: Limit) -> None:
    found = due(start, a_limit, CALENDAR_2026)

    if a_limit.unit is not Unit.WORKING_DAYS:
        assert found.minutes == a_limit.amount * 60
    else:
        assert found.minutes == working_minutes(start, found.at, CALENDAR_2026)


@given(instants, instants, instants)
def test_working_time_adds_up(one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted((one, two, three))
    parts = working_time(first, middle, CALENDAR_2026) + working_time(middle, last, CALENDAR_2026)

    assert parts == working_time(first, last, CALENDAR_2026)


@given(instants, limits)
def test_the_zone_in_which_the_start_is_written_does_not_matter(start: datetime, a_limit: Limit) -> None:
    assert due(start.astimezone(UTC), a_limit, CALENDAR_2026) == due(start, a_limit, CALENDAR_2026)


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_every_day_has_one_kind_and_only_worked_days_have_windows(day: date) -> None:
    kind = CALENDAR_2026.kind(day)

    assert bool(CALENDAR_2026.windows(day)) is kind.is_worked
    assert (kind in (DayKind.WEEKEND, DayKind.HOLIDAY)) is not kind.is_worked


@pytest.mark.parametrize("days", [1, 27, 31, 45, 400, 1200])
@pytest.mark.parametrize("begin", ["2026-01-31 15:00", "2026-02-01 00:00", "2026-11-22 09:30"])
def test_years_count_as_much_as_their_days_one_after_another(begin: str, days: int) -> None:
    start = at(begin)
    one_by_one = [
        working_time(start + timedelta(days=n), start + timedelta(days=n + 1), CALENDAR_2026) for n in range(days)
    ]

    assert working_time(start, start + timedelta(days=days), CALENDAR_2026) == sum(one_by_one, timedelta())
