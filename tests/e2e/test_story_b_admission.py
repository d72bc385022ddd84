"""Story B: a department wants a standing record of every community; nothing goes without an admission in force.

Blocked; applies; approved for 30 days; works; expires; blocked again. The thirty days end while the test looks on:
they began thirty days ago, less some seconds.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from tests.support.city import City
from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e

DISTRICT = "530103"
LEDGER = {"form": "高龄老人台账", "fields": ["姓名", "年龄", "是否健在"]}
SECONDS_LEFT = 12
CIVIL_TIME = timezone(timedelta(hours=8))
CIVIL = {"role": "department", "department": "civil-affairs"}


@pytest.fixture(scope="module")
def city(panlong: RunningStack) -> City:
    return City(panlong)


def _communities(city: City) -> list[str]:
    """Every community of the district, as the platform knows them: other tests bring in other districts."""
    known = "SELECT path FROM dispatch.communities WHERE left(path, 7) = %s ORDER BY path"
    return [row[0] for row in city.stack.rows(known, (f"{DISTRICT}.",), role="dispatch")]


def _ask_everybody(city: City, **more: Any) -> requests.Response:
    body = {
        "kind": "form",
        "matter": "高龄津贴年度核查",
        "what": "请核实辖区 80 岁以上老人情况，逐项填写台账。",
        "areas": [DISTRICT],
        "form": LEDGER["form"],
        **more,
    }
    return city.ask("POST", "/api/v1/demands", body, **CIVIL)


def _application(until: datetime) -> dict[str, Any]:
    return {
        "matter": "高龄津贴年度核查",
        "legal_basis": "《高龄津贴发放办法》第九条",
        "scope": [DISTRICT],
        "kinds": ["form"],
        "valid_from": (until - timedelta(days=30)).isoformat(),
        "valid_until": until.isoformat(),
        "forms": [LEDGER],
        "funding": "每户 5 元，随任务拨付社区",
        "headcount": 1,
        "already_known": "户籍信息已有，健在情况须上门核实",
    }


def _in_community(city: City, community: str, action: str, demand_id: str, body: dict[str, Any]) -> requests.Response:
    """What somebody who belongs to a community does about a demand."""
    return city.stack.call(
        "POST",
        f"/api/v1/demands/{demand_id}/{action}",
        {"community": community, **body},
        role="dispatcher",
        area=community,
        subject="wenyi-desk",
    )


def _blocked(city: City) -> float:
    port = city.stack.stack.ports["dispatch.admin"]
    name = 'wuji_admission_blocked_total{kind="form",rule="admission.missing"}'
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    return next((float(line.split()[1]) for line in text.splitlines() if line.startswith(name)), 0.0)


def _is_blocked(city: City, **more: Any) -> None:
    """Asking everybody is refused by the rule's name, and counted."""
    before = _blocked(city)
    refused = _ask_everybody(city, **more)
    kind = more.get("kind", "form")

    assert (refused.status_code, refused.json().get("rule")) == (409, "admission.missing"), refused.text
    assert _blocked(city) == before + (kind == "form")


def _applies(city: City, until: datetime) -> str:
    """The department applies on short notice; the address of its admission."""
    drafted = city.send("POST", "/api/v1/admissions", _application(until), **CIVIL)
    one = f"/api/v1/admissions/{drafted['admission_id']}"
    applied = city.send("POST", f"{one}/apply", {}, **CIVIL)

    assert drafted["state"] == "draft"
    assert (applied["state"], applied["is_short_notice"]) == ("applied", True)
    return one


def _is_approved_by_the_district_alone(city: City, one: str) -> None:
    """A street cannot decide, and the district does not approve short notice without words."""
    street = city.stack.call("POST", f"{one}/approve", {"reason": "好"}, role="duty_chief", area="530103.004")
    wordless = city.ask("POST", f"{one}/approve", {}, role="duty_chief")
    approved = city.send("POST", f"{one}/approve", {"reason": "津贴发放在即"}, role="duty_chief")

    assert (street.status_code, wordless.status_code) == (403, 400)
    assert approved["state"] == "in_force"


def _works(city: City, one: str) -> dict[str, Any]:
    """Every community of the district is asked, each under this admission."""
    asked = _ask_everybody(city)
    assert asked.status_code == 201, asked.text
    demand = dict(asked.json())

    assert len(demand["parts"]) == len(_communities(city)) >= 51
    assert {part["admission_id"] for part in demand["parts"]} == {one.rpartition("/")[2]}
    return demand


