"""Who may do what: role × state × action × area × department, expected from the table of states alone.

Forbidden is answered where, and only where, the table, the area, the department, the owning tier, or what was asked
for say so; a state in which the table does not have the action is refused by the action's own rule.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.dispatch.domain.authority import TIERS, owner
from services.dispatch.domain.case import Case
from services.dispatch.doors.base import CASE
from services.dispatch.service import DispatchService
from shared.kernel.case_states import MARKS, MOVES, State, sources, target
from shared.kernel.errors import Forbidden, Refused, WujiError
from shared.security.permission import ROLES, Asker
from shared.web.door import doors_of
from tests.support.case_commands import COMMANDS, PLACES, Command
from tests.support.cases import COMMUNITY, DISTRICT, ELSEWHERE, STREET, TO, Story, cause
from tests.support.memory import MemoryLog

STATES = tuple(name for name in TO if name != "cleared")  # `cleared` is a case in checking whose check was passed
AREAS = (None, DISTRICT, STREET, COMMUNITY, ELSEWHERE)
OWN, OTHER = "sanitation", "water"


def askers() -> Iterator[Asker]:
    for role in sorted(ROLES):
        for area in AREAS:
            for department in (OWN, OTHER) if role == "department" else (None,):
                yield Asker(f"{role}.{department}", role, area, department)


def copied(story: Story) -> Story:
    """The same story on a log of its own."""
    log = MemoryLog()
    log.events = list(story.log.events)
    return Story(log, story.case_id, story.at)


def expected(command: Command, case: Case, asker: Asker) -> str:
    """`forbidden`, `refused` by the action's rule, or `free`: whatever else the case has to say."""
    moves = sources(command.event)
    here = next((move.roles for move in moves if move.source is case.state), frozenset())
    anywhere = frozenset(role for move in moves for role in move.roles)
    if asker.area == ELSEWHERE or asker.role not in anywhere:
        return "forbidden"
    if target(case.state, command.event) is None:
        return "refused"
    if asker.role not in (command.only & here if command.only else here):
        return "forbidden"
    if command.about == "own task" and case.tasks and asker.role in ("department", "volunteer"):
        return "free" if asker.department == OWN else "forbidden"
    is_below = asker.area is not None and asker.area.tier > TIERS[owner(case)]
    return "forbidden" if command.by_tier and is_below else "free"


def tried(command: Command, story: Story, asker: Asker) -> str:
    try:
        command.do(story.log, story.case_id, asker, cause(asker))
    except Forbidden:
        return "forbidden"
    except Refused as refusal:
        return "refused" if refusal.rule == command.rule else "free"
    except WujiError:
        return "free"
    return "free"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_who_may_do_it_is_what_the_table_says(command: Command) -> None:
    # What is about a request or another's task can be tried only where there is one.
    starts = STATES if command.about in ("case", "own task") else (command.start,)
    wrong = []
    for start in starts:
        story = command.story(start)
        for asker in askers():
            wanted, found = expected(command, story.case, asker), tried(command, copied(story), asker)
            if wanted != found:
                wrong.append(f"{start}: {asker.role} of {asker.department} in {asker.area}: {wanted}, but {found}")

    assert wrong == []


def test_the_states_that_are_walked_are_all_states_that_a_case_can_be_in() -> None:
    walked = {TO[name]().case.state for name in STATES}

    assert walked == set(State) - {State.REPORTED, State.VERIFYING}  # a report's, before there is a case


def test_every_door_of_a_case_takes_exactly_the_roles_of_the_table() -> None:
    found = {
        door.url.removeprefix(f"{CASE}/"): frozenset(door.roles)
        for _, door in doors_of(DispatchService)
        if door.url.startswith(f"{CASE}/")
    }
    wanted: dict[str, frozenset[str]] = {}
    for command in COMMANDS:
        path = {"request": "requests/<uuid:request_id>/", "another's task": "tasks/<uuid:task_id>/"}.get(
            command.about, ""
        ) + (command.path or command.name)
        roles = frozenset(role for move in sources(command.event) for role in move.roles) & ROLES
        wanted[path] = wanted.get(path, frozenset()) | roles

    assert {path: roles for path, roles in found.items() if path in wanted and "requests" not in path} == {
        path: roles for path, roles in wanted.items() if "requests" not in path
    }
    assert all(found[path] >= roles for path, roles in wanted.items())


def test_every_event_of_the_table_that_people_cause_has_a_command() -> None:
    """But for those of intake, of the pool, of disputes and of whistles, which have tables of their own."""
    elsewhere = ("report.", "dispute.", "whistle.", "case.offered", "task.claim")
    by_itself = {
        "case.filed",  # on acceptance
        "case.self_handled",
        "case.sent_to_check",
        "case.check_waived",
        "case.cleared_to_close",
        "case.rework_ordered",
        "case.problem_declared",
        "task.part_responded",  # what `respond` is while others are awaited
        "return.refused",  # what `refuse` is, by what was asked
        "extension.refused",
    }
    events = {move.event for move in (*MOVES, *MARKS)}

    assert {name for name in events if not name.startswith(elsewhere)} - by_itself == {
        command.event for command in COMMANDS
    }


def test_every_place_to_start_from_is_used() -> None:
    used = {command.start for command in COMMANDS} | {command.wrong_start for command in COMMANDS} | set(STATES)

    assert set(PLACES) <= used
