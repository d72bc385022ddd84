"""Campaigns 专项行动: they begin, go on for longer, end, and never last more than a year."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dispatch.campaigns import handlers
from services.dispatch.campaigns.domain import LONGEST, MOVES, OPENERS, State
from services.dispatch.campaigns.handlers import Wish, load
from services.dispatch.service import DispatchService
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, WujiError
from shared.kernel.ids import new_id
from shared.security.permission import ROLES, Asker
from shared.web.door import doors_of
from tests.support.cases import CHIEF, COMMUNITY, DISTRICT, ELSEWHERE, RULEBOOK, STREET, THURSDAY, OvertakenLog, cause
from tests.support.memory import MemoryLog
from tests.support.remedies import LEADER

DAY = timedelta(days=1)


def wish(**changes: Any) -> Wish:
    said: dict[str, Any] = {
        "title": "飞线充电专项整治",
        "purpose": "消除楼道飞线充电隐患",
        "area": STREET,
        "issue_types": ("E-01",),
        "since": THURSDAY,
        "until": THURSDAY + 30 * DAY,
        "lead": "sanitation",
        "target": "存量清零，新增两日内整改",
    }
    return Wish(**{**said, **changes})


def opened(log: MemoryLog, **changes: Any) -> UUID:
    return handlers.open_(log, RULEBOOK, wish(**changes), CHIEF, cause(CHIEF))


def _types(log: MemoryLog) -> list[str]:
    return [recorded.type for recorded in log.events]


def test_a_campaign_begins_goes_on_for_longer_and_ends() -> None:
    log = MemoryLog("dispatch")
    campaign_id = opened(log, since=THURSDAY + DAY)
    until = THURSDAY + 60 * DAY
    for _ in range(2):
        handlers.extend(log, campaign_id, until, "存量超出预期", CHIEF, cause(CHIEF))
    before, _ = load(log, campaign_id)
    states = [before.state(THURSDAY + days * DAY) for days in (0, 1, 59, 60)]
    handlers.end(log, campaign_id, "整改 86 处", LEADER, cause(LEADER, THURSDAY + 61 * DAY))
    after, _ = load(log, campaign_id)

    assert states == [State.PLANNED, State.RUNNING, State.RUNNING, State.OVER]
    assert _types(log) == ["campaign.opened", "campaign.extended", "campaign.ended"]
    assert (after.until, after.state(THURSDAY), after.summary) == (until, State.ENDED, "整改 86 处")


def test_one_that_is_called_off_ends_now_and_one_that_never_began_has_no_days() -> None:
    log = MemoryLog("dispatch")
    running, later = opened(log), opened(log, since=THURSDAY + 5 * DAY)
    for campaign_id in (running, later):
        handlers.end(log, campaign_id, "另行安排", CHIEF, cause(CHIEF, THURSDAY + 2 * DAY))

    assert load(log, running)[0].until == THURSDAY + 2 * DAY
    assert load(log, later)[0].until == THURSDAY + 5 * DAY


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"until": THURSDAY - DAY}, "last_day"),
        ({"since": THURSDAY - 9 * DAY, "until": THURSDAY - DAY}, "last_day"),
        ({"until": THURSDAY + LONGEST + DAY}, "last_day"),
        ({"issue_types": ()}, "issue_types"),
    ],
)
def test_what_is_no_campaign_is_refused_by_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        opened(MemoryLog("dispatch"), **wrong)

    assert set(refused.value.errors) == {field}


@pytest.mark.parametrize(("wrong", "where"), [({"issue_types": ("E-0",)}, "issue_types"), ({"lead": "moon"}, "lead")])
def test_unknown_kinds_and_departments_are_refused(wrong: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        opened(MemoryLog("dispatch"), **wrong)

    assert refused.value.where == where


@pytest.mark.parametrize("until", [THURSDAY + 10 * DAY, THURSDAY + LONGEST + DAY])
def test_it_is_not_extended_to_an_earlier_day_nor_beyond_a_year(until: Any) -> None:
    log = MemoryLog("dispatch")
    campaign_id = opened(log)
    with pytest.raises(Invalid) as refused:
        handlers.extend(log, campaign_id, until, "…", CHIEF, cause(CHIEF))

    assert refused.value.where == "last_day"


def test_what_is_over_is_not_extended_and_what_has_ended_does_not_end_again() -> None:
    log = MemoryLog("dispatch")
    campaign_id = opened(log)
    late = cause(CHIEF, THURSDAY + 31 * DAY)
    with pytest.raises(Refused):
        handlers.extend(log, campaign_id, THURSDAY + 50 * DAY, "…", CHIEF, late)
    handlers.end(log, campaign_id, "完成", CHIEF, late)
    with pytest.raises(Refused) as refused:
        handlers.end(log, campaign_id, "再次完成", CHIEF, late)

    assert refused.value.rule == "campaign.not_possible_now"


def test_the_same_request_twice_is_done_once_and_whoever_comes_second_is_told() -> None:
    log = MemoryLog("dispatch")
    first = handlers.open_(log, RULEBOOK, wish(), CHIEF, cause(CHIEF, key="open"))
    again = handlers.open_(log, RULEBOOK, wish(), CHIEF, cause(CHIEF, key="open"))
    overtaken = OvertakenLog(log, lambda inner: handlers.end(inner, first, "完成", LEADER, cause(LEADER)))
    with pytest.raises(Conflict):
        handlers.end(overtaken, first, "完成了", CHIEF, cause(CHIEF))
    with pytest.raises(NotFound):
        handlers.end(log, new_id(), "完成了", CHIEF, cause(CHIEF))

    assert first == again
    assert _types(log) == ["campaign.opened", "campaign.ended"]


def test_who_may_is_role_and_area() -> None:
    wrong = []
    for role in sorted(ROLES):
        for area in (None, DISTRICT, STREET, COMMUNITY, ELSEWHERE):
            may = role in OPENERS and area in (None, DISTRICT, STREET)
            tried = _tried(Asker(f"x.{role}", role, area))
            wrong += [f"{what} by {role} in {area}" for what, done in tried.items() if done is not may]

    assert wrong == []


def _tried(asker: Asker) -> dict[str, bool]:
    """What this asker can do about a campaign of the street."""
    log = MemoryLog("dispatch")
    campaign_id, why = opened(log), cause(asker)
    return {
        "open": _done(lambda: handlers.open_(log, RULEBOOK, wish(), asker, why)),
        "extend": _done(lambda: handlers.extend(log, campaign_id, THURSDAY + 40 * DAY, "…", asker, why)),
        "end": _done(lambda: handlers.end(log, campaign_id, "完成", asker, why)),
    }


def _done(do: Any) -> bool:
    try:
        do()
    except Forbidden:
        return False
    except WujiError as error:
        raise AssertionError(error) from error
    return True


def test_every_door_takes_the_roles_of_the_table() -> None:
    doors = {
        f"{door.method} {door.url}": frozenset(door.roles)
        for _, door in doors_of(DispatchService)
        if "/api/v1/campaigns" in door.url
    }
    urls = {
        "campaign.opened": "",
        "campaign.extended": "/<uuid:campaign_id>/extend",
        "campaign.ended": "/<uuid:campaign_id>/end",
    }

    for event, url in urls.items():
        assert doors[f"POST /api/v1/campaigns{url}"] == frozenset(MOVES[event][1])
