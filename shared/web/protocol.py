"""HTTP/1.1 as eventlet speaks it, with a strict reader of headers, and with its errors as problem documents."""

from __future__ import annotations

import socket
import time
from typing import Any

from eventlet import wsgi

from shared.web import headers, problem

IDLE = wsgi.STATE_IDLE
READING = wsgi.STATE_REQUEST
SERVING = "serving"
STREAMING = "streaming"
BUSY = frozenset({SERVING, STREAMING})
_FAREWELL_SECONDS = 1.0
_FAREWELL_BYTES = 1_000_000


class Connection(list):  # type: ignore[type-arg]  # eventlet wants a list of address, socket and state
    """One open connection, what it is doing, and since when."""

    def __init__(self, address: Any, sock: Any) -> None:
        super().__init__([address, sock, IDLE])
        self.since = time.monotonic()

    __hash__ = object.__hash__  # type: ignore[assignment]  # two connections are never the same

    def __eq__(self, other: object) -> bool:
        return self is other

    @property
    def state(self) -> str:
        return str(self[2])

    def now(self, state: str) -> None:
        """It does something else from now on."""
        self[2] = state
        self.since = time.monotonic()

    def shut(self) -> None:
        """Whoever reads from it reads its end."""
        self[2] = wsgi.STATE_CLOSE
        try:
            self[1].shutdown(socket.SHUT_RDWR)
        except OSError:
            self.close()

    def close(self) -> None:
        self[1].close()


class DoorProtocol(wsgi.HttpProtocol):  # type: ignore[misc]  # eventlet has no types
    """One connection's conversation."""

    _refused = False

    def handle_one_request(self) -> None:
        if self.conn_state[2] != wsgi.STATE_CLOSE:
            self.conn_state.now(IDLE)
        super().handle_one_request()

    def _read_request_line(self) -> Any:
        line = super()._read_request_line()
        if self.conn_state[2] != wsgi.STATE_CLOSE:
            self.conn_state.now(READING)
        if len(line) >= self.server.url_length_limit:
            self.send_error(414, "the address is too long")
            return b""
        return line

    def parse_request(self) -> bool:
        self.close_connection = True
        self.command, self.path, self.request_version = "", "", "HTTP/1.1"
        self.requestline = ""
        try:
            self.command, self.path, self.request_version = headers.first_line(self.raw_requestline)
            self.requestline = f"{self.command} {self.path}"
            self.headers = headers.read(self.rfile.readline, self.request_version)
        except headers.Unreadable as error:
            self.send_error(error.status, error.detail)
            return False
        except wsgi.HeaderLineTooLong:
            self.send_error(431, "a header line is too long")
            return False
        except wsgi.HeadersTooLarge:
            self.send_error(431, "the headers are too large")
            return False
        wishes = (self.headers.get("Connection") or "").lower()
        keeps = self.request_version == "HTTP/1.1" or "keep-alive" in wishes
        self.close_connection = not keeps or "close" in wishes
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is wrong with the request before any door can see it."""
        found = problem.of_status(int(code), message or explain or "the request cannot be read")
        body = found.body()
        self.wfile.write(
            f"HTTP/1.1 {found.status} {found.title}\r\nContent-Type: {problem.MEDIA}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        self.wfile.flush()
        self.close_connection = True
        self._refused = True

    def finish(self) -> None:
        # Closing with unread bytes would reset the connection, and the answer might never be read: by nobody who
        # calls us directly, and behind nginx it would look like a broken server.
        if self._refused or self._has_unread():
            self._read_the_rest()
        super().finish()

    def _has_unread(self) -> bool:
        """Whether the door answered before the body was read: it was refused for who asked, or what for."""
        body = getattr(self, "environ", {}).get("wsgi.input")
        return body is not None and (body.chunked_input or body.position < (body.content_length or 0))

    def _read_the_rest(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_FAREWELL_SECONDS)
            left = _FAREWELL_BYTES
            while left > 0 and (part := self.connection.recv(65536)):
                left -= len(part)
        except OSError:
            # It has gone already; there is nobody left to be kind to.
            self.close_connection = True

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["wuji.connection"] = self.conn_state
        return environ
