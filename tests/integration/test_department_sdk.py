"""wuji-events on a real broker, with the rights that a subscription's account has: it may read, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from wuji_events import Event, Park, Retry, Subscriber, session

from tests.support.department_queue import NAME, DepartmentQueue, department_queue
from tests.support.process import free_port
from tests.support.servers import Servers

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mine(servers: Servers) -> Iterator[DepartmentQueue]:
    with department_queue(servers) as found:
        yield found


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s"
        time.sleep(0.02)


@contextmanager
def running(subscriber: Subscriber) -> Iterator[list[int]]:
    """The subscriber in a thread, with its exit code afterwards."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(subscriber.run(signals=False)))
    thread.start()
    try:
        yield codes
    finally:
        subscriber.stop()
        thread.join(30)


def collecting(subscriber: Subscriber, heard: list[int]) -> None:
    @subscriber.on("*")
    def each(event: Event) -> None:
        heard.append(event.position)


def test_events_come_in_order_and_leave_the_queue(mine: DepartmentQueue) -> None:
    mine.send(*range(1, 201))
    subscriber, heard = Subscriber(mine.url, NAME), []
    collecting(subscriber, heard)

    with running(subscriber) as codes:
        until(lambda: len(heard) == 200)

    assert heard == list(range(1, 201))
    assert codes == [0]
    assert mine.count() == 0
    assert subscriber.metrics()["handled"] == 200
    assert subscriber.metrics()["last_position"] == 200


def test_a_connection_that_is_cut_is_made_again_and_nothing_is_missed(mine: DepartmentQueue) -> None:
    subscriber, heard = Subscriber(mine.url, NAME), []
    collecting(subscriber, heard)
    mine.send(1, 2)

    with running(subscriber):
        until(lambda: len(heard) == 2)
        # The management interface learns of a connection some seconds after it was made.
        until(lambda: mine.cut_connections() >= 1)
        mine.send(3, 4)
        until(lambda: set(heard) == {1, 2, 3, 4})

    assert subscriber.metrics()["connections"] >= 2
    assert mine.count() == 0


def test_what_is_to_be_retried_waits_and_only_its_own_issue_waits_with_it(mine: DepartmentQueue) -> None:
    subscriber = Subscriber(mine.url, NAME)
    heard: list[tuple[int, int]] = []
    times: dict[int, float] = {}

    @subscriber.on("case.dispatched")
    def dispatched(event: Event) -> None:
        heard.append((event.position, event.attempt))
        times[len(heard)] = time.monotonic()
        if event.position == 1 and event.attempt < 3:
            raise Retry("not known yet", after=0.6)

    mine.send(1, 2, issue="11111111-0000-4000-8000-000000000000")
    mine.send(3)
    with running(subscriber):
        until(lambda: (2, 1) in heard)

    assert heard == [(1, 1), (3, 1), (1, 2), (1, 3), (2, 1)]
    assert times[3] - times[1] >= 0.6
    assert subscriber.metrics()["retried"] == 2
    assert mine.count() == mine.count(mine.parked) == 0


