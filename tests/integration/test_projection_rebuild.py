"""Rows made anew beside the live ones: equal to them, switched in one moment, and never half."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.grid.projections.cases import CASES
from shared.kernel.errors import Conflict
from shared.projections import rebuild as rebuilding
from shared.projections.process import connect_as
from shared.projections.projection import Batch, Cursor, Projection
from shared.projections.reading import PostgresFeed
from shared.projections.rebuild import Poisoned, Progress, rebuild, shadow
from shared.projections.runner import Runner
from shared.projections.verify import verify
from tests.integration.test_projector import EVENTS, poisoned, urls
from tests.support.database import Database, fresh_database
from tests.support.lives import lives
from tests.support.logs import fill
from tests.support.process import wait_for
from tests.support.servers import Servers
from tests.support.tiny_projector import PROJECTIONS, SEEN

pytestmark = pytest.mark.integration

Connect = Callable[[str], Any]


@pytest.fixture
def connect(database: Database) -> Connect:
    return connect_as(urls(database))


def live(database: Database, limit: int = 29, projections: tuple[Projection, ...] = PROJECTIONS) -> Iterator[Runner]:
    runner = Runner(projections, connect_as(urls(database)), PostgresFeed(), limit=limit)
    assert runner.open()
    yield runner
    runner.close()


@pytest.fixture
def runner(database: Database) -> Iterator[Runner]:
    yield from live(database)


def contents(database: Database) -> dict[str, list[Any]]:
    return {table: sorted(database.query(f"SELECT * FROM grid.{table}"), key=repr) for table in CASES.table_names}


def schemas(database: Database) -> list[str]:
    found = database.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%%\\_%%' AND nspname !~ '^(pg|inf)'")
    return [name for (name,) in found]


def test_rebuilt_rows_are_the_live_ones_and_the_projector_goes_on(
    database: Database, runner: Runner, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_BATCH", 50)
    fill(database, EVENTS[:200])
    runner.catch_up()
    before = contents(database)
    told: list[Progress] = []
    done = rebuild(CASES, connect, told.append)
    after = contents(database)
    fill(database, EVENTS[200:])
    runner.catch_up()
    runner.tidy()
    runner.catch_up()

    assert after == before
    assert (done.position, done.head) == (200, 200)
    assert [progress.position for progress in told] == sorted(progress.position for progress in told)
    assert len(told) >= 4
    assert verify(CASES, connect).is_equal
    assert schemas(database) == []


def test_what_happens_during_a_rebuild_is_in_it(database: Database, runner: Runner, connect: Connect) -> None:
    fill(database, EVENTS[:100])
    runner.catch_up()
    with shadow(CASES, connect) as building:
        building.go(lambda _: None)
        fill(database, EVENTS[100:])
        runner.catch_up()
        building.switch(lambda _: None)
    runner.catch_up()

    assert database.query("SELECT position FROM grid.watermarks") == [(len(EVENTS),)]
    assert verify(CASES, connect).is_equal


def test_a_rebuild_that_is_interrupted_leaves_everything_as_it_was(
    database: Database, runner: Runner, connect: Connect
) -> None:
    fill(database, EVENTS)
    runner.catch_up()
    before = contents(database)

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(CASES, connect, interrupt)
    assert contents(database) == before
    assert schemas(database) == []


def test_a_poisoned_event_stops_a_rebuild_and_is_named(database: Database, runner: Runner, connect: Connect) -> None:
    events = poisoned(EVENTS, 7)
    bad = next(recorded for recorded in events if getattr(recorded.event, "title", "") == "poison")
    fill(database, events)
    runner.catch_up()
    before = database.query("SELECT * FROM intake.seen ORDER BY 1")

    with pytest.raises(Poisoned) as stopped:
        rebuild(SEEN, connect)
    assert str(bad.event_id) in str(stopped.value)
    assert stopped.value.recorded.position == bad.position
    assert database.query("SELECT * FROM intake.seen ORDER BY 1") == before


def test_a_repaired_projection_is_rebuilt_with_what_was_poisoned(
    database: Database, runner: Runner, connect: Connect
) -> None:
    fill(database, poisoned(EVENTS, 7))
    runner.catch_up()

    def forgiving(batch: Batch, cursor: Cursor) -> None:
        kept = [replace(found, event=None) for found in batch.events]
        SEEN.apply(Batch(kept), cursor)

    rebuild(replace(SEEN, apply=forgiving, revision=2), connect)
    assert database.query("SELECT count(*) FROM intake.poisoned") == [(0,)]
    assert database.query("SELECT count(*) FROM intake.seen") == [
        (sum(recorded.type in SEEN.handles for recorded in EVENTS),)
    ]


def test_two_rebuilds_of_one_projection_do_not_run_at_once(
    database: Database, runner: Runner, connect: Connect
) -> None:
    fill(database, EVENTS[:50])
    runner.catch_up()

    with shadow(CASES, connect), pytest.raises(Conflict):
        rebuild(CASES, connect)
    assert rebuild(CASES, connect).position == 50


def test_a_switch_waits_for_whoever_reads_the_old_rows(
    database: Database, runner: Runner, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_PAUSE", 0.1)
    fill(database, EVENTS)
    runner.catch_up()
    reader = connect("grid")
    reader.cursor().execute("SELECT count(*) FROM cases")
    timer = threading.Timer(1.5, reader.rollback)
    timer.start()
    rebuild(CASES, connect)
    timer.join()

    assert verify(CASES, connect).is_equal


def test_a_changed_projection_is_rebuilt_by_itself_while_the_others_go_on(database: Database) -> None:
    fill(database, EVENTS[:150])
    for runner in live(database):
        runner.catch_up()
    wider = replace(SEEN, tables="CREATE TABLE seen (position bigint PRIMARY KEY, n integer NOT NULL, note text);")
    connect = connect_as(urls(database))
    fill(database, EVENTS[150:])
    changed = Runner(
        (wider, CASES), connect, PostgresFeed(), rebuild=lambda projection: rebuild(projection, connect), limit=50
    )
    assert changed.open()
    first = changed.health()
    changed.catch_up()
    wait_for(lambda: changed.tidy() or changed.health()["intake.seen"]["state"] == "live", 20)
    changed.catch_up()

    assert first["intake.seen"]["state"] == "rebuilding"
    assert changed.lowest == len(EVENTS)
    assert database.query("SELECT count(note), max(n) FROM intake.seen") == [(0, 1)]
    assert verify(wider, connect).is_equal
    changed.close()


# --- verification -----------------------------------------------------------------------------------------------


def test_rows_that_somebody_tampered_with_are_found(database: Database, runner: Runner, connect: Connect) -> None:
    fill(database, EVENTS)
    runner.catch_up()
    database.query(
        "UPDATE grid.cases SET department = 'nobody' WHERE case_id = (SELECT min(case_id::text) FROM grid.cases)::uuid"
    )
    database.query("DELETE FROM grid.area_counts WHERE area = '530103' AND measure = 'type'")
    database.query("INSERT INTO grid.area_counts VALUES ('530103', 'state', 'invented -', 3)")
    found = verify(CASES, connect)
    kinds = {(one.table, one.live is None, one.rebuilt is None) for one in found.differences}

    assert not found.is_equal
    assert kinds == {
        ("cases", False, False),
        ("area_counts", True, False),
        ("area_counts", False, True),
    }
    assert contents(database)["cases"]
    assert schemas(database) == []


def test_what_was_poisoned_shows_up_as_a_difference_with_its_reason(database: Database, connect: Connect) -> None:
    kind = replace(SEEN, name="kind", tables="CREATE TABLE kinds (position bigint PRIMARY KEY, n integer NOT NULL);")
    moody = {"is_cross": True}

    def apply(batch: Batch, cursor: Cursor) -> None:
        for recorded in batch.events:
            if moody["is_cross"] and recorded.position == 1:
                raise ValueError("not now")
            cursor.execute("INSERT INTO kinds VALUES (%s, 1)", [recorded.position])

    fill(database, EVENTS)
    for runner in live(database, projections=(replace(kind, apply=apply),)):
        runner.catch_up()
        moody["is_cross"] = False
        found = verify(replace(kind, apply=apply), connect)

        assert (found.differing, found.poisoned) == (1, 1)


@pytest.mark.slow
def test_rows_do_not_depend_on_how_events_fell_into_batches(servers: Servers) -> None:
    events = list(lives(120, 11))
    results = []
    for limit in (7, 450, 100_000):
        with fresh_database(servers.database_url) as database:
            fill(database, events)
            for runner in live(database, limit, (CASES,)):
                runner.catch_up()
            results.append(contents(database))

    assert results[0] == results[1] == results[2]
