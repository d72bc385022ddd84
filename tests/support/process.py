"""A service in a process of its own, started, watched and stopped by a test."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from deploy.local.ports import FIRST

_ROOT = Path(__file__).parents[2]
_PORTS = (9_000, FIRST)
"""Below those of stacks."""


def free_port() -> int:
    """A port that nobody has right now; none of those that outgoing connections, of whomever, are given."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(*_PORTS)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass
class Service:
    """One running service of a test module such as `tests.support.tiny_doors`."""

    module: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    http_port: int = field(default_factory=free_port)
    admin_port: int = field(default_factory=free_port)

    def start(self, *, until_ready: bool = True) -> Service:
        """Start it, and wait until it serves (and, unless told otherwise, is ready)."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WUJI_")}
        own = {"WUJI_HTTP_PORT": str(self.http_port), "WUJI_ADMIN_PORT": str(self.admin_port), "WUJI_LOG": "json"}
        self.log_path = self.folder / f"{self.module.rpartition('.')[2]}-{self.admin_port}.log"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", self.module, *self.arguments],
                env={**inherited, **own, **self.environment},
                stderr=log,
                stdout=log,
                cwd=_ROOT,
            )
        wait_for(lambda: self.ready if until_ready else self.alive, 60, lambda: self.log_path.read_text())
        return self

    @property
    def alive(self) -> bool:
        """Whether the admin port answers."""
        if self.process.poll() is not None:
            raise AssertionError(f"the service ended with {self.process.returncode}:\n{self.log_path.read_text()}")
        try:
            return requests.get(f"http://127.0.0.1:{self.admin_port}/livez", timeout=3).status_code == 200
        except requests.ConnectionError:
            return False

    @property
    def ready(self) -> bool:
        """Whether it serves; it may end between two questions."""
        try:
            return self.alive and self.readiness()[0] == 200
        except requests.ConnectionError:
            return False

    def readiness(self) -> tuple[int, dict[str, Any]]:
        """Status and document of /readyz."""
        found = requests.get(f"http://127.0.0.1:{self.admin_port}/readyz", timeout=8)
        return found.status_code, found.json()

    def metrics(self) -> str:
        return requests.get(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=5).text

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http_port}{path}"

    def lines(self) -> list[dict[str, Any]]:
        """Every log line so far."""
        return [json.loads(line) for line in self.log_path.read_text().splitlines() if line.startswith("{")]

    def stop(self, number: int = signal.SIGTERM, patience: float = 20) -> int:
        """Signal it, wait for its end, answer its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def wait_for(found: Any, seconds: float, otherwise: Any = lambda: "") -> Any:
    """What `found()` answers once it is true; fails after `seconds` with what `otherwise()` says."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"did not happen within {seconds} s: {otherwise()}")