def test_what_was_held_for_long_is_given_back_and_goes_on_waiting(
    mine: DepartmentQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HOLD", 1.0)
    subscriber, calls = Subscriber(mine.url, NAME), []

    @subscriber.on("*")
    def each(event: Event) -> None:
        calls.append((event.position, event.attempt, time.monotonic()))
        if event.position == 1 and event.attempt == 1:
            raise Retry("later", after=4)

    mine.send(1, 2, issue="11111111-0000-4000-8000-000000000000")
    with running(subscriber):
        until(lambda: len(calls) == 3)
        until(lambda: mine.count() == 0)

    assert [(position, attempt) for position, attempt, _ in calls] == [(1, 1), (1, 2), (2, 1)]
    assert calls[1][2] - calls[0][2] >= 4
    assert subscriber.metrics()["received"] > 2
    assert subscriber.metrics()["connections"] == 1


def test_a_queue_that_is_not_there_ends_the_program_and_leaves_no_connection(mine: DepartmentQueue) -> None:
    subscriber = Subscriber(mine.url, NAME, queue=f"sub.{NAME}.replay.00000000", patience=0.5)

    with running(subscriber) as codes:
        until(lambda: bool(codes))

    assert codes == [77]


def test_what_is_parked_leaves_the_queue_at_once_and_waits_for_a_person(mine: DepartmentQueue) -> None:
    subscriber, heard = Subscriber(mine.url, NAME), []

    @subscriber.on("*")
    def each(event: Event) -> None:
        heard.append(event.position)
        if event.position == 1:
            raise Park("旧类型,人工处理")

    ids = mine.send(1, 2)
    with running(subscriber):
        until(lambda: heard == [1, 2])
        until(lambda: mine.count(mine.parked) == 1)

    assert mine.parked_events() == ids[:1]


def test_a_handler_that_fails_again_and_again_has_its_event_parked(mine: DepartmentQueue) -> None:
    subscriber, calls = Subscriber(mine.url, NAME, attempts=3, ladder=(0.05, 0.1)), []

    @subscriber.on("*")
    def each(event: Event) -> None:
        calls.append(event.attempt)
        raise RuntimeError("a bug")

    ids = mine.send(1)
    with running(subscriber):
        until(lambda: mine.count(mine.parked) == 1)

    assert calls == [1, 2, 3]
    assert mine.parked_events() == ids


def test_a_message_that_is_no_event_and_a_type_without_handler_are_parked_where_wished(mine: DepartmentQueue) -> None:
    subscriber = Subscriber(mine.url, NAME, on_unknown="park")
    collecting_only = subscriber.on("case.closed")
    collecting_only(lambda _event: None)
    mine.send(1)
    mine.send(2, **{"ce-sequence": "no number"})

    with running(subscriber):
        until(lambda: mine.count(mine.parked) == 2)

    assert mine.count() == 0


def test_heartbeats_go_on_while_a_handler_takes_long(mine: DepartmentQueue) -> None:
    subscriber, heard = Subscriber(mine.url + "?heartbeat=1", NAME), []

    @subscriber.on("*")
    def each(event: Event) -> None:
        time.sleep(4 if event.position == 1 else 0)
        heard.append(event.position)

    mine.send(1, 2)
    with running(subscriber):
        until(lambda: len(heard) >= 2)

    assert heard == [1, 2]
    assert subscriber.metrics()["connections"] == 1


def test_a_refused_login_ends_the_program_with_a_code_of_its_own(mine: DepartmentQueue) -> None:
    subscriber = Subscriber(mine.url.replace("secret", "wrong"), NAME, patience=0.5)

    with running(subscriber) as codes:
        until(lambda: bool(codes))

    assert codes == [77]


def test_listen_hands_each_event_to_a_local_program_and_keeps_what_it_does_not_take(mine: DepartmentQueue) -> None:
    answers, got = iter([500, 204, 422]), []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers["ce-sequence"][-1], json.loads(body)["number"]))
            self.send_response(next(answers))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {**os.environ, "WUJI_EVENTS_URL": mine.url, "WUJI_EVENTS_SUBSCRIPTION": NAME}
        address = f"http://127.0.0.1:{server.server_port}/hook"
        ids = mine.send(1, 2)
        listening = subprocess.Popen(
            [sys.executable, "-m", "wuji_events.cli", "listen", "--forward-to", address],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: mine.count(mine.parked) == 1)
        listening.terminate()
        code = listening.wait(30)
        server.shutdown()

    assert code == 0
    assert got == [("1", 1), ("1", 1), ("2", 2)]
    assert mine.parked_events() == ids[1:]
    assert mine.count() == 0


def test_prometheus_finds_the_numbers(mine: DepartmentQueue) -> None:
    port = free_port()
    environment = {
        "WUJI_EVENTS_URL": mine.url,
        "WUJI_EVENTS_SUBSCRIPTION": NAME,
        "WUJI_EVENTS_METRICS_PORT": str(port),
    }
    subscriber, heard = Subscriber.from_env(environment), []
    collecting(subscriber, heard)
    mine.send(1, 2)
    with running(subscriber):
        until(lambda: subscriber.metrics()["handled"] == 2)
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text

    assert 'wuji_events_handled_total{subscription="sanitation"} 2.0' in text
    assert 'wuji_events_last_position{subscription="sanitation"} 2.0' in text


class Program:
    """tests.support.department_program."""

    def __init__(self, mine: DepartmentQueue, database: Path, seconds: float) -> None:
        environment = {**os.environ, "WUJI_EVENTS_URL": mine.url, "WUJI_EVENTS_SUBSCRIPTION": NAME}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.department_program", str(database), str(seconds)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def wait_started(self, count: int = 1) -> None:
        assert self.process.stdout is not None
        for _ in range(count):
            assert self.process.stdout.readline().startswith("started")

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def rows(database: Path, table: str) -> list[int]:
    connection = sqlite3.connect(database)
    try:
        return [position for (position,) in connection.execute(f"SELECT position FROM {table}")]
    finally:
        connection.close()


def test_told_to_stop_it_finishes_the_event_in_hand_and_gives_the_others_back(
    mine: DepartmentQueue, tmp_path: Path
) -> None:
    mine.send(*range(1, 11))
    program = Program(mine, tmp_path / "db", 1.0)
    program.wait_started(2)

    code = program.end(signal.SIGTERM)

    assert code == 0
    assert rows(tmp_path / "db", "effects") == [1, 2]
    until(lambda: mine.count() == 8)


def test_killed_again_and_again_every_event_has_its_effect_exactly_once(mine: DepartmentQueue, tmp_path: Path) -> None:
    mine.send(*range(1, 401))
    for _ in range(5):
        program = Program(mine, tmp_path / "db", 0.005)
        program.wait_started(40)
        program.end(signal.SIGKILL)
    program = Program(mine, tmp_path / "db", 0.0)
    until(lambda: len(set(rows(tmp_path / "db", "effects"))) == 400, 60)
    until(lambda: mine.count() == 0)
    code = program.end(signal.SIGTERM)

    effects: list[Any] = rows(tmp_path / "db", "effects")

    assert code == 0
    assert sorted(effects) == list(range(1, 401))
    assert len(rows(tmp_path / "db", "calls")) > 400  # some came twice: without the inbox they would count twice
    assert mine.count(mine.parked) == 0
