"""A mail server and a message gateway of the tests' own: they speak the real protocols and keep what they got."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


class MailServer(socketserver.ThreadingTCPServer):
    """Enough of RFC 5321 to take a mail; `verdict` is what it says to RCPT, `silent` makes it never answer."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailSession)
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.verdict = "250 ok"
        self.silent = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _MailSession(socketserver.StreamRequestHandler):
    @property
    def house(self) -> MailServer:
        return cast("MailServer", self.server)

    def handle(self) -> None:
        if self.house.silent.is_set():
            self.rfile.read(1)
            return
        self._say("220 test")
        while line := self.rfile.readline():
            command = line.decode("ascii", "replace").strip()
            verb = command[:4].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            self._answer(verb, command)

    def _answer(self, verb: str, command: str) -> None:
        if verb == "EHLO":
            self._say("250-test")
            self._say("250 8BITMIME")
        elif verb == "RCPT":
            if self.house.verdict.startswith("2"):
                self.house.recipients.append(command.partition(":")[2].partition(">")[0].strip(" <"))
            self._say(self.house.verdict)
        elif verb == "DATA":
            self._say("354 go on")
            self.house.mails.append(self._mail())
            self._say("250 taken")
        else:
            self._say("250 ok")

    def _mail(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return cast("EmailMessage", message_from_bytes(b"".join(lines), policy=policy.default))

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class GatewayServer(ThreadingHTTPServer):
    """A message gateway that keeps every request and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _GatewayRequest)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.status = 202
        self.hangs = threading.Event()
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/messages"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]


class _GatewayRequest(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        house = cast("GatewayServer", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        house.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
        if house.hangs.is_set():
            house.released.wait(10)
        self.send_response(house.status)
        self.send_header("webhook-receipt", "r-1")
        self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """The tests look at what was kept, not at a log."""


@contextmanager
def served(server: Any) -> Iterator[Any]:
    """The server, running in a thread until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        if isinstance(server, GatewayServer):
            server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
