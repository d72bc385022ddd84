"""The whole stack for tests: own run directory, own ports, every process real, and handles to hurt each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from deploy.local import wishes
from deploy.local.environment_file import as_text, read
from deploy.local.places import PROJECT, RunDir
from deploy.local.progress import Progress
from deploy.local.stack import Stack, ready
from shared.kernel.area import Area
from shared.security import tokens
from tests.support.process import free_port

SERVERS = ("postgresql", "rabbitmq", "nginx", "supervisor")
SETTINGS = {
    "WUJI_WEBHOOK_NETWORKS": "127.0.0.0/8",
    "WUJI_WEBHOOK_RETRIES": "1,1,1,1,1,2,5",
    "WUJI_ROOT_CAUSE_AFTER": "1",
}
"""What an operator of the tests' stack has set: departments' programs are on this machine, and die all the time; what
comes back once is enough to look for its root."""


@dataclass(frozen=True)
class Another:
    """A second process beside the supervised one."""

    port: int

    def metric(self, name: str) -> float:
        """One metric without labels."""
        return metric(self.port, name)


def metric(port: int, name: str) -> float:
    """The value of a metric without labels that a process serves on this admin port."""
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))


@dataclass
class RunningStack:
    """A started stack."""

    stack: Stack

    @property
    def url(self) -> str:
        """The one origin of all doors."""
        return self.stack.url

    @property
    def run(self) -> RunDir:
        return self.stack.run

    def environment(self, process: str) -> dict[str, str]:
        """The variables of one process, or of the `operator`."""
        return read(self.run.env / f"{process}.env")

    def wuji(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """The command line on this stack."""
        environment = {**os.environ, "WUJI_RUN_DIR": str(self.run.root), "LC_ALL": "C.UTF-8"}
        for name in ("DATABASE_URL", "AMQP_URL", "RABBITMQ_MANAGEMENT_URL"):
            environment.pop(name, None)
        return subprocess.run(
            [sys.executable, "-m", "deploy.wuji.main", *arguments],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            cwd=PROJECT,
            check=False,
        )

    def json(self, *arguments: str, codes: Sequence[int] = (0,)) -> Any:
        """What a command answers with `-o json`."""
        done = self.wuji(*arguments, "-o", "json")
        assert done.returncode in codes, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def token(self, role: str, area: str | None = None, department: str | None = None, subject: str = "tester") -> str:
        """A bearer token for somebody of that role."""
        key = self.environment("operator")["WUJI_TOKEN_KEY"]
        where = Area.parse(area) if area else None
        return tokens.sign(key, subject=subject, role=role, area=where, department=department, ttl=timedelta(hours=2))

    def call(
        self, method: str, path: str, body: Any = None, *, role: str | None = None, **how: Any
    ) -> requests.Response:
        """One HTTP call through nginx; with a role it is signed in. `how` is what `token` takes, or `headers`."""
        headers = dict(how.pop("headers", {}))
        if role:
            headers["Authorization"] = f"Bearer {self.token(role, **how)}"
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=30)

    def rows(self, statement: str, parameters: Sequence[Any] = (), *, role: str = "reader") -> list[tuple[Any, ...]]:
        """The answer of one query as that database role."""
        name = "DATABASE_URL" if role == "reader" else f"DATABASE_URL_{role.upper()}"
        connection = psycopg2.connect(self.environment("operator")[name])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def pid(self, name: str) -> int | None:
        """The process id of a server or of a process of ours, while it runs."""
        return self._pid_file(name).pid() if name in SERVERS else self.stack.supervisor.pid(name)

    def kill(self, name: str) -> None:
        """kill -9. The supervisor starts a process of ours again; a server stays down until `start`."""
        if name in SERVERS:
            self._server(name).kill()
        else:
            self.stack.supervisor.kill(name)

    def stop(self, name: str) -> None:
        """Stop in good order: a server, or a process of ours, which then stays down until `start`."""
        if name in SERVERS:
            self._server(name).stop()
        else:
            self.stack.supervisor.stop_one(name)

    def start(self, name: str) -> None:
        """Start what was killed or stopped, and wait until it answers."""
        if name in SERVERS:
            server = self._server(name)
            server.start()
            server.wait()
        else:
            self.stack.supervisor.start_one(name)

    def restart(self, name: str) -> None:
        """Stop in good order and start."""
        self.stop(name)
        self.start(name)

    def wait_ready(self, seconds: float = 180) -> None:
        """Until every process of ours says that it is ready."""
        self.stack.wait_ready(seconds=seconds)

    def log(self, name: str) -> str:
        """What a process has logged."""
        return (self.run.log / f"{name}.log").read_text(errors="replace")

    def metric(self, process: str, name: str) -> float:
        """One metric without labels of a process of ours."""
        return metric(self.stack.ports[f"{process}.admin"], name)

    @contextmanager
    def another(self, process: str) -> Iterator[Another]:
        """A second process of the same kind, on an admin port of its own; ended with the block."""
        port = free_port()
        environment = {**os.environ, **self.environment(process), "WUJI_ADMIN_PORT": str(port)}
        with (self.run.log / f"another-{process}.log").open("ab") as log:
            second = subprocess.Popen(
                [sys.executable, "-m", "deploy.wuji.main", process],
                env=environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
            )
        try:
            assert eventually(lambda: ready(port) is None, 60), f"a second {process} does not become ready"
            yield Another(port)
        finally:
            second.terminate()
            second.wait(60)

    def _server(self, name: str) -> Any:
        servers = self.stack.servers
        assert servers is not None
        return {"postgresql": servers.postgres, "rabbitmq": servers.rabbitmq}[name]

    def _pid_file(self, name: str) -> Any:
        if name in ("nginx", "supervisor"):
            return getattr(self.stack, name).pid_file
        return self._server(name).pid_file


def eventually(condition: Callable[[], Any], seconds: float = 30, pause: float = 0.1) -> Any:
    """The first true answer of the condition; the last answer, whatever it is, when time is up."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(pause)
    return found


