"""What a case says may be done with it is what its commands say: in every state, for everybody, with and without what
commands ask of others than the case."""

from __future__ import annotations

from functools import partial

import pytest

from services.dispatch.admissions import force
from services.dispatch.domain.actions import Known, Moment, answers
from services.dispatch.handlers.common import asked_until, dispatched_at
from services.dispatch.handlers.road import stages_of
from shared.kernel.errors import Invalid, WujiError
from shared.security.permission import Asker
from tests.support.case_commands import ADMISSION, BOOK, COMMANDS, LEADER, PLACES, Command, with_admission
from tests.support.cases import CHIEF, COMMUNITY, DISPATCHER, SANITATION, SUPERVISOR, TO, URBAN, Story, cause
from tests.support.memory import MemoryLog

TEAM = (DISPATCHER, SANITATION, URBAN, CHIEF, SUPERVISOR, LEADER, Asker("c.she", "duty_chief", COMMUNITY))
OWN = [command for command in COMMANDS if command.about in ("case", "own task")]


def copied(story: Story) -> Story:
    log = MemoryLog()
    log.events = list(story.log.events)
    return Story(log, story.case_id, story.at)


def said(story: Story, command: Command, asker: Asker) -> bool:
    """Whether the case says that the asker may do it."""
    known = Known(
        stages=partial(stages_of, BOOK, area=COMMUNITY),
        admission=lambda: force.required(story.log, ADMISSION, COMMUNITY, story.at),
    )
    history = story.log.stream(f"case-{story.case_id}")
    moment = Moment(story.at, asked_until(story.log, story.case, story.at), dispatched_at(history), known)
    name = command.path or command.name
    return any(found.allowed for found in answers(story.case, asker, moment) if found.action.name == name)


def done(story: Story, command: Command, asker: Asker) -> bool | None:
    """Whether it can be done; None where only what was asked for in particular is wrong."""
    try:
        command.do(story.log, story.case_id, asker, cause(asker, story.at))
    except Invalid:
        return None
    except WujiError:
        return False
    return True


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_what_is_said_is_what_is_done(command: Command) -> None:
    starts = tuple(TO) if command in OWN else (command.start,)
    wrong = []
    for start in starts:
        # Going down is looked at with an admission and without: there it is to be refused.
        for story in (command.story(start), *([PLACES[start]()] if command.name == "lower" else [])):
            for asker in TEAM:
                found = done(copied(story), command, asker)
                if found is not None and found is not said(story, command, asker):
                    wrong.append(f"{start}: {asker.role} {asker.id}: said {not found}, but {found}")

    assert wrong == []


def test_without_an_admission_nobody_is_told_that_the_case_may_go_down() -> None:
    command = next(command for command in COMMANDS if command.name == "lower")
    story = TO["filed"]()

    assert not said(story, command, CHIEF)
    assert said(with_admission(story), command, CHIEF)


def test_a_case_without_stages_offers_none() -> None:
    command = next(command for command in COMMANDS if command.name == "stages")

    assert said(TO["handling"](), command, SANITATION) == bool(stages_of(BOOK, TO["handling"]().case, COMMUNITY))
