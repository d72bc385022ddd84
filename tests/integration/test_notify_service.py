"""Notify as a running service between a real broker, a real database and a real gateway."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pika
import pytest
import requests

from services.intake import handlers as intake_handlers
from services.intake.desk import Desk
from services.intake.projections import PROJECTIONS as INTAKE
from services.notify.projections import PROJECTIONS
from services.notify.service import NotifyService
from shared.contracts import message
from shared.contracts.envelope import Origin, Recorded
from shared.entrypoints.on import reactions_of
from shared.kernel.area import Area
from shared.rabbitmq.names import LADDER, Rung, parked_queue
from shared.security import tokens
from shared.security.sealing import Sealer
from tests.support import panlong
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.mail import GatewayServer, served
from tests.support.process import Service, wait_for
from tests.support.projected import project
from tests.support.reports import cause, look_and_accept, told

pytestmark = pytest.mark.integration

MASTER = os.urandom(32)
TOKEN_KEY = tokens.new_key()


@pytest.fixture
def reactions() -> Any:
    return reactions_of(NotifyService)


@pytest.fixture
def ladder() -> tuple[Rung, ...]:
    return tuple(Rung(rung.name, 0.3) for rung in LADDER)


@dataclass
class Town:
    """The service, what is around it, and a relay of one's own hands."""

    database: Database
    vhost: Vhost
    gateway: GatewayServer
    service: Service

    def accepted(self) -> Recorded[Any]:
        """A report that was accepted, in the log; nobody has heard of it yet."""
        log = self.database.log("intake")
        desk = Desk(self.database.rows("intake"), Sealer(MASTER), b"k" * 32, "https://wuji.example")
        report = intake_handlers.submit(log, desk, told(), cause()).submitted.report_id
        look_and_accept(log, report)
        project(self.database, [*INTAKE, *PROJECTIONS])
        return log.stream(f"report-{report}")[-1]

    def publish(self, recorded: Recorded[Any]) -> None:
        found = message.of(recorded)
        connection = pika.BlockingConnection(pika.URLParameters(self.vhost.admin_url))
        channel = connection.channel()
        channel.confirm_delivery()
        properties = pika.BasicProperties(
            headers=found.headers,
            message_id=found.message_id,
            content_type=found.content_type,
            content_encoding=found.content_encoding,
            delivery_mode=2,
        )
        channel.basic_publish("events", found.routing_key, found.body, properties)
        connection.close()

    def notice(self) -> Recorded[Any]:
        """The one notice that was asked for, with its place in the log."""

        def find() -> Any:
            return self.database.query("SELECT stream FROM es.events WHERE type = 'notice.requested'")

        ((stream,),) = wait_for(find, 10, lambda: self.service.log_path.read_text())
        return replace(self.database.log("notify").stream(stream)[0], position=1)

    def outcomes(self) -> list[str]:
        return [
            name
            for (name,) in self.database.query(
                "SELECT type FROM es.events WHERE type LIKE 'notice.%%' AND type <> 'notice.requested' ORDER BY seq"
            )
        ]

    def parked(self) -> int:
        connection = pika.BlockingConnection(pika.URLParameters(self.vhost.admin_url))
        count = connection.channel().queue_declare(parked_queue("notify.deliver"), passive=True).method.message_count
        connection.close()
        return int(count)

    def handled(self, outcome: str) -> bool:
        return any(line.get("outcome") == outcome for line in self.service.lines())


