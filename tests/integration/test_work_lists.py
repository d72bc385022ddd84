"""The work list as SQL answers it: whose turn it is, what presses most, and which cases may be the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.clocks.facts import book_of
from services.dispatch.clocks.keep import keep
from services.dispatch.projections import PROJECTIONS
from services.dispatch.queries import duplicates
from services.dispatch.queries.queues import QUEUES, Asked, cases, queues
from shared.contracts.clock import EscalationRaised, Rung, Stage
from shared.contracts.envelope import Recorded
from shared.kernel.ids import new_id
from shared.projections.process import connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.runner import Runner
from shared.security.permission import Asker
from tests.support.case_commands import LEADER
from tests.support.case_desk import CaseDesk
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    SANITATION,
    SUPERVISOR,
    THURSDAY,
    TO,
    URBAN,
    Story,
)
from tests.support.clocks import RULES
from tests.support.database import Database, fresh_database
from tests.support.examples import example
from tests.support.logs import fill
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

TODAY = date(2026, 11, 26)
AFTER_THE_REVIEW = TODAY + timedelta(days=31)
WATER = Asker("w.zhou", "department", DISTRICT, "water")
VOLUNTEER = Asker("z.lin", "volunteer", COMMUNITY)


def summoned() -> Story:
    story = TO["handling"]()
    CaseDesk(story).send(CHIEF, "whistles", departments=["water"], reason="请到场")
    return story


def disputed() -> Story:
    story = TO["dispatched"]()
    story.return_asked().approved(DISPATCHER).dispatched()
    story.return_asked().approved(DISPATCHER)
    CaseDesk(story).send(DISPATCHER, "dispute", between=["sanitation", "urban"], question="归谁？")
    return story


def offered() -> Story:
    story = TO["filed"]()
    CaseDesk(story).send(DISPATCHER, "offer", what="扶起来")
    return story


STORIES = {
    **{name: TO[name] for name in ("filed", "returned", "reopened", "handling", "suspended", "cleared", "checking")},
    **{name: TO[name] for name in ("dispatched", "rework", "transferred_out", "closed", "merged")},
    "asked": lambda: TO["handling"]().return_asked(),
    "summoned": summoned,
    "disputed": disputed,
    "offered": offered,
    "pressed": TO["dispatched"],
}
"""One case of each kind, all in one community; the merged one brings the one into which it went."""
IN_QUEUES = {
    DISPATCHER: {
        "dispatch": {"filed", "returned", "reopened", "disputed", "merged into"},
        "returns": {"asked"},
        "unclaimed": {"returned"},
        "outside": {"transferred_out"},
        "whistles": {"summoned"},
    },
    SANITATION: {
        "sign": {"dispatched", "pressed"},
        "rework": {"rework"},
        "answer": {"handling", "asked", "summoned"},
        "whistles": set(),
        "disputes": {"disputed"},
    },
    WATER: {"sign": set(), "rework": set(), "answer": set(), "whistles": {"summoned"}, "disputes": set()},
    URBAN: {"sign": set(), "rework": set(), "answer": set(), "whistles": set(), "disputes": {"disputed"}},
    CHIEF: {
        "close": {"cleared"},
        "requests": {"asked"},
        "pressed": set(),
        "reviews": set(),
        "disputes": {"disputed"},
        "unclaimed": {"returned"},
        "whistles": {"summoned"},
        "suspended": {"suspended"},
    },
    LEADER: {
        "requests": set(),
        "pressed": set(),
        "disputes": {"disputed"},
        "unclaimed": {"returned"},
        "problems": set(),
    },
    SUPERVISOR: {"check": {"checking"}, "pressed": {"pressed"}, "problems": set()},
    VOLUNTEER: {"claimed": set(), "free": {"offered"}},
}


def called_upon(story: Story) -> Recorded[Any]:
    """The street is told that nobody signs."""
    last = story.log.stream(f"clock-{story.case_id}")[-1]
    event = replace(
        example(EscalationRaised),
        escalation_id=new_id(),
        clock_id=last.event.clock_id,
        case_id=story.case_id,
        stage=Stage.SIGN,
        rung=Rung.SUPERVISED,
        target_area=str(SUPERVISOR.area),
    )
    return replace(last, event=event, type="escalation.raised", version=last.version + 1, event_id=new_id())


@pytest.fixture(scope="module")
def stories() -> dict[str, Story]:
    made = {name: begin() for name, begin in STORIES.items()}
    into = made["merged"].case.merged_into
    assert into is not None
    return {**made, "merged into": Story(made["merged"].log, into)}


@pytest.fixture(scope="module")
def database(servers: Servers, stories: dict[str, Story]) -> Iterator[Database]:
    told: list[Recorded[Any]] = []
    for name, story in stories.items():
        keep(story.log, story.case_id, RULES, THURSDAY)
        told += [one for one in story.log.about(story.case_id) if not one.stream.startswith("report-")]
        told += [called_upon(story)] if name == "pressed" else []
    with fresh_database(servers.database_url) as fresh:
        fill(fresh, [replace(one, position=n, recorded_at=one.occurred_at) for n, one in enumerate(told, 1)])
        own = tuple(one for one in PROJECTIONS if one.name in ("cases", "clocks", "pool", "chain", "places"))
        runner = Runner(own, connect_as({"dispatch": fresh.url("dispatch")}), PostgresFeed(), limit=7)
        assert runner.open()
        runner.catch_up()
        runner.close()
        yield fresh


@pytest.mark.parametrize("asker", list(IN_QUEUES), ids=lambda asker: f"{asker.role}-{asker.id}")
def test_every_queue_has_the_cases_that_wait_there_and_says_how_many(
    database: Database, stories: dict[str, Story], asker: Asker
) -> None:
    rows, names = database.rows("dispatch"), {str(story.case_id): name for name, story in stories.items()}

    def waiting(queue: str | None = None) -> set[str]:
        return {names[row["case_id"]] for row in cases(rows, asker, Asked(queue=queue), THURSDAY, TODAY)["cases"]}

    found = {queue.name: waiting(queue.name) for queue in QUEUES[asker.role]}
    counted = {one["name"]: one["n"] for one in queues(rows, asker, TODAY)}

    assert found == IN_QUEUES[asker]
    assert counted == {name: len(there) for name, there in found.items()}
    assert waiting() == set().union(*(found[queue.name] for queue in QUEUES[asker.role] if queue.is_turn))


def test_a_suspension_is_due_for_review_on_its_day(database: Database, stories: dict[str, Story]) -> None:
    found = cases(database.rows("dispatch"), CHIEF, Asked(queue="reviews"), THURSDAY, AFTER_THE_REVIEW)["cases"]

    assert [row["case_id"] for row in found] == [str(stories["suspended"].case_id)]


def test_the_list_of_everything_is_paged_by_what_presses_most(database: Database, stories: dict[str, Story]) -> None:
    rows, after, seen = database.rows("dispatch"), None, list[dict[str, Any]]()
    while True:
        found = cases(rows, CHIEF, Asked(mine=False, limit=3, after=after), THURSDAY, TODAY)
        seen, after = [*seen, *found["cases"]], found["next_after"]
        if after is None:
            break
    due = [row["due_at"] for row in seen if row["due_at"] is not None]

    assert {row["case_id"] for row in seen} == {str(one.case_id) for one in stories.values() if one.case.state.is_open}
    assert len(seen) == len({row["case_id"] for row in seen})
    assert due == sorted(due)


def test_what_presses_on_a_row_is_what_the_clocks_say(database: Database, stories: dict[str, Story]) -> None:
    rows = database.query("SELECT case_id, press_stage, press_at, press_paused FROM dispatch.cases")
    for case_id, stage, due_at, is_paused in rows:
        story = next(story for story in stories.values() if str(story.case_id) == str(case_id))
        open_ones = [one for one in book_of(story.log.about(story.case_id)).clocks.values() if one.is_open]
        whole = [one for one in open_ones if one.started.condition is None]
        wanted = min(whole, key=lambda one: (one.paused is not None, one.due_at), default=None)

        assert (stage, due_at, is_paused) == (
            (None, None, False) if wanted is None else (wanted.stage.value, wanted.due_at, wanted.paused is not None)
        )


def test_a_case_of_the_same_kind_and_place_is_suspected_and_what_was_merged_is_listed(
    database: Database, stories: dict[str, Story]
) -> None:
    rows, merged = database.rows("dispatch"), stories["merged"]
    into = stories["merged into"]
    filed = stories["filed"].case.filed
    case = {"case_id": filed.case_id, "area": COMMUNITY.path, "issue_type": filed.issue_type, "title": filed.title}
    found = duplicates.candidates(rows, {**case, "place": filed.place, "reported_at": filed.reported_at})
    listed = duplicates.merged(merged.log, rows, into.case_id, None)

    assert str(into.case_id) in [one["case_id"] for one in found]
    assert all(one["score"] >= 0.5 for one in found)
    assert next(one["is_earlier"] for one in found if one["case_id"] == str(into.case_id))
    assert [one["case_id"] for one in listed] == [str(merged.case_id)]
    assert duplicates.by_number(rows, listed[0]["number"]) is not None
