"""Intake as a running service: its doors from outside, and everything wrong that somebody may send to them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from services.grid.accounts import domain
from services.grid.accounts import handlers as accounts
from services.grid.accounts.domain import Post
from shared.accounts import FRESH_SECONDS
from shared.contracts.envelope import Actor
from shared.handling import Cause, amend
from shared.kernel.area import Area
from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id
from shared.security import sessions
from shared.security.permission import Asker
from tests.support.database import Database
from tests.support.intake_doors import REPORT, STREET, TOKEN_KEY, Doors, running

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def doors(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with running(module_database, tmp_path_factory.mktemp("intake")) as found:
        yield found


def test_a_resident_reports_and_follows_by_the_secret_of_the_receipt(doors: Doors) -> None:
    receipt = doors.report()
    path = receipt["tracking_url"].removeprefix("http://wuji.example/api/v1")

    too_new = doors.call("GET", path)
    doors.project()
    by_id = doors.call("GET", path)
    by_number = doors.call("GET", f"/reports/{receipt['number']}?secret={receipt['secret']}")

    assert too_new.status_code == by_id.status_code == by_number.status_code == 200
    assert by_id.json() == by_number.json()
    assert by_id.json()["steps"][0]["zh"] == too_new.json()["steps"][0]["zh"] == "已收到您的诉求"
    assert "report" not in by_id.json()


def test_without_the_secret_a_number_is_as_good_as_unknown(doors: Doors) -> None:
    receipt, other = doors.report(), doors.report()
    doors.project()

    answers = [
        doors.call("GET", f"/reports/{receipt['number']}"),
        doors.call("GET", f"/reports/{receipt['number']}?secret={other['secret']}"),
        doors.call("GET", f"/reports/{receipt['report_id']}?secret=%E5%AF%86"),
        doors.call("GET", "/reports/20260503530103999999?secret=x"),
        doors.call("GET", f"/reports/{new_id()}?secret=x"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["detail"] for answer in answers}) == 1


def test_a_report_goes_through_the_desk(doors: Doors) -> None:
    report_id = doors.report(issue_type="E-02-01")["report_id"]
    doors.project()

    early = doors.call("POST", f"/reports/{report_id}/accept", role="acceptor")
    asked = doors.call("POST", f"/reports/{report_id}/verification", role="acceptor")
    seen = doors.call("POST", f"/reports/{report_id}/verified", {"found": True, "findings": "有"}, role="grid_worker")
    taken = doors.call("POST", f"/reports/{report_id}/accept", role="acceptor")
    again = doors.call("POST", f"/reports/{report_id}/accept", role="acceptor")
    late = doors.call("POST", f"/reports/{report_id}/reject", {"reason_code": "abusive"}, role="acceptor")

    assert (early.status_code, early.json()["rule"]) == (409, "report.needs_verification")
    assert [answer.status_code for answer in (asked, seen, taken, again)] == [200, 200, 200, 200]
    assert (taken.json()["events"], again.json()["events"]) == (1, 0)
    assert (late.status_code, late.json()["rule"]) == (409, "report.already_accepted")


def test_staff_see_the_list_the_duplicates_and_the_words(doors: Doors) -> None:
    first, second = (
        doors.report(title="井盖破损", words="路口井盖破了"),
        doors.report(title="井盖破了", words="路口井盖破了"),
    )
    doors.project()

    waiting = doors.call("GET", "/reports?limit=200", role="acceptor").json()["reports"]
    near = doors.call("GET", f"/reports/{second['report_id']}/duplicates", role="acceptor").json()["candidates"]
    merged = doors.call("POST", f"/reports/{second['report_id']}/merge", {"into": first["report_id"]}, role="acceptor")
    doors.project()
    seen = doors.call("GET", f"/reports/{first['report_id']}", role="acceptor").json()
    words = doors.call("GET", f"/reports/{second['report_id']}/words", role="acceptor").json()
    undone = doors.call("POST", f"/reports/{second['report_id']}/unmerge", role="acceptor")

    assert {first["number"], second["number"]} <= {row["number"] for row in waiting}
    assert near[0]["number"] == first["number"]
    assert near[0]["why"][0]["zh"] == "同一事项类别"
    assert (merged.status_code, undone.status_code) == (200, 200)
    assert [row["number"] for row in seen["report"]["merged_reports"]] == [second["number"]]
    assert words["phone"] == "13888886666"


def test_who_may_not_is_told_so(doors: Doors) -> None:
    report_id = doors.report()["report_id"]
    elsewhere = Area("530103.005")

    assert doors.call("POST", f"/reports/{report_id}/accept").status_code == 401
    assert doors.call("POST", f"/reports/{report_id}/accept", role="reader").status_code == 403
    assert doors.call("POST", f"/reports/{report_id}/accept", role="acceptor", area=elsewhere).status_code == 403
    assert doors.call("GET", f"/reports/{report_id}/words", role="reader").status_code == 403
    assert doors.call("GET", f"/reports/{report_id}", role="acceptor", area=elsewhere).status_code == 403
    assert doors.call("GET", "/reports?area=530103.005", role="acceptor").status_code == 403
    assert doors.call("POST", "/reports", REPORT, role="grid_worker", area=elsewhere).status_code == 403
    assert doors.call("POST", "/reports", {**REPORT, "source": "hotline"}).status_code == 403
    assert doors.call("POST", "/reports", {**REPORT, "external_number": "1"}).status_code == 403


def test_a_desk_tells_its_own_number_twice_and_gets_one_report(doors: Doors) -> None:
    first = doors.report("hotline", external_number="12345-77")
    again = doors.report("hotline", external_number="12345-77", words="补充说明")

    assert again == first


def test_the_same_key_gets_the_same_answer_and_another_request_none(doors: Doors) -> None:
    key = {"Idempotency-Key": str(new_id())}
    before = doors.events()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: doors.call("POST", "/reports", REPORT, headers=key), range(8)))
    other = doors.call("POST", "/reports", {**REPORT, "words": "别的"}, headers=key)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert other.status_code == 400
    assert doors.events() == before + 1


def test_an_operator_erases_a_person(doors: Doors) -> None:
    receipt = doors.report()
    ((subject,),) = doors.database.query(
        "SELECT subject_id::text FROM intake.subjects WHERE report_id = %s", [receipt["report_id"]]
    )

    refused = doors.call("POST", f"/subjects/{subject}/erase", {"reason": "本人要求"}, role="acceptor")
    done = doors.call("POST", f"/subjects/{subject}/erase", {"reason": "本人要求"}, role="operator")
    again = doors.call("POST", f"/subjects/{subject}/erase", {"reason": "本人要求"}, role="operator")
    unknown = doors.call("POST", f"/subjects/{new_id()}/erase", {"reason": "x"}, role="operator")
    words = doors.call("GET", f"/reports/{receipt['report_id']}/words", role="acceptor")

    assert [one.status_code for one in (refused, done, again, unknown, words)] == [403, 200, 200, 404, 404]


def test_reasons_are_there_for_everybody(doors: Doors) -> None:
    codes = {reason["code"] for reason in doors.call("GET", "/reports/reasons").json()["reasons"]}

    assert {"not_our_district", "not_municipal"} <= codes


# --- everything wrong --------------------------------------------------------------------------------------------


def _json(**changes: Any) -> bytes:
    return json.dumps({**REPORT, **changes}, ensure_ascii=False).encode()


def _without(*names: str) -> bytes:
    return json.dumps({name: value for name, value in REPORT.items() if name not in names}).encode()


WRONG_BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "half a document": (_json()[:-5], 400),
    "not json": (b"title=x", 400),
    "a list": (b"[]", 400),
    "a number": (b"17", 400),
    "null": (b"null", 400),
    "nan": (_json().replace(b'"title"', b'"point": NaN, "title"'), 400),
    "keys twice": (_json().replace(b'"title"', b'"words": "x", "title"', 1), 400),
    "gbk": (json.dumps(REPORT, ensure_ascii=False).encode("gbk"), 400),
    "utf-16": (json.dumps(REPORT).encode("utf-16"), 400),
    "half a character": (_json()[:40] + b"\xff\xfe" + _json()[40:], 400),
    "a lone surrogate": (_json().replace("楼下".encode(), b"\\ud800"), 400),
    "a nul": (_json(title="a\x00b"), 400),
    "a bell": (_json(title="a\x07b"), 400),
    "a title of two lines": (_json(title="a\nb"), 400),
    "deep": (b'{"title":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "no title": (_without("title"), 400),
    "no area": (_without("area"), 400),
    "title is a number": (_json(title=1), 400),
    "title is a list": (_json(title=["x"]), 400),
    "blank words": (_json(words="  "), 400),
    "words too long": (_json(words="长" * 100_000), 400),
    "area unknown": (_json(area="530103.099"), 400),
    "area wrong": (_json(area="53010"), 400),
    "area is a number": (_json(area=530103), 400),
    "area in other digits": (_json(area="５３０１０３"), 400),
    "issue type unknown": (_json(issue_type="Z-99-99"), 400),
    "issue type hostile": (_json(issue_type="E' OR 1=1"), 400),
    "unknown field": (_json(admin=True), 400),
    "urgency unknown": (_json(urgency="very"), 400),
    "source unknown": (_json(source="dream"), 400),
    "point of words": (_json(point={"lat": "north", "lon": "east"}), 400),
    "point off the globe": (_json(point={"lat": 91, "lon": 0}), 400),
    "point as infinite": (_json().replace(b'"title"', b'"point": {"lat": 1e999, "lon": 1}, "title"'), 400),
    "point incomplete": (_json(point={"lat": 25}), 400),
    "contact empty": (_json(contact={}), 400),
    "contact unknown field": (_json(contact={"wechat": "x"}), 400),
    "phone of letters": (_json(contact={"phone": "call me"}), 400),
    "phone with a line break": (_json(contact={"phone": "13888886666\n"}), 400),
    "mail of two lines": (_json(contact={"email": "a@b.cn\r\nBcc: x@y.cn"}), 400),
    "ten megabytes": (_json(words="a" * 10_000_000), 413),
}


@pytest.mark.parametrize("name", WRONG_BODIES)
def test_a_wrong_body_gets_a_clear_problem_and_leaves_nothing(doors: Doors, name: str) -> None:
    body, status = WRONG_BODIES[name]
    before = doors.events()

    answer = requests.post(
        doors.service.url("/api/v1/reports"), data=body, headers={"Content-Type": "application/json"}, timeout=20
    )

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert "Traceback" not in answer.text
    assert doors.events() == before


WRONG_HEADERS: dict[str, tuple[dict[str, str], int]] = {
    "no type": ({"Content-Type": ""}, 415),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "another charset": ({"Content-Type": "application/json; charset=gbk"}, 415),
    "packed": ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    "an endless key": ({"Content-Type": "application/json", "Idempotency-Key": "k" * 500}, 400),
    "a key with spaces": ({"Content-Type": "application/json", "Idempotency-Key": "a b"}, 400),
    "a password": ({"Content-Type": "application/json", "Authorization": "Basic d2FuZzp3YW5n"}, 401),
    "a token of nobody": ({"Content-Type": "application/json", "Authorization": "Bearer a.b.c"}, 401),
    "an unsigned token": (
        {"Content-Type": "application/json", "Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
        401,
    ),
}


@pytest.mark.parametrize("name", WRONG_HEADERS)
def test_a_hostile_header_gets_a_clear_problem_and_leaves_nothing(doors: Doors, name: str) -> None:
    headers, status = WRONG_HEADERS[name]
    before = doors.events()

    answer = requests.post(doors.service.url("/api/v1/reports"), data=_json(), headers=headers, timeout=20)

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert doors.events() == before


STRANGE_BUT_FINE: dict[str, Callable[[Doors], Any]] = {
    "a trace that is none": lambda doors: doors.call("POST", "/reports", REPORT, headers={"traceparent": "00-x"}),
    "somebody else's host": lambda doors: doors.call("POST", "/reports", REPORT, headers={"Host": "evil.example"}),
    "rare characters": lambda doors: doors.call("POST", "/reports", {**REPORT, "words": "𠮷野家 🚲 e\u0301"}),
    "quotes and braces": lambda doors: doors.call("POST", "/reports", {**REPORT, "words": "'; DROP TABLE x; {} \\ %s"}),
    "a code instead of a path": lambda doors: doors.call("POST", "/reports", {**REPORT, "area": "530103004012"}),
    "ten thousand characters": lambda doors: doors.call("POST", "/reports", {**REPORT, "words": "长" * 10_000}),
}


@pytest.mark.parametrize("name", STRANGE_BUT_FINE)
def test_what_is_strange_but_right_is_taken(doors: Doors, name: str) -> None:
    answer = STRANGE_BUT_FINE[name](doors)

    assert answer.status_code == 201, answer.text


def test_a_header_block_without_end_is_cut_off(doors: Doors) -> None:
    before = doors.events()
    with socket.create_connection(("127.0.0.1", doors.service.http_port), timeout=10) as connection:
        connection.sendall(b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n")
        answer = connection.recv(4096)

    assert answer.split(b" ", 2)[1][:1] == b"4" or answer == b""
    assert doors.events() == before


def test_after_all_that_the_service_lives_and_said_nothing_about_bugs(doors: Doors) -> None:
    assert doors.report()["number"]
    assert [line for line in doors.service.lines() if line.get("status") == 500] == []
    assert "13888886666" not in doors.service.log_path.read_text()


def test_a_session_of_a_disabled_account_opens_no_door_from_then_on(doors: Doors) -> None:
    grid = doors.database.log("grid")
    name, of = "p0317", Cause(actor=Actor("operator", "operator"), at=utc_now())
    accounts.create(grid, name, Post("acceptor", STREET.path, None), of, called=None)
    signed = sessions.sign(TOKEN_KEY, Asker(name, "acceptor", STREET), csrf="x", name=None)
    other = sessions.sign(TOKEN_KEY, Asker("p0318", "acceptor", STREET), csrf="x", name=None)
    asked = {"cookies": {sessions.COOKIE: signed}}
    before = doors.call("GET", "/reports", **asked)
    amend(grid, f"account-{name}", domain.evolve, lambda account: domain.disable(account, "moved"), of)
    doors.project()
    time.sleep(FRESH_SECONDS)

    assert before.status_code == 200
    assert doors.call("GET", "/reports", **asked).status_code == 401
    assert doors.call("GET", "/reports", cookies={sessions.COOKIE: other}).status_code == 200
