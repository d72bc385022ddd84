"""Open311 GeoReport v2 on a running intake: every call, both formats, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from shared.kernel.ids import new_id
from tests.support.database import Database
from tests.support.open311 import DUE, HOME, Bench, closed, conforms, days_ago, dispatched, filed, returned, running
from tests.support.pictures import photo

pytestmark = pytest.mark.integration

PERSON = {"first_name": "大妈", "last_name": "王", "phone": "13888886666", "email": "wang@example.cn"}


@pytest.fixture(scope="module")
def bench(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(module_database, tmp_path_factory.mktemp("open311")) as found:
        yield found


def xml(answer: requests.Response) -> ElementTree.Element:
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    return ElementTree.fromstring(answer.content)


def same(element: ElementTree.Element, value: Any) -> None:
    """What XML says is what JSON says."""
    if isinstance(value, dict):
        assert [child.tag for child in element] == list(value)
        for child in element:
            same(child, value[child.tag])
    elif isinstance(value, list):
        assert len(element) == len(value)
        for child, item in zip(element, value, strict=True):
            same(child, item)
    else:
        written = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        assert (element.text or "") == written


def test_discovery_names_the_endpoint_and_both_formats(bench: Bench) -> None:
    answer = requests.get(bench.service.url("/open311/discovery.json"), timeout=20)
    in_xml = xml(requests.get(bench.service.url("/open311/discovery.xml"), timeout=20))

    (endpoint,) = answer.json()["endpoints"]
    assert endpoint["url"] == "http://wuji.example/open311/v2"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert endpoint["type"] == "production"
    assert bench.get("/discovery.json").json() == answer.json()
    assert [found.text for found in in_xml.iter("format")] == endpoint["formats"]


def test_services_and_their_definitions_follow_the_schemas_in_both_formats(bench: Bench) -> None:
    services = bench.get("/services.json").json()
    definition = bench.get("/services/E-01-02.json").json()

    conforms(services, "services.json")
    conforms(definition, "service-definition.json")
    assert [service["service_code"] for service in services] == ["E-01-02", "E-02-01"]
    assert services[0]["keywords"] == "垃圾, 清运"
    assert services[0]["description"] == "Litter · 限时 1 工作日 within 1 working day"
    assert [found["code"] for found in definition["attributes"]] == ["urgency", "limit"]
    same(xml(bench.get("/services.xml")), services)
    same(xml(bench.get("/services/E-01-02.xml")), definition)


def test_a_request_is_found_at_once_and_says_the_same_in_both_formats(bench: Bench) -> None:
    number = bench.told(
        description="垃圾桶三天没有清运。\n味道很大", lat=HOME[0], long=HOME[1], address_id=None,
        media_url="https://photos.example/1.jpg",
    )  # fmt: skip

    at_once = bench.one(number)
    bench.project()
    later = bench.one(number)

    assert at_once == later
    assert (later["status"], later["status_notes"]) == ("open", "已上报 reported")
    assert later["description"] == "垃圾桶三天没有清运。\n味道很大"
    assert later["media_url"] == "https://photos.example/1.jpg"
    assert later["address"] == "白龙社区第3居民小组7栋, 白龙社区第3居民小组, 白龙社区, 联盟街道, 盘龙区"
    assert later["address_id"] == "53010300401200300007"
    assert (later["lat"], later["long"]) == HOME
    assert later["agency_responsible"] == later["service_notice"] == later["zipcode"] == ""
    assert later["expected_datetime"] is None
    assert datetime.fromisoformat(later["requested_datetime"]).utcoffset() is not None
    same(xml(bench.get(f"/requests/{number}.xml")), [later])


def test_the_answer_to_a_new_request_is_a_number_in_both_formats(bench: Bench) -> None:
    in_json, in_xml = bench.post(description="one"), bench.post(description="two", wanted="xml")

    (made,) = in_json.json()
    assert made == {
        "service_request_id": made["service_request_id"],
        "service_notice": "限时 1 工作日 within 1 working day",
        "account_id": "",
    }
    assert len(xml(in_xml).findtext("request/service_request_id") or "") == 20


def test_json_with_the_same_names_does_as_well_as_a_form(bench: Bench) -> None:
    body = {"service_code": "E-01-02", "address_id": "530103004", "attribute": {"urgency": "urgent"}}
    answer = requests.post(
        f"{bench.url}/requests.json", json=body, params={"api_key": bench.key, "jurisdiction_id": "530103"}, timeout=20
    )

    number = answer.json()[0]["service_request_id"]
    assert bench.one(number, extensions="true")["extended_attributes"]["urgency"] == "urgent"


def test_a_token_leads_to_the_number(bench: Bench) -> None:
    number = bench.told(description="token")
    token = str(bench.id_of(number))

    assert bench.get(f"/tokens/{token}.json").json() == [{"service_request_id": number, "token": token}]
    assert xml(bench.get(f"/tokens/{token}.xml")).findtext("request/service_request_id") == number
    assert bench.get(f"/tokens/{new_id()}.json").status_code == 404
    assert bench.get("/tokens/5.json").status_code == 404


def test_an_idempotency_key_makes_one_request_of_two(bench: Bench) -> None:
    fields = {"api_key": bench.key, "service_code": "E-01-02", "address_id": "530103"}
    key = {"Idempotency-Key": str(new_id())}
    answers = [requests.post(f"{bench.url}/requests.json", data=fields, headers=key, timeout=20) for _ in range(2)]

    assert answers[0].json() == answers[1].json()


# --- what became of it -------------------------------------------------------------------------------------------


def test_a_case_shows_its_department_its_due_instant_and_its_end(bench: Bench) -> None:
    number = bench.told(description="垃圾")
    bench.accepted(number)
    bench.happens(number, filed(), dispatched())
    given = bench.one(number)
    bench.happens(number, returned())
    back = bench.one(number)
    bench.happens(number, dispatched(), *closed("已清运，请致电 13900001111 或 a@b.cn。"))
    done = bench.one(number, extensions="true")

    assert given["agency_responsible"] == "环卫中心"
    assert datetime.fromisoformat(given["expected_datetime"]) == DUE
    assert (given["status"], back["agency_responsible"]) == ("open", "")
    assert (done["status"], done["status_notes"]) == ("closed", "已结案 done: 已清运，请致电 [电话] 或 [邮箱]。")
    assert done["updated_datetime"] >= given["updated_datetime"]
    assert [note["type"] for note in done["notes"]] == [
        "report.submitted", "report.verification_requested", "report.verified", "report.accepted", "case.filed",
        "case.dispatched", "task.returned", "case.dispatched", "task.signed", "task.responded", "case.sent_to_check",
        "case.cleared_to_close", "case.closed",
    ]  # fmt: skip
    assert done["extended_attributes"]["state"] == "closed"
    in_xml = xml(bench.get(f"/requests/{number}.xml", extensions="true"))
    assert [note.text for note in in_xml.findall("request/notes/note/type")] == [one["type"] for one in done["notes"]]


@pytest.mark.parametrize("action", ["reject", "merge"])
def test_what_is_refused_or_merged_is_closed_and_says_why(bench: Bench, action: str) -> None:
    number, other = bench.told(description="x"), bench.told(description="y")
    body = {"reason_code": "not_municipal"} if action == "reject" else {"into": str(bench.id_of(other))}
    done = bench.staff("POST", f"/api/v1/reports/{bench.id_of(number)}/{action}", body, role="acceptor")
    bench.project()

    found = bench.one(number)
    assert done.status_code == 200
    assert found["status"] == "closed"
    assert found["status_notes"].startswith({"reject": "不予受理 not accepted: ", "merge": "并案 goes on"}[action])


def test_updates_tell_everything_that_happened_since(bench: Bench) -> None:
    number = bench.told(description="updates")
    bench.accepted(number)
    bench.happens(number, filed(), dispatched(), *closed())

    found = bench.get("/servicerequestupdates.json", service_request_id=number, start_date=days_ago(1)).json()

    assert [update["status"] for update in found] == ["open"] * 10 + ["closed"]
    assert found[5]["description"] == (
        "已派给环卫中心办理，预计 2026-12-01 前办结 Given to Sanitation, expected by 2026-12-01"
    )
    assert len({update["update_id"] for update in found}) == 11
    same(xml(bench.get("/servicerequestupdates.xml", service_request_id=number)), found)


# --- looking for requests ----------------------------------------------------------------------------------------


def numbers(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    conforms(answer.json(), "requests.json")
    return [found["service_request_id"] for found in answer.json()]


def test_requests_are_found_by_every_filter(bench: Bench) -> None:
    litter, stall = bench.told(description="垃圾"), bench.told(service_code="E-02-01")
    bench.accepted(litter)
    bench.happens(litter, filed(), dispatched(), *closed())

    assert set(numbers(bench.get("/requests.json", service_request_id=f"{litter},{stall}"))) == {litter, stall}
    # Numbers override everything else.
    assert numbers(bench.get("/requests.json", service_request_id=litter, status="open")) == [litter]
    shut = numbers(bench.get("/requests.json", status="closed"))
    assert litter in shut
    assert stall not in shut
    assert stall in numbers(bench.get("/requests.json", status="open", service_code="E-02-01"))
    both = numbers(bench.get("/requests.json", status="open,closed", service_code="E-01-02,E-02-01"))
    assert {litter, stall} <= set(both)
    assert numbers(bench.get("/requests.json", service_code="Z-00-00")) == []
    assert stall in numbers(bench.get("/requests.json", start_date=days_ago(1)))
    assert numbers(bench.get("/requests.json", start_date=days_ago(20), end_date=days_ago(10))) == []
    assert numbers(bench.get("/requests.json", end_date=days_ago(1))) == []
    assert bench.get("/requests.xml", service_code="Z-00-00").content.endswith(b"<service_requests />")


def test_pages_hold_every_request_once_and_newest_first(bench: Bench) -> None:
    for number in range(5):
        bench.told(description=f"page {number}")
    bench.project()
    everything = numbers(bench.get("/requests.json"))

    pages = [
        numbers(bench.get("/requests.json", page_size=2, page=page)) for page in range(1, len(everything) // 2 + 2)
    ]

    assert [number for page in pages for number in page] == everything
    assert everything == sorted(everything, reverse=True)


def test_what_changed_since_comes_in_order_of_its_change(bench: Bench) -> None:
    first, second = bench.told(description="1"), bench.told(description="2")
    since = bench.one(second)["updated_datetime"]
    bench.accepted(first)
    bench.project()

    changed = numbers(bench.get("/requests.json", updated_after=since))

    assert changed[-1] == first
    assert second in changed
    assert numbers(bench.get("/requests.json", updated_before=days_ago(1))) == []


# --- where it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "address_id"),
    [
        ({"lat": HOME[0], "long": HOME[1]}, "53010300401200300007"),
        ({"lat": 25.0695, "long": 102.7295}, "530103004012003"),
        ({"lat": 25.0650, "long": 102.7300}, "530103004012"),
        ({"lat": 25.0300, "long": 102.7100}, "530103005"),
        ({"lat": 25.2000, "long": 102.7500}, "530103"),
        ({"lat": HOME[0], "long": HOME[1], "address_id": "530103.005"}, "530103005"),
        ({"address_id": "530103004000"}, "530103004"),
        ({"address_string": "联盟街道白龙社区垃圾站旁"}, "530103004012"),
        ({"address_string": "白龙社区第3居民小组7栋楼下"}, "53010300401200300007"),
        ({"address_string": "鼓楼街道金星社区"}, "530103005001"),
        ({"lat": 10, "long": 10, "address_string": "白龙社区"}, "530103004012"),
    ],
)
def test_a_place_is_found_by_point_code_or_words(bench: Bench, fields: dict[str, Any], address_id: str) -> None:
    number = bench.told(**{"address_id": None, **fields})

    assert bench.one(number)["address_id"] == address_id


# --- what is refused ---------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "no key": ({"api_key": None}, 403, "api_key is missing"),
    "a wrong key": ({"api_key": "wjk_guess"}, 403, "not valid"),
    "no service": ({"service_code": None}, 400, "service_code was not provided"),
    "an unknown service": ({"service_code": "Z-99-99"}, 404, "service_code Z-99-99"),
    "an unknown jurisdiction": ({"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id sfgov.org"),
    "no place": ({"address_id": None}, 400, "lat/long, address_id or address_string"),
    "an empty place": ({"address_id": ""}, 400, "lat/long, address_id or address_string"),
    "a far place": ({"address_id": None, "lat": 37.7, "long": -122.4}, 400, "in no place that we serve"),
    "half a point": ({"address_id": None, "lat": 25}, 400, "lat and long go together"),
    "a point of words": ({"lat": "north", "long": "east"}, 400, "lat: "),
    "a point off the globe": ({"lat": 91, "long": 0}, 400, "lat: "),
    "not a number": ({"lat": "nan", "long": "nan"}, 400, "lat: "),
    "a code of nowhere": ({"address_id": "530103.099"}, 400, "address_id: "),
    "a code that is none": ({"address_id": "12 Main St"}, 400, "address_id: "),
    "words of nowhere": ({"address_id": None, "address_string": "1 Main St"}, 400, "address_string: no area"),
    "words of two places": ({"address_id": None, "address_string": "金星社区"}, 400, "several areas"),
    "a long description": ({"description": "x" * 4001}, 400, "description: "),
    "a phone of letters": ({"phone": "call me"}, 400, "phone: "),
    "a mail that is none": ({"email": "me"}, 400, "email: "),
    "a photo that is none": ({"media_url": "javascript:alert(1)"}, 400, "media_url: "),
    "an unknown attribute": ({"attribute[colour]": "red"}, 400, "attribute[colour]: "),
    "an unknown value": ({"attribute[urgency]": "very"}, 400, "attribute[urgency]: "),
    "a field twice": ({"phone": ["13888886666", "13888886667"]}, 400, "phone: this is given twice"),
    "a bell": ({"description": "a\x07b"}, 400, "description: "),
    "a nul": ({"description": "a\x00b"}, 400, "NUL"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("wanted", ["json", "xml"])
def test_a_wrong_request_is_refused_as_the_standard_says(bench: Bench, name: str, wanted: str) -> None:
    fields, status, says = WRONG[name]
    ((before,),) = bench.database.query("SELECT count(*) FROM es.events")

    answer = bench.post(fields, wanted=wanted)

    assert answer.status_code == status, answer.text
    if wanted == "json":
        errors = answer.json()
    else:
        errors = [{"code": int(found.findtext("code") or 0), "description": found.findtext("description")}
                  for found in xml(answer).findall("error")]  # fmt: skip
    assert {error["code"] for error in errors} == {status}
    assert says in " ".join(error["description"] for error in errors)
    assert bench.database.query("SELECT count(*) FROM es.events") == [(before,)]


def test_everything_that_is_wrong_is_said_at_once(bench: Bench) -> None:
    answer = bench.post(email="me", phone="x", lat="north")

    assert [error["description"].partition(":")[0] for error in answer.json()] == ["lat", "email", "phone"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/requests", {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400),
        ("/requests", {"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, 400),
        ("/requests", {"updated_after": "2026-01-01T00:00:00Z", "updated_before": "2026-06-01T00:00:00Z"}, 400),
        ("/requests", {"start_date": "yesterday"}, 400),
        ("/requests", {"start_date": "2026-01-01"}, 400),
        ("/requests", {"start_date": "0001-01-01T00:00:00Z"}, 400),
        ("/requests", {"status": "done"}, 400),
        ("/requests", {"page": "0"}, 400),
        ("/requests", {"page_size": "100000"}, 400),
        ("/requests", {"jurisdiction_id": "city.gov"}, 404),
        ("/services", {"jurisdiction_id": "city.gov"}, 404),
        ("/services/Z-99-99", {}, 404),
        ("/requests/20260101530103999999", {}, 404),
        ("/requests/'; DROP TABLE x", {}, 404),
    ],
)
@pytest.mark.parametrize("wanted", ["json", "xml"])
def test_a_wrong_question_is_refused_as_the_standard_says(
    bench: Bench, path: str, query: dict[str, str], status: int, wanted: str
) -> None:
    answer = bench.get(f"{path}.{wanted}", **query)

    assert answer.status_code == status, answer.text
    codes = [error["code"] for error in answer.json()] if wanted == "json" else [
        int(found.text or 0) for found in xml(answer).iter("code")]  # fmt: skip
    assert set(codes) == {status}


def test_what_xml_cannot_hold_is_replaced_where_it_is_quoted(bench: Bench) -> None:
    answer = bench.get("/services/%01%EF%BF%BE.xml")

    assert answer.status_code == 404
    assert "service_code \ufffd\ufffd was not found" in (xml(answer).findtext("error/description") or "")


def test_empty_parameters_are_none_and_unknown_ones_are_nobodys_business(bench: Bench) -> None:
    asked = {"jurisdiction_id": "", "service_code": "", "status": "", "start_date": "", "colour": "red"}

    assert numbers(bench.get("/requests.json", **asked)) == numbers(bench.get("/requests.json"))
    assert numbers(bench.get("/requests.json", jurisdiction_id="530103"))


@pytest.mark.parametrize("path", ["/requests.yaml", "/requests", "/bicycles.json", "", "/"])
def test_other_addresses_are_refused_in_the_standards_way(bench: Bench, path: str) -> None:
    for answer in (bench.get(path), requests.post(f"{bench.url}{path}", data={"api_key": bench.key}, timeout=20)):
        assert answer.status_code == 404
        assert [error["code"] for error in answer.json()] == [404]
    assert xml(bench.get("/bicycles.xml")).findtext("error/code") == "404"
    assert xml(requests.post(f"{bench.url}/services.xml", timeout=20)).findtext("error/code") == "404"
    assert requests.delete(f"{bench.url}/requests.json", timeout=20).status_code == 405


# --- people ------------------------------------------------------------------------------------------------------


def test_nothing_personal_is_in_an_answer_or_an_event(bench: Bench) -> None:
    number = bench.told(
        description="我是王大妈，电话 13888886666，邮箱 wang@example.cn，楼下垃圾",
        address_string="王大妈家 13888886666", device_id="tt222111", account_id="acc-77", **PERSON,
    )  # fmt: skip
    bench.accepted(number)
    bench.happens(number, filed(), dispatched(), *closed("王大妈"))
    answers = " ".join(
        bench.get(f"{path}.{wanted}", extensions="true").text
        for path in (f"/requests/{number}", "/requests", "/servicerequestupdates")
        for wanted in ("json", "xml")
    )
    events = str(bench.database.query("SELECT data::text, actor::text FROM es.events"))
    sealed = bench.database.query("SELECT 1 FROM intake.subjects WHERE report_id = %s", [str(bench.id_of(number))])

    for secret in ("13888886666", "wang@example.cn", "tt222111", "acc-77"):
        assert secret not in answers
        assert secret not in events
    assert "王大妈" not in bench.one(number)["description"]
    assert len(sealed) == 1
    words = bench.staff("GET", f"/api/v1/reports/{bench.id_of(number)}/words", role="acceptor").json()
    assert (words["name"], words["phone"], words["email"]) == ("王大妈", "13888886666", "wang@example.cn")


def test_of_what_was_told_elsewhere_everybody_sees_kind_community_and_state_only(bench: Bench) -> None:
    told = {
        "title": "邻居打孩子", "words": "7栋502每天晚上", "issue_type": "E-01-02", "area": "530103.004.012.003.00007",
        "place": "7栋502", "point": {"lat": HOME[0], "lon": HOME[1]},
    }  # fmt: skip
    receipt = requests.post(bench.service.url("/api/v1/reports"), json=told, timeout=20).json()
    bench.accepted(receipt["number"])
    bench.happens(receipt["number"], filed(), dispatched(), *closed("已到7栋502处理"))

    found = bench.one(receipt["number"], extensions="true")

    assert (found["description"], found["status_notes"], found["media_url"]) == ("", "已结案 done", None)
    assert (found["address"], found["address_id"]) == ("白龙社区, 联盟街道, 盘龙区", "530103004012")
    assert (found["lat"], found["long"]) == (25.07, 102.73)
    assert "502" not in str(found)
    assert found["extended_attributes"]["area"] == "530103.004.012"


def test_the_words_of_an_erased_person_are_gone_here_too(bench: Bench) -> None:
    number = bench.told(description="请联系我 13888886666", **PERSON)
    report_id = bench.id_of(number)
    ((subject,),) = bench.database.query(
        "SELECT subject_id::text FROM intake.subjects WHERE report_id = %s", [str(report_id)]
    )
    bench.staff("POST", f"/api/v1/subjects/{subject}/erase", {"reason": "本人要求"})
    bench.project()

    assert bench.one(number)["description"] == "[已删除]"


# --- keys --------------------------------------------------------------------------------------------------------


def test_a_key_is_made_once_listed_without_itself_and_revoked_at_once(bench: Bench) -> None:
    made = bench.staff("POST", "/api/v1/api-keys", {"name": "other-app"})
    again = bench.staff("POST", "/api/v1/api-keys", {"name": "other-app"})
    listed = bench.staff("GET", "/api/v1/api-keys")
    works = bench.post(api_key=made.json()["key"])
    gone = bench.staff("POST", "/api/v1/api-keys/other-app/revoke")
    refused = bench.post(api_key=made.json()["key"])
    anew = bench.staff("POST", "/api/v1/api-keys", {"name": "other-app"})
    stored = str(bench.database.query("SELECT * FROM intake.api_keys"))

    assert (made.status_code, again.status_code, works.status_code) == (201, 409, 200)
    assert (gone.status_code, refused.status_code, anew.status_code) == (200, 403, 201)
    assert made.json()["key"] not in listed.text + stored
    assert bench.staff("POST", "/api/v1/api-keys", {"name": "x"}, role="acceptor").status_code == 403
    assert bench.staff("POST", "/api/v1/api-keys/nobody/revoke").status_code == 404


def test_a_photo_of_ours_is_named_by_its_address_and_only_if_it_was_sent(bench: Bench) -> None:
    sent = requests.post(
        bench.service.url("/api/v1/photos"), data=photo(1), headers={"Content-Type": "image/jpeg"}, timeout=20
    ).json()
    shown = f"http://wuji.example/api/v1/photos/{sent['sha256']}"

    number = bench.told(description="见图", media_url=shown)
    unknown = bench.post(description="见图", media_url=shown.replace(sent["sha256"], "0" * 64))

    assert bench.one(number)["media_url"] == shown
    ((photos,),) = bench.database.query(
        "SELECT data -> 'photos' FROM es.events WHERE type = 'report.submitted' AND data ->> 'number' = %s", [number]
    )
    assert photos == [sent["reference"]]
    assert unknown.status_code == 400
