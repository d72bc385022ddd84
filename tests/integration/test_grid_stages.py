"""What is overdue at which stage: clocks that start, stand still, move and stop, as the views count them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest

from services.grid.projections import PROJECTIONS
from services.grid.queries import views
from shared.contracts.clock import ClockPaused, ClockRecomputed, ClockStarted, ClockStopped, Stage
from shared.contracts.envelope import Actor
from shared.kernel.area import Area
from shared.kernel.ids import derived_id
from shared.ports import Append, Happening
from tests.support import panlong
from tests.support.database import Database
from tests.support.examples import example
from tests.support.projected import project

pytestmark = pytest.mark.integration

T = TypeVar("T")
NOW = datetime(2026, 5, 7, 4, 0, tzinfo=UTC)
BUILDING = Area("530103.004.012.003.00007")


def started(n: int, stage: Stage, due_at: datetime) -> ClockStarted:
    return of(ClockStarted, n, stage=stage, due_at=due_at)


def of(shape: type[T], n: int, **said: Any) -> T:
    """An event of that clock, of which nothing else matters."""
    return replace(example(shape), clock_id=clock(n), case_id=case(n), **said)


def clock(n: int) -> UUID:
    return derived_id("clock", n)


def case(n: int) -> UUID:
    return derived_id("case", n)


def happened(database: Database, n: int, *events: Any) -> None:
    log = database.log("dispatch")
    stream = f"clock-{case(n)}"
    log.append(
        Append(
            stream=stream,
            expected=len(log.stream(stream)),
            happenings=tuple(Happening(event, NOW) for event in events),
            area=BUILDING,
            actor=Actor("wuji", "timer"),
            correlation_id=case(n),
        )
    )


def overdue(database: Database, area: str, at: datetime = NOW) -> dict[str, int]:
    project(database, PROJECTIONS)
    shown = views.view(database.rows("grid"), Area(area), at)
    assert isinstance(shown["area"]["overdue_by_stage"], dict)
    return shown["area"]["overdue_by_stage"]


def test_a_clock_counts_at_every_tier_from_the_instant_it_runs_out_until_it_stops(database: Database) -> None:
    panlong.settle(database)
    happened(database, 1, started(1, Stage.SIGN, NOW - timedelta(days=3)))
    happened(database, 2, started(2, Stage.HANDLE, NOW - timedelta(minutes=1)))
    happened(database, 3, started(3, Stage.HANDLE, NOW + timedelta(minutes=1)))
    first = {area: overdue(database, area) for area in ("530103", "530103.004", BUILDING.path)}
    later = overdue(database, "530103", NOW + timedelta(minutes=2))
    stopped = of(ClockStopped, 1)
    happened(database, 1, stopped)

    assert set(map(str, first.values())) == {"{'sign': 1, 'handle': 1}"}
    assert later == {"sign": 1, "handle": 2}
    assert overdue(database, "530103") == {"handle": 1}
    assert overdue(database, "530103.005") == {}


def test_a_clock_that_stands_still_is_not_overdue_and_one_that_moved_is_by_its_new_instant(database: Database) -> None:
    panlong.settle(database)
    happened(database, 1, started(1, Stage.HANDLE, NOW - timedelta(days=3)))
    paused = of(ClockPaused, 1)
    happened(database, 1, paused)
    standing = overdue(database, "530103")
    moved = of(ClockRecomputed, 1, due_at=NOW + timedelta(days=1))
    happened(database, 1, moved)

    assert standing == overdue(database, "530103") == {}
    assert overdue(database, "530103", NOW + timedelta(days=2)) == {"handle": 1}
    assert database.query("SELECT count(*) FROM grid.stage_counts WHERE n = 0") == [(0,)]
