"""A real nginx as it stands before the services: what it refuses, and how it says so."""

from __future__ import annotations

import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from deploy.local import packages, tls
from deploy.local.nginx import Nginx
from deploy.local.ports import Ports
from deploy.local.site import CITY
from deploy.wuji import nginx as command
from shared.web.cookies import write
from tests.support.process import free_port

pytestmark = pytest.mark.integration
REPORTS = "/api/v1/reports"


@dataclass
class Gate:
    """nginx, and somebody behind it who writes down what reaches him."""

    nginx: Nginx
    folder: Path
    heard: list[str] = field(default_factory=list)

    @property
    def secure(self) -> str:
        return self.nginx.url

    @property
    def plain(self) -> str:
        return self.nginx.local_url

    @property
    def trusted(self) -> str:
        return str(self.folder / "certificate" / "tls.crt")

    def ask(self, method: str, path: str, *, at: str = "", **what: Any) -> requests.Response:
        """One request with TLS, or to another address."""
        how = {"timeout": 10, "allow_redirects": False, "verify": self.trusted, **what}
        return requests.request(method, (at or self.secure) + path, **how)

    def from_address(self, source: str) -> requests.Session:
        """Somebody who comes from elsewhere."""
        session = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=8)
        adapter.init_poolmanager(8, 8, source_address=(source, 0))
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        session.verify, session.trust_env = self.trusted, False
        return session


