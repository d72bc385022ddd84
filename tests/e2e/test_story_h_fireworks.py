"""Story H: fireworks before the holiday. 5 工作时 for a case filed late on the last afternoon, over a 调休 weekend.

The days around today are published as an operator would: today D is worked, the days after it are off, and the first
Saturday at least three days later, R, is worked in their stead 调休; the Sunday after it is off, Monday N is worked.
The zone is one in which it is between 15:30 and 16:30 now. Offices are open 09:00-12:00 and 13:00-17:00, so all that is
expected here follows by hand:

| | hand arithmetic, for a case dispatched at 16:40 (and any minute between 15:00 and 17:00) | due |
|---|---|---|
| 5 工作时 | 16:40-17:00 is 20 min; R 09:00-12:00 makes 3 h 20; R 13:00-14:40 makes 5 h | R, 2 h earlier by the clock |
| extended by 4 工作时 | from R 14:40: R 14:40-17:00 is 2 h 20; N 09:00-10:40 makes 4 h | N, 4 h earlier than that |
| put aside for t on D | what is left is 5 h less what ran, counted from the resumption | R, later by t exactly |

What takes hours to come true cannot be shown here: that a late answer is in the denominator alone is in
tests/integration/test_story_h_clock.py, on days that are in the calendar of 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.kernel.clock import utc_now
from tests.support.city import City
from tests.support.city_calendar import DAY, SATURDAY, Zone, days, published
from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e

VILLAGE = "530103.012.206"
"""Nothing else happens there."""
DIRTY_ROAD = "E-01-04"
"""道路不洁: 5 工作时, dispatched at once."""
FIRST_MINUTE = 15 * 60 + 30
SHANGHAI = timezone(timedelta(hours=8))
"""Figures are counted over whole days of the city's own zone, whatever a calendar says."""


@dataclass(frozen=True)
class Holiday:
    """The days around today."""

    zone: Zone
    today: date

    @classmethod
    def from_today(cls) -> Holiday:
        zone = Zone.in_which_it_is(FIRST_MINUTE)
        return cls(zone, zone.local(utc_now()).date())

    @property
    def back_at_work(self) -> date:
        """R: the Saturday that is worked."""
        return next(day for day in days(self.today + 3 * DAY, self.today + 9 * DAY) if day.weekday() == SATURDAY)

    @property
    def monday(self) -> date:
        """N."""
        return self.back_at_work + 2 * DAY

    def at(self, day: date, like: datetime, *, hours_earlier: int) -> datetime:
        """The instant on that day so many hours earlier by the clock than the other was on its own."""
        clock = self.zone.local(like)
        moved = clock.replace(year=day.year, month=day.month, day=day.day) - timedelta(hours=hours_earlier)
        return moved.astimezone(UTC)


@pytest.fixture(scope="module")
def holiday(panlong: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holiday]:
    found = Holiday.from_today()
    off = days(found.today + DAY, found.back_at_work - DAY)
    worked = [found.today, found.back_at_work, found.monday]
    with published(panlong, tmp_path_factory.mktemp("calendar"), off=off, worked=worked, zone=found.zone):
        yield found


@pytest.fixture(scope="module")
def city(panlong: RunningStack, holiday: Holiday) -> City:  # its calendar comes first
    return City(panlong)


@dataclass(frozen=True)
class Litter:
    """One case of the evening."""

    city: City
    case_id: str

    @classmethod
    def filed(cls, city: City, title: str) -> Litter:
        found = cls(city, city.filed(title, area=VILLAGE, issue_type=DIRTY_ROAD))
        assert eventually(lambda: found.clock(), 30), "its time for handling does not run"
        return found

    def clock(self) -> dict[str, Any]:
        """The time for handling it."""
        answer = self.city.ask("GET", f"/api/v1/cases/{self.case_id}/clocks", role="duty_chief")
        shown = answer.json()["clocks"] if answer.status_code == 200 else []
        return next((clock for clock in shown if clock["stage"] == "handle"), {})

    def due_is(self, expected: datetime) -> bool:
        """Both the case and its clock say so."""

        def said() -> set[datetime]:
            return {_instant(self.clock()["due_at"]), _instant(self.city.case(self.case_id)["task"]["due_at"])}

        assert eventually(lambda: said() == {expected}, 30), (said(), expected)
        return True

    def happened(self, kind: str) -> datetime:
        """When that was said of the case."""
        statement = "SELECT occurred_at FROM es.events WHERE correlation_id = %s AND type = %s"
        ((at,),) = self.city.stack.rows(statement, [self.case_id, kind])
        found: datetime = at.astimezone(UTC)
        return found

    def asks(self, action: str, body: dict[str, Any], approver: str = "duty_chief") -> None:
        """The department asks; who may, agrees."""
        self.city.step(self.case_id, action, body, "department", "sanitation")
        (asked,) = self.city.case(self.case_id)["requests"]
        self.city.step(self.case_id, f"requests/{asked['request_id']}/approve", {}, approver)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _handled_on_time(city: City, until: datetime) -> tuple[int, int]:
    """按期处置率 of the village, of what is due until the end of that day: numerator, denominator."""
    first, last = (utc_now() - 2 * DAY).date(), until.astimezone(SHANGHAI).date()
    path = f"/api/v1/figures?area={VILLAGE}&issue_type={DIRTY_ROAD}&first_day={first}&last_day={last}"
    groups = city.send("GET", path, role="reader")["groups"]
    found = [one for group in groups for one in group["figures"] if one["indicator"] == "handled_on_time"]
    return (found[0]["numerator"], found[0]["denominator"]) if found else (0, 0)


