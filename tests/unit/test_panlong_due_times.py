"""Due times over Panlong's own calendar of 2026, each counted by hand from the file: 09:00-12:00, 13:00-17:00."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from deploy.reference.check_calendar import read_calendar
from deploy.reference.files import PANLONG
from shared.kernel.working_calendar import Calendar
from shared.kernel.working_time import Limit, Unit, due

UNITS = {"H": Unit.WORKING_HOURS, "D": Unit.WORKING_DAYS, "U": Unit.URGENT_HOURS}
CALENDAR = Calendar.of([read_calendar(PANLONG / "calendar-2026.toml")])

# start, limit, due, and how it was counted.
BY_HAND = """
2026-02-13 16:40  5H  2026-02-14 14:40  Friday 20 min; the swap Saturday 3 h to noon, 1 h 40 from 13:00
2026-02-14 16:40  5H  2026-02-24 14:40  swap Saturday 20 min; Spring Festival to Monday 23; Tuesday 3 h and 1 h 40
2026-02-14 16:40  1D  2026-02-24 17:00  the swap Saturday is the day of arrival; Tuesday 24 is the first working day
2026-09-30 16:40  5H  2026-10-08 14:40  Wednesday 20 min; 1 to 7 October off; Thursday 3 h and 1 h 40
2026-09-30 10:00  1D  2026-10-08 17:00  the day itself does not count; the next working day is 8 October
2026-09-30 10:00  3D  2026-10-10 17:00  8, 9 and the swap Saturday 10 October
2026-04-30 16:40  5H  2026-05-06 14:40  Thursday 20 min; 1 to 5 May off; Wednesday 3 h and 1 h 40
2026-05-08 16:00  2H  2026-05-09 10:00  Friday 1 h; the swap Saturday 1 h
2026-06-18 12:30  1H  2026-06-18 14:00  at lunch: counts from 13:00
2026-06-18 16:30  1H  2026-06-22 09:30  Thursday 30 min; Friday 19 off, weekend; Monday 30 min
2026-09-24 17:30  1D  2026-09-29 17:00  after the cut-off; Friday 25 off, weekend: received on Monday 28; due Tuesday
2026-01-04 16:00  2H  2026-01-05 10:00  the swap Sunday 1 h; Monday 1 h
2026-04-03 16:00  8H  2026-04-07 17:00  Friday 1 h; weekend, Monday 6 off; Tuesday the whole 7 h
2026-10-09 17:01  1D  2026-10-12 17:00  a minute after the cut-off: received on the swap Saturday 10; due Monday 12
2026-02-16 23:00  2U  2026-02-17 01:00  urgent hours run through the night of the Spring Festival
2026-12-31 16:30  1H  2027-01-01 09:30  30 min; 2027 is not published: 1 January counts as a plain Friday
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize("line", BY_HAND.strip().splitlines())
def test_the_due_time_is_the_one_counted_by_hand(line: str) -> None:
    start_day, start_time, amount, due_day, due_time, *_ = line.split()
    found = due(at(f"{start_day} {start_time}"), Limit(int(amount[:-1]), UNITS[amount[-1]]), CALENDAR)

    assert found.at == at(f"{due_day} {due_time}")
