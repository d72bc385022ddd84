"""What a calendar would move before it is published: every running limit that would be due at another instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.clocks.facts import draft
from services.dispatch.clocks.rules import Rules
from services.dispatch.clocks.timer import Log, as_uuid
from shared.contracts.clock import ClockRecomputed, Stage
from shared.contracts.rulebook import CalendarPublished
from shared.kernel.working_calendar import Calendar
from shared.ports import Rows

_PAGE = """
SELECT DISTINCT case_id FROM clocks
WHERE is_open AND NOT is_paused AND calendar IS NOT NULL AND due_at > %(now)s AND case_id > %(after)s::uuid
ORDER BY case_id LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """A limit that would be due at another instant."""

    case_id: UUID
    stage: Stage
    old_due_at: datetime
    due_at: datetime


def with_calendar(rules: Rules, published: CalendarPublished) -> Rules:
    """The rules as they would be. Raises Invalid for a calendar that contradicts itself."""
    calendars: Mapping[int, CalendarPublished] = {**rules.rulebook.calendars, published.year: published}
    rulebook = replace(rules.rulebook, calendars=calendars, calendar=Calendar.of(calendars.values()))
    return replace(rules, rulebook=rulebook)


def would_move(log: Log, rows: Rows, rules: Rules, now: datetime) -> Iterator[Moved]:
    """Every running limit that these rules would move, case by case. Nothing is changed."""
    after = UUID(int=0)
    while True:
        page = [as_uuid(row["case_id"]) for row in rows.query(_PAGE, {"now": now, "after": str(after)})]
        if not page:
            return
        after = page[-1]
        for history in log.about_all(page).values():
            for fact in draft(history, rules, now).facts:
                yield from _moved(fact.event)


def _moved(event: Any) -> Iterator[Moved]:
    if isinstance(event, ClockRecomputed) and event.due_at != event.old_due_at:
        yield Moved(event.case_id, event.stage, event.old_due_at, event.due_at)
