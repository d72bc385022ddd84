"""Doors of a running service: every way that a request can end, and everything that a stranger may send."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from shared.kernel.area import Area
from shared.security import tokens
from tests.support.process import Service

pytestmark = pytest.mark.integration

KEY = tokens.new_key()
GOOD = {"title": "路灯不亮", "area": "530103.004"}
PROBLEM = "application/problem+json"
_SETTINGS = {"WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(KEY)}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    found = Service(
        "tests.support.tiny_doors",
        tmp_path_factory.mktemp("doors"),
        _SETTINGS,
    ).start()
    yield found
    found.stop(signal.SIGKILL)


def _bearer(role: str, **options: Any) -> dict[str, str]:
    return {"Authorization": "Bearer " + tokens.sign(KEY, subject="wang", role=role, **options)}


def _raw(service: Service, data: bytes, patience: float = 5) -> bytes:
    """Send the bytes, and read until the other side has no more to say."""
    with socket.create_connection(("127.0.0.1", service.http_port), timeout=patience) as connection:
        received = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        return received


def _is_fine(service: Service) -> bool:
    return requests.post(service.url("/api/v1/things"), json=GOOD, timeout=10).status_code == 201


@pytest.mark.parametrize(
    "body", [b"x" * 600_000, b"7000\r\n" + b"x" * 0x7000 + b"\r\n0\r\n\r\n"], ids=["sized", "chunked"]
)
def test_who_is_refused_before_the_body_was_read_still_hears_why(service: Service, body: bytes) -> None:
    # As a proxy does: everything is written before anything is read, and the connection is not used again.
    sized = b"Content-Length: 600000" if len(body) == 600_000 else b"Transfer-Encoding: chunked"
    head = b"GET /api/v1/staff HTTP/1.1\r\nHost: here\r\nConnection: close\r\n" + sized + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.http_port), timeout=10) as connection:
        connection.sendall(head)
        time.sleep(0.3)
        for start in range(0, len(body), 20_000):
            connection.sendall(body[start : start + 20_000])
            time.sleep(0.005)
        answer = b""
        while part := connection.recv(65536):
            answer += part

    assert answer.startswith(b"HTTP/1.1 401 ")


def test_what_comes_in_is_loaded_and_what_goes_out_is_json(service: Service) -> None:
    answer = requests.post(
        service.url("/api/v1/things"), json={**GOOD, "area": "530103004"}, headers={"Idempotency-Key": "k-1"}, timeout=5
    )

    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {**GOOD, "idempotency_key": "intake:anonymous:tell:k-1"}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("invalid", 400),
        ("forbidden", 403),
        ("missing", 404),
        ("refused", 409),
        ("conflict", 409),
        ("unavailable", 503),
        ("bug", 500),
    ],
)
def test_every_error_is_a_problem_document(service: Service, kind: str, status: int) -> None:
    answer = requests.get(service.url(f"/api/v1/errors/{kind}"), timeout=5)
    document = answer.json()

    assert answer.status_code == document["status"] == status
    assert answer.headers["Content-Type"] == PROBLEM
    assert document["type"].startswith("urn:wuji:problem:")
    assert document["instance"].startswith("urn:uuid:")
    assert "Traceback" not in answer.text


def test_a_refusal_names_its_rule_and_unavailable_says_when_to_come_back(service: Service) -> None:
    refused = requests.get(service.url("/api/v1/errors/refused"), timeout=5)
    away = requests.get(service.url("/api/v1/errors/unavailable"), timeout=5)

    assert refused.json()["rule"] == "case.not_open"
    assert away.headers["Retry-After"] == "7"


def test_a_bug_is_told_to_the_log_and_not_to_the_stranger(service: Service) -> None:
    answer = requests.get(service.url("/api/v1/errors/bug"), timeout=5)
    instance = answer.json()["instance"].removeprefix("urn:uuid:")
    line = next(line for line in service.lines() if line.get("instance") == instance)

    assert "secret" not in answer.text
    assert "KeyError" in line["traceback"]
    assert "13812345678" not in json.dumps(line)
    assert line["level"] == "error"


def test_a_loser_is_called_again(service: Service) -> None:
    assert requests.get(service.url("/api/v1/second-try"), timeout=5).status_code == 200


def test_an_answer_that_cannot_be_said_is_our_bug(service: Service) -> None:
    assert requests.get(service.url("/api/v1/wrong-answer"), timeout=5).status_code == 500


def test_unknown_addresses_and_methods_are_problems_too(service: Service) -> None:
    nowhere = requests.get(service.url("/api/v1/nowhere"), timeout=5)
    method = requests.delete(service.url("/api/v1/things"), timeout=5)

    assert (nowhere.status_code, nowhere.headers["Content-Type"]) == (404, PROBLEM)
    assert (method.status_code, method.headers["Content-Type"]) == (405, PROBLEM)
    assert method.headers["Allow"] == "GET, HEAD, POST"


def test_staff_doors_take_a_token_of_the_right_role(service: Service) -> None:
    url = service.url("/api/v1/staff")
    good = requests.get(url, headers=_bearer("dispatcher", area=Area.parse("530103.004")), timeout=5)
    statuses = [
        requests.get(url, timeout=5).status_code,
        requests.get(url, headers={"Authorization": "Bearer nonsense"}, timeout=5).status_code,
        requests.get(url, headers={"Authorization": "Basic d2FuZzp3YW5n"}, timeout=5).status_code,
        requests.get(url, headers=_bearer("dispatcher", ttl=timedelta(seconds=-60)), timeout=5).status_code,
        requests.get(url, headers=_bearer("reader"), timeout=5).status_code,
    ]

    assert (good.status_code, good.json()) == (200, {"asker": "wang", "area": "530103.004"})
    assert statuses == [401, 401, 401, 401, 403]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b'{"title": "a", "title": "b", "area": "530103"}', 400),
        (b'{"title": NaN, "area": "530103"}', 400),
        ('{"title": "路灯", "area": "530103"}'.encode("gb18030"), 400),
        ('{"title": "a", "area": "530103"}'.encode("utf-16"), 400),
        (b'\xef\xbb\xbf{"title": "a", "area": "530103"}', 400),
        (b'{"title": "a\\u0000b", "area": "530103"}', 400),
        (b'{"title": "a\\ud800b", "area": "530103"}', 400),
        (b'{"title": "a\\u202e\\u0007", "area": "530103"}', 400),
        (b'{"title": "   ", "area": "530103"}', 400),
        (b'{"title": "a", "area": "999"}', 400),
        (b'{"title": 5, "area": "530103"}', 400),
        (b'{"title": "a", "area": 530103}', 400),
        (b'{"title": "a", "area": "530103", "more": 1}', 400),
        (b'{"title": "a", "area": "530103", "happened_at": "2026-05-03T09:00:00"}', 400),
        (b'{"title": "a", "area": "530103", "happened_at": 7}', 400),
        (b'{"title": "a", "area": "530103", "point": {"lat": 91, "lon": 0}}', 400),
        (b'{"title": "a", "area": "530103", "point": {"lat": 1e999, "lon": 0}}', 400),
        (b'{"title": "a", "area": "530103", "point": ' + b"[" * 100_000, 400),
        (b'{"title": "' + b"x" * 100_000 + b'", "area": "530103"}', 400),
        (b'{"title": "' + b"x" * 1_000_000 + b'", "area": "530103"}', 413),
        (b" " * 10_000_000, 413),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else str(value),
)
def test_bad_bodies_are_refused_and_say_why(service: Service, body: bytes, status: int) -> None:
    answer = requests.post(
        service.url("/api/v1/things"), data=body, headers={"Content-Type": "application/json"}, timeout=20
    )

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=gbk"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {},
    ],
)
def test_other_media_are_refused(service: Service, headers: dict[str, str]) -> None:
    answer = requests.post(service.url("/api/v1/things"), data=json.dumps(GOOD).encode(), headers=headers, timeout=5)

    assert (answer.status_code, answer.headers["Content-Type"]) == (415, PROBLEM)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=5&state=open&state=closed", 200),
        ("limit=0", 400),
        ("limit=five", 400),
        ("limit=5&limit=6", 400),
        ("sort=up", 400),
        ("state=lost", 400),
        ("limit=%ff", 400),
        ("limit=%00", 400),
        ("&".join(["state=open"] * 500), 400),
    ],
)
def test_queries_are_checked_too(service: Service, query: str, status: int) -> None:
    assert requests.get(service.url("/api/v1/things?" + query), timeout=5).status_code == status


@pytest.mark.parametrize("key", ["a" * 201, "with blank", "caf\xe9"])
def test_an_idempotency_key_has_bounds(service: Service, key: str) -> None:
    answer = requests.post(service.url("/api/v1/things"), json=GOOD, headers={"Idempotency-Key": key}, timeout=5)

    assert (answer.status_code, answer.json()["where"]) == (400, "Idempotency-Key")


HOSTILE = {
    "no version": (b"GET /api/v1/things\r\n\r\n", b"400"),
    "wrong version": (b"GET / HTTP/9.9\r\n\r\n", b"505"),
    "no words": (b"\x00\x01\x02\x03\r\n\r\n", b"400"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 200 + b"\r\n\r\n", b"400"),
    "endless address": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
    "endless header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000 + b"\r\n\r\n", b"431"),
    "too many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 300 + b"\r\n", b"431"),
    "too much in headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"A: " + b"b" * 7000 + b"\r\n") * 20 + b"\r\n", b"431"),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
    "negative length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
    "wordy length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n", b"400"),
    "huge length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n", b"400"),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"400",
    ),
    "odd encoding": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"400"),
    "folded header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", b"400"),
    "nameless header": (b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", b"400"),
    "blank in a name": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n", b"400"),
    "no colon": (b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", b"400"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    "bad chunk": (
        b"POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"400",
    ),
    "short body": (
        b"POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{}",
        b"400",
    ),
    "address not in UTF-8": (b"GET /api/v1/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    "NUL in the address": (b"GET /api/v1/errors/%00 HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    "whole address": (b"GET http://evil.example/api/v1/things HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    "hostile host": (b"GET /api/v1/nowhere HTTP/1.1\r\nHost: \xff\xfe'\"<script>\r\n\r\n", b"404"),
    "hostile token": (
        b"GET /api/v1/staff HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe.\xf0.e30\r\n\r\n",
        b"401",
    ),
    "hostile trace": (b"GET /api/v1/nowhere HTTP/1.1\r\nHost: x\r\ntraceparent: 00-\xff-1-01\r\n\r\n", b"404"),
    "unknown method": (b"BREW /api/v1/things HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_get_a_problem_and_the_service_lives(service: Service, name: str) -> None:
    sent, status = HOSTILE[name]
    answer = _raw(service, sent)

    assert answer.split(b" ", 2)[1] == status, answer[:300]
    assert PROBLEM.encode() in answer
    assert _is_fine(service)


def test_pipelined_requests_are_all_answered_in_order(service: Service) -> None:
    one = b"GET /api/v1/things?limit=%d HTTP/1.1\r\nHost: x\r\n%s\r\n"
    answer = _raw(service, b"".join(one % (n, b"Connection: close\r\n" if n == 5 else b"") for n in range(1, 6)))

    assert answer.count(b"200 OK") == 5
    assert [answer.index(b'"limit":%d' % n) for n in range(1, 6)] == sorted(
        answer.index(b'"limit":%d' % n) for n in range(1, 6)
    )


def test_a_refused_body_is_skipped_and_the_connection_goes_on(service: Service) -> None:
    with requests.Session() as session:
        first = session.post(service.url("/api/v1/things"), data=b" " * 2_000_000, timeout=5)
        second = session.post(service.url("/api/v1/things"), json=GOOD, timeout=5)

    assert (first.status_code, second.status_code) == (415, 201)


def test_clients_that_vanish_in_the_middle_do_no_harm(service: Service) -> None:
    whole = b"POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"
    for end in (1, 20, 60, len(whole)):
        connection = socket.create_connection(("127.0.0.1", service.http_port))
        connection.sendall(whole[:end])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.close()

    assert _is_fine(service)
    assert not [line for line in service.lines() if line["event"] == "connection failed"]


def test_a_thousand_slow_connections_do_not_stop_the_others(service: Service) -> None:
    slow = []
    try:
        for number in range(1000):
            connection = socket.create_connection(("127.0.0.1", service.http_port), timeout=10)
            head = b"POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            connection.sendall(head[: 20 + number % 50] if number % 2 else head + b"Content-Length: 900\r\n\r\n{")
            slow.append(connection)
        started = time.monotonic()
        fine = [_is_fine(service) for _ in range(20)]
        took = time.monotonic() - started
    finally:
        for connection in slow:
            connection.close()

    assert all(fine)
    assert took < 15


def test_a_stream_says_its_first_words_at_once(service: Service) -> None:
    started = time.monotonic()
    with requests.get(service.url("/api/v1/stream"), stream=True, timeout=10) as answer:
        lines = answer.iter_lines()
        first, soon = next(lines), time.monotonic() - started
        second, late = next(lines), time.monotonic() - started

    assert (first, second) == (b"now", b"later")
    assert soon < late - 1


def test_head_has_the_headers_and_no_body(service: Service) -> None:
    answer = _raw(service, b"HEAD /api/v1/things HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")

    assert b"Content-Length: 23" in head
    assert body == b""


def test_log_lines_tell_the_door_the_case_and_the_outcome(service: Service) -> None:
    case = "0199f000-0000-7000-8000-000000000000"
    trace = "0af7651916cd43dd8448eb211c80319c"
    requests.get(
        service.url(f"/api/v1/things/{case}"), headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}, timeout=5
    )
    line = next(line for line in service.lines() if line.get("trace_id") == trace)

    assert (line["door"], line["case_id"]) == ("GET /api/v1/things/<uuid:case_id>", case)
    assert (line["service"], line["outcome"], line["status"]) == ("intake", "ok", 200)
    assert line["ms"] >= 0


def test_the_admin_port_tells_metrics_and_refuses_the_rest(service: Service) -> None:
    _is_fine(service)
    metrics = service.metrics()
    elsewhere = requests.get(f"http://127.0.0.1:{service.admin_port}/secrets", timeout=5)

    assert 'wuji_http_requests_total{door="POST /api/v1/things",service="intake",status="201"}' in metrics
    assert 'wuji_build_info{process="intake"' in metrics
    assert "wuji_relay_depth" not in metrics
    assert elsewhere.status_code == 404


def _small(tmp_path: Path, **settings: str) -> Service:
    environment = {**_SETTINGS, **settings}
    return Service("tests.support.tiny_doors", tmp_path, environment).start()


def test_when_all_workers_are_busy_and_the_queue_is_full_the_answer_is_503(tmp_path: Path) -> None:
    service = _small(tmp_path, WUJI_HTTP_WORKERS="2", WUJI_HTTP_QUEUE="2")
    found: list[requests.Response] = []
    guests = [
        threading.Thread(target=lambda: found.append(requests.get(service.url("/api/v1/slow"), timeout=20)))
        for _ in range(12)
    ]
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.join()
    code = service.stop()
    statuses = [answer.status_code for answer in found]

    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 4
    assert all(answer.headers["Retry-After"] for answer in found if answer.status_code == 503)
    assert code == 0


def test_when_there_are_too_many_connections_the_longest_silent_one_makes_room(tmp_path: Path) -> None:
    service = _small(tmp_path, WUJI_HTTP_CONNECTIONS="20")
    silent = [socket.create_connection(("127.0.0.1", service.http_port)) for _ in range(60)]
    fine = [_is_fine(service) for _ in range(5)]
    for connection in silent:
        connection.close()
    service.stop()

    assert all(fine)


def test_sigterm_finishes_the_request_being_served(tmp_path: Path) -> None:
    service = _small(tmp_path)
    found: list[requests.Response] = []
    guest = threading.Thread(target=lambda: found.append(requests.get(service.url("/api/v1/slow"), timeout=20)))
    guest.start()
    time.sleep(0.4)
    code = service.stop()
    guest.join()

    assert code == 0
    assert found[0].json() == {"slept": True}


def test_a_port_that_is_taken_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        service = Service("tests.support.tiny_doors", tmp_path, _SETTINGS, http_port=taken.getsockname()[1])
        with pytest.raises(AssertionError, match="ended with 3"):
            service.start()

    assert str(service.http_port) in service.log_path.read_text()


def test_a_wrong_configuration_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    service = Service("tests.support.tiny_doors", tmp_path, {"WUJI_HTTP_WORKERS": "many"})
    with pytest.raises(AssertionError, match="ended with 2"):
        service.start()

    assert "WUJI_HTTP_WORKERS is 'many'" in service.log_path.read_text()


def test_a_missing_token_key_is_named_with_what_to_do(tmp_path: Path) -> None:
    service = Service("tests.support.tiny_doors", tmp_path, {})
    with pytest.raises(AssertionError, match="ended with 2"):
        service.start()

    assert "WUJI_TOKEN_PUBLIC_KEY is not set" in service.log_path.read_text()
