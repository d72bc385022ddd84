"""Other systems report through signed messages: what is taken, once each, and what is refused by which path."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook

from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id
from tests.support.database import Database
from tests.support.open311 import HOME, Bench, running

pytestmark = pytest.mark.integration

MAPPINGS = Path(__file__).parents[2] / "deploy/reference/inbound"
ORDER: dict[str, Any] = {
    "order": {
        "id": "GD-2026-000123",
        "subject": "垃圾桶满了",
        "content": "三天没有清运，请回电 13888886666。",
        "address": "白龙社区门口",
        "division": "530103004012",
        "category": "暴露垃圾",
        "level": 2,
        "caller": {"name": "王大妈", "phone": "13888886666"},
    }
}
ALARM: dict[str, Any] = {
    "alarm": {"sequence": 77, "text": "桶满 95%"},
    "device": {"model": "B-7", "label": "7号桶", "position": list(HOME)},
}


def mapping(name: str) -> dict[str, Any]:
    return tomllib.loads((MAPPINGS / f"{name}.toml").read_text(encoding="utf-8"))


@dataclass
class System:
    """The other system: it signs with plain HMAC, as the standard says, and with nothing of ours."""

    bench: Bench
    name: str
    secret: str
    more: dict[str, str] = field(default_factory=dict)

    def send(
        self, body: Any, message: str | None = None, *, late: float = 0, secret: str | None = None, **headers: str
    ) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        message = message or f"msg_{new_id()}"
        at = str(int((utc_now() - timedelta(seconds=late)).timestamp()))
        key = base64.b64decode((secret or self.secret).removeprefix("whsec_"))
        signature = base64.b64encode(hmac.new(key, f"{message}.{at}.".encode() + raw, hashlib.sha256).digest()).decode()
        signed = {"webhook-id": message, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
        url = self.bench.service.url(f"/api/v1/inbound/{self.name}")
        return requests.post(url, raw, headers={"Content-Type": "application/json", **signed, **headers}, timeout=20)


@pytest.fixture(scope="module")
def bench(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running(module_database, tmp_path_factory.mktemp("inbound")) as found:
        yield found


def register(bench: Bench, document: dict[str, Any]) -> System:
    made = bench.staff("POST", "/api/v1/inbound", {"mapping": document})
    assert made.status_code == 201, made.text
    return System(bench, made.json()["name"], made.json()["secret"])


@pytest.fixture(scope="module")
def hotline(bench: Bench) -> System:
    return register(bench, mapping("hotline"))


@pytest.fixture(scope="module")
def sensors(bench: Bench) -> System:
    return register(bench, mapping("sensors"))


def stored(bench: Bench, report_id: str) -> dict[str, Any]:
    """The event that a report began with."""
    ((data, area, actor),) = bench.database.query(
        "SELECT data, area, actor FROM es.events WHERE stream = %s", [f"report-{report_id}"]
    )
    return {**data, "area": area, "actor": actor}


def events(bench: Bench) -> int:
    ((count,),) = bench.database.query("SELECT count(*) FROM es.events")
    return int(count)


def changed(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(ORDER)
    part: Any = document
    *steps, last = path.split(".")
    for step in steps:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return document


def test_a_work_order_becomes_a_report_and_its_caller_is_sealed(bench: Bench, hotline: System) -> None:
    answer = hotline.send(changed("order.id", "GD-1"))
    found = stored(bench, answer.json()["report_id"])
    sealed = bench.database.query("SELECT 1 FROM intake.subjects WHERE report_id = %s", [answer.json()["report_id"]])

    assert answer.status_code == 201, answer.text
    assert (found["source"], found["issue_type"], found["urgency"]) == ("hotline", "E-01-02", "urgent")
    assert (found["area"], found["external_number"]) == ("530103.004.012", "hotline-12345/GD-1")
    assert found["words"] == "三天没有清运，请回电 [电话]。"
    assert found["actor"]["id"] == "hotline-12345"
    assert "王大妈" not in str(found)
    assert len(sealed) == 1


def test_an_alarm_lies_where_the_device_stands(bench: Bench, sensors: System) -> None:
    answer = sensors.send(ALARM)
    found = stored(bench, answer.json()["report_id"])

    assert (found["source"], found["area"]) == ("device", "530103.004.012.003.00007")
    assert (found["title"], found["words"], found["place"]) == ("桶满 95%", "桶满 95%\nB-7", "7号桶")


def test_a_message_sent_again_or_another_about_the_same_number_is_one_report(bench: Bench, hotline: System) -> None:
    order = changed("order.id", "GD-2")
    first = hotline.send(order, "msg_1")
    before = events(bench)

    again = hotline.send(order, "msg_1")
    retold = hotline.send(changed("order.id", "GD-2") | {"more": "words"}, "msg_2")
    reused = hotline.send(changed("order.id", "GD-3"), "msg_1")

    assert [again.json(), retold.json()] == [first.json()] * 2
    assert (reused.status_code, events(bench)) == (400, before)


def test_two_systems_may_number_alike(bench: Bench, hotline: System, sensors: System) -> None:
    order = hotline.send(changed("order.id", "9"))
    alarm = sensors.send({**ALARM, "alarm": {"sequence": 9, "text": "桶满"}}, "msg_1")

    assert order.json()["report_id"] != alarm.json()["report_id"]


def test_several_signatures_may_come_as_while_a_secret_is_changed(hotline: System) -> None:
    answer = hotline.send(changed("order.id", "GD-4"), "msg_4")
    signature = str(answer.request.headers["webhook-signature"])
    # What is signed is the time, too.
    at = str(answer.request.headers["webhook-timestamp"])
    both = {"webhook-signature": f"v1,{'A' * 43}= v1a,whatever {signature}", "webhook-timestamp": at}

    assert hotline.send(changed("order.id", "GD-4"), "msg_4", **both).status_code == 201


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"late": 301}, "5 minutes"),
        ({"late": -301}, "5 minutes"),
        ({"secret": "whsec_" + base64.b64encode(b"x" * 32).decode()}, "not made with the secret"),
        ({"webhook-signature": "v1,"}, "not made with the secret"),
        ({"webhook-signature": ""}, "not signed"),
        ({"webhook-signature": "v2,abc"}, "not made with the secret"),
        ({"webhook-timestamp": "yesterday"}, "not signed"),
        ({"webhook-id": "another"}, "not made with the secret"),
        ({"webhook-id": ""}, "not signed"),
    ],
)
def test_what_is_not_signed_right_is_refused(bench: Bench, hotline: System, how: dict[str, Any], says: str) -> None:
    before = events(bench)

    answer = hotline.send(changed("order.id", "GD-5"), **how)

    assert answer.status_code == 401
    assert says in answer.json()["detail"]
    assert events(bench) == before


def test_another_body_under_the_same_signature_is_refused(bench: Bench, hotline: System) -> None:
    sent = hotline.send(changed("order.id", "GD-6")).request
    forged = requests.post(
        str(sent.url), b'{"order": {}}', headers=dict(sent.headers) | {"Content-Length": "13"}, timeout=20
    )

    assert forged.status_code == 401


def test_which_systems_there_are_is_not_told(bench: Bench, hotline: System) -> None:
    known = hotline.send(ORDER, secret="whsec_" + base64.b64encode(b"x" * 32).decode())
    unknown = System(bench, "nobody", hotline.secret).send(ORDER)

    silent = [
        System(bench, name, hotline.secret).send(ORDER, **{"webhook-id": ""}) for name in ("nobody", hotline.name)
    ]

    assert (known.status_code, known.json()["detail"]) == (unknown.status_code, unknown.json()["detail"])
    assert len({(answer.status_code, answer.json()["detail"]) for answer in silent}) == 1


def test_the_standards_own_library_signs_what_we_take(bench: Bench, hotline: System) -> None:
    body = json.dumps(changed("order.id", "GD-lib"))
    at = utc_now()
    headers = {
        "webhook-id": "msg_lib",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(hotline.secret).sign("msg_lib", at, body),
        "Content-Type": "application/json",
    }

    answer = requests.post(bench.service.url(f"/api/v1/inbound/{hotline.name}"), body, headers=headers, timeout=20)

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("order.id", None, "your own number"),
        ("order.id", "x" * 61, "at most 60"),
        ("order.id", {"a": 1}, "a text or a number"),
        ("order.subject", None, "a title is needed"),
        ("order.subject", True, "a text or a number"),
        ("order.division", "530103.099", "no area"),
        ("order.division", "昆明", "no area"),
        ("order.content", "x" * 10_001, "10000"),
        ("order.content", "a\u0007b", "U+0007"),
        ("order.caller.phone", "call me", "6 to 20 digits"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(bench: Bench, hotline: System, path: str, value: Any, says: str) -> None:
    before = events(bench)

    answer = hotline.send(changed(path, value))

    problem = answer.json()
    assert answer.status_code == 400, answer.text
    assert path in problem["where"]
    assert says in str(problem)
    assert events(bench) == before


def test_a_place_that_is_nowhere_names_both_paths(sensors: System) -> None:
    far = {**ALARM, "device": {**ALARM["device"], "position": [10, 10], "label": "somewhere"}}
    wrong = {**ALARM, "device": {**ALARM["device"], "position": ["north", 10]}}

    assert set(sensors.send(far).json()["errors"]) == {"device.position[0], device.position[1]", "device.label"}
    assert sensors.send(wrong).json()["where"] == "device.position[0]"


def test_a_value_that_the_table_does_not_have_is_named(bench: Bench) -> None:
    strict = mapping("hotline")
    strict["system"]["name"] = "strict"
    del strict["issue_type"]["otherwise"]
    system = register(bench, strict)

    answer = system.send(changed("order.category", "噪声"))

    assert answer.json()["where"] == "order.category"
    assert "噪声" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b'{"a": 1, "a": 2}', b"{" * 100, "{}".encode("utf-16")])
def test_a_body_that_is_no_object_is_refused(hotline: System, body: bytes) -> None:
    assert hotline.send(body).status_code == 400


WRONG_MAPPINGS: dict[str, tuple[str, Any, str]] = {
    "no number": ("fields", {"title": ["a"]}, "external_number"),
    "a path that is none": ("fields", {"external_number": "a..b", "title": ["a"], "place": "p"}, "external_number"),
    "no place at all": ("area", None, "say where"),
    "an unknown source": ("system", {"name": "x1", "title": "x", "source": "resident"}, "source"),
    "a name of an address": ("system", {"name": "../x", "title": "x", "source": "device"}, "name"),
    "an unknown urgency": ("urgency", {"otherwise": "panic"}, "panic"),
    "an area that is none": ("area", {"otherwise": "5301"}, "area"),
    "a lookup of nothing": ("issue_type", {}, "issue_type"),
    "an unknown part": ("colour", {}, "colour"),
}


@pytest.mark.parametrize("name", WRONG_MAPPINGS)
def test_a_wrong_mapping_is_refused_when_it_is_registered(bench: Bench, name: str) -> None:
    part, value, says = WRONG_MAPPINGS[name]
    document = mapping("hotline")
    document["system"]["name"] = "wrong"
    document["fields"].pop("place")
    document[part] = value
    if value is None:
        del document[part]

    answer = bench.staff("POST", "/api/v1/inbound", {"mapping": document})

    assert answer.status_code == 400, answer.text
    assert says in str(answer.json()["errors"])


def test_a_system_is_registered_once_changed_listed_and_shut_out(bench: Bench) -> None:
    document = mapping("sensors")
    document["system"]["name"] = "coming-and-going"
    system = register(bench, document)
    twice = bench.staff("POST", "/api/v1/inbound", {"mapping": document})
    document["issue_type"]["otherwise"] = "E-02-01"
    bench.staff("PUT", "/api/v1/inbound", {"mapping": document})
    sent = system.send(ALARM)
    listed = bench.staff("GET", "/api/v1/inbound")
    shut = bench.staff("POST", "/api/v1/inbound/coming-and-going/revoke")
    refused = system.send(ALARM)
    anew = register(bench, document)

    assert twice.status_code == 409
    assert stored(bench, sent.json()["report_id"])["issue_type"] == "E-02-01"
    assert "coming-and-going" in {row["name"] for row in listed.json()["systems"]}
    assert system.secret not in listed.text + str(bench.database.query("SELECT * FROM intake.inbound_systems"))
    assert (shut.status_code, refused.status_code) == (200, 401)
    assert system.send(ALARM).status_code == 401
    assert anew.send(ALARM).status_code == 201
    assert bench.staff("PUT", "/api/v1/inbound", {"mapping": mapping("hotline") | {"system": {
        "name": "nobody", "title": "x", "source": "device"}}}).status_code == 404  # fmt: skip
    assert bench.staff("POST", "/api/v1/inbound", {"mapping": document}, role="acceptor").status_code == 403
