"""Story A: flying leads 飞线. A resident tells, somebody looks, the community cannot, the street can, and not at once.

Told → verified → filed for the self-loop 自循环 → raised to the street 微循环 → dispatched → signed → answered → the
check fails → rework → passes → closed → the reporter is not content → handled again, once → closed.
"""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest

from services.survey.domain.feedback import feedback_id
from shared.security import links
from tests.support.city import City
from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e

BUILDING = "530103.004.006.003.00001"
COMMUNITY, STREET = "530103.004.006", "530103.004"
FLYING_LEADS = "L-01-09"


@pytest.fixture(scope="module")
def city(panlong: RunningStack) -> City:
    return City(panlong)


def _clocks(city: City, case_id: str) -> dict[str, list[dict[str, Any]]]:
    """Every clock of the case by what it measures."""
    found: dict[str, list[dict[str, Any]]] = {}
    for clock in city.send("GET", f"/api/v1/cases/{case_id}/clocks", role="duty_chief")["clocks"]:
        found.setdefault(clock["stage"], []).append(clock)
    return found


def _types(city: City, case_id: str) -> list[str]:
    """What happened to the issue, clocks and letters aside, in the order of the log."""
    rows = city.stack.rows(
        "SELECT type FROM es.events JOIN es.feed USING (txid, seq) WHERE correlation_id = %s"
        " AND stream !~ '^(clock|notice|flag)-' ORDER BY position",
        (case_id,),
    )
    return [row[0] for row in rows]


def _rate(city: City, case_id: str, closing: int, **said: Any) -> None:
    """The reporter follows the link of the letter that came after this closing."""
    question = feedback_id(UUID(case_id), closing)
    asked = "SELECT count(*) FROM es.events WHERE stream = %s"
    was_asked = eventually(lambda: city.stack.rows(asked, (f"feedback-{question}",))[0][0] == 1, 60)
    assert was_asked, " ".join(_types(city, case_id))
    key = base64.b64decode(city.stack.environment("survey")["WUJI_LINK_KEY"])
    token = links.token(key, "feedback", question)
    city.send("POST", f"/api/v1/feedback/{question}", {"token": token, **said})


def _told_and_looked_at(city: City) -> str:
    """采集上报: somebody looks before it is accepted; the case begins in the community's own loop."""
    receipt = city.report(
        "楼下飞线充电",
        words="单元门口从三楼拉电线下来充电，晚上很危险。",
        area=BUILDING,
        issue_type=FLYING_LEADS,
        contact={"phone": "13812345678"},
    )
    case_id = str(receipt["report_id"])
    city.accept(case_id)
    assert eventually(lambda: bool(city.case(case_id)), 30)
    assert city.case(case_id)["loop"] == "community"
    return case_id


def _handled(city: City, case_id: str, answer: str, check: int, *, passed: bool) -> None:
    """处理反馈, 任务核查."""
    city.sign(case_id)
    city.respond(case_id, answer)
    city.check(case_id, check, passed=passed)


def test_flying_leads_go_round_the_loops_and_come_back_once(city: City) -> None:
    case_id = _told_and_looked_at(city)
    raised = city.step(case_id, "raise", {"reason": "需供电部门停电拆除，社区无法处置。"}, "duty_chief")
    assert (raised["state"], raised["loop"]) == ("filed", "street")
    city.step(case_id, "dispatch", {"department": "urban", "reason": "飞线由城管牵头拆除。"}, "dispatcher")
    _handled(city, case_id, "已劝离。", 1, passed=False)
    city.wait_for(case_id, "rework")
    _handled(city, case_id, "已会同供电所拆除飞线。", 2, passed=True)
    city.close(case_id)
    _rate(city, case_id, 1, resolved=False, satisfaction="unsatisfied", words="又拉上了", wants_reopening=True)
    city.wait_for(case_id, "reopened")
    city.step(case_id, "dispatch", {"department": "urban", "reason": "重办：加装充电桩并复查。"}, "dispatcher")
    _handled(city, case_id, "已拆除，并在车棚加装充电桩。", 3, passed=True)
    city.close(case_id, 2)
    _rate(city, case_id, 2, resolved=True, satisfaction="satisfied", words="这次好了", wants_reopening=False)

    told = city.case(case_id)
    assert (told["state"], told["loop"]) == ("closed", "street")
    happened = _types(city, case_id)
    assert [happened.count(name) for name in ("case.rework_ordered", "case.reopened", "case.closed")] == [1, 1, 2]
    assert happened.index("case.level_raised") < happened.index("case.rework_ordered")


def test_every_clock_of_the_road_was_started_and_stopped(city: City) -> None:
    case_id = city.to_closed("时钟走一遍")

    def settled() -> bool:
        clocks = _clocks(city, case_id)
        return all(
            clock["stopped_at"]
            for stage in ("accept", "sign", "handle", "check")
            for clock in clocks.get(stage, [{"stopped_at": None}])
        )

    assert eventually(settled, 30), _clocks(city, case_id)
    for stage in ("accept", "sign", "handle", "check"):
        (clock,) = _clocks(city, case_id)[stage]
        assert clock["on_time"] is True
        assert clock["because"]


def test_only_the_loop_that_owns_a_case_may_close_it(city: City) -> None:
    case_id = city.filed("只有街道能结案", area=BUILDING, issue_type="E-01-02")
    city.step(case_id, "raise", {"reason": "社区无法处置。"}, "duty_chief")
    city.step(case_id, "dispatch", {"department": "sanitation", "reason": "环卫处置。"}, "dispatcher")
    city.sign(case_id)
    city.respond(case_id)
    city.check(case_id)
    assert eventually(lambda: city.case(case_id).get("is_cleared") is not False, 20)
    loop = city.case(case_id)["loop"]
    below = {"street": COMMUNITY, "district": STREET}[loop]
    path = f"/api/v1/cases/{case_id}/close"
    refused = city.stack.call("POST", path, {"answer": "好了"}, role="duty_chief", area=below, subject="chief-below")
    city.close(case_id)

    assert refused.status_code == 403
    assert city.case(case_id)["state"] == "closed"
