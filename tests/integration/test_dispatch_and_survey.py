"""Dispatch and survey on a real PostgreSQL and a real RabbitMQ: what they hear, what they answer, who may see what."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
import requests

from services.dispatch.service import DispatchService
from services.survey.domain.feedback import feedback_id
from services.survey.service import SurveyService
from shared.entrypoints.on import reactions_of
from shared.rabbitmq.names import LADDER, Rung
from shared.security import links, tokens
from tests.support.broker import Vhost
from tests.support.cases import line
from tests.support.database import Database
from tests.support.dispatch_bench import Bench
from tests.support.process import Service, wait_for

pytestmark = pytest.mark.integration

LINK_KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture
def reactions() -> Any:
    return (*reactions_of(DispatchService), *reactions_of(SurveyService))


@pytest.fixture
def ladder() -> tuple[Rung, ...]:
    # Short at first, and long enough at last for a machine that has much else to do.
    return tuple(Rung(rung.name, seconds) for rung, seconds in zip(LADDER, (0.5, 3, 20), strict=True))


@pytest.fixture
def bench(database: Database, vhost: Vhost, tmp_path: Path) -> Iterator[Bench]:
    key = tokens.new_key()
    common = {
        "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(key),
        "WUJI_LINK_KEY": base64.b64encode(LINK_KEY).decode(),
        "WUJI_DRAIN_SECONDS": "5",
    }
    services = {}
    for name in ("dispatch", "survey"):
        environment = {**common, "DATABASE_URL": database.url(name), "AMQP_URL": vhost.url(name)}
        services[name] = Service("deploy.wuji.process", tmp_path, environment, (name,)).start(until_ready=False)
    wait_for(lambda: all(service.ready for service in services.values()), 60)
    made = Bench(database, vhost, services, key)
    yield made
    made.close()


SANITATION = {"role": "department", "department": "sanitation"}


def ready(bench: Bench) -> Bench:
    """The same, with its rulebook known."""
    bench.load_rulebook()
    bench.move_on()
    return bench


def checking(bench: Bench) -> UUID:
    """A case that was dispatched by the list, signed and answered; every message came three times."""
    case_id = ready(bench).accept()
    bench.move_on(times=3)
    bench.wait_for_state(case_id, "dispatched")
    bench.step(case_id, "sign", **SANITATION)
    bench.step(case_id, "respond", {"answer": "已清运", "evidence": ["photo:1"]}, **SANITATION)
    return case_id


def closed(bench: Bench) -> tuple[UUID, UUID]:
    """A case that was closed, and the question to its reporter."""
    case_id = checking(bench)
    bench.check(case_id, 1, passes=True)
    bench.move_on(times=3)
    bench.wait_for_state(case_id, "checking", cleared=True)
    bench.step(case_id, "close", {"answer": "垃圾已清运"}, role="duty_chief")
    bench.move_on(times=3)
    question = feedback_id(case_id, 1)
    wait_for(lambda: bench.types(f"feedback-{question}"), 15)
    return case_id, question


def test_a_failed_check_sends_the_case_back_and_only_a_passed_one_lets_it_be_closed(bench: Bench) -> None:
    case_id = checking(bench)
    bench.check(case_id, 1, passes=False)
    bench.move_on(times=2)
    bench.wait_for_state(case_id, "rework")
    bench.step(case_id, "sign", **SANITATION)
    bench.step(case_id, "respond", {"answer": "这次真的清运了"}, **SANITATION)
    early = bench.call("POST", f"/api/v1/cases/{case_id}/close", {"answer": "好了"}, role="duty_chief")
    bench.check(case_id, 2, passes=True)
    bench.move_on(times=2)
    bench.wait_for_state(case_id, "checking", cleared=True)
    bench.step(case_id, "close", {"answer": "垃圾已清运"}, role="duty_chief")

    assert (early.status_code, early.json()["rule"]) == (409, "case.not_cleared")
    assert bench.types(f"case-{case_id}") == [
        "case.filed",
        "case.dispatched",
        "task.signed",
        "task.responded",
        "case.sent_to_check",
        "case.rework_ordered",
        "task.signed",
        "task.responded",
        "case.sent_to_check",
        "case.cleared_to_close",
        "case.closed",
    ]


def test_the_reporter_of_a_closed_case_answers_once_and_brings_it_back(bench: Bench) -> None:
    case_id, question = closed(bench)
    link, token = f"/api/v1/feedback/{question}", links.token(LINK_KEY, "feedback", question)
    said = {"token": token, "resolved": False, "satisfaction": "unsatisfied", "words": "还在", "wants_reopening": True}

    shown = bench.call("GET", f"{link}?token={token}").json()
    assert (shown["standing"], shown["about"]["answer"]) == ("open", "垃圾已清运")
    assert bench.call("GET", f"{link}?token=wrong").status_code == 403
    assert bench.call("POST", link, {**said, "token": "wrong"}).status_code == 403
    assert bench.call("POST", link, {**said, "words": ""}).status_code == 400
    assert bench.call("POST", link, said).status_code == 201
    again = bench.call("POST", link, said)
    assert (again.status_code, again.json()["rule"]) == (409, "feedback.already_answered")

    bench.move_on(times=2)
    found = bench.wait_for_state(case_id, "reopened")
    assert found["last_step"]["role"] == "resident"
    assert bench.types(f"feedback-{question}") == ["feedback.invited", "feedback.recorded"]


def test_staff_read_the_feedback_of_their_own_area(bench: Bench) -> None:
    _, question = closed(bench)
    token = links.token(LINK_KEY, "feedback", question)
    said = {"token": token, "resolved": True, "satisfaction": "satisfied", "words": "谢谢"}
    bench.call("POST", f"/api/v1/feedback/{question}", said)
    bench.move_on()

    def words(query: str, **who: Any) -> list[str]:
        return [row["words"] for row in bench.call("GET", f"/api/v1/feedback{query}", **who).json()["feedback"]]

    assert words("", role="reader") == ["谢谢"]
    assert words("?satisfaction=unsatisfied", role="reader") == []
    assert words("?answered=true&area=530103.004", role="reader") == ["谢谢"]
    assert words("", role="reader", area="530102") == []
    assert bench.call("GET", "/api/v1/feedback?area=530102", role="reader").status_code == 403
    assert bench.call("GET", "/api/v1/feedback").status_code == 401
    assert bench.call("GET", "/api/v1/feedback", **SANITATION).status_code == 403


def test_a_report_that_comes_before_the_rulebook_waits_for_it(bench: Bench) -> None:
    case_id = bench.accept()
    bench.move_on()
    wait_for(lambda: any(line.get("outcome") == "retried" for line in bench.services["dispatch"].lines()), 10)
    before = bench.types(f"case-{case_id}")

    ready(bench)

    bench.wait_for_state(case_id, "dispatched")
    assert before == []


def test_of_many_dispatchers_at_once_one_wins_and_the_others_are_told_who(bench: Bench) -> None:
    case_id = ready(bench).accept("E-09-01")
    bench.move_on()
    bench.wait_for_state(case_id, "filed")

    def give(number: int) -> requests.Response:
        body = {"department": "urban" if number % 2 else "sanitation", "reason": "就近"}
        return bench.call("POST", f"/api/v1/cases/{case_id}/dispatch", body, role="dispatcher", who=f"d{number}")

    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(give, range(8)))

    winners = [answer.json() for answer in answers if answer.status_code == 200]
    losers = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(winners), len(losers)) == (1, 7)
    assert all(f"dispatcher {winners[0]['last_step']['by']}" in loser["detail"] for loser in losers)
    assert {loser["rule"] for loser in losers} == {"case.not_dispatchable"}
    assert bench.types(f"case-{case_id}") == ["case.filed", "case.dispatched"]


def listed(bench: Bench, query: str, **who: Any) -> list[str]:
    """The cases of the work list, in order."""
    answer = bench.call("GET", f"/api/v1/cases{query}", **who)
    assert answer.status_code == 200, answer.text
    return [row["case_id"] for row in answer.json()["cases"]]


@dataclass
class Work:
    """Cases in the work list: three of garbage, one of gas, and one that nobody was given."""

    garbage: list[str]
    gas: str
    waiting: str


@pytest.fixture
def work(bench: Bench) -> Work:
    ready(bench)
    kinds = ("E-01-02", "E-01-02", "E-01-02", "E-04-03", "E-09-01")
    cases = [bench.accept(kind) for kind in kinds]
    bench.move_on()
    for case_id, state in zip(cases, ("dispatched",) * 4 + ("filed",), strict=True):
        bench.wait_for_state(case_id, state)
    bench.move_on()
    ids = [str(case_id) for case_id in cases]
    return Work(ids[:3], ids[3], ids[4])


def test_the_work_list_shows_each_what_is_theirs(bench: Bench, work: Work) -> None:
    everything = listed(bench, "", role="dispatcher")

    assert set(everything) == {*work.garbage, work.gas, work.waiting}
    assert everything[-1] == work.waiting
    assert set(listed(bench, "?department=mine", **SANITATION)) == set(work.garbage)
    assert set(listed(bench, "", **SANITATION)) == set(work.garbage)
    assert listed(bench, "?department=urban", role="dispatcher") == [work.gas]
    assert listed(bench, "?state=filed&state=returned", role="dispatcher") == [work.waiting]
    assert listed(bench, "", role="dispatcher", area="530102") == []


def test_the_work_list_refuses_what_is_not_the_askers(bench: Bench, work: Work) -> None:
    for query, who, status in (
        ("?department=urban", SANITATION, 403),
        ("?area=530102", {"role": "dispatcher"}, 403),
        ("?department=mine", {"role": "dispatcher"}, 400),
        ("?after=nonsense", {"role": "dispatcher"}, 400),
        ("?state=lost", {"role": "dispatcher"}, 400),
        ("", {}, 401),
    ):
        assert bench.call("GET", f"/api/v1/cases{query}", **who).status_code == status, query
    assert bench.call("GET", f"/api/v1/cases/{work.gas}", **SANITATION).status_code == 403


def test_the_work_list_tells_overdue_cases_apart(bench: Bench, work: Work) -> None:
    before = listed(bench, "?overdue=true", role="dispatcher"), listed(bench, "?overdue=false", role="dispatcher")
    bench.database.query("UPDATE dispatch.cases SET due_at = now() - interval '1 hour' WHERE case_id = %s", [work.gas])

    assert (before[0], len(before[1])) == ([], 5)
    assert listed(bench, "?overdue=true", role="dispatcher") == [work.gas]
    assert listed(bench, "", role="dispatcher")[0] == work.gas


def test_the_work_list_comes_page_by_page_nearest_due_time_first(bench: Bench, work: Work) -> None:
    pages: list[dict[str, Any]] = []
    query: str | None = "?limit=2"
    while query is not None:
        page = bench.call("GET", f"/api/v1/cases{query}", role="dispatcher").json()
        pages += page["cases"]
        after = page["next_after"]
        query = None if after is None else "?" + urlencode({"limit": 2, "after": after})

    assert [row["case_id"] for row in pages] == listed(bench, "", role="dispatcher")
    dues = [row["due_at"] for row in pages if row["due_at"]]
    assert len(dues) == 4
    assert all(one <= other for one, other in pairwise(dues))
    assert pages[-1]["case_id"] == work.waiting


def test_the_rulebook_is_served_without_anybodys_contact(bench: Bench) -> None:
    before = bench.call("GET", "/api/v1/departments").status_code
    ready(bench)
    departments = bench.call("GET", "/api/v1/departments")

    assert before == 503
    assert [row["code"] for row in departments.json()["departments"]] == ["sanitation", "urban", "water"]
    assert "contact" not in departments.text
    assert len(bench.call("GET", "/api/v1/issue-types").json()["issue_types"]) == 4
    assert len(bench.call("GET", "/api/v1/responsibilities").json()["responsibilities"]) == 3
    assert bench.call("GET", "/api/v1/calendar").json()["calendars"][0]["year"] == 2026


def test_the_responsibility_list_explains_itself_and_a_new_line_is_seen_within_seconds(bench: Bench) -> None:
    why = "/api/v1/responsibilities/explain?issue_type=E-01-05&area=530103.004"
    explained = ready(bench).call("GET", why).json()
    nobody = bench.call("GET", "/api/v1/responsibilities/explain?issue_type=Z-1&area=530103").json()

    assert (explained["rule"], [row["rule"] for row in explained["beaten"]]) == ("water", ["garbage"])
    assert "15 工作日" in explained["due_because"]
    assert (nobody["rule"], nobody["is_known"]) == (None, False)
    assert bench.call("GET", "/api/v1/responsibilities/explain?issue_type=Z-1&area=here").status_code == 400
    bench.say(line("narrow", "E-01-05", "530103.004", "urban"))
    bench.move_on()
    wait_for(lambda: bench.call("GET", why).json()["rule"] == "narrow", 5)


def test_the_rows_are_the_same_whatever_the_batches(bench: Bench) -> None:
    case_id = ready(bench).accept()
    bench.move_on()
    bench.wait_for_state(case_id, "dispatched")
    bench.step(case_id, "sign", **SANITATION)
    bench.move_on()
    returned = {"kind": "wrong_department", "reason": "占道经营", "believed_responsible": "urban"}
    (asked,) = bench.step(case_id, "return", returned, **SANITATION)["requests"]
    bench.step(case_id, f"requests/{asked['request_id']}/approve", role="dispatcher")
    bench.step(case_id, "dispatch", {"department": "urban", "reason": "按退回意见"}, role="dispatcher")
    bench.move_on()
    statement = "SELECT to_jsonb(cases) FROM dispatch.cases"
    stepwise = bench.database.query(statement)

    bench.database.query("UPDATE dispatch.watermarks SET position = 0; TRUNCATE dispatch.cases, dispatch.tasks")
    bench.runner.close()
    assert bench.runner.open()
    bench.runner.catch_up()

    assert bench.database.query(statement) == stepwise
    assert (stepwise[0][0]["department"], stepwise[0][0]["attempt"]) == ("urban", 2)
