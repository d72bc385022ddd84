"""Live pages: what happens is on the screen within a second, after a restart too, and nothing pretends to be fresh."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import pytest
import requests

from deploy.local import tls
from shared.security.sessions import COOKIE
from tests.browser.test_five_levels import report
from tests.support.browser import WALL, Open, Window, password_of, sign_in
from tests.support.ledger import settle
from tests.support.stack import RunningStack, eventually

AREA = "530103.005.001.001"
_FIRST_EVENT = """() => new Promise((done) => {
    const began = performance.now(), stream = new EventSource("/live?area=530103");
    stream.addEventListener("beat", () => { stream.close(); done(performance.now() - began); });
})"""


def _cases(window: Window) -> int:
    return int(window.page.inner_text(".stat >> nth=0 >> b").replace(",", ""))


def _stream(stack: RunningStack, last: str | None = None) -> requests.Response:
    session = requests.Session()
    body = {"account": "demo.dispatcher", "password": password_of(stack)}
    assert session.post(f"{stack.url}/login", data=body, timeout=10).ok
    headers = {"Last-Event-ID": last} if last else {}
    return session.get(f"{stack.url}/live?area=530103", headers=headers, stream=True, timeout=10)


def test_the_first_event_comes_at_once_through_nginx(city_pages: RunningStack) -> None:
    with _stream(city_pages) as answer:
        began = time.monotonic()
        first = next(answer.iter_content(chunk_size=None))

    assert b"event: beat" in first
    assert time.monotonic() - began < 1
    assert answer.headers["Content-Type"].startswith("text/event-stream")


def test_with_tls_the_browser_speaks_http_2_and_hears_the_first_event_at_once(
    browser_page: Open, city_pages: RunningStack, tmp_path: Path
) -> None:
    nginx = city_pages.stack.nginx
    nginx.serve(tls.self_signed(tmp_path))
    nginx.start()
    try:
        nginx.wait()
        window = browser_page(ignore_https_errors=True)
        window.url, window.expected = nginx.url, [f"another host was asked: {nginx.url}"]
        sign_in(window, "demo.dispatcher", password_of(city_pages))
        window.go("/areas/530103")
        spoken = window.page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
        waited = window.page.evaluate(_FIRST_EVENT)
    finally:
        nginx.serve(None)
        nginx.start()
        door = f"{city_pages.url}/login"
        assert eventually(lambda: requests.get(door, timeout=10, allow_redirects=False).status_code == 200, 20)

    assert spoken == "h2"
    assert waited < 1000


def test_what_was_missed_comes_after_the_last_event_that_was_seen(city_pages: RunningStack) -> None:
    settle(city_pages)
    with _stream(city_pages) as watched, _stream(city_pages):
        pieces = watched.iter_content(chunk_size=None)
        next(pieces)
        report(city_pages, "先看到的", AREA)
        seen = next(piece for piece in pieces if b"event: change" in piece)
        last = seen.split(b"id: ")[1][:20].decode()
        report(city_pages, "断线时发生的", AREA)
        settle(city_pages)
        with _stream(city_pages, last) as again:
            caught = b""
            for piece in again.iter_content(chunk_size=None):
                caught += piece
                if caught.count(b"event: beat") > 1:
                    break

    assert b"event: change" in caught or b"event: reset" in caught


def test_two_hundred_open_pages_cost_little_and_delay_nobody(city_pages: RunningStack) -> None:
    session = requests.Session()
    body = {"account": "demo.dispatcher", "password": password_of(city_pages)}
    assert session.post(f"{city_pages.url}/login", data=body, timeout=10).ok
    alone, before = _median_of_page(city_pages, session), _megabytes(city_pages)
    host = urlsplit(city_pages.url)
    request = (
        f"GET /live?area=530103 HTTP/1.1\r\nHost: {host.netloc}\r\nCookie: {COOKIE}={session.cookies[COOKIE]}\r\n\r\n"
    )
    with ExitStack() as pages:
        opened = [pages.enter_context(socket.create_connection((host.hostname, host.port))) for _ in range(200)]
        for one in opened:
            one.sendall(request.encode())
        answers = [one.recv(4096) for one in opened]
        beside, after = _median_of_page(city_pages, session), _megabytes(city_pages)

    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert after - before < 100
    assert beside < 2 * alone + 0.05


def _megabytes(stack: RunningStack) -> float:
    status = Path(f"/proc/{stack.pid('grid')}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def _median_of_page(stack: RunningStack, session: requests.Session) -> float:
    took = []
    for _ in range(15):
        began = time.monotonic()
        assert session.get(f"{stack.url}/areas/530103", timeout=10).ok
        took.append(time.monotonic() - began)
    return median(took)


def test_a_report_is_on_the_open_page_within_a_second(browser_page: Open, city_pages: RunningStack) -> None:
    settle(city_pages)
    window = browser_page("demo.dispatcher")
    window.go(f"/areas/{AREA}")
    window.page.wait_for_selector("#fresh.live")
    before = _cases(window)
    report(city_pages, "井盖响", AREA)
    began = time.monotonic()
    window.page.wait_for_function(
        "(n) => Number(document.querySelector('.stat b').textContent.replace(',', '')) === n", arg=before + 1
    )

    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("seconds", [0, 1])
def test_the_wall_shows_one_screen_and_goes_on_by_itself(browser_page: Open, seconds: int) -> None:
    window = browser_page("demo.dispatcher", size=WALL)
    window.go(f"/wall?seconds={seconds}")
    window.page.wait_for_selector("#fresh.live")
    first = window.page.inner_text(".wall-title h1")
    window.screenshot(f"wall-{seconds}", full=False)

    assert window.fits()
    assert bool(window.page.evaluate("document.documentElement.scrollHeight <= innerHeight"))
    if seconds:
        window.page.wait_for_function(
            "(name) => document.querySelector('.wall-title h1').innerText !== name", arg=first
        )


def test_the_wall_survives_a_restart_and_says_so_meanwhile(browser_page: Open, city_pages: RunningStack) -> None:
    window = browser_page("demo.dispatcher", size=WALL)
    window.expected = ["502", "503", "ERR_", "Response Status Error", "Failed to load", "htmx"]
    window.go(f"/wall?area={AREA}&seconds=0")
    window.page.wait_for_selector("#fresh.live")
    city_pages.stop("grid")
    try:
        window.page.wait_for_selector("#fresh.lost", timeout=20_000)
    finally:
        city_pages.start("grid")
        city_pages.wait_ready()

    window.page.wait_for_selector("#fresh.live", timeout=20_000)
    before = int(window.page.inner_text(".figure >> nth=0 >> b"))
    report(city_pages, "重启以后", AREA)
    shown = "(n) => Number(document.querySelector('.figure b').textContent) === n"
    assert eventually(lambda: bool(window.page.evaluate(shown, before + 1)), 10)
