"""The clocks that run, beside the rows of the work list: which of them presses most, on the case and on each task.

They stand on the row itself, so that a list of the most pressing cases is read from one index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from shared.contracts.clock import ClockPaused, ClockRecomputed, ClockStarted, ClockStopped
from shared.contracts.shapes import Unit

Row = dict[str, Any]

NOTHING: Row = {
    "press_stage": None,
    "press_at": None,
    "press_warn_at": None,
    "press_counted": False,
    "press_nights": False,
    "press_paused": False,
}
"""The columns of a row on which nothing presses."""


def started(running: Row, event: ClockStarted) -> Row:
    if event.condition is not None:
        return running  # a limit on the way: the task's own says until when
    clock = {
        "stage": event.stage.value,
        "task": None if event.task_id is None else str(event.task_id),
        "department": event.department,
        "due": _text(event.due_at),
        "warn": _text(event.warn_at),
        "counted": event.limit is not None and event.limit.unit is not Unit.URGENT_HOURS,
        "nights": event.day_and_night,
        "paused": False,
    }
    return {**running, str(event.clock_id): clock}


def paused(running: Row, event: ClockPaused) -> Row:
    return _changed(running, event, paused=True)


def moved(running: Row, event: ClockRecomputed) -> Row:
    told = {"due": _text(event.due_at), "warn": _text(event.warn_at), "nights": event.day_and_night}
    return _changed(running, event, **told, paused=False)


def stopped(running: Row, event: ClockStopped) -> Row:
    return {clock_id: clock for clock_id, clock in running.items() if clock_id != str(event.clock_id)}


CLOCKS: dict[str, Callable[[Row, Any], Row]] = {
    "clock.started": started,
    "clock.paused": paused,
    "clock.recomputed": moved,
    "clock.stopped": stopped,
}
"""Event type → the running clocks after it, by id."""


def of_case(running: Row) -> Row:
    """What presses most of all."""
    return _pressing(running.values())


def of_task(running: Row, task_id: str) -> Row:
    """What presses most of the task's own clocks, and of those that are the whole case's."""
    own = (clock for clock in running.values() if clock["task"] in (None, task_id) and not _is_anothers(clock))
    return _pressing(own)


def _is_anothers(clock: Row) -> bool:
    """A summons is for the department that was summoned."""
    return clock["task"] is None and clock["department"] is not None


def _pressing(clocks: Iterable[Row]) -> Row:
    found = min(clocks, key=lambda clock: (clock["paused"], datetime.fromisoformat(clock["due"])), default=None)
    if found is None:
        return NOTHING
    return {
        "press_stage": found["stage"],
        "press_at": datetime.fromisoformat(found["due"]),
        "press_warn_at": None if found["warn"] is None else datetime.fromisoformat(found["warn"]),
        "press_counted": found["counted"],
        "press_nights": found["nights"],
        "press_paused": found["paused"],
    }


def _changed(running: Row, event: ClockPaused | ClockRecomputed, **told: Any) -> Row:
    clock = running.get(str(event.clock_id))
    return running if clock is None else {**running, str(event.clock_id): {**clock, **told}}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
