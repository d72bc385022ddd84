"""What `wuji timer` does in one turn: look for what has fallen due, see how the issue stands now, and say it.

Any number of processes may do this at once. Rows of the index are taken with SKIP LOCKED, a batch each. The index may
be behind, so nothing is decided by it: each issue's own history is read, its clocks are brought up to what happened,
and only what is due after that is said, in one append per issue at the version that was read. Whoever dies on the way
leaves nothing half done: the append is there with its mark in `fired`, or neither is, and the row falls to somebody
else. Saying a thing twice is impossible anyway, as it would have to be appended at a version that is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from services.dispatch.clocks.facts import draft
from services.dispatch.clocks.keep import addition
from services.dispatch.clocks.ladder import fallen_due
from services.dispatch.clocks.rules import Rules
from shared.contracts.envelope import Recorded
from shared.kernel.duty_hours import is_on_duty
from shared.kernel.errors import Conflict
from shared.ports import Append, Appended, Companion, Rows

BATCH = 200
_SAID = timedelta(minutes=10)
"""How long what was said is left alone while the index catches up."""
_NOTHING = timedelta(seconds=10)
"""How long a row is left alone that was looked at in vain: the index was behind, and soon is not."""
_NOBODY_THERE = timedelta(minutes=5)
"""The same out of working hours: the rung leads to a centre that has no shift, and the next shift may have one."""

DUE = """
SELECT c.clock_id, c.case_id, c.fires_at FROM clocks c
WHERE c.any_hour = %(any_hour)s AND c.fires_at < %(now)s {where}
  AND NOT EXISTS (
    SELECT 1 FROM dispatch.fired f WHERE f.what = c.clock_id AND f.fires_at = c.fires_at AND f.until > %(now)s
  )
ORDER BY c.fires_at, c.clock_id LIMIT %(batch)s FOR UPDATE OF c SKIP LOCKED
"""
_WHERE_A_DESK_IS_STAFFED = """
  AND c.fires <> 'warned' AND (c.area = ANY(%(staffed)s) OR c.area LIKE ANY(%(inside)s))
"""
"""A rung leads to a centre above the case, or its own; a warning is for a department, which keeps working hours."""
_FIRED = """
INSERT INTO dispatch.fired (what, fires_at, until) VALUES %s
ON CONFLICT (what) DO UPDATE SET fires_at = excluded.fires_at, until = excluded.until
"""
_BACKLOG = """
SELECT count(*) AS waiting FROM (
    SELECT 1 FROM clocks WHERE any_hour AND fires_at < %(now)s LIMIT 100000) AS late
"""
_BACKLOG_ON_DUTY = """
SELECT count(*) AS waiting FROM (
    SELECT 1 FROM clocks WHERE any_hour IN (true, false) AND fires_at < %(now)s LIMIT 100000) AS late
"""

Row = Mapping[str, Any]
Claimed = Callable[[str, Mapping[str, Any]], AbstractContextManager[Sequence[Row]]]
"""A query that ends in SKIP LOCKED → its rows, ours while the block runs."""


class Log(Protocol):
    """What the timer needs of the log."""

    def about_all(self, correlation_ids: Sequence[UUID]) -> dict[UUID, list[Recorded[Any]]]:
        """The events of several issues."""

    def bulk_append(self, appends: Sequence[Append]) -> list[Appended | Exception]:
        """Store many at once; an error in the place of each that failed."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What one turn did."""

    looked: int = 0
    """Rows that were taken."""
    said: int = 0
    """Facts that were appended."""
    lost: int = 0
    """Issues to which somebody else wrote at the same moment: they come again."""

    def __add__(self, other: Turned) -> Turned:
        return Turned(self.looked + other.looked, self.said + other.said, self.lost + other.lost)


