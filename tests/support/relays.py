"""Relays as processes of their own, to be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
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


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


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
