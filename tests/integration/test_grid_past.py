"""The five-level views as of a past moment: what folding only what was recorded by then gives, whatever the batches."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.grid.domain.quantiles import ranked
from services.grid.domain.time import day_of
from services.grid.projections import past as keeping
from services.grid.projections.case_rows import Book, CaseRow
from services.grid.projections.cases import CASES
from services.grid.projections.counting import contributions, lineage
from services.grid.projections.places import AREAS
from services.grid.queries import past, past_cases
from services.grid.queries.behind import Counted
from services.grid.queries.figures import Found, figures
from shared.contracts.envelope import Recorded
from shared.kernel.area import Area, Tier
from shared.kernel.errors import Invalid
from shared.projections import Batch
from shared.projections.process import connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from shared.projections.verify import verify
from tests.support.database import Database, fresh_database
from tests.support.lives import START, City, lives
from tests.support.logs import fill
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

SMALL = City(2, 2, 1, 2)
HOUR = timedelta(hours=1)
TABLES = ("cases", "area_counts", "case_past", "past_marks", "area_sums")


def moving(cases: int, seed: int) -> list[Recorded[Any]]:
    """Lives some of which go on elsewhere; a few events are recorded in the same instant, or seem to be before."""
    chance, elsewhere = random.Random(seed), dict[UUID, Area]()
    events = []
    for recorded in lives(cases, seed, SMALL, days=20):
        if chance.random() < 0.03:
            elsewhere[recorded.correlation_id] = SMALL.anywhere(chance)
        late = timedelta(seconds=chance.choice((0, 0, 0, 30, -30)))
        moved = elsewhere.get(recorded.correlation_id, recorded.area)
        events.append(replace(recorded, area=moved, recorded_at=recorded.recorded_at + late))
    return events


def known_by(events: Sequence[Recorded[Any]], at: datetime) -> list[CaseRow]:
    """The rows that everything recorded before the first later event gives."""
    book = Book()
    for recorded in events:
        if recorded.recorded_at > at:
            break
        book.take(recorded)
    return list(book.rows.values())


def counted(rows: Sequence[CaseRow], path: str, at: datetime, *, stays: bool) -> dict[str, Any]:
    """The figures of an area, counted row by row."""
    counters: dict[str, Counter[str]] = defaultdict(Counter)
    inside = [row for row in rows if path in lineage(row.area)]
    for row in inside:
        for measure, key in contributions(row):
            if stays or measure != "step":
                counters[measure][key] += 1
    found = Found(
        counters=counters,
        awaited=sum(row.awaited for row in inside),
        overdue=sum(row.awaited and row.due_at is not None and row.due_at < at for row in inside),
        late={},
        handled=sum(row.handled_at is not None for row in inside),
        median=ranked(counters["handling"], 0.5),
        p90=ranked(counters["handling"], 0.9),
        days=[day_of(at - timedelta(days=back)) for back in reversed(range(30))],
    )
    return figures(found) | {"overdue_by_stage": None}


class Told:
    """A log that answers what it was given."""

    def __init__(self, events: Sequence[Recorded[Any]]) -> None:
        self._events = defaultdict[UUID, list[Recorded[Any]]](list)
        for recorded in events:
            self._events[recorded.correlation_id].append(recorded)

    def about(self, correlation_id: UUID) -> list[Recorded[Any]]:
        return self._events[correlation_id]


@pytest.fixture(scope="module")
def database(servers: Servers) -> Iterator[Database]:
    with fresh_database(servers.database_url) as fresh:
        fresh.query(
            f"SET search_path TO grid; {AREAS.tables}; CREATE TABLE watermarks (projection text, position bigint)",
            role="grid",
        )
        paths = {path for n in range(400) for path in lineage(SMALL.anywhere(random.Random(n)).path)}
        fresh.query(
            "INSERT INTO grid.areas (path, parent, tier, name, kind)"
            " SELECT path, nullif(regexp_replace(path, '[.]?[0-9]+$', ''), ''), length(path), path, '区'"
            " FROM unnest(%s) AS given (path)",
            [sorted(paths)],
            role="grid",
        )
        yield fresh


@contextmanager
def small_strides(stride: int) -> Iterator[None]:
    """Sums are noted much more often than in earnest."""
    stride_was, depths_was = keeping.STRIDE, keeping.DEPTHS
    keeping.STRIDE, keeping.DEPTHS = stride, ((Tier.STREET, 1), (Tier.COMMUNITY, 2), (Tier.BUILDING, 4))
    try:
        yield
    finally:
        keeping.STRIDE, keeping.DEPTHS = stride_was, depths_was


def projected(database: Database, events: Sequence[Recorded[Any]], cuts: Sequence[int]) -> dict[str, list[Any]]:
    """The tables made anew from the events in these batches; what is in them."""
    edges = [0, *sorted({cut % len(events) for cut in cuts if cut % len(events)}), len(events)]
    with database.connection("grid") as connection, connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO grid; DROP TABLE IF EXISTS {', '.join(TABLES)}; {CASES.tables}")
        for left, right in pairwise(edges):
            CASES.apply(Batch(events[left:right]), cursor)
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT {table}::text FROM {table} ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


# To look for a smaller example takes minutes with a database: the seed is small enough.
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 10_000),
    cuts=st.lists(st.integers(0, 400), max_size=8),
    stride=st.sampled_from([5, 16, 50, 1000]),
)
def test_every_past_moment_is_what_was_recorded_by_then_whatever_the_batches(
    database: Database, seed: int, cuts: list[int], stride: int
) -> None:
    events, chance = moving(15, seed), random.Random(seed)
    with small_strides(stride):
        again, tables = projected(database, events, ()), projected(database, events, cuts)
        rows = database.rows("grid")

        assert tables == again
        for _ in range(4):
            at = events[0].recorded_at + (events[-1].recorded_at - events[0].recorded_at) * chance.random()
            stood, then = known_by(events, at), past.moment(rows, at, at)
            area = chance.choice(list(SMALL.anywhere(chance).ancestors()))
            shown = past.view(rows, area, then)

            for one in (shown["area"], *shown["children"]):
                expected = counted(stood, one["path"], at, stays=one["path"] == area.path)
                assert {name: one[name] for name in expected} == expected
            listed = past_cases.cases(rows, Told(events), Counted(area, is_open=True), then)
            inside = {row.case_id: row for row in stood if area.path in lineage(row.area) and row.is_open}
            assert {one["case_id"] for one in listed["cases"]} == set(inside)
            assert all(one["state"] == inside[one["case_id"]].state for one in listed["cases"])


AT = START + timedelta(days=10, hours=3)
ASKED: list[tuple[dict[str, Any], Callable[[CaseRow], object]]] = [
    ({"overdue": True}, lambda row: row.awaited and row.due_at is not None and row.due_at < AT),
    ({"overdue": False}, lambda row: not (row.awaited and row.due_at is not None and row.due_at < AT)),
    ({"step": "handle"}, lambda row: row.step == "handle"),
    ({"department": "water"}, lambda row: row.department == "water"),
    ({"on_time": True}, lambda row: row.on_time),
    ({"reported_on": date(2026, 1, 6)}, lambda row: day_of(row.reported_at) == "2026-01-06"),
    ({"closed_on": date(2026, 1, 9)}, lambda row: row.closed_at and day_of(row.closed_at) == "2026-01-09"),
]


def test_the_cases_behind_a_past_figure_are_those_that_it_counted(database: Database) -> None:
    events = moving(80, 4)
    projected(database, events, ())
    area = Area("530103")
    for asked, fits in ASKED:
        inside = [row for row in known_by(events, AT) if area.path in lineage(row.area) and fits(row)]
        inside.sort(key=lambda row: (-row.reported_at.timestamp(), row.case_id))

        assert inside, asked
        assert listed(database, events, Counted(area, **asked)) == [row.case_id for row in inside], asked


def listed(database: Database, events: Sequence[Recorded[Any]], wanted: Counted) -> list[str]:
    """All pages of the list as of AT."""
    rows, found = database.rows("grid"), list[str]()
    then = past.moment(rows, AT, AT)
    while True:
        page = past_cases.cases(rows, Told(events), wanted, then, limit=3)
        found += [one["case_id"] for one in page["cases"]]
        if page["next"] is None:
            return found
        wanted = replace(wanted, after=UUID(page["next"]))


def test_the_future_and_the_time_before_everything_are_refused_in_words(database: Database) -> None:
    events = moving(3, 1)
    projected(database, events, ())
    rows, first = database.rows("grid"), events[0].recorded_at
    with pytest.raises(Invalid, match="still to come"):
        past.moment(rows, first + HOUR, first)
    with pytest.raises(Invalid, match="nothing was recorded by then"):
        past.moment(rows, first - HOUR, first)

    assert past.moment(rows, first, first).position == 1
    assert past.since(rows) == first


def test_what_a_projector_kept_that_was_stopped_midway_is_what_a_rebuild_keeps(servers: Servers) -> None:
    with fresh_database(servers.database_url) as fresh, small_strides(40):
        events = moving(40, 8)
        fill(fresh, events)
        for until in (150, None):
            runner = Runner((CASES,), connect_as({"grid": fresh.url("grid")}), PostgresFeed(), limit=30)
            assert runner.open()
            runner.catch_up(until)
            runner.tidy()
            runner.close()
        found = verify(CASES, connect_as({"grid": fresh.url("grid")}))
        noted = fresh.query("SELECT count(*) FROM grid.area_sums", role="grid")[0][0]

    assert found.is_equal, found.differences
    assert noted > 0
