"""Relays as processes of their own, to be killed; and what must be true of the queue afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
import requests

from shared.contracts import message
from shared.contracts.envelope import Recorded
from shared.kernel.errors import Unavailable
from shared.postgres import PostgresLog
from shared.relay.relay import Pace
from tests.support.appends import adding, new_stream
from tests.support.broker import Vhost
from tests.support.database import Database
from tests.support.process import free_port

ROOT = Path(__file__).parents[2]
WINDOW = Pace().window
_PROGRAM = "from shared.relay.process import run; run()"


@dataclass
class RelayProcess:
    """One `wuji relay`."""

    process: subprocess.Popen[bytes]
    admin_port: int

    def metric(self, name: str) -> float | None:
        """A number from /metrics; None while there is none."""
        try:
            text = requests.get(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=5).text
        except requests.ConnectionError:
            return None
        found = [line.split(" ")[1] for line in text.splitlines() if line.startswith(name + " ")]
        return float(found[0]) if found else None

    @property
    def leads(self) -> bool:
        return self.metric("wuji_relay_leader") == 1

    def ready(self) -> tuple[int, str]:
        """Status and text of /readyz."""
        answer = requests.get(f"http://127.0.0.1:{self.admin_port}/readyz", timeout=5)
        return answer.status_code, answer.text

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As the machine does it when the memory runs out."""
        self.process.kill()
        self.process.wait()

    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def relay_process(database_url: str, amqp_url: str) -> Iterator[RelayProcess]:
    """A relay in a process of its own, gone at the end whatever happened to it."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WUJI_")},
        "DATABASE_URL": database_url,
        "AMQP_URL": amqp_url,
        "WUJI_ADMIN_PORT": str(port),
        "WUJI_LOG": "json",
    }
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM], cwd=ROOT, env=environment)
    relay = RelayProcess(process, port)
    try:
        deadline = time.monotonic() + 30
        while relay.metric("wuji_relay_leader") is None and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        yield relay
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(true: Callable[[], object], seconds: float = 30.0) -> float:
    """Wait for it, or fail; the seconds it took."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, "waited too long"
        time.sleep(0.02)
    return time.monotonic() - started


@contextmanager
def writing(database: Database, streams: int = 20) -> Iterator[list[int]]:
    """Somebody appends to some streams all the time; answers the version of each stream, updated as it grows."""
    names = [new_stream() for _ in range(streams)]
    versions = [0] * streams
    stop = threading.Event()
    log = database.log("intake")

    def write() -> None:
        turn = 0
        while not stop.is_set():
            try:
                log.append(adding(names[turn % streams], versions[turn % streams]))
            except Unavailable:
                # It may have been stored all the same: the log knows.
                versions[turn % streams] = _version(log, names[turn % streams], stop)
                continue
            versions[turn % streams] += 1
            turn += 1

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield versions
    finally:
        stop.set()
        thread.join()


def _version(log: PostgresLog, stream: str, stop: threading.Event) -> int:
    while True:
        try:
            return len(log.stream(stream))
        except Unavailable:
            stop.wait(0.2)


def published(database: Database) -> int:
    ((position,),) = database.query("SELECT position FROM es.relay_cursor")
    return int(position)


def has_moved(database: Database, position: int) -> bool:
    return published(database) > position


def settled(database: Database, count: int) -> bool:
    return published(database) == count


def heard(vhost: Vhost) -> list[Recorded[Any]]:
    connection = pika.BlockingConnection(pika.URLParameters(vhost.admin_url))
    channel = connection.channel()
    found = []
    for _, properties, body in channel.consume("projector", auto_ack=True, inactivity_timeout=0.5):
        if body is None:
            break
        found.append(message.parse(body, properties.headers))
    connection.close()
    return found


def assert_whole(events: list[Recorded[Any]], versions: list[int], interruptions: int) -> None:
    positions = [event.position or 0 for event in events]
    first_times = {event.position: event for event in events}.values()

    assert sorted(set(positions)) == list(range(1, sum(versions) + 1))
    assert list(dict.fromkeys(positions)) == sorted(set(positions))
    assert len(positions) - len(set(positions)) <= interruptions * WINDOW
    by_stream: dict[str, list[int]] = {}
    for event in first_times:
        by_stream.setdefault(event.stream, []).append(event.version)
    assert sorted(len(found) for found in by_stream.values()) == sorted(version for version in versions if version)
    assert all(found == list(range(1, len(found) + 1)) for found in by_stream.values())
