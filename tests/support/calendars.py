"""The working calendar of 2026 as the State Council published it, with ordinary office hours."""

from __future__ import annotations

from datetime import date

from shared.contracts.rulebook import CalendarPublished
from shared.kernel.working_calendar import Calendar

YEAR_2026 = CalendarPublished(
    year=2026,
    version=1,
    zone="Asia/Shanghai",
    windows=("08:00-12:00", "14:00-18:00"),
    half_day_windows=("08:00-12:00",),
    cutoff="17:00",
    holidays=(
        *(date(2026, 1, day) for day in (1, 2, 3)),
        *(date(2026, 2, day) for day in range(15, 24)),
        *(date(2026, 4, day) for day in (4, 5, 6)),
        *(date(2026, 5, day) for day in (1, 2, 3, 4, 5)),
        *(date(2026, 6, day) for day in (19, 20, 21)),
        *(date(2026, 9, day) for day in (25, 26, 27)),
        *(date(2026, 10, day) for day in range(1, 8)),
    ),
    swap_days=(
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ),
    half_days=(date(2026, 12, 31),),
)

CALENDAR_2026 = Calendar.of([YEAR_2026])