@dataclass(frozen=True, slots=True)
class Timer:
    """Everything that a turn needs."""

    log: Log
    rows: Rows
    claimed: Claimed
    batch: int = BATCH

    def turn(self, rules: Rules, now: datetime) -> Turned:
        """One batch of what has fallen due; nothing is left when fewer rows were looked at than a batch."""
        done = self._fire(rules, now, any_hour=True)
        if is_on_duty(now, rules.calendar):
            return done + self._fire(rules, now, any_hour=False)
        # A reminder that nobody is there to read waits for the morning, or for the next shift.
        staffed = rules.rosters.staffed(now)
        return done + self._fire_at_night(rules, now, staffed) if staffed else done

    def backlog(self, rules: Rules, now: datetime) -> int:
        """How much has fallen due and is not said yet, counted up to a hundred thousand."""
        statement = _BACKLOG_ON_DUTY if is_on_duty(now, rules.calendar) else _BACKLOG
        return int(self.rows.query(statement, {"now": now})[0]["waiting"])

    def sweep(self, now: datetime) -> None:
        """Forget what was said long ago."""
        self.rows.execute("DELETE FROM dispatch.fired WHERE until < %(now)s", {"now": now})

    def _fire(self, rules: Rules, now: datetime, *, any_hour: bool) -> Turned:
        wanted = {"now": now, "any_hour": any_hour, "batch": self.batch}
        with self.claimed(DUE.format(where=""), wanted) as rows:
            return self._say(rows, rules, now, _NOTHING) if rows else Turned()

    def _fire_at_night(self, rules: Rules, now: datetime, staffed: Sequence[str]) -> Turned:
        around = {"staffed": list(staffed), "inside": [f"{path}.%" for path in staffed]}
        wanted = {"now": now, "any_hour": False, "batch": self.batch, **around}
        with self.claimed(DUE.format(where=_WHERE_A_DESK_IS_STAFFED), wanted) as rows:
            return self._say(rows, rules, now, _NOBODY_THERE) if rows else Turned()

    def _say(self, rows: Sequence[Row], rules: Rules, now: datetime, in_vain_for: timedelta) -> Turned:
        by_case: dict[UUID, list[Row]] = {}
        for row in rows:
            by_case.setdefault(as_uuid(row["case_id"]), []).append(row)
        histories = self.log.about_all(tuple(by_case))
        appends, in_vain = [], []
        for case_id, own in by_case.items():
            append = bring_up(histories.get(case_id, ()), rules, now, own)
            if append is None:
                in_vain += own
            else:
                appends.append(append)
        answers = self.log.bulk_append(appends)
        self._leave_alone(in_vain, now + in_vain_for)
        return Turned(len(rows), *counted_up(appends, answers))

    def _leave_alone(self, rows: Sequence[Row], until: datetime) -> None:
        if rows:
            values = [value for row in rows for value in (str(row["clock_id"]), row["fires_at"], until)]
            self.rows.execute(_FIRED.replace("%s", ", ".join(["(%s, %s, %s)"] * len(rows)), 1), values)


def bring_up(history: Sequence[Recorded[Any]], rules: Rules, now: datetime, rows: Iterable[Row] = ()) -> Append | None:
    """What is to be appended to an issue's clocks now: what happened, then what has fallen due. None for nothing."""
    if not history:
        return None
    found = draft(history, rules, now)
    area = found.area or history[0].area
    due = [fact for clock in found.book.running for fact in fallen_due(clock, area, rules, now)]
    happenings = (*found.facts_in_order, *due)
    if not happenings:
        return None
    marks = tuple(Companion(_FIRED, (str(row["clock_id"]), row["fires_at"], now + _SAID)) for row in rows)
    return addition(history, found, happenings, companions=marks)


def counted_up(appends: Sequence[Append], answers: Sequence[Appended | Exception]) -> tuple[int, int]:
    """Facts said, and issues lost to somebody else. Raises what is neither."""
    said = lost = 0
    for append, answer in zip(appends, answers, strict=True):
        if isinstance(answer, Conflict):
            lost += 1
        elif isinstance(answer, Exception):
            raise answer
        else:
            said += len(append.happenings)
    return said, lost


def as_uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
