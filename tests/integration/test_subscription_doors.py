"""The doors of subscriptions, as operators, departments, subscribers and strangers find them."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from shared.security import tokens
from tests.support.broker import make_vhost
from tests.support.database import Database, fresh_database
from tests.support.partners import KEY
from tests.support.process import Service
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

TOKEN_KEY = tokens.new_key()
BASE = "/api/v1/subscriptions"


@pytest.fixture(scope="module")
def database(servers: Servers) -> Iterator[Database]:
    with fresh_database(servers.database_url) as found:
        yield found


@pytest.fixture(scope="module")
def service(servers: Servers, database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    vhost = make_vhost(servers, ())
    found = Service(
        "tests.support.real_service",
        tmp_path_factory.mktemp("notify"),
        {
            "WUJI_TEST_SERVICE": "notify",
            "DATABASE_URL": database.url("notify"),
            "AMQP_URL": vhost.url("notify"),
            "WUJI_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
            "WUJI_LINK_KEY": base64.b64encode(b"k" * 32).decode(),
            "WUJI_SUBSCRIPTION_KEY": base64.b64encode(KEY).decode(),
            "WUJI_PARTNERS_URL": "amqp://broker.example:5672/partners",
            "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(TOKEN_KEY),
            "WUJI_PUBLIC_URL": "http://wuji.example",
        },
    ).start(until_ready=False)
    yield found
    found.stop(signal.SIGKILL)
    vhost.delete()


def token(role: str = "operator", **options: Any) -> str:
    return tokens.sign(TOKEN_KEY, subject="wang", role=role, **options)


def call(
    service: Service, method: str, path: str = "", body: Any = None, *, bearer: str | None = None, **headers: str
) -> requests.Response:
    sent = {"Authorization": f"Bearer {bearer or token()}", **headers}
    return requests.request(method, service.url(BASE + path), json=body, headers=sent, timeout=10)


def created(service: Service, name: str, **more: Any) -> dict[str, Any]:
    answer = call(service, "POST", "", {"name": name, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_whoever_subscribes_gets_everything_that_a_program_needs(service: Service) -> None:
    made = created(service, "whole", filter={"types": ["case.*"], "areas": ["530103.004"]})

    assert made["connection"]["url"].startswith("amqp://sub-whole:")
    assert made["connection"]["url"].endswith("@broker.example:5672/partners")
    assert made["connection"]["queue"] == "sub.whole"
    assert made["routing_keys"] == ["case.*.530103.004.#"]
    assert made["state"] == "active"
    assert call(service, "GET", "/whole", bearer=made["token"]).json()["lag_events"] == 0


def test_the_same_key_answers_the_same_subscription(service: Service) -> None:
    first, second = (call(service, "POST", "", {"name": "again"}, **{"Idempotency-Key": "k-again"}) for _ in range(2))
    third = call(service, "POST", "", {"name": "again"})

    assert (first.status_code, second.status_code, third.status_code) == (201, 201, 409)
    assert first.json()["connection"] == second.json()["connection"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "Upper"},
        {"name": "a.b"},
        {"name": "x", "delivery": "pigeon"},
        {"name": "x", "delivery": "webhook"},
        {"name": "x", "endpoint": "https://a.example"},
        {"name": "x", "filter": {"types": ["no.such"]}},
        {"name": "x", "filter": {"types": ["notice.requested"]}},
        {"name": "x", "filter": {"areas": ["5301"]}},
        {"name": "x", "filter": {"colour": ["red"]}},
        {"name": "x", "start": {"position": 0}},
        {"name": "x", "start": {"position": 10**12}},
        {"name": "x", "start": {"time": "2026-05-01T00:00:00"}},
        {"name": "x", "start": {"position": 1, "time": "2026-05-01T00:00:00Z"}},
        {"name": "x", "department": "No Such"},
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(service: Service, body: dict[str, Any]) -> None:
    answer = call(service, "POST", "", body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_a_department_has_its_own_subscriptions_only(service: Service) -> None:
    water, urban = token("department", department="water"), token("department", department="urban")
    made = call(service, "POST", "", {"name": "water-mains"}, bearer=water)
    names = [one["name"] for one in call(service, "GET", bearer=water).json()["subscriptions"]]

    assert made.json()["department"] == "water"
    assert names == ["water-mains"]
    assert call(service, "GET", "/water-mains", bearer=urban).status_code == 403
    assert call(service, "POST", "/water-mains/pause", {}, bearer=urban).status_code == 403
    assert call(service, "POST", "", {"name": "y", "department": "urban"}, bearer=water).status_code == 403
    assert call(service, "GET", bearer=token("reader")).status_code == 403
    assert requests.get(service.url(BASE), timeout=10).status_code == 401


def test_a_subscribers_token_looks_and_does_nothing(service: Service) -> None:
    mine, other = created(service, "mine"), created(service, "other")

    assert call(service, "GET", "/mine", bearer=mine["token"]).status_code == 200
    assert call(service, "GET", "/other", bearer=mine["token"]).status_code == 403
    assert call(service, "GET", "", bearer=mine["token"]).status_code == 403
    assert other["token"] != mine["token"]
    for method, path in (
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/secret"),
        ("POST", "/token"),
        ("DELETE", ""),
    ):
        assert call(service, method, f"/mine{path}", {}, bearer=mine["token"]).status_code == 403


def test_its_life_from_pause_to_deletion(service: Service) -> None:
    made = created(service, "living")
    paused = call(service, "POST", "/living/pause", {"reason": "升级"}).json()
    resumed = call(service, "POST", "/living/resume", {}).json()
    renewed = call(service, "POST", "/living/secret", {}).json()
    old = call(service, "GET", "/living", bearer=made["token"])
    gone = call(service, "DELETE", "/living")

    assert (paused["state"], paused["reason"]) == ("paused", "升级")
    assert (resumed["state"], resumed["reason"]) == ("active", None)
    assert renewed["connection"]["password"] != made["connection"]["password"]
    assert old.status_code == 403
    assert gone.json()["state"] == "deleted"
    assert call(service, "POST", "/living/resume", {}).status_code == 404
    assert call(service, "POST", "", {"name": "living"}).status_code == 409
    assert call(service, "GET", "/nobody").status_code == 404
    assert call(service, "DELETE", "/living").status_code == 200
