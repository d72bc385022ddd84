"""The HTTP server under the doors: nameko's, with bounds on connections, on waiting, and on patience.

Waiting for a slow sender costs a green thread and nothing else; workers only ever see complete requests. When there
are too many connections, the one that has been silent longest makes room for the next.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import eventlet
from eventlet import wsgi
from eventlet.semaphore import Semaphore
from nameko.web.server import WebServer

from shared.accounts import Changes
from shared.config import Config
from shared.kernel.errors import Unavailable
from shared.security.sessions import Sessions
from shared.security.tokens import Verifier
from shared.telemetry.logs import logger
from shared.telemetry.metrics import HTTP_CONNECTIONS, HTTP_CONNECTIONS_DROPPED, HTTP_TURNED_AWAY
from shared.web.protocol import BUSY, IDLE, SERVING, Connection, DoorProtocol

SILENCE_SECONDS = 20.0
"""How long one read or write may take."""
KEEPALIVE_SECONDS = 75.0
"""How long a connection may wait for its next request."""
REQUEST_SECONDS = 30.0
"""How long a request may take to arrive, from its first line to the end of its body."""
_WAIT_SECONDS = 10.0
_FAREWELL_SECONDS = 5.0
_BACKLOG = 1024
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class DoorServer(WebServer):  # type: ignore[misc]  # nameko has no types
    """One listening socket for all doors of a service."""

    def __init__(self) -> None:
        super().__init__()
        self._connections: set[Connection] = set()
        self._waiting = 0
        self._starting = False
        self._is_accepting = True

    def setup(self) -> None:
        from shared.web.door import changes_of, sessions_of, verifier_of  # the door knows the server already

        self.settings: Config = self.container.config["wuji"]
        self.verifier: Verifier = verifier_of(self.settings)
        self.sessions: Sessions | None = sessions_of(self.settings)
        self.changes: Changes | None = changes_of(self.container)
        self._workers = Semaphore(self.settings.count("WUJI_HTTP_WORKERS"))

    @contextmanager
    def place_for_a_worker(self) -> Iterator[None]:
        """Wait for a worker to be free. Raises Unavailable when too many wait already, or it takes too long."""
        if not self._is_accepting:
            raise Unavailable("this process is about to stop", retry_after=1.0)
        if self._workers.locked() and self._waiting >= self.settings.count("WUJI_HTTP_QUEUE"):
            raise self._turned_away()
        self._waiting += 1
        try:
            got = self._workers.acquire(timeout=_WAIT_SECONDS)
        finally:
            self._waiting -= 1
        if not got:
            raise self._turned_away()
        try:
            yield
        finally:
            self._workers.release()

    def _turned_away(self) -> Unavailable:
        HTTP_TURNED_AWAY.labels(self.container.service_name).inc()
        return Unavailable("all workers are busy", retry_after=2.0)

    def start(self) -> None:
        if self._starting:
            return
        self._starting = True
        self._sock = self._listen()
        self._sock.settimeout(None)
        self._serv = self.get_wsgi_server(self._sock, self.get_wsgi_app())
        self._gt = self.container.spawn_managed_thread(self.run, identifier="doors")
        self.container.spawn_managed_thread(self._sweep, identifier="door sweeper")

    def _listen(self) -> Any:
        address = tuple(self.bind_addr)
        reuse_port = bool(self.settings.get("WUJI_HTTP_REUSE_PORT"))
        try:
            return eventlet.listen(address, backlog=_BACKLOG, reuse_port=reuse_port)
        except OSError as error:
            raise Unavailable(f"the doors cannot listen on {address[0]}:{address[1]}: {error}") from error

    def get_wsgi_app(self) -> Callable[..., Any]:
        from shared.web.app import DoorApp  # the app knows the doors, and they know us

        return DoorApp(self.container.service_cls, self.container.service_name, list(self._providers))

    def get_wsgi_server(self, sock: Any, wsgi_app: Any, protocol: Any = DoorProtocol, debug: bool = False) -> Any:
        return wsgi.Server(
            sock,
            sock.getsockname(),
            wsgi_app,
            protocol=protocol,
            debug=debug,
            log=logging.getLogger(__name__),
            log_output=False,
            keepalive=KEEPALIVE_SECONDS,
            socket_timeout=SILENCE_SECONDS,
        )

    def run(self) -> None:
        most = self.settings.count("WUJI_HTTP_CONNECTIONS")
        while self._is_accepting:
            try:
                sock, address = self._sock.accept()
            except OSError as error:
                if not self._is_accepting:
                    return
                if error.errno in _OUT_OF_FILES:
                    self._make_room("out of files")
                    eventlet.sleep(0.02)
                continue
            if len(self._connections) >= most and not self._make_room("too many"):
                sock.close()
                continue
            sock.settimeout(SILENCE_SECONDS)
            connection = Connection(address, sock)
            self._connections.add(connection)
            HTTP_CONNECTIONS.labels(self.container.service_name).set(len(self._connections))
            eventlet.spawn_n(self._serve, connection)

    def _serve(self, connection: Connection) -> None:
        try:
            self._serv.process_request(connection)
        except OSError:
            # The other side went away in the middle of something: that is its right.
            connection.close()
        except Exception:  # noqa: BLE001  # one broken connection must not end the others; the log has the bug
            logger(self.container.service_name).error("connection failed", exc_info=True)
            connection.close()
        finally:
            self._connections.discard(connection)
            HTTP_CONNECTIONS.labels(self.container.service_name).set(len(self._connections))

    def _make_room(self, reason: str) -> bool:
        silent = [connection for connection in self._connections if connection.state not in BUSY]
        if not silent:
            return False
        self._drop(min(silent, key=lambda connection: connection.since), reason)
        return True

    def _drop(self, connection: Connection, reason: str) -> None:
        HTTP_CONNECTIONS_DROPPED.labels(self.container.service_name, reason).inc()
        self._connections.discard(connection)
        connection.shut()

    def _sweep(self) -> None:
        while True:
            eventlet.sleep(1.0)
            now = time.monotonic()
            for connection in list(self._connections):
                patience = KEEPALIVE_SECONDS if connection.state == IDLE else REQUEST_SECONDS
                if connection.state not in BUSY and now - connection.since > patience:
                    self._drop(connection, "too slow")

    def close_doors(self) -> None:
        """Take no new connections and no new requests; those being served are finished."""
        if not self._is_accepting:
            return
        self._is_accepting = False
        if self._gt is not None:
            self._gt.kill()
            self._sock.close()
        self._serv.keepalive = False
        for connection in list(self._connections):
            if connection.state == IDLE:
                connection.shut()

    def wait_until_served(self) -> None:
        """Until every request that had arrived is answered, or patience ends; streams are not waited for."""
        deadline = time.monotonic() + self.settings.count("WUJI_DRAIN_SECONDS")
        while time.monotonic() < deadline and any(found.state == SERVING for found in self._connections):
            eventlet.sleep(0.02)

    def stop(self) -> None:
        self.close_doors()
        deadline = time.monotonic() + _FAREWELL_SECONDS
        while self._connections and time.monotonic() < deadline:
            for connection in list(self._connections):
                if connection.state != SERVING:
                    connection.shut()
            eventlet.sleep(0.01)
        for connection in list(self._connections):
            connection.shut()
        self.wait_for_providers()
