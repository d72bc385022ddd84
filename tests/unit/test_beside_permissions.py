"""The open pool, disputes and whistles: role × state × action × area × department, by the table of states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.dispatch.doors.base import CASE
from services.dispatch.handlers import disputes, pool
from services.dispatch.service import DispatchService
from shared.handling import Cause
from shared.kernel.area import Tier
from shared.kernel.case_states import sources
from shared.kernel.errors import Forbidden, WujiError
from shared.kernel.ids import derived_id, new_id
from shared.security.permission import ROLES, Asker
from shared.web.door import doors_of
from tests.support.cases import COMMUNITY, DISPATCHER, DISTRICT, ELSEWHERE, RULEBOOK, STREET, TO, Story, cause, filed
from tests.support.memory import MemoryLog
from tests.unit.test_disputes_and_whistles import blown, disputed, sent_back_twice

AREAS = (None, DISTRICT, STREET, COMMUNITY, ELSEWHERE)
DEPARTMENTS = ("sanitation", "urban", "water")
HOLDER = "volunteer.None"


def _offered() -> Story:
    story = filed("E-09-01")
    by = cause(DISPATCHER)
    pool.offer(story.log, RULEBOOK, story.case_id, DISPATCHER, by, what="搬家具", claim_hours=6)
    return story


def _claimed() -> Story:
    story = _offered()
    holder = Asker(HOLDER, "volunteer", DISTRICT)
    pool.claim(story.log, RULEBOOK, story.case_id, holder, cause(holder))
    return story


STARTS: dict[str, Callable[[], Story]] = {
    **{name: make for name, make in TO.items() if name != "cleared"},
    "offered": _offered,
    "claimed": _claimed,
    "sent back twice": sent_back_twice,
    "disputed": disputed,
    "whistled": lambda: blown(filed(), "urban"),
}

Do = Callable[[MemoryLog, Story, Asker, Cause], Any]


@dataclass(frozen=True)
class Command:
    """One of them: its event, its door below the case's, and where somebody may do it."""

    event: str
    door: str
    start: str
    do: Do


def _dispute_of(story: Story) -> Any:
    return new_id() if story.case.dispute is None else story.case.dispute.dispute_id


COMMANDS = (
    Command(
        "case.offered",
        "offer",
        "filed",
        lambda log, story, by, why: pool.offer(log, RULEBOOK, story.case_id, by, why, what="搬家具", claim_hours=None),
    ),
    Command(
        "task.claimed",
        "claim",
        "offered",
        lambda log, story, by, why: pool.claim(log, RULEBOOK, story.case_id, by, why),
    ),
    Command(
        "task.claim_released",
        "release",
        "claimed",
        lambda log, story, by, why: pool.release(log, story.case_id, by, why, reason="有事"),
    ),
    Command(
        "task.returned",
        "take-back",
        "offered",
        lambda log, story, by, why: pool.take_back(log, story.case_id, by, why, reason="无人领"),
    ),
    Command(
        "dispute.opened",
        "dispute",
        "sent back twice",
        lambda log, story, by, why: disputes.open_dispute(
            log, RULEBOOK, story.case_id, by, why, between=("sanitation", "urban"), question="归谁"
        ),
    ),
    Command(
        "dispute.adjudicated",
        "disputes/<uuid:dispute_id>/adjudicate",
        "disputed",
        lambda log, story, by, why: disputes.adjudicate(
            log,
            RULEBOOK,
            story.case_id,
            by,
            why,
            dispute_id=_dispute_of(story),
            department="urban",
            reason="按清单",
        ),
    ),
    Command(
        "whistle.blown",
        "whistles",
        "dispatched",
        lambda log, story, by, why: disputes.blow(
            log, RULEBOOK, story.case_id, by, why, departments=("water",), reason="一起看"
        ),
    ),
    Command(
        "whistle.answered",
        "whistles/<uuid:whistle_id>/answer",
        "whistled",
        lambda log, story, by, why: disputes.answer_whistle(
            log,
            story.case_id,
            by,
            why,
            whistle_id=derived_id("whistle", story.case_id, 1),
            words="就来",
        ),
    ),
)


def askers() -> Iterator[Asker]:
    for role in sorted(ROLES):
        for area in AREAS:
            for department in DEPARTMENTS if role == "department" else (None,):
                yield Asker(f"{role}.{department}", role, area, department)


def _tried(command: Command, story: Story, asker: Asker) -> str:
    log = MemoryLog()
    log.events = list(story.log.events)
    try:
        command.do(log, story, asker, cause(asker))
    except Forbidden:
        return "forbidden"
    except WujiError:
        return "refused"
    return "done"


def _problem(command: Command, story: Story, asker: Asker) -> str | None:
    """What is wrong with what this asker could do there; None when all is as the table says."""
    moves = sources(command.event)
    anywhere = frozenset(role for move in moves for role in move.roles)
    here = next((move.roles for move in moves if move.source is story.case.state), frozenset())
    found = _tried(command, story, asker)
    if (asker.area == ELSEWHERE or asker.role not in anywhere) and found == "done":
        return "done by somebody who never may"
    if asker.area == ELSEWHERE and found != "forbidden":
        return f"{found} outside their area"
    if found != "done":
        return None
    if asker.role not in here:
        return "done where the table does not have it"
    if command.event == "dispute.adjudicated" and asker.area is not None and asker.area.tier > Tier.DISTRICT:
        return "decided below the tier above"
    if asker.role == "department" and asker.department == "water":
        return "done by a department that has nothing to do with it"
    return None


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.door)
def test_who_may_do_it_is_what_the_table_says(command: Command) -> None:
    wrong = []
    for name, make in STARTS.items():
        story = make()
        for asker in askers():
            problem = _problem(command, story, asker)
            if problem is not None:
                wrong.append(f"{name}: {asker.role} of {asker.department} in {asker.area}: {problem}")

    assert wrong == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.door)
def test_whoever_the_table_names_can_do_it_where_it_can_be_done(command: Command) -> None:
    story = STARTS[command.start]()
    here = next(move.roles for move in sources(command.event) if move.source is story.case.state)
    done = {asker.role for asker in askers() if _tried(command, story, asker) == "done"}

    assert done == here & ROLES


def test_every_door_takes_the_roles_of_the_table() -> None:
    found = {
        door.url.removeprefix(f"{CASE}/"): frozenset(door.roles)
        for _, door in doors_of(DispatchService)
        if door.url.startswith(f"{CASE}/")
    }
    for command in COMMANDS:
        assert found[command.door] == frozenset(role for move in sources(command.event) for role in move.roles) & ROLES
