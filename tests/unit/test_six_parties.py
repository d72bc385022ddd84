"""六位一体: six parties of a community do one case together; each takes its own part on, and the case waits for all."""

from __future__ import annotations

import pytest

from deploy.reference.files import read
from services.dispatch import handlers
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.rulebook import Rulebook
from services.dispatch.handlers import PartWish
from shared.kernel.area import Area
from shared.kernel.errors import Forbidden
from shared.security.permission import Asker
from tests.support.cases import COMMUNITY, DISPATCHER, LINES, Story, cause, filed

LEAD = "residents-committee"
PARTIES = (LEAD, "party-committee", "safety-station", "service-station", "owners-committee", "property")
BOOK = Rulebook.of([*LINES, *(one.event for one in read().departments if one.event.code in PARTIES)])


def _of(party: str, community: Area = COMMUNITY) -> Asker:
    return Asker(f"{party}-1", "department", community, party)


def _sign(story: Story, party: str, community: Area = COMMUNITY) -> None:
    by = _of(party, community)
    handlers.sign(story.log, story.case_id, by, cause(by))


def _answer(story: Story, party: str) -> None:
    by = _of(party)
    # The record of the joint meeting is a paper like any other.
    said = Answer(answer="已按六方会议分工完成", evidence=("paper:minutes-1",))
    handlers.respond(story.log, BOOK, story.case_id, by, cause(by), said)


@pytest.fixture
def joint() -> Story:
    """A case led by the residents' committee, with a part for each of the other five."""
    story = filed("E-09-01")
    by = cause(DISPATCHER)
    handlers.dispatch(story.log, BOOK, story.case_id, DISPATCHER, by, department=LEAD, reason="六位一体牵头")
    parts = tuple(PartWish(department=party, what=f"{party} 负责的部分") for party in PARTIES[1:])
    handlers.split(story.log, BOOK, story.case_id, DISPATCHER, by, parts=parts, reason="六方联动")
    return story


def test_every_party_is_known_and_has_a_part(joint: Story) -> None:
    assert {task.department for task in joint.case.tasks.values()} == set(PARTIES)


def test_the_case_goes_on_when_the_last_of_six_has_answered(joint: Story) -> None:
    for party in PARTIES:
        _sign(joint, party)
    for party in PARTIES[:-1]:
        _answer(joint, party)
    before = joint.case.state.value
    _answer(joint, PARTIES[-1])

    assert (before, joint.case.state.value) == ("handling", "checking")
    assert joint.types.count("task.signed") == 6
    assert joint.types.count("task.part_responded") == 5


def test_the_same_party_of_another_community_has_no_part_in_it(joint: Story) -> None:
    with pytest.raises(Forbidden):
        _sign(joint, "property", Area("530103.004.001"))