@contextmanager
def started(folder: Path, *, quiet: bool = False) -> Iterator[RunningStack]:
    """A stack of its own in this run directory, stopped and deleted at the end."""
    run = RunDir(folder.resolve())
    run.root.mkdir(parents=True, exist_ok=True)
    (run.root / wishes.FILE).write_text(as_text(SETTINGS), encoding="utf-8")
    with Progress(quiet=quiet) as progress:
        stack = Stack.prepare(run, progress)
        try:
            stack.up(progress)
        except BaseException:
            stack.down(progress)
            raise
    try:
        yield RunningStack(stack)
    finally:
        with Progress(quiet=quiet) as progress:
            stack.down(progress)
        if not os.environ.get("WUJI_TEST_KEEP"):
            run.remove()


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Iterator[RunningStack]:
    """The stack that the tests of a session share. A test that hurts it puts it right again."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        manager = started(Path(os.environ.get("WUJI_TEST_STACK_DIR") or PROJECT / ".run-e2e").resolve())
        running = manager.__enter__()
    try:
        yield running
    finally:
        with capture.global_and_fixture_disabled():
            manager.__exit__(None, None, None)


@pytest.fixture(scope="session")
def panlong(stack: RunningStack) -> RunningStack:
    """The shared stack with Panlong's reference data in every table."""
    done = stack.wuji("import", "reference")
    assert done.returncode == 0, done.stderr
    stored = stack.rows("SELECT count(*) FROM es.events WHERE type = 'issue_type.defined'")[0][0]
    known = "SELECT count(*) FROM intake.issue_types"
    assert eventually(lambda: stack.rows(known, role="intake")[0][0] == stored, 60), (
        "intake does not learn the issue types"
    )
    return stack
