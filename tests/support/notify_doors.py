"""Notify in a process of its own beside a departments' virtual host, and calls to its doors."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from shared.kernel.area import Area
from shared.security import tokens
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.partners import KEY
from tests.support.process import Service

STAFF = tokens.new_key()


def staff(role: str, area: str | None = None) -> str:
    """A bearer token for somebody of that role."""
    return tokens.sign(STAFF, subject=f"{role}-1", role=role, area=area and Area.parse(area), ttl=timedelta(hours=1))


@dataclass
class Doors:
    """Notify's doors."""

    service: Service

    def ask(self, method: str, path: str, token: str, **what: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", **what.pop("headers", {})}
        url = f"http://127.0.0.1:{self.service.http_port}{path}"
        return requests.request(method, url, headers=headers, timeout=70, **what)

    def operator(self, method: str, path: str, **what: Any) -> Any:
        """What an operator is answered; it must be well."""
        answer = self.ask(method, path, staff("operator"), **what)
        assert answer.status_code < 300, answer.text
        return answer.json()


@contextmanager
def notify_doors(database: Database, vhost: Vhost, folder: Path) -> Iterator[Doors]:
    """A running notify that makes the same secrets as the tests' couriers, and may call this machine."""
    environment = {
        "WUJI_TEST_SERVICE": "notify",
        "DATABASE_URL": database.url("notify"),
        "AMQP_URL": vhost.url("notify"),
        "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(STAFF),
        "WUJI_MASTER_KEY": base64.b64encode(b"m" * 32).decode(),
        "WUJI_LINK_KEY": base64.b64encode(b"l" * 32).decode(),
        "WUJI_SUBSCRIPTION_KEY": base64.b64encode(KEY).decode(),
        "WUJI_PARTNERS_URL": "amqp://127.0.0.1:5672/partners",
        "WUJI_PUBLIC_URL": "http://127.0.0.1:1",
        "WUJI_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "WUJI_HTTP_WORKERS": "2",
    }
    service = Service("tests.support.real_service", folder, environment).start()
    try:
        yield Doors(service)
    finally:
        service.stop()