def test_five_working_hours_before_a_holiday_end_on_the_saturday_that_is_worked(city: City, holiday: Holiday) -> None:
    case = Litter.filed(city, "爆竹碎屑满街")
    dispatched = case.happened("case.dispatched")
    clock = case.clock()

    assert 15 <= holiday.zone.local(dispatched).hour < 17
    assert case.due_is(holiday.at(holiday.back_at_work, dispatched, hours_earlier=2))
    assert clock["minutes_used"] + clock["minutes_left"] in (299, 300)
    for word in ("5 工作时", "法定节假日", "调休上班"):
        assert word in clock["because"]
    assert not clock["is_overdue"]


def test_what_is_handled_extended_or_put_aside_counts_as_the_formula_says(city: City, holiday: Holiday) -> None:
    """按期处置率 = 按期处置数 ÷ 应处置数: due in the window and not suspended, by the effective due instant."""
    handled, extended, aside = (Litter.filed(city, title) for title in ("烟花纸屑", "礼花箱", "水渠边爆竹"))
    on_saturday = holiday.at(holiday.back_at_work, extended.happened("case.dispatched"), hours_earlier=2)

    def counted() -> tuple[int, int]:
        return _handled_on_time(city, on_saturday)

    assert eventually(lambda: counted()[1] >= 3, 30)
    on_time, due = counted()

    city.sign(handled.case_id)
    city.respond(handled.case_id, "已清扫。")
    assert eventually(lambda: counted() == (on_time + 1, due), 30), counted()

    _is_extended(city, extended, holiday, on_saturday)
    # It is due on Monday now: no more until Saturday, but again in a window with the Monday.
    assert eventually(lambda: counted() == (on_time + 1, due - 1), 30), counted()
    assert _handled_on_time(city, on_saturday + 2 * DAY) == (on_time + 1, due)

    _is_put_aside(city, aside, holiday)
    assert eventually(lambda: counted() == (on_time + 1, due - 2), 30), counted()

    _is_taken_up_again(city, aside, holiday)
    assert eventually(lambda: counted() == (on_time + 1, due - 1), 30), counted()
    city.respond(aside.case_id, "已清理。")
    assert eventually(lambda: counted() == (on_time + 2, due - 1), 30), counted()
    assert aside.clock()["on_time"] is True


def _is_extended(city: City, case: Litter, holiday: Holiday, due: datetime) -> None:
    """4 工作时 more, counted from the present due instant; the first short one is a duty chief's to grant."""
    city.sign(case.case_id)
    assert case.due_is(due)
    more = {"limit": {"amount": 4, "unit": "working_hours"}, "reason": "节前车辆限行，需错峰清运。"}
    case.asks("extension", more)

    assert case.due_is(holiday.at(holiday.monday, case.happened("case.dispatched"), hours_earlier=2 + 4))
    assert "延期 4 工作时" in case.clock()["because"]
    # A second one is not a duty chief's to grant any more.
    city.step(case.case_id, "extension", more, "department", "sanitation")
    (asked,) = city.case(case.case_id)["requests"]
    path = f"/api/v1/cases/{case.case_id}/requests/{asked['request_id']}/approve"
    assert city.ask("POST", path, {}, role="duty_chief").status_code == 403


def _is_put_aside(city: City, case: Litter, holiday: Holiday) -> None:
    """挂账: until the day of review its time stands still."""
    city.sign(case.case_id)
    wanted = {"reason": "水渠封闭施工，节后清理。", "review_on": holiday.back_at_work.isoformat()}
    case.asks("suspension", wanted)
    assert eventually(lambda: case.clock()["state"] == "paused", 30), case.clock()
    first = case.clock()["minutes_left"]
    still_since = utc_now()

    assert city.case(case.case_id)["state"] == "suspended"
    assert eventually(lambda: utc_now() - still_since > timedelta(seconds=5), 10)
    assert (case.clock()["state"], case.clock()["minutes_left"]) == ("paused", first)


def _is_taken_up_again(city: City, case: Litter, holiday: Holiday) -> None:
    """恢复: the rest of the budget counts from now, so it is due later by as long as it stood."""
    city.step(case.case_id, "resume", {"reason": "施工提前结束。"}, "duty_chief")
    stood = case.happened("case.resumed") - case.happened("case.suspended")
    before = holiday.at(holiday.back_at_work, case.happened("case.dispatched"), hours_earlier=2)

    assert stood > timedelta(seconds=5)
    assert case.due_is(before + stood)
    assert case.clock()["state"] == "running"
