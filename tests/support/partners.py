"""The departments' side: a virtual host of the test's own, couriers as processes to be killed, and subscribers."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pika
import requests

from services.notify.subscriptions import handlers, places
from services.notify.subscriptions.domain import Subscription
from services.notify.subscriptions.handlers import Start, Wish
from services.notify.subscriptions.secrets import Secrets
from shared.contracts.envelope import Actor
from shared.contracts.subscription import DeliveryKind, Filter
from shared.handling import Cause
from shared.kernel.clock import utc_now
from shared.kernel.ids import new_id
from shared.rabbitmq.management import Management
from shared.rabbitmq.partners import Names
from shared.security.permission import Asker
from tests.support.database import Database
from tests.support.process import free_port
from tests.support.servers import Servers

ROOT = Path(__file__).parents[2]
OPERATOR = Asker("o.ma", "operator")
KEY = b"k" * 32
_PROGRAM = "import sys; from deploy.wuji.process import main; sys.exit(main(['courier']))"


@dataclass
class CourierProcess:
    """One `wuji courier`."""

    process: subprocess.Popen[bytes]
    admin_port: int
    log: Path

    def metrics(self) -> dict[str, float]:
        """Name with labels → number; empty while it does not answer."""
        try:
            text = requests.get(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=5).text
        except requests.ConnectionError:
            return {}
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    @property
    def leads(self) -> bool:
        return self.metrics().get("wuji_courier_leader") == 1

    @property
    def ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.admin_port}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(40)


@dataclass
class Partners:
    """A departments' virtual host beside a database."""

    database: Database
    servers: Servers
    folder: Path
    names: Names = field(default_factory=lambda: Names(f"test_{new_id().hex}.partners"))
    length: int = 100_000
    settings: dict[str, str] = field(default_factory=dict)
    """What the couriers are told besides."""
    _couriers: list[CourierProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.management = Management(self.servers.management_url)
        self.secrets = Secrets(KEY)
        self.log = self.database.log("notify")
        self.rows = self.database.rows("notify")
        self._passwords = {role: new_id().hex for role in ("courier", "operator")}
        for role, password in self._passwords.items():
            self.management.call("PUT", "users", self._user(role), body={"password": password, "tags": ""})

    def _user(self, role: str) -> str:
        return f"{self.names.vhost}_{role}"

    def address(self, user: str, password: str) -> str:
        """The AMQP address of this virtual host for an account."""
        parts = urlsplit(self.servers.amqp_url)
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
        return urlunsplit((parts.scheme, netloc, "/" + quote(self.names.vhost, safe=""), "", ""))

    def staff_url(self, role: str) -> str:
        return self.address(self._user(role), self._passwords[role])

    @property
    def admin_url(self) -> str:
        parts = urlsplit(self.servers.amqp_url)
        return self.address(parts.username or "guest", parts.password or "guest")

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database.url("courier"),
            "AMQP_URL": self.staff_url("courier"),
            "RABBITMQ_MANAGEMENT_URL": self.servers.management_url,
            "WUJI_SUBSCRIPTION_KEY": base64.b64encode(KEY).decode(),
            "WUJI_SUBSCRIPTION_LENGTH": str(self.length),
            "WUJI_LOG": "json",
            **self.settings,
        }

    def start_courier(self) -> CourierProcess:
        """One more courier process."""
        port, kept = free_port(), {name: value for name, value in os.environ.items() if not name.startswith("WUJI_")}
        path = self.folder / f"courier-{port}.log"
        with path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM],
                cwd=ROOT,
                env={**kept, **self.environment(), "WUJI_ADMIN_PORT": str(port)},
                stdout=log,
                stderr=log,
            )
        self._couriers.append(CourierProcess(process, port, path))
        return self._couriers[-1]

    def subscribe(
        self,
        name: str,
        *,
        types: Sequence[str] = (),
        areas: Sequence[str] = (),
        issue_types: Sequence[str] = (),
        departments: Sequence[str] = (),
        start: Start | None = None,
        delivery: DeliveryKind = DeliveryKind.AMQP,
        endpoint: str | None = None,
    ) -> Subscription:
        """A new subscription, made by the operator; from the first event on unless told otherwise."""
        wish = Wish(
            name=name,
            department=None,
            delivery=delivery,
            filter=Filter(
                types=tuple(types),
                areas=tuple(areas),
                issue_types=tuple(issue_types),
                departments=tuple(departments),
            ),
            start=start or Start(position=1),
            endpoint=endpoint,
        )
        return handlers.create(self.log, self.rows, wish, OPERATOR, cause())

    def url(self, subscription: Subscription) -> str:
        """The connection string of its program."""
        return self.address(self.names.user(subscription.name), self.secrets.password(subscription))

    def standing(self, name: str) -> dict[str, Any]:
        return places.standings(self.rows, name)[0]

    def wait_for_queue(self, subscription: Subscription, seconds: float = 30) -> None:
        """Until the subscriber's account can open its queue."""

        def there() -> bool:
            try:
                with connection(self.url(subscription)) as channel:
                    channel.queue_declare(self.names.queue(subscription.name), passive=True)
                    return True
            except pika.exceptions.AMQPError:
                return False

        until(there, seconds)

    def close(self) -> None:
        for courier in self._couriers:
            if courier.process.poll() is None:
                courier.kill()
        vhost = self.names.vhost
        for user in self.management.call("GET", "users"):
            if user["name"].startswith(vhost):
                self.management.delete("users", user["name"])
        self.management.delete("vhosts", vhost)


def cause() -> Cause:
    return Cause(actor=Actor("o.ma", "operator"), at=utc_now())


def until(true: Callable[[], object], seconds: float = 30.0, otherwise: Callable[[], object] = lambda: "") -> None:
    """Wait for it, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s: {otherwise()}"
        time.sleep(0.05)


@contextmanager
def connection(url: str) -> Iterator[Any]:
    """A channel of a connection of its own."""
    opened = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield opened.channel()
    finally:
        if opened.is_open:
            opened.close()


@dataclass
class Heard:
    """What came out of a queue, in order, repetitions included."""

    ids: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    messages: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)


def drain(url: str, queue: str, heard: Heard, *, quiet: float = 1.0, most: int | None = None) -> Heard:
    """Take and acknowledge everything, until nothing came for `quiet` seconds or `most` were taken."""
    with connection(url) as channel:
        channel.basic_qos(prefetch_count=100)
        for taken, (method, properties, body) in enumerate(channel.consume(queue, inactivity_timeout=quiet), 1):
            if method is None:
                break
            heard.ids.append(properties.headers["ce-id"])
            heard.positions.append(int(properties.headers["ce-sequence"]))
            heard.messages.append((properties.headers, body))
            channel.basic_ack(method.delivery_tag)
            if taken == most:
                break
        channel.cancel()
    return heard


@contextmanager
def partners_of(database: Database, servers: Servers, folder: Path, **more: Any) -> Iterator[Partners]:
    """A departments' virtual host, gone at the end with everybody in it."""
    made = Partners(database, servers, folder, **more)
    try:
        yield made
    finally:
        made.close()
