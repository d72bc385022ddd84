"""The open pool: of many who claim one has it, nobody takes too much, and nothing is held for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.dispatch import handlers
from services.dispatch.domain.answers import Answer
from services.dispatch.domain.case import VOLUNTEERS
from services.dispatch.handlers import pool
from shared.contracts.volunteer import ClaimReserved
from shared.kernel.area import Area
from shared.kernel.errors import Conflict, Forbidden, Invalid, Refused
from shared.kernel.ids import new_id
from shared.security.permission import Asker
from tests.support.appends import adding
from tests.support.cases import (
    CHIEF,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    RULEBOOK,
    SANITATION,
    THURSDAY,
    OvertakenLog,
    Story,
    cause,
    filed,
)
from tests.support.memory import MemoryLog

LI = Asker("li", "volunteer", DISTRICT)
MA = Asker("ma", "volunteer", DISTRICT)
FAR = Asker("far", "volunteer", Area("530103.005"))
DAY = timedelta(days=1)


def offered(log: MemoryLog, hours: int | None = None) -> Story:
    """A case in the open pool."""
    story = filed("E-09-01", log)
    pool.offer(log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), what="帮老人搬家具", claim_hours=hours)
    return story


def claim(log: MemoryLog, case_id: UUID, by: Asker = LI, at: datetime = THURSDAY, key: str | None = None) -> None:
    pool.claim(log, RULEBOOK, case_id, by, cause(by, at, key))


def in_hand(log: MemoryLog, account: str) -> list[str]:
    return [found.type for found in log.stream(pool.stream_of(account))]


def test_a_volunteer_claims_answers_and_somebody_looks() -> None:
    log = MemoryLog("dispatch")
    story = offered(log, hours=6)
    claim(log, story.case_id)
    held = story.case.task
    handlers.respond(log, RULEBOOK, story.case_id, LI, cause(LI), Answer(answer="已搬好"))

    assert held is not None
    assert held.claim is not None
    assert (held.department, held.claim.claimed_by) == (VOLUNTEERS, "li")
    assert held.claim.expires_at == THURSDAY + timedelta(hours=6)
    assert story.types[-3:] == ["task.claimed", "task.responded", "case.sent_to_check"]


def test_the_area_says_how_long_a_claim_lasts_where_the_offer_does_not() -> None:
    story = offered(MemoryLog("dispatch"))

    assert story.case.task is not None
    assert story.case.task.claim_hours == 48


def test_whoever_comes_second_hears_who_was_first_and_keeps_all_places() -> None:
    log = MemoryLog("dispatch")
    story = offered(log)
    claim(log, story.case_id)
    with pytest.raises(Refused) as refused:
        claim(log, story.case_id, MA)

    assert refused.value.rule == "task.claimed_already"
    assert in_hand(log, "ma") == []


def test_who_is_overtaken_between_the_place_and_the_case_gets_the_place_back() -> None:
    log = MemoryLog("dispatch")
    story = offered(log)
    claim(log, offered(log).case_id, MA)
    overtaken = OvertakenLog(log, lambda inner: claim(inner, story.case_id, LI))
    with pytest.raises((Refused, Conflict)):
        claim(overtaken, story.case_id, MA)

    assert story.case.task is not None
    assert story.case.task.claim is not None
    assert story.case.task.claim.claimed_by == "li"


def test_nobody_has_more_in_hand_than_the_rules_allow() -> None:
    log = MemoryLog("dispatch")
    stories = [offered(log) for _ in range(4)]
    for story in stories[:3]:
        claim(log, story.case_id)
    with pytest.raises(Refused) as refused:
        claim(log, stories[3].case_id)
    assert refused.value.rule == "claim.limit_reached"

    pool.release(log, stories[0].case_id, LI, cause(LI), reason="临时有事")
    claim(log, stories[3].case_id)
    with pytest.raises(Refused):
        claim(log, stories[0].case_id)
    handlers.respond(log, RULEBOOK, stories[1].case_id, LI, cause(LI), Answer(answer="已办"))
    claim(log, stories[0].case_id)

    assert in_hand(log, "li").count("claim.settled") == 2


def test_a_place_that_was_taken_and_never_used_is_given_back_after_a_while() -> None:
    log = MemoryLog("dispatch")
    stories = [offered(log) for _ in range(4)]
    for story in stories[:3]:
        # Whoever died here had taken the place, and had not asked the case yet.
        assert story.case.task is not None
        place = ClaimReserved(
            claim_id=new_id(),
            case_id=story.case_id,
            task_id=story.case.task.task_id,
            account="li",
            until=THURSDAY + DAY,
        )
        log.append(adding(pool.stream_of("li"), len(in_hand(log, "li")), [place], area=COMMUNITY))
    taken_at = log.events[-1].occurred_at
    with pytest.raises(Refused):
        claim(log, stories[3].case_id, at=taken_at + timedelta(seconds=30))
    claim(log, stories[0].case_id, at=taken_at + timedelta(seconds=30))
    claim(log, stories[3].case_id, at=taken_at + timedelta(seconds=90))

    assert in_hand(log, "li") == [*["claim.reserved"] * 3, "claim.settled", "claim.settled", "claim.reserved"]


def test_a_claim_sent_twice_is_one_claim() -> None:
    log = MemoryLog("dispatch")
    story = offered(log)
    claim(log, story.case_id, key="mine")
    claim(log, story.case_id, key="mine")

    assert story.types.count("task.claimed") == 1
    assert in_hand(log, "li") == ["claim.reserved"]


def test_what_is_not_answered_in_time_is_free_for_somebody_else() -> None:
    log = MemoryLog("dispatch")
    story = offered(log, hours=1)
    claim(log, story.case_id)
    with pytest.raises(Refused):
        handlers.respond(log, RULEBOOK, story.case_id, LI, cause(LI, THURSDAY + DAY), Answer(answer="晚了"))
    claim(log, story.case_id, MA, THURSDAY + DAY)

    assert story.types[-3:] == ["task.claimed", "task.claim_expired", "task.claimed"]
    assert not pool.say_expired(log, story.case_id, THURSDAY + DAY)
    assert log.stream(f"case-{story.case_id}")[-2].actor == pool.TIMER


def test_an_expiry_is_said_once_whoever_says_it() -> None:
    log = MemoryLog("dispatch")
    story = offered(log, hours=1)
    claim(log, story.case_id)
    said = [pool.say_expired(log, story.case_id, THURSDAY + timedelta(hours=hours)) for hours in (0, 1, 2)]

    assert said == [False, True, False]
    assert story.case.state.value == "dispatched"


def test_who_has_it_or_a_dispatcher_gives_it_back_with_words() -> None:
    log = MemoryLog("dispatch")
    story = offered(log)
    claim(log, story.case_id)

    with pytest.raises(Forbidden):
        pool.release(log, story.case_id, MA, cause(MA), reason="他不办")
    with pytest.raises(Invalid):
        pool.release(log, story.case_id, LI, cause(LI), reason=" ")
    pool.release(log, story.case_id, DISPATCHER, cause(DISPATCHER), reason="联系不上志愿者")
    with pytest.raises(Refused):
        pool.release(log, story.case_id, DISPATCHER, cause(DISPATCHER), reason="再退一次")

    assert story.case.state.value == "dispatched"


def test_only_volunteers_who_serve_the_area_claim() -> None:
    log = MemoryLog("dispatch")
    story = offered(log)

    for stranger in (FAR, SANITATION, CHIEF):
        with pytest.raises(Forbidden):
            claim(log, story.case_id, stranger)
    with pytest.raises(Refused):
        claim(log, filed("E-09-01", log).case_id)
    with pytest.raises(Refused):
        claim(log, filed("E-01-02", log).case_id)


def test_what_nobody_takes_goes_back_to_the_dispatcher() -> None:
    log = MemoryLog("dispatch")
    story = offered(log)
    claim(log, story.case_id)
    with pytest.raises(Refused):
        pool.take_back(log, story.case_id, DISPATCHER, cause(DISPATCHER), reason="收回")
    pool.release(log, story.case_id, LI, cause(LI), reason="办不了")
    pool.take_back(log, story.case_id, DISPATCHER, cause(DISPATCHER), reason="两天无人领单")

    assert story.case.state.value == "returned"
    story.dispatched()
    assert story.case.department == "sanitation"
    with pytest.raises(Refused):
        pool.take_back(log, story.case_id, DISPATCHER, cause(DISPATCHER), reason="不在池中")


def test_what_failed_its_check_is_free_again_also_for_whoever_had_it() -> None:
    log = MemoryLog("dispatch")
    story = offered(log)
    claim(log, story.case_id)
    handlers.respond(log, RULEBOOK, story.case_id, LI, cause(LI), Answer(answer="已搬"))
    story.failed()
    claim(log, story.case_id, MA)

    assert story.case.state.value == "handling"
    assert story.case.task is not None
    assert story.case.task.claim is not None
    assert story.case.task.claim.claimed_by == "ma"
    handlers.respond(log, RULEBOOK, story.case_id, MA, cause(MA), Answer(answer="这次搬好了"))
    assert story.case.state.value == "checking"


@pytest.mark.parametrize(
    ("what", "hours", "where"), [(" ", 1, "what"), ("搬", -1, "claim_hours"), ("搬", 721, "claim_hours")]
)
def test_an_offer_says_what_is_to_be_done_and_for_how_long(what: str, hours: int, where: str) -> None:
    log = MemoryLog("dispatch")
    story = filed("E-09-01", log)
    with pytest.raises(Invalid) as refused:
        pool.offer(log, RULEBOOK, story.case_id, DISPATCHER, cause(DISPATCHER), what=what, claim_hours=hours)

    assert refused.value.where == where