@pytest.fixture
def town(database: Database, vhost: Vhost, tmp_path: Path) -> Iterator[Town]:
    panlong.settle(database)
    project(database, [*INTAKE, *PROJECTIONS])
    with served(GatewayServer()) as gateway:
        service = Service(
            "tests.support.real_service",
            tmp_path,
            {
                "WUJI_TEST_SERVICE": "notify",
                "DATABASE_URL": database.url("notify"),
                "AMQP_URL": vhost.url("notify"),
                "WUJI_MASTER_KEY": base64.b64encode(MASTER).decode(),
                "WUJI_LINK_KEY": base64.b64encode(b"k" * 32).decode(),
                "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(TOKEN_KEY),
                "WUJI_PUBLIC_URL": "http://wuji.example",
                "WUJI_NOTIFY_CHANNEL": "http",
                "WUJI_GATEWAY_URL": gateway.url,
                "WUJI_GATEWAY_SECRET": "secret",
                "WUJI_NOTIFY_SECONDS": "2",
            },
        ).start()
        yield Town(database, vhost, gateway, service)
        service.stop(signal.SIGKILL)


def test_an_accepted_report_reaches_its_reporter_once(town: Town) -> None:
    accepted = replace(town.accepted(), position=1)
    town.publish(accepted)
    town.publish(accepted)
    notice = town.notice()

    town.publish(notice)
    wait_for(lambda: town.outcomes() == ["notice.delivered"], 10, lambda: town.service.log_path.read_text())
    town.publish(notice)
    wait_for(lambda: _done(town, "notify.deliver") == 2, 10, lambda: town.service.log_path.read_text())

    assert [body["to"] for body in town.gateway.bodies] == ["13888886666"]
    assert len(town.database.query("SELECT 1 FROM es.events WHERE type = 'notice.requested'")) == 1
    assert "13888886666" not in town.service.log_path.read_text()
    project(town.database, PROJECTIONS)
    token = tokens.sign(TOKEN_KEY, subject="op", role="operator", area=Area("530103"))
    headers = {"Authorization": f"Bearer {token}"}
    listed = requests.get(town.service.url("/api/v1/notices"), headers=headers, timeout=10).json()["notices"]
    assert [(row["state"], row["attempts"]) for row in listed] == [("delivered", 1)]
    kept = requests.get(town.service.url("/api/v1/outbox"), headers=headers, timeout=10)
    assert (kept.status_code, kept.json()) == (200, {"messages": []})
    assert requests.get(town.service.url("/api/v1/outbox"), timeout=10).status_code == 401


def test_a_gateway_that_stays_down_ends_in_a_failed_notice_and_a_parked_message(town: Town) -> None:
    town.gateway.status = 503
    town.publish(replace(town.accepted(), position=1))
    notice = town.notice()

    town.publish(notice)
    wait_for(lambda: town.parked() == 1, 20, lambda: town.service.log_path.read_text())

    assert town.outcomes() == ["notice.failed"]
    attempts = town.database.query("SELECT outcome, error FROM notify.deliveries ORDER BY attempt")
    assert attempts == [("unavailable", "the message gateway said 503")] * (len(LADDER) + 1)
    assert {headers["idempotency-key"] for headers, _ in town.gateway.requests} == {str(notice.event.notice_id)}


def test_a_gateway_that_comes_back_in_time_costs_nobody_anything(town: Town) -> None:
    town.gateway.status = 503
    town.publish(replace(town.accepted(), position=1))
    notice = town.notice()
    town.publish(notice)
    wait_for(lambda: len(town.gateway.requests) >= 2, 10, lambda: town.service.log_path.read_text())
    town.gateway.status = 202

    wait_for(lambda: town.outcomes() == ["notice.delivered"], 10, lambda: town.service.log_path.read_text())

    assert town.parked() == 0


def test_imported_history_tells_nobody(town: Town) -> None:
    accepted = town.accepted()
    town.publish(replace(accepted, position=1, origin=Origin.IMPORT))
    wait_for(lambda: town.handled("ignored"), 10, lambda: town.service.log_path.read_text())

    assert town.database.query("SELECT 1 FROM es.events WHERE type = 'notice.requested'") == []
    assert town.gateway.requests == []


def _done(town: Town, consumer: str) -> int:
    lines = town.service.lines()
    return sum(line.get("consumer") == consumer and line.get("outcome") == "done" for line in lines)