class Behind(BaseHTTPRequestHandler):
    """Says yes to everything, and streams where streams are."""

    protocol_version = "HTTP/1.1"
    heard: list[str]

    def do_GET(self) -> None:
        self.heard.append(f"GET {self.path}")
        self.send_response(200)
        if self.path.startswith("/live"):
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"event: beat\ndata: {}\n\n")
            self.wfile.flush()
            time.sleep(3)
            self.close_connection = True
            return
        self._say(f"{self.headers['Host']} {self.headers['X-Forwarded-Proto']}".encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append(f"POST {self.path} {len(body)}")
        self.send_response(201)
        self._say(b"")

    def _say(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with tempfile.TemporaryDirectory(prefix="wuji-nginx-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        ports = Ports(folder / "ports.json", "00000033")
        nginx = Nginx(packages.nginx_program(), folder / "data", folder, folder, ports)
        # Less patient than a city's, so that a slow machine floods it too.
        nginx.limits = replace(CITY, body_seconds=1, logging_in=(1, 20), reporting=(1, 20))
        nginx.tiles = folder / "tiles"
        (nginx.tiles / "12/3215").mkdir(parents=True)
        (nginx.tiles / "12/3215/1760.png").write_bytes(b"a tile")
        gate = Gate(nginx, folder)
        handler = type("Handler", (Behind,), {"heard": gate.heard})
        servers = [ThreadingHTTPServer(("127.0.0.1", ports[f"{one}.http"]), handler) for one in ("grid", "intake")]
        for server in servers:
            server.daemon_threads = True
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        nginx.serve(tls.self_signed(folder / "certificate"))
        nginx.start()
        try:
            nginx.wait()
            yield gate
        finally:
            nginx.stop()
            for server in servers:
                server.shutdown()
                server.server_close()


def _handshake(gate: Gate, *, newest: ssl.TLSVersion | None = None) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(gate.trusted)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if newest:
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
    plain = socket.create_connection(("127.0.0.1", gate.nginx.ports["secure"]), timeout=5)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_it_speaks_http_2_over_tls_of_this_decade_only(gate: Gate) -> None:
    with _handshake(gate) as connection:
        spoken = connection.selected_alpn_protocol(), connection.version()
    with _handshake(gate, newest=ssl.TLSVersion.TLSv1_2) as connection:
        older = connection.version()

    assert spoken == ("h2", "TLSv1.3")
    assert older == "TLSv1.2"
    with pytest.raises(ssl.SSLError):
        _handshake(gate, newest=ssl.TLSVersion.TLSv1_1)


def test_people_who_come_without_tls_are_sent_there_and_programs_of_the_machine_are_not(gate: Gate) -> None:
    people = gate.ask("GET", "/areas/530103?day=3", at=gate.plain)
    programs = gate.ask("GET", "/api/v1/areas/530103", at=gate.plain)
    mistaken = gate.ask("GET", "/wall", at=gate.secure.replace("https", "http"))

    assert people.status_code == mistaken.status_code == 308
    assert people.headers["Location"] == f"{gate.secure}/areas/530103?day=3"
    assert mistaken.headers["Location"] == f"{gate.secure}/wall"
    assert programs.text.endswith(" http")
    assert gate.ask("GET", "/wall").text.endswith(" https")


def test_an_event_passes_as_soon_as_it_is_there(gate: Gate) -> None:
    began = time.monotonic()
    with gate.ask("GET", "/live?area=530103", stream=True) as answer:
        first = next(answer.iter_content(chunk_size=None))

    assert first.startswith(b"event: beat")
    assert time.monotonic() - began < 1


def test_the_citys_own_map_comes_from_here_and_a_tile_that_is_not_there_is_no_error(gate: Gate) -> None:
    there, missing = gate.ask("GET", "/tiles/12/3215/1760.png"), gate.ask("GET", "/tiles/12/3215/1761.png")
    outside = gate.ask("GET", "/tiles/../nginx.conf"), gate.ask("GET", "/tiles/%2e%2e/nginx.conf")

    assert (there.status_code, there.content, there.headers["Content-Type"]) == (200, b"a tile", "image/png")
    assert "max-age=604800" in there.headers["Cache-Control"]
    assert (missing.status_code, missing.content) == (204, b"")
    assert {one.status_code for one in outside} <= {204, 400, 404}


@pytest.mark.parametrize(
    ("path", "size", "passes"),
    [
        (REPORTS, 900_000, True),
        (REPORTS, 1_200_000, False),
        ("/api/v1/photos", 9_000_000, True),
        ("/api/v1/photos", 11_000_000, False),
        ("/login", 80_000, False),
    ],
)
def test_a_body_that_is_too_large_goes_no_further(gate: Gate, path: str, size: int, passes: bool) -> None:
    gate.heard.clear()
    answer = gate.ask("POST", path, data=b"x" * size)

    assert answer.status_code == (201 if passes else 413)
    assert gate.heard == ([f"POST {path} {size}"] if passes else [])
    if not passes:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "10 MB" in answer.json()["detail"]
        assert "照片" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "source"), [("/login", "127.0.0.2"), ("/report", "127.0.0.3"), (REPORTS, "127.0.0.4")]
)
def test_a_flood_from_one_address_is_turned_away_and_others_pass(gate: Gate, path: str, source: str) -> None:
    with gate.from_address(source) as flooding, ThreadPoolExecutor(8) as pool:

        def sent(number: int) -> requests.Response:
            """Programs and people by turns: how soon one is let in again is nginx's, and the machine's, business."""
            accept = {"Accept": "text/html"} if number % 2 else {}
            return flooding.post(gate.secure + path, data=b"x", headers=accept, timeout=10)

        answers = list(pool.map(sent, range(120)))
        reading = flooding.get(gate.secure + path, timeout=10)
    other = gate.ask("POST", path, data=b"x")
    turned_away = [answer for answer in answers if answer.status_code == 429]
    programs = [answer for answer in turned_away if answer.request.headers["Accept"] != "text/html"]
    people = [answer for answer in turned_away if answer not in programs]

    assert 10 <= len(turned_away) < 120
    assert programs[0].headers["Retry-After"] == "1"
    assert programs[0].json()["status"] == 429
    assert "请求太频繁" in people[0].text
    assert reading.status_code == 200
    assert other.status_code == 201


def test_whoever_is_signed_in_is_not_held_to_the_limit_of_strangers(gate: Gate) -> None:
    cookie = write("wuji_session", "somebody", secure=True).partition(";")[0]
    with gate.from_address("127.0.0.5") as office, ThreadPoolExecutor(8) as pool:
        office.headers["Cookie"] = cookie
        statuses = set(pool.map(lambda _: office.get(f"{gate.secure}/work", timeout=10).status_code, range(300)))

    assert statuses == {503}, "dispatch is away, and nobody is told to wait"


def test_a_body_that_stands_still_is_cut_off_and_no_service_waits_for_it(gate: Gate) -> None:
    gate.heard.clear()
    with socket.create_connection(("127.0.0.1", gate.nginx.ports["front"]), timeout=8) as slow:
        slow.sendall(f"POST {REPORTS} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nonly this".encode())
        began = time.monotonic()
        rest = slow.recv(100)

    assert rest == b"" or b"408" in rest
    assert 0.5 < time.monotonic() - began < 5
    assert gate.heard == []


def test_a_service_that_is_away_is_said_to_be_and_when_to_come_back(gate: Gate) -> None:
    document = gate.ask("GET", "/api/v1/feedback/x")
    page = gate.ask("GET", "/feedback", headers={"Accept": "text/html"})

    assert document.status_code == page.status_code == 503
    assert document.headers["Retry-After"] == page.headers["Retry-After"] == "5"
    assert document.json()["status"] == 503
    assert "请稍候重试" in page.text


def test_static_files_are_packed_and_kept_for_ever(gate: Gate) -> None:
    name = next(path.name for path in (gate.nginx.prefix / "pages" / "static").glob("app.*.css"))
    answer = gate.ask("GET", f"/static/{name}")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert ":root" in answer.text or "{" in answer.text


def test_the_sample_of_a_city_is_one_that_nginx_takes(gate: Gate) -> None:
    certificate = gate.folder / "certificate"
    own = command.rendered(
        "wuji.panlong.gov.cn", certificate / "tls.crt", certificate / "tls.key", None, ("10.1.0.0/16",), gate.folder
    )
    plain, secure = free_port(), free_port()
    own = (
        own.replace(":80;", f":{plain};").replace("listen 80;", f"listen {plain};").replace("443 ssl", f"{secure} ssl")
    )
    settings = gate.folder / "sample.conf"
    settings.write_text(
        f"pid {gate.folder}/sample.pid; events {{ }} http {{ access_log off;\n{own}}}\n", encoding="utf-8"
    )
    nginx = [str(gate.nginx.program), "-t", "-c", str(settings), "-p", str(gate.folder), "-e", "stderr"]
    said = subprocess.run(nginx, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr
    assert "warn" not in said.stderr
    assert "set_real_ip_from 10.1.0.0/16" in own
