"""A department's program that takes webhooks over real HTTP: keeps what it got, and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One call."""

    headers: dict[str, str]
    body: bytes
    at: float
    answered: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def position(self) -> int:
        return int(self.event["sequence"])


@dataclass
class Receiver:
    """Its address and what it got; `answer` decides about each call: a status, or a status with headers."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[dict[str, str], bytes], int | tuple[int, dict[str, str]]] = lambda _headers, _body: 204

    @property
    def taken(self) -> list[Got]:
        """What was answered with success."""
        return [one for one in tuple(self.got) if one.answered < 300]

    @property
    def positions(self) -> list[int]:
        """Of what was taken, in order, each once."""
        return list(dict.fromkeys(one.position for one in self.taken))


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that listens on a free port of this machine."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = found.answer(headers, body)
            status, more = said if isinstance(said, tuple) else (said, {})
            found.got.append(Got(headers, body, time.monotonic(), status))
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}/events"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
