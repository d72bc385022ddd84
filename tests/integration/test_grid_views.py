"""The five-level views, lists and timelines as SQL answers them, against the case rows counted by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.grid.projections import PROJECTIONS
from services.grid.projections.case_rows import Book, CaseRow
from services.grid.projections.counting import lineage
from services.grid.queries import cases, checks, gauges, places, views
from shared.contracts.appointment import AppointmentEnded, AppointmentStarted, Post
from shared.contracts.area import AreaCreated, AreaRenamed
from shared.contracts.check import CheckPassed, CheckRequested
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.contracts.grid import GridDrawn
from shared.kernel.area import Area
from shared.kernel.errors import Invalid, NotFound
from shared.kernel.ids import derived_id, new_id
from shared.projections.process import connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from tests.support.database import Database, fresh_database
from tests.support.lives import START, City, lives
from tests.support.logs import fill
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

NOW = START + timedelta(days=21, hours=9)
EVENTS = [recorded for recorded in lives(150, 2, City(2, 2, 2, 2), days=40) if recorded.occurred_at <= NOW]


def told(events: list[tuple[str, str, Area, Any]], after: int) -> list[Recorded[Any]]:
    """Envelopes for (stream, type, area, event)."""
    versions: dict[str, int] = {}
    found = []
    for position, (stream, name, area, event) in enumerate(events, after + 1):
        versions[stream] = versions.get(stream, 0) + 1
        found.append(
            Recorded(
                event=event, event_id=new_id(), stream=stream, version=versions[stream], position=position, type=name,
                area=area, actor=Actor("s-1", "supervisor"), correlation_id=derived_id(stream), causation_id=None,
                origin=Origin.LIVE, occurred_at=START, recorded_at=START,
            )
        )  # fmt: skip
    return found


def ground() -> list[Recorded[Any]]:
    """Every area that a case lies in, named; a grid; two appointments."""
    paths = sorted({path for recorded in EVENTS for path in lineage(recorded.area.path)})
    events: list[tuple[str, str, Area, Any]] = [
        (f"area-{path}", "area.created", Area(path), AreaCreated(path=path, name=path, kind="区", centre=None))
        for path in paths
    ]
    street, community = Area("530103.001"), Area("530103.001.001")
    first, second = derived_id("first"), derived_id("second")
    since = (START + timedelta(days=3)).date()
    events += [
        (f"area-{street}", "area.renamed", street, AreaRenamed(path=street.path, name="青云街道")),
        (
            "grid-G1",
            "grid.drawn",
            community,
            GridDrawn(code="G1", name="一网格", community=community.path, covers=(f"{community}.001",), households=280),
        ),
    ]
    for name, person in ((first, "gw-1"), (second, "gw-2")):
        appointed = AppointmentStarted(
            appointment_id=name, person=person, post=Post.GRID_WORKER, area=community.path, grid="G1", since=since
        )
        events.append((f"appointment-{name}", "appointment.started", community, appointed))
    ended = AppointmentEnded(appointment_id=first, until=since + timedelta(days=5), reason="轮岗")
    events.append((f"appointment-{first}", "appointment.ended", community, ended))
    return told(events, EVENTS[-1].position or 0)


@pytest.fixture(scope="module")
def database(servers: Servers) -> Iterator[Database]:
    with fresh_database(servers.database_url) as fresh:
        fill(fresh, [*EVENTS, *ground()])
        runner = Runner(PROJECTIONS, connect_as({"grid": fresh.url("grid")}), PostgresFeed(), limit=100)
        assert runner.open()
        runner.catch_up()
        runner.tidy()
        runner.close()
        yield fresh


@pytest.fixture(scope="module")
def rows() -> list[CaseRow]:
    book = Book()
    for recorded in EVENTS:
        book.take(recorded)
    return list(book.rows.values())


def rank(values: list[float], share: float) -> float:
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


@pytest.mark.parametrize("tier", [1, 2, 3, 4, 5])
def test_every_figure_of_every_tier_is_what_counting_the_rows_gives(
    database: Database, rows: list[CaseRow], tier: int
) -> None:
    for path in sorted({lineage(row.area)[tier - 1] for row in rows}):
        found = views.view(database.rows("grid"), Area(path), NOW)
        shown, inside = found["area"], [row for row in rows if path in lineage(row.area)]
        spans = [(row.handled_at - row.reported_at).total_seconds() for row in inside if row.handled_at]

        assert shown["cases"] == len(inside)
        assert shown["open"] == sum(row.is_open for row in inside)
        assert shown["closed"] == sum(row.state in ("closed", "archived") for row in inside)
        assert shown["overdue"] == sum(row.awaited and row.due_at is not None and row.due_at < NOW for row in inside)
        assert shown["on_time"] == sum(row.on_time is True for row in inside)
        assert shown["late"] == sum(row.on_time is False for row in inside)
        assert shown["with_limit"] == shown["on_time"] + shown["late"] + sum(row.awaited for row in inside)
        assert shown["handling"]["handled"] == len(spans)
        if spans:
            assert shown["handling"]["median_seconds"] == pytest.approx(rank(spans, 0.5), rel=0.021, abs=1)
            assert shown["handling"]["p90_seconds"] == pytest.approx(rank(spans, 0.9), rel=0.021, abs=1)
        assert shown["satisfaction"]["answers"] == sum(row.satisfaction is not None for row in inside)
        assert len(shown["by_day"]) == views.DAYS
        assert sum(child["cases"] for child in found["children"]) == (len(inside) if tier < 5 else 0)


@pytest.mark.parametrize("minutes", range(0, 24 * 60, 173))
def test_overdue_is_exact_at_any_minute_of_a_day(database: Database, rows: list[CaseRow], minutes: int) -> None:
    moment = datetime(2026, 1, 19, 16, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    shown = views.view(database.rows("grid"), Area("530103"), moment)["area"]

    assert shown["overdue"] == sum(row.awaited and row.due_at is not None and row.due_at < moment for row in rows)


def test_a_view_says_how_far_it_goes_and_what_its_words_mean(database: Database) -> None:
    found = views.all_districts(database.rows("grid"), Area("530103.001"), NOW)

    assert [area["path"] for area in found["areas"]] == ["530103"]
    assert (found["position"], found["behind"]) == (EVENTS[-1].position + len(ground()), 0)  # type: ignore[operator]
    assert "overdue" in found["definitions"]


def test_an_area_that_does_not_exist_has_no_view(database: Database) -> None:
    with pytest.raises(NotFound):
        views.view(database.rows("grid"), Area("999999"), NOW)


def test_the_metrics_by_street_are_the_figures_of_the_views(database: Database) -> None:
    found = {
        street["path"]: (street["open"], street["overdue"]) for street in gauges.by_street(database.rows("grid"), NOW)
    }
    children = views.view(database.rows("grid"), Area("530103"), NOW)["children"]

    assert found == {child["path"]: (child["open"], child["overdue"]) for child in children}


# --- lists ------------------------------------------------------------------------------------------------------


def pages(database: Database, wanted: cases.Wanted) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = cases.list_cases(database.rows("grid"), wanted, NOW)
        found += page["cases"]
        if page["next"] is None:
            return found
        wanted = replace(wanted, after=page["next"])


@pytest.mark.parametrize("area", ["530103", "530103.001", "530103.001.002", "530103.001.002.001"])
def test_a_list_read_page_by_page_has_every_case_once_newest_first(
    database: Database, rows: list[CaseRow], area: str
) -> None:
    found = pages(database, cases.Wanted(Area(area), limit=7))
    inside = sorted((row for row in rows if area in lineage(row.area)), key=lambda row: row.case_id)
    inside.sort(key=lambda row: row.reported_at, reverse=True)

    assert [case["case_id"] for case in found] == [row.case_id for row in inside]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({"state": "handling"}, lambda row: row.state == "handling"),
        ({"issue_type": "E-02-03"}, lambda row: row.issue_type == "E-02-03"),
        ({"department": "water"}, lambda row: row.department == "water"),
        ({"is_open": True}, lambda row: row.is_open),
        ({"overdue": True}, lambda row: row.awaited and row.due_at < NOW),
        ({"overdue": False, "is_open": True}, lambda row: row.is_open and not (row.awaited and row.due_at < NOW)),
    ],
)
def test_a_list_has_exactly_the_cases_asked_for(
    database: Database, rows: list[CaseRow], wanted: dict[str, Any], fits: Any
) -> None:
    found = pages(database, cases.Wanted(Area("530103"), limit=200, **wanted))

    assert {case["case_id"] for case in found} == {row.case_id for row in rows if fits(row)}


def test_a_page_after_nothing_known_is_invalid(database: Database) -> None:
    with pytest.raises(Invalid):
        cases.list_cases(database.rows("grid"), cases.Wanted(Area("530103"), after=new_id()), NOW)


def test_a_timeline_has_all_events_of_a_case_in_order(database: Database) -> None:
    case_id = EVENTS[0].correlation_id
    area, found = cases.timeline(database.log("grid"), case_id)
    mine = [recorded for recorded in EVENTS if recorded.correlation_id == case_id]

    assert area == EVENTS[0].area
    assert [entry["type"] for entry in found["events"]] == [recorded.type for recorded in mine]
    assert {entry["actor"]["id"] for entry in found["events"]} >= {"intake", "dispatch"}
    with pytest.raises(NotFound):
        cases.timeline(database.log("grid"), new_id())


# --- the ground -------------------------------------------------------------------------------------------------


def test_an_area_is_found_with_its_line_and_its_children(database: Database) -> None:
    found = places.area(database.rows("grid"), Area("530103.001"))

    assert (found["name"], found["tier"], found["code"]) == ("青云街道", "street", "530103001")
    assert [one["path"] for one in found["lineage"]] == ["530103"]
    assert [one["path"] for one in found["children"]] == ["530103.001.001", "530103.001.002"]
    assert [one["path"] for one in places.districts(database.rows("grid"))] == ["530103"]


@pytest.mark.parametrize(("area", "found"), [("530103", 1), ("530103.001.001.001", 1), ("530103.002", 0)])
def test_grids_are_found_from_above_and_from_within(database: Database, area: str, found: int) -> None:
    assert len(places.grids(database.rows("grid"), Area(area), None, 10)["grids"]) == found


@pytest.mark.parametrize(("day", "people"), [(2, []), (3, ["gw-1", "gw-2"]), (8, ["gw-1", "gw-2"]), (9, ["gw-2"])])
def test_who_stands_where_on_a_day(database: Database, day: int, people: list[str]) -> None:
    on = (START + timedelta(days=day)).date()
    found = places.appointments(
        database.rows("grid"), on=on, within=Area("530103.001"), person=None, post=None, grid="G1"
    )

    assert [one["person"] for one in found["appointments"]] == people


def test_checks_that_wait_are_listed_oldest_first_with_their_case(database: Database) -> None:
    asked = {recorded.event.check_id for recorded in EVENTS if isinstance(recorded.event, CheckRequested)}
    done = {recorded.event.check_id for recorded in EVENTS if recorded.type in ("check.passed", "check.failed")}
    rows, answered = database.rows("grid"), checks.Wanted(within=None, pending=False, limit=200)
    waiting = checks.checks(rows, checks.Wanted(within=None, pending=True, limit=200))["checks"]
    first = checks.checks(rows, replace(answered, limit=5))
    rest = checks.checks(rows, replace(answered, after=first["next"]))

    assert {check["check_id"] for check in waiting} == {str(one) for one in asked - done}
    assert {check["check_id"] for check in [*first["checks"], *rest["checks"]]} == {str(one) for one in done}
    assert all(check["title"] for check in waiting)
    assert any(isinstance(recorded.event, CheckPassed) for recorded in EVENTS)
