"""Intake as a running service on a database of its own, and a caller at its doors."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from services.intake.projections import PROJECTIONS
from shared.kernel.area import Area
from shared.security import tokens
from tests.support import panlong
from tests.support.database import Database
from tests.support.process import Service, wait_for
from tests.support.projected import project

TOKEN_KEY = tokens.new_key()
STREET = Area("530103.004")
REPORT: dict[str, Any] = {
    "title": "楼下飞线充电",
    "words": "王大妈家楼下有人从五楼拉线充电，请联系 13888886666。",
    "issue_type": "E-01-02",
    "area": "530103.004.012.003.00007",
    "contact": {"name": "王大妈", "phone": "13888886666"},
}


NO_BROKER = "amqp://nobody:nobody@127.0.0.1:9/%2F"
"""Doors are tried here, and reactions elsewhere: nothing answers at this address."""


@dataclass
class Doors:
    """The running service, the database behind it, and the folder of its photos."""

    service: Service
    database: Database
    photos: Path

    def call(self, method: str, path: str, body: Any = None, *, role: str | None = None, **options: Any) -> Any:
        """One call; with a role it is signed in, in `area` (STREET unless told otherwise), as `account`."""
        headers = dict(options.pop("headers", {}))
        if role is not None:
            area, account = options.pop("area", STREET), options.pop("account", f"{role}-1")
            token = tokens.sign(TOKEN_KEY, subject=account, role=role, area=area)
            headers["Authorization"] = f"Bearer {token}"
        return requests.request(
            method, self.service.url(f"/api/v1{path}"), json=body, headers=headers, timeout=20, **options
        )

    def report(self, role: str | None = None, **changes: Any) -> dict[str, Any]:
        answer = self.call("POST", "/reports", {**REPORT, **changes}, role=role)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def photo(self, content: bytes, role: str | None = None, media: str = "image/jpeg", **options: Any) -> Any:
        """A picture is sent."""
        headers = {"Content-Type": media, **options.pop("headers", {})}
        path = options.pop("path", "/photos")
        return self.call("POST", path, role=role, data=content, headers=headers, **options)

    def taken(self, content: bytes, role: str | None = None) -> str:
        """The reference of a picture that was sent."""
        answer = self.photo(content, role)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])

    def events(self) -> int:
        ((count,),) = self.database.query("SELECT count(*) FROM es.events")
        return int(count)

    def project(self) -> None:
        project(self.database, PROJECTIONS)


@contextmanager
def running(database: Database, folder: Path, **settings: str) -> Iterator[Doors]:
    """The service at work; a corner of Panlong is known to it."""
    panlong.settle(database)
    project(database, PROJECTIONS)
    photos = folder / "photos"
    environment = {
        "WUJI_TEST_SERVICE": "intake",
        "DATABASE_URL": database.url("intake"),
        "AMQP_URL": NO_BROKER,
        "WUJI_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
        "WUJI_LINK_KEY": base64.b64encode(os.urandom(32)).decode(),
        "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(TOKEN_KEY),
        "WUJI_PUBLIC_URL": "http://wuji.example",
        "WUJI_PHOTO_DIR": str(photos),
    }
    service = begun(Service("tests.support.real_service", folder, environment | settings))
    try:
        yield Doors(service, database, photos)
    finally:
        service.stop(signal.SIGKILL)


def begun(service: Service) -> Service:
    """The service, once its doors are open."""
    service.start(until_ready=False)
    wait_for(lambda: _answers(service), 60, service.log_path.read_text)
    return service


def _answers(service: Service) -> bool:
    """Whether its doors are open: it is never ready, as it hears of nothing."""
    try:
        return service.alive and requests.get(service.url("/api/v1/intake/openapi.json"), timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
