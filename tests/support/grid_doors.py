"""Grid as a running service on a database of its own, and a caller at its doors."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from services.grid.projections import PROJECTIONS
from shared.kernel.area import Area
from shared.rabbitmq.topology import Reaction
from shared.security import tokens
from tests.support import panlong
from tests.support.broker import make_vhost
from tests.support.database import Database
from tests.support.process import Service
from tests.support.projected import project
from tests.support.servers import Servers

TOKEN_KEY = tokens.new_key()
DISTRICT, STREET, COMMUNITY = Area("530103"), Area("530103.004"), Area("530103.004.012")
GROUP, BUILDING = Area("530103.004.012.003"), Area("530103.004.012.003.00007")


@dataclass
class Doors:
    """The running service and the database behind it."""

    service: Service
    database: Database

    def call(self, method: str, path: str, body: Any = None, *, role: str = "operator", **options: Any) -> Any:
        """One call, signed in as `account` with that role, in `area` (the whole district unless told otherwise)."""
        area, account = options.pop("area", DISTRICT), options.pop("account", f"{role}-1")
        department = options.pop("department", None)
        token = tokens.sign(TOKEN_KEY, subject=account, role=role, area=area, department=department)
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return requests.request(
            method, self.service.url(f"/api/v1{path}"), json=body, headers=headers, timeout=30, **options
        )

    def done(self, path: str, body: Any, *, role: str = "operator", **options: Any) -> dict[str, Any]:
        """A POST that must succeed."""
        answer = self.call("POST", path, body, role=role, **options)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def found(self, path: str, *, role: str = "reader", **options: Any) -> dict[str, Any]:
        """A GET that must succeed."""
        answer = self.call("GET", path, role=role, **options)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def draw(self, code: str, covers: tuple[Area, ...] = (), households: int = 250) -> dict[str, Any]:
        body = {
            "code": code,
            "name": f"网格{code}",
            "community": COMMUNITY.path,
            "covers": [area.path for area in covers],
            "households": households,
        }
        return self.done("/grids", body)

    def appoint(self, person: str, post: str, area: Area, since: str = "2026-01-01", **more: str) -> str:
        """The id of the appointment."""
        body = {"person": person, "post": post, "area": area.path, "since": since, **more}
        return str(self.done("/appointments", body)["stream"]).removeprefix("appointment-")

    def project(self) -> None:
        project(self.database, PROJECTIONS)


@contextmanager
def running(database: Database, servers: Servers, folder: Path, **settings: str) -> Iterator[Doors]:
    """The service at work; a corner of Panlong is known to it."""
    panlong.settle(database)
    vhost = make_vhost(servers, (Reaction("grid.request_check", ("case.sent_to_check",)),))
    project(database, PROJECTIONS)
    environment = {
        "WUJI_TEST_SERVICE": "grid",
        "DATABASE_URL": database.url("grid"),
        "AMQP_URL": vhost.url("grid"),
        "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(TOKEN_KEY),
        "WUJI_PUBLIC_URL": "http://wuji.example",
    }
    service = Service("tests.support.real_service", folder, environment | settings).start()
    try:
        yield Doors(service, database)
    finally:
        service.stop(signal.SIGKILL)
        vhost.delete()
