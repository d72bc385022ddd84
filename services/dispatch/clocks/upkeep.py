"""What else the timer sees to between two turns: limits under another calendar or pace, claims and admissions that end.

Nothing here has to be done to the second, and everything may be done by several at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dispatch.clocks.rules import Rules
from services.dispatch.clocks.timer import Claimed, Log, Turned, as_uuid, bring_up, counted_up
from shared.kernel.working_calendar import Calendar
from shared.ports import Rows

_BATCH = 200
_RUNS = "is_open AND NOT is_paused AND due_at > %(now)s"
_CALENDARS = """
WITH RECURSIVE found AS (
    (SELECT calendar FROM clocks WHERE is_open AND NOT is_paused AND calendar IS NOT NULL ORDER BY calendar LIMIT 1)
    UNION ALL
    SELECT (SELECT c.calendar FROM clocks c WHERE c.is_open AND NOT c.is_paused AND c.calendar > found.calendar
            ORDER BY c.calendar LIMIT 1)
    FROM found WHERE found.calendar IS NOT NULL
)
SELECT calendar FROM found WHERE calendar IS NOT NULL
"""
_PAGE = """
SELECT clock_id, case_id, due_at FROM clocks
WHERE {runs} AND {which} AND (due_at, clock_id) > (%(after_at)s, %(after_id)s::uuid)
ORDER BY due_at, clock_id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
"""
_CALENDAR = "calendar = ANY(%(stale)s)"
_SHOULD_BE_ON = "is_counted AND NOT day_and_night AND (area = ANY(%(on)s) OR area LIKE ANY(%(inside)s))"
_SHOULD_BE_OFF = "is_counted AND day_and_night AND NOT (area = ANY(%(on)s) OR area LIKE ANY(%(inside)s))"
_CLAIMS = "SELECT case_id FROM claims WHERE is_open AND expires_at < %(now)s ORDER BY expires_at LIMIT 100"
_ADMISSIONS = """
SELECT admission_id FROM admissions WHERE state IN ('approved', 'suspended') AND valid_until <= %(now)s
ORDER BY valid_until LIMIT 100
"""
_FIRST = UUID(int=0)


def stale(calendars: list[str], calendar: Calendar) -> list[str]:
    """Of `2026/1 2027/-` and the like, those that name another version than the present one."""
    return [text for text in calendars if any(not _is_present(part, calendar) for part in text.split())]


def _is_present(part: str, calendar: Calendar) -> bool:
    year, _, version = part.partition("/")
    return version == str(calendar.version(int(year)) or "-")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Everything that is seen to."""

    log: Log
    rows: Rows
    claimed: Claimed
    expire_claim: Callable[[UUID, datetime], bool]
    """Says that the claim of a case has run out, where it has."""
    expire_admission: Callable[[UUID, datetime], bool]
    """Says that an admission's period is over, where it is."""

    def counted_anew(self, rules: Rules, now: datetime) -> Turned:
        """Every running clock whose calendar was corrected, or whose area began or ended an emergency."""
        done = Turned()
        for which, values in self._wanted(rules):
            for page in self._pages(which, values, now):
                done += self._bring_up(page, rules, now)
        return done

    def expired(self, now: datetime) -> int:
        """Claims and admissions whose time is over."""
        claims = self.rows.query(_CLAIMS, {"now": now})
        admissions = self.rows.query(_ADMISSIONS, {"now": now})
        said = [self.expire_claim(as_uuid(row["case_id"]), now) for row in claims]
        said += [self.expire_admission(as_uuid(row["admission_id"]), now) for row in admissions]
        return sum(said)

    def _wanted(self, rules: Rules) -> Iterator[tuple[str, Mapping[str, Any]]]:
        found = stale([row["calendar"] for row in self.rows.query(_CALENDARS)], rules.calendar)
        if found:
            yield _CALENDAR, {"stale": found}
        on = [area for area, turn in rules.emergencies.items() if turn.is_on]
        areas = {"on": on, "inside": [f"{area}.%" for area in on]}
        if on:
            yield _SHOULD_BE_ON, areas
        if rules.emergencies:
            yield _SHOULD_BE_OFF, areas

    def _pages(self, which: str, values: Mapping[str, Any], now: datetime) -> Iterator[list[Mapping[str, Any]]]:
        """All of them once, a page at a time: the index shows what was done only a moment later."""
        statement = _PAGE.format(runs=_RUNS, which=which)
        place: dict[str, Any] = {"after_at": now, "after_id": str(_FIRST)}
        while True:
            with self.claimed(statement, {**values, **place, "now": now, "batch": _BATCH}) as rows:
                if not rows:
                    return
                place = {"after_at": rows[-1]["due_at"], "after_id": str(rows[-1]["clock_id"])}
                yield list(rows)

    def _bring_up(self, page: list[Mapping[str, Any]], rules: Rules, now: datetime) -> Turned:
        histories = self.log.about_all(tuple(dict.fromkeys(as_uuid(row["case_id"]) for row in page)))
        appends = [append for found in histories.values() if (append := bring_up(found, rules, now)) is not None]
        return Turned(len(page), *counted_up(appends, self.log.bulk_append(appends)))
