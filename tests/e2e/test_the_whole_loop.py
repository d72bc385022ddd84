"""One report goes round the whole loop over HTTP on the real stack, and the five views show it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.kernel.ids import derived_id
from tests.support.city import COMMUNITY, XIAOMING, City
from tests.support.ledger import settle
from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e

BUILDING_GROUP = f"{COMMUNITY}.001"
POINT = {"lat": 25.0411, "lon": 102.7211}
TIERS = ("530103", "530103.004", COMMUNITY, BUILDING_GROUP)


@pytest.fixture(scope="module")
def city(panlong: RunningStack) -> City:
    return City(panlong)


def _view(city: City, area: str) -> dict[str, Any]:
    answer = city.ask("GET", f"/api/v1/views/{area}", role="reader")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _timeline(city: City, case_id: str) -> list[str]:
    answer = city.ask("GET", f"/api/v1/timeline/{case_id}", role="reader")
    assert answer.status_code == 200, answer.text
    return [event["type"] for event in answer.json()["events"] if not event["type"].startswith("notice.")]


def _messages(city: City, about: str) -> list[dict[str, Any]]:
    answer = city.ask("GET", f"/api/v1/outbox?about={about}", role="operator")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["messages"])


def test_a_report_goes_round_the_loop_and_every_tier_counts_it(city: City, panlong: RunningStack) -> None:
    settle(panlong)
    before = {area: _view(city, area)["area"] for area in TIERS}
    receipt = city.report("文艺路口垃圾堆了三天", area=BUILDING_GROUP, contact=XIAOMING.contact, point=POINT)
    case_id = str(receipt["report_id"])
    city.accept(case_id)
    city.wait_for(case_id, "dispatched")
    city.sign(case_id)
    city.respond(case_id)
    city.check(case_id, passed=False)
    city.wait_for(case_id, "rework")
    city.sign(case_id)
    city.respond(case_id, "又去了一次，已清运。")
    city.check(case_id, 2)
    city.close(case_id)
    settle(panlong)
    after = {area: _view(city, area)["area"] for area in TIERS}

    for area in TIERS:
        assert after[area]["cases"] == before[area]["cases"] + 1
        assert after[area]["closed"] == before[area]["closed"] + 1
        assert after[area]["open"] == before[area]["open"]
    steps = [name for name in _timeline(city, case_id) if not name.startswith("clock.")]
    assert steps[:6] == [
        "report.submitted",
        "report.verification_requested",
        "report.verified",
        "report.accepted",
        "case.filed",
        "case.dispatched",
    ]
    assert {
        "check.requested",
        "check.failed",
        "case.rework_ordered",
        "check.passed",
        "case.closed",
        "feedback.invited",
    } <= set(_timeline(city, case_id))
    _comes_back(city, case_id)


def _comes_back(city: City, case_id: str) -> None:
    """The same thing is told again in the same place: one root cause is opened, with both cases."""
    again = str(city.report("文艺路口垃圾又堆起来了", area=BUILDING_GROUP, point=POINT)["report_id"])
    city.accept(again)

    def remedies() -> list[dict[str, Any]]:
        answer = city.ask("GET", f"/api/v1/remedies?case_id={again}", role="dispatcher")
        return list(answer.json()["remedies"])

    assert eventually(remedies, 60), "nobody looks for the root of what came back"
    (root,) = remedies()
    shown = city.ask("GET", f"/api/v1/remedies/{root['remedy_id']}", role="reader").json()
    assert (root["kind"], root["state"]) == ("root_cause", "found")
    assert set(shown["case_ids"]) == {case_id, again}


def test_the_reporter_hears_and_an_unhappy_answer_brings_the_case_back(city: City, panlong: RunningStack) -> None:
    receipt = city.report("路口积水", contact={"phone": XIAOMING.phone})
    case_id = str(receipt["report_id"])
    city.accept(case_id)
    city.wait_for(case_id, "dispatched")
    city.sign(case_id)
    city.respond(case_id)
    city.check(case_id)
    city.close(case_id)
    assert eventually(lambda: any("feedback" in message["body"] for message in _messages(city, case_id)), 30)
    link = next(message["body"] for message in _messages(city, case_id) if "feedback" in message["body"])
    path = "/feedback/" + link.split("/feedback/")[1].split()[0].rstrip("。.,）)")
    feedback_id, token = path.removeprefix("/feedback/").split("?token=")
    answer = {"resolved": False, "satisfaction": "unsatisfied", "words": "还是积水", "wants_reopening": True}

    assert city.ask("GET", path).status_code == 200
    city.send("POST", f"/api/v1/feedback/{feedback_id}", {"token": token, **answer})
    assert city.wait_for(case_id, "reopened")["state"] == "reopened"
    again = city.ask("POST", f"/api/v1/feedback/{feedback_id}", {"token": token, **answer})
    assert (again.status_code, again.json()["rule"]) == (409, "feedback.already_answered")


def test_two_dispatchers_on_one_case_one_wins_and_the_other_sees_who(city: City) -> None:
    case_id = city.filed("同时派遣")
    department = city.department_of(case_id)
    city.give_back(case_id, "traffic-police")
    body = {"department": department, "reason": "就是你们"}
    first = city.ask("POST", f"/api/v1/cases/{case_id}/dispatch", body, role="dispatcher")
    second = city.ask("POST", f"/api/v1/cases/{case_id}/dispatch", body, role="dispatcher")

    assert first.status_code == 200, first.text
    assert second.status_code == 409
    assert second.json()["rule"]
    assert "dispatcher-1" in second.text


def test_nobody_from_the_handling_department_may_check(city: City) -> None:
    case_id = city.filed("自己查自己")
    department = city.department_of(case_id)
    city.sign(case_id)
    city.respond(case_id)
    check_id = derived_id("check", case_id, 1)
    path = f"/api/v1/checks/{check_id}/pass"

    def refused() -> Any:
        answer = city.ask("POST", path, {"findings": "很好"}, role="supervisor", department=department)
        # In a list, because a refusal by itself counts as false.
        return [answer] if answer.status_code != 404 else None

    (answer,) = eventually(refused)

    assert (answer.status_code, answer.json()["rule"]) == (409, "check.own_department")


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/v1/reports", {"title": ""}), ("/api/v1/cases/not-a-case/sign", {}), ("/api/v1/views/999", None)],
)
def test_wrong_requests_are_told_what_is_wrong(city: City, path: str, body: Any) -> None:
    answer = city.ask("POST" if body is not None else "GET", path, body, role="reader")

    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["detail"]


def test_staff_doors_ask_who_is_there(city: City) -> None:
    case_id = city.filed("没有令牌")

    assert city.ask("POST", f"/api/v1/cases/{case_id}/sign", {}).status_code == 401
    wrong = city.ask("POST", f"/api/v1/cases/{case_id}/sign", {}, role="department", department="nobody")
    assert wrong.status_code in (403, 409)