def _is_answered_here_and_refused_there(city: City, demand_id: str) -> None:
    here, there, *_ = _communities(city)
    filled = [{"field": name, "text": "无"} for name in LEDGER["fields"]]
    answered = _in_community(city, here, "answer", demand_id, {"answer": "已逐户核实", "filled": filled})
    declined = _in_community(city, there, "decline", demand_id, {"reason": "本月已报同一内容"})

    assert answered.status_code == 200, answered.text
    assert declined.status_code == 200, declined.text
    assert [part["outcome"] for part in declined.json()["parts"]] == ["declined"]


def _is_over(city: City, one: str) -> None:
    """The period ended by itself, and the log says so."""
    types = "SELECT type FROM es.events WHERE stream = %s ORDER BY version"
    stored = city.stack.rows(types, [f"admission-{one.rpartition('/')[2]}"])

    assert city.ask("GET", one, role="reader").json()["state"] == "expired"
    assert [row[0].partition(".")[2] for row in stored] == ["drafted", "applied", "approved", "expired"]


def test_a_department_asks_the_communities_only_while_it_is_admitted(city: City) -> None:
    assert eventually(lambda: len(_communities(city)) >= 51, 60)
    _is_blocked(city)
    until = utc_now() + timedelta(seconds=SECONDS_LEFT)
    one = _applies(city, until)
    _is_blocked(city)
    _is_approved_by_the_district_alone(city, one)
    demand = _works(city, one)
    _is_blocked(city, kind="meeting", form=None)
    _is_answered_here_and_refused_there(city, demand["demand_id"])
    time.sleep(max(0.0, (until - utc_now()).total_seconds()) + 0.1)
    _is_blocked(city)
    _is_over(city, one)


def test_the_burden_of_the_month_is_there_for_every_community_and_what_was_blocked_can_be_counted(city: City) -> None:
    path = f"/api/v1/burdens?area={DISTRICT}"
    communities = _communities(city)

    def burdens() -> list[dict[str, Any]]:
        return list(city.ask("GET", path, role="reader").json()["burdens"])

    assert eventually(lambda: len(burdens()) >= len(communities), 60), burdens()
    ours = {row["community"]: row for row in burdens()}
    assert ours[communities[0]]["fields"] >= len(LEDGER["fields"])
    assert ours[communities[0]]["answered"] >= 1
    assert ours[communities[1]]["declined"] >= 1
    blocked = city.ask("GET", "/api/v1/demands?blocked=true", role="reader").json()["demands"]
    assert len(blocked) >= 4
    assert all(row["department"] and row["missing"] for row in blocked)
    assert Area(blocked[0]["missing"][0]).tier.label == "community"


def test_what_is_asked_past_the_platform_weighs_on_the_month_until_a_leader_says_otherwise(city: City) -> None:
    community = _communities(city)[2]
    told = {
        "community": community,
        "asked_by": "环卫站",
        "channel": "wechat",
        "kind": "form",
        "what": "今天报垃圾桶数量",
        "fields": 4,
        "asked_on": utc_now().astimezone(CIVIL_TIME).date().isoformat(),
    }
    who = {"role": "dispatcher", "area": community, "subject": "wenyi-desk"}
    reported = city.stack.call("POST", "/api/v1/demands/outside", told, **who)
    assert reported.status_code == 201, reported.text
    demand_id = reported.json()["demand_id"]

    def outside() -> int:
        path = f"/api/v1/burdens?area={community}"
        return sum(row["outside"] for row in city.ask("GET", path, role="reader").json()["burdens"])

    booked = "SELECT type FROM es.events WHERE data ->> 'demand_id' = %s AND type LIKE 'burden.%%' ORDER BY seq"
    assert eventually(lambda: outside() == 1, 60)
    assert eventually(lambda: city.stack.rows(booked, [demand_id]) == [("burden.reserved",)], 60)
    settled = {"outcome": "no_burden", "reason": "系正常沟通"}
    city.send("POST", f"/api/v1/demands/outside/{demand_id}/settle", settled, role="leader")

    assert eventually(lambda: outside() == 0, 60)
    assert eventually(lambda: city.stack.rows(booked, [demand_id])[-1] == ("burden.freed",), 60)


def test_an_operator_lists_admissions_and_burdens(city: City) -> None:
    listed = city.stack.json("admission", "list")
    shown = city.stack.json("admission", "show", listed[0]["admission_id"])
    burdens = city.stack.json("admission", "burden", "--area", "530103.004")

    assert "expired" in {row["state"] for row in listed}
    assert shown["matter"] == "高龄津贴年度核查"
    assert all(row["community"].startswith("530103.004.") for row in burdens)
