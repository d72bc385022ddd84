"""The admin port of every process: `/livez`, `/readyz`, `/metrics`.

Plain sockets and threads, so that it works the same under eventlet (where both are green) and without it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.kernel.errors import Unavailable
from shared.telemetry.health import Health

_SILENCE_SECONDS = 5.0
_LARGEST_REQUEST = 8192
_MOST_AT_ONCE = 32


class Admin:
    """Answers operators and their machines until `close`."""

    def __init__(self, health: Health, port: int, host: str = "127.0.0.1") -> None:
        """Raises Unavailable when the port is taken. Port 0 takes any free one; see `port`."""
        self._health = health
        self._started = time.monotonic()
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise Unavailable(f"the admin port {host}:{port} cannot be used: {error}") from error
        self._socket.listen(64)
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._is_open = True
        self._thread = threading.Thread(target=self._accept, name="admin", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Stop answering."""
        self._is_open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while self._is_open:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._is_open:
                    time.sleep(0.1)
                continue
            self._places.acquire()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(_SILENCE_SECONDS)
            with connection, contextlib.suppress(OSError):
                connection.sendall(self._answer(_first_line(connection)))
        finally:
            self._places.release()

    def _answer(self, line: str) -> bytes:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] not in ("GET", "HEAD"):
            return _response("405 Method Not Allowed", "text/plain", b"only GET\n", "")
        method, path = parts[0], parts[1].partition("?")[0]
        if path == "/livez":
            alive = {"alive": True, "uptime_seconds": round(time.monotonic() - self._started, 1)}
            return _response("200 OK", "application/json", orjson.dumps(alive), method)
        if path == "/readyz":
            ready, document = self._health.report()
            status = "200 OK" if ready else "503 Service Unavailable"
            return _response(status, "application/json", orjson.dumps(document), method)
        if path == "/metrics":
            return _response("200 OK", CONTENT_TYPE_LATEST, generate_latest(), method)
        return _response("404 Not Found", "text/plain", b"/livez /readyz /metrics\n", method)


def _first_line(connection: socket.socket) -> str:
    """The request line; the headers are read, so that closing does not reset the connection, and not looked at."""
    deadline = time.monotonic() + _SILENCE_SECONDS
    received = b""
    while b"\r\n\r\n" not in received and len(received) < _LARGEST_REQUEST and time.monotonic() < deadline:
        part = connection.recv(4096)
        if not part:
            break
        received += part
    return received.split(b"\r\n", 1)[0].decode("latin-1")


def _response(status: str, media: str, body: bytes, method: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + (b"" if method == "HEAD" else body)
