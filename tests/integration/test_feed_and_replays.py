"""The pull feed, replays and parked messages, over the doors of a running notify and beside a running courier."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from services.notify.service import NotifyService
from shared.contracts.subscription import DeliveryKind
from shared.entrypoints.on import reactions_of
from tests.support.appends import adding, found, new_stream, rejected
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.notify_doors import Doors, notify_doors, staff
from tests.support.partners import Heard, Partners, connection, drain, partners_of, until
from tests.support.receiver import Receiver, receiver
from tests.support.servers import Servers

pytestmark = pytest.mark.integration
BATCH = "application/cloudevents-batch+json"


@pytest.fixture
def reactions() -> Any:
    return reactions_of(NotifyService)


@pytest.fixture
def partners(database: Database, servers: Servers, tmp_path: Path) -> Iterator[Partners]:
    settings = {"WUJI_WEBHOOK_NETWORKS": "127.0.0.0/8", "WUJI_WEBHOOK_RETRIES": "0.2"}
    with partners_of(database, servers, tmp_path, settings=settings) as made:
        yield made


@pytest.fixture
def doors(database: Database, vhost: Vhost, tmp_path: Path) -> Iterator[Doors]:
    with notify_doors(database, vhost, tmp_path) as found:
        yield found


def told(database: Database, count: int) -> list[int]:
    """Reports that are verified, and each third not rejected; the positions of the rejections."""
    log = database.log("intake")
    for n in range(count):
        stream = new_stream()
        log.append(adding(stream, 0, [found(stream), rejected(stream)] if n % 3 else [found(stream)]))
    database.settle()
    rows = database.query("SELECT f.position, e.type FROM es.feed f JOIN es.events e USING (txid, seq) ORDER BY 1")
    return [position for position, kind in rows if kind == "report.rejected"]


def _follow(doors: Doors, token: str, limit: int, **query: Any) -> list[int]:
    """Everything there is, page by page."""
    heard, cursor = [], query.pop("after", None)
    while True:
        given = {**query, "limit": limit} | ({} if cursor is None else {"after": cursor})
        answer = doors.ask("GET", "/api/v1/events", token, params=given)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == BATCH
        heard += [int(event["sequence"]) for event in answer.json()]
        if not answer.json():
            return heard
        cursor = int(answer.headers["Wuji-Cursor"])


def test_the_feed_answers_everything_in_order_and_keeps_the_place(
    doors: Doors, partners: Partners, database: Database
) -> None:
    wanted = told(database, 60)
    pull = partners.subscribe("pull", types=["report.rejected"], delivery=DeliveryKind.PULL)
    token = partners.secrets.token(pull)
    heard = _follow(doors, token, 7)
    told(database, 3)
    answer = doors.ask("GET", "/api/v1/events", token)

    assert heard == wanted
    assert [int(event["sequence"]) for event in answer.json()] == told(database, 0)[len(wanted) :]
    assert partners.standing("pull")["position"] >= wanted[-1]
    assert all("data" in event and "actor" in event for event in answer.json())


def test_the_feed_waits_for_news_and_holds_no_worker_meanwhile(
    doors: Doors, partners: Partners, database: Database
) -> None:
    told(database, 3)
    start = database.query("SELECT max(position) FROM es.feed")[0][0]
    token, answers = staff("reader"), []

    def wait() -> None:
        query = {"after": start, "wait": 25, "type": "report.rejected"}
        answers.append(doors.ask("GET", "/api/v1/events", token, params=query))

    threads = [threading.Thread(target=wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    began = time.monotonic()
    other = doors.ask("GET", "/api/v1/subscriptions", staff("operator"))
    took = time.monotonic() - began
    told(database, 2)
    for thread in threads:
        thread.join(20)
    short = doors.ask("GET", "/api/v1/events", token, params={"after": start + 100, "wait": 1})

    assert other.status_code == 200
    assert took < 1
    assert [len(answer.json()) for answer in answers] == [1] * 20
    assert short.json() == []
    assert short.elapsed.total_seconds() >= 0.9


def test_the_feed_shows_an_area_only_to_those_who_serve_it(doors: Doors, database: Database) -> None:
    told(database, 4)
    elsewhere = doors.ask("GET", "/api/v1/events", staff("reader", "530103.005"))
    here = doors.ask("GET", "/api/v1/events", staff("reader", "530103.004"))
    beyond = doors.ask("GET", "/api/v1/events", staff("reader", "530103.005"), params={"area": "530103.004"})
    resident = requests.get(f"http://127.0.0.1:{doors.service.http_port}/api/v1/events", timeout=5)

    assert elsewhere.json() == []
    assert len(here.json()) > 0
    assert beyond.status_code == 403
    assert resident.status_code == 401


def test_a_shadow_replay_brings_what_its_dry_run_counted(doors: Doors, partners: Partners, database: Database) -> None:
    wanted = told(database, 90)
    subscription = partners.subscribe("orders", types=["report.rejected"])
    courier = partners.start_courier()
    partners.wait_for_queue(subscription)
    body = {"from_position": 1, "target": "shadow"}
    dry = doors.operator("POST", "/api/v1/subscriptions/orders/replays", json={**body, "dry_run": True})
    made = doors.operator("POST", "/api/v1/subscriptions/orders/replays", json=body)
    path = f"/api/v1/subscriptions/orders/replays/{made['replay_id']}"
    until(lambda: doors.operator("GET", path)["state"] == "done", otherwise=courier.log.read_text)
    heard = drain(partners.url(subscription), made["queue"], Heard())
    after = doors.operator("GET", path)

    assert dry["count"] == made["count"] == len(wanted)
    assert dry["bytes"] == sum(len(body) for _, body in heard.messages)
    assert dry["seconds"] > 0
    assert heard.positions == wanted
    assert {headers["ce-replay"] for headers, _ in heard.messages} == {made["replay_id"]}
    assert (after["delivered"], after["progress"]) == (len(wanted), 1)
    assert drain(partners.url(subscription), "sub.orders", Heard()).positions == wanted


def test_a_replay_goes_on_where_a_killed_courier_left_it_and_keeps_its_rate(
    doors: Doors, partners: Partners, database: Database
) -> None:
    wanted = told(database, 300)
    subscription = partners.subscribe("slow", types=["report.rejected"])
    first = partners.start_courier()
    partners.wait_for_queue(subscription)
    body = {"from_position": 1, "rate": 50}
    began = time.monotonic()
    made = doors.operator("POST", "/api/v1/subscriptions/slow/replays", json=body)
    path = f"/api/v1/subscriptions/slow/replays/{made['replay_id']}"
    until(lambda: doors.operator("GET", path)["delivered"] > 50, otherwise=first.log.read_text)
    first.kill()
    second = partners.start_courier()
    until(lambda: doors.operator("GET", path)["state"] == "done", otherwise=second.log.read_text)
    took = time.monotonic() - began
    heard = drain(partners.url(subscription), made["queue"], Heard())

    assert list(dict.fromkeys(heard.positions)) == wanted
    assert len(heard.positions) - len(wanted) <= 10
    assert took > len(wanted) / 50 * 0.6


def test_a_webhook_is_replayed_live_and_one_event_is_redelivered(
    doors: Doors, partners: Partners, database: Database
) -> None:
    wanted = told(database, 9)
    with receiver() as department:
        _hook(partners, department)
        courier = partners.start_courier()
        until(lambda: len(department.got) == len(wanted), otherwise=courier.log.read_text)
        body = {"from_position": 1, "target": "live"}
        made = doors.operator("POST", "/api/v1/subscriptions/hook/replays", json=body)
        path = f"/api/v1/subscriptions/hook/replays/{made['replay_id']}"
        until(lambda: doors.operator("GET", path)["state"] == "done", otherwise=courier.log.read_text)
        again = department.got[len(wanted) :]
        first = department.got[0].id
        one = doors.operator("POST", f"/api/v1/subscriptions/hook/deliveries/{first}/redeliver", json={})
        logged = doors.operator("GET", "/api/v1/subscriptions/hook/deliveries", params={"limit": 500})

    assert [call.position for call in again] == wanted
    assert {call.event["replay"] for call in again} == {made["replay_id"]}
    assert one["status"] == 204
    assert department.got[-1].id == first
    assert len(logged["attempts"]) == 2 * len(wanted) + 1
    assert logged["trouble"] is None


def _hook(partners: Partners, department: Receiver) -> None:
    partners.subscribe("hook", types=["report.rejected"], delivery=DeliveryKind.WEBHOOK, endpoint=department.url)


def test_parked_messages_are_seen_sent_back_and_thrown_away(
    doors: Doors, partners: Partners, database: Database
) -> None:
    wanted = told(database, 9)
    subscription = partners.subscribe("picky", types=["report.rejected"])
    courier = partners.start_courier()
    partners.wait_for_queue(subscription)
    until(lambda: partners.standing("picky")["lag_events"] == 0, otherwise=courier.log.read_text)
    _refuse(partners.url(subscription), "sub.picky", len(wanted))
    base = "/api/v1/subscriptions/picky/parked"
    until(lambda: len(doors.operator("GET", base)["messages"]) == len(wanted), otherwise=courier.log.read_text)
    listed = doors.operator("GET", base)["messages"]
    ids = [one["message_id"] for one in listed]
    shown = doors.operator("GET", f"{base}/messages/{ids[0]}")
    dry = doors.operator("POST", f"{base}/redrive", json={"type": "report.*", "dry_run": True})
    key = {"Idempotency-Key": "again-1"}
    sent = [doors.operator("POST", f"{base}/redrive", json={"ids": ids[:2]}, headers=key) for _ in range(2)]
    nobody = doors.ask("POST", f"{base}/redrive", staff("operator"), json={})
    gone = doors.operator("POST", f"{base}/discard", json={"all": True, "reason": "测试数据"})
    left = doors.operator("GET", base)["messages"]
    heard = drain(partners.url(subscription), "sub.picky", Heard())
    said = database.query(
        "SELECT type, (data->>'count')::int, actor->>'id' FROM es.events "
        "WHERE type LIKE 'subscription.parked%%' ORDER BY seq"
    )

    assert [int(one["position"]) for one in listed] == wanted
    assert shown["payload"]["reason"] == "不在辖区"
    assert shown["error"] == "rejected"
    assert dry == {"count": len(wanted), "dry_run": True}
    assert [one["count"] for one in sent] == [2, 2]
    assert nobody.status_code == 400
    assert gone["count"] == len(wanted) - 2
    assert left == []
    assert sorted(heard.positions) == wanted[:2]
    assert said == [
        ("subscription.parked_redriven", 2, "operator-1"),
        ("subscription.parked_discarded", len(wanted) - 2, "operator-1"),
    ]


def _refuse(url: str, queue: str, count: int) -> None:
    """Take so many, and reject each."""
    with connection(url) as channel:
        channel.basic_qos(prefetch_count=1)
        for taken, (method, _properties, _body) in enumerate(channel.consume(queue, inactivity_timeout=20), 1):
            channel.basic_reject(method.delivery_tag, requeue=False)
            if taken == count:
                break
        channel.cancel()
