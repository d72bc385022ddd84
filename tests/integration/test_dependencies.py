"""A service whose database or broker is away lives, says so, and goes on when they are back."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
import requests

from shared.security import tokens
from tests.support.database import Database
from tests.support.process import Service, free_port, wait_for
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

KEY = tokens.public_part(tokens.new_key())


class Road:
    """A TCP port that leads to a server, and can be closed and opened again."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.port = free_port()
        self._pairs: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for end in self._pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._pairs.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                if listener is not self._listener:
                    near.close()
                    return
                self._pairs.append(near)
                far = socket.create_connection(self._target)
                self._pairs.append(far)
                if listener is not self._listener:
                    near.close()
                    far.close()
                    return
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            sink.sendall(part)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _through(url: str, road: Road) -> str:
    parts = urlsplit(url)
    netloc = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{road.port}"
    return urlunsplit(parts._replace(netloc=netloc))


@pytest.fixture
def to_database(database: Database) -> Iterator[Road]:
    road = Road(*_address(database.url("intake")))
    yield road
    road.close()


@pytest.fixture
def to_broker(servers: Servers) -> Iterator[Road]:
    parts = urlsplit(servers.amqp_url)
    road = Road(parts.hostname or "127.0.0.1", parts.port or 5672)
    yield road
    road.close()


def _address(url: str) -> tuple[str, int]:
    with closing(psycopg2.connect(url)) as connection:
        return str(connection.info.host), int(connection.info.port)


def _database_through(database: Database, road: Road) -> str:
    known = psycopg2.extensions.parse_dsn(database.url("intake")) | {"host": "127.0.0.1", "port": str(road.port)}
    options = {name: value for name, value in known.items() if name not in ("host", "port", "user", "dbname")}
    query = "&".join(f"{name}={requests.utils.quote(value, safe='')}" for name, value in options.items())
    address = f"postgresql://{known['user']}@127.0.0.1:{road.port}/{known['dbname']}"
    return f"{address}?{query}" if query else address


def _tell(service: Service, key: str = "") -> requests.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return requests.post(service.url("/api/v1/things"), json={"title": "路灯"}, headers=headers, timeout=30)


def _listens(service: Service) -> bool:
    try:
        _tell(service)
    except requests.ConnectionError:
        return False
    return True


def test_without_its_database_a_service_answers_503_and_recovers(
    database: Database, to_database: Road, tmp_path: Path
) -> None:
    url = _database_through(database, to_database)
    service = Service("tests.support.tiny_log", tmp_path, {"DATABASE_URL": url, "WUJI_TOKEN_PUBLIC_KEY": KEY})
    try:
        service.start(until_ready=False)
        wait_for(lambda: _listens(service), 20)
        away, (status, document) = _tell(service), service.readiness()
        to_database.open()
        wait_for(lambda: service.ready, 20)
        stored, again = _tell(service, "k"), _tell(service, "k")
        to_database.close()
        gone = _tell(service)
        to_database.open()
        back = wait_for(lambda: _tell(service).status_code == 201, 20)
        metrics, code = service.metrics(), service.stop()
    finally:
        service.stop(signal.SIGKILL)

    assert (away.status_code, gone.status_code, stored.status_code, back) == (503, 503, 201, True)
    assert away.headers["Retry-After"]
    assert status == 503
    assert document["dependencies"]["database"]["ready"] is False
    assert again.json() == stored.json()
    assert 'wuji_events_appended_total{type="report.submitted"}' in metrics
    assert "wuji_idempotent_repeats_total 1.0" in metrics
    assert code == 0


def test_without_its_broker_a_service_starts_says_so_and_connects_later(
    vhost: Any, to_broker: Road, tmp_path: Path
) -> None:
    journal = {"WUJI_TEST_JOURNAL": str(tmp_path / "journal")}
    url = _through(vhost.url("dispatch"), to_broker)
    service = Service("tests.support.tiny_reactions", tmp_path, {"AMQP_URL": url, **journal})
    try:
        service.start(until_ready=False)
        wait_for(lambda: service.readiness()[1]["dependencies"], 20)
        status, document = service.readiness()
        to_broker.open()
        wait_for(lambda: service.ready, 20)
        to_broker.close()
        wait_for(lambda: not service.ready, 20)
        to_broker.open()
        wait_for(lambda: service.ready, 30)
        code = service.stop()
    finally:
        service.stop(signal.SIGKILL)

    assert status == 503
    assert list(document["dependencies"]) == ["broker"]
    assert code == 0


@pytest.fixture
def reactions() -> Any:
    from shared.entrypoints.on import reactions_of
    from tests.support.tiny_reactions import TinyReactions

    return reactions_of(TinyReactions)
