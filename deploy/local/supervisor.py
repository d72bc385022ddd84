"""The supervisor of our own processes: keeps five services, the relay and the projector running."""

from __future__ import annotations

import os
import signal
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from deploy.local.environment import PROCESSES
from deploy.local.places import PROJECT, RunDir, is_root
from deploy.local.ports import Ports
from deploy.local.processes import PidFile, clean_environment, spawn, tail
from deploy.local.words import say
from shared.kernel.errors import Unavailable

USER = "wuji"
GROUP_NAME = "wuji"

SETTINGS = """\
; Written by the local stack at every start.
[supervisord]
nodaemon=true
logfile={log}/supervisor.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={root}/supervisord.pid
childlogdir={log}
identifier=wuji-{digest}
minfds=4096
{user}
[inet_http_server]
port=127.0.0.1:{port}
username={username}
password={password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[include]
files={guests}/*.conf
"""

GROUP = """
; One group, so that all are told to stop at the same moment.
[group:{group}]
programs={names}
"""

PROGRAM = """
[program:{name}]
command={python} -m deploy.wuji.process {name} --env-file {env}/{name}.env
directory={project}
autostart=true
autorestart=true
startsecs=1
startretries=100000
stopsignal=TERM
stopwaitsecs=40
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={log}/{name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""

GUEST = """\
; A program that is none of the platform's processes; it is a group of its own.
[program:{name}]
command={command}
directory={project}
environment={environment}
autorestart=true
startsecs=1
startretries=100000
stopwaitsecs=40
redirect_stderr=true
stdout_logfile={log}/{name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""


@dataclass(frozen=True)
class Program:
    """One supervised process as the supervisor sees it."""

    name: str
    state: str
    """RUNNING, STARTING, BACKOFF, STOPPED, EXITED, FATAL…"""
    pid: int | None
    since: int
    """Unix seconds of the last start or stop."""
    said: str


class Supervisor:
    """The supervisor of one run directory."""

    def __init__(self, run: RunDir, ports: Ports, password: str) -> None:
        self.run = run
        self.ports = ports
        self.password = password
        self.settings = run.root / "supervisord.conf"
        self.log = run.log / "supervisor.start.log"
        self.pid_file = PidFile(run.pids / "supervisor.json")

    def start(self, *, changed: bool = False) -> None:
        """Start it, or start again what it had given up; with `changed` environment files everything anew."""
        renewed = self._write() or changed
        if self.pid_file.pid() is not None and renewed:
            self.stop()
        if self.pid_file.pid() is None:
            command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.settings)]
            more = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8"}
            # Several processes of ours share two cores: fewer arenas keep their memory together.
            env = clean_environment(**more, MALLOC_ARENA_MAX="2")
            self.pid_file.write(spawn(command, log=self.log, env=env, cwd=PROJECT))
            self._wait()
            return
        for program in self.programs():
            if program.state in ("STOPPED", "EXITED", "FATAL", "BACKOFF"):
                self.start_one(program.name)

    def stop(self) -> bool:
        """Stop every process, letting it finish what it has begun, then the supervisor."""
        return self.pid_file.stop(signal.SIGTERM, 60)

    def programs(self) -> list[Program]:
        """Every supervised process; none when the supervisor does not run."""
        if self.pid_file.pid() is None:
            return []
        try:
            with self._server() as server:
                found = cast("list[dict[str, Any]]", server.supervisor.getAllProcessInfo())
        except (OSError, xmlrpc.client.Error):
            return []
        known = {name: place for place, name in enumerate(PROCESSES)}
        programs = [
            Program(one["name"], one["statename"], one["pid"] or None, one["start"] or one["stop"], one["spawnerr"])
            for one in found
        ]
        return sorted(programs, key=lambda program: known.get(program.name, len(known)))

    def host(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Keep a guest running: a program that is none of the platform's processes, such as a demonstration's.

        Safe to repeat; it is started anew only when something about it has changed.
        """
        settings = ",".join(f'{key}="{_quoted(value)}"' for key, value in sorted(environment.items()))
        text = GUEST.format(
            name=name,
            command=" ".join(_word(word) for word in command),
            project=_quoted(PROJECT),
            environment=settings,
            log=_quoted(self.run.log),
        )
        path = self._guests / f"{name}.conf"
        changed = _write_private(path, text)
        try:
            with self._server() as server:
                server.supervisor.reloadConfig()
                running = name in {
                    str(one["group"]) for one in cast("list[Any]", server.supervisor.getAllProcessInfo())
                }
                if running and changed:
                    server.supervisor.stopProcessGroup(name, True)
                    server.supervisor.removeProcessGroup(name)
                if changed or not running:
                    server.supervisor.addProcessGroup(name)
        except xmlrpc.client.Fault as fault:
            raise Unavailable(f"{name}: {fault.faultString}") from fault

    def dismiss(self, name: str) -> None:
        """Stop a guest and forget it. Safe to repeat."""
        (self._guests / f"{name}.conf").unlink(missing_ok=True)
        with self._server() as server:
            if name in {str(one["group"]) for one in cast("list[Any]", server.supervisor.getAllProcessInfo())}:
                server.supervisor.stopProcessGroup(name, True)
                server.supervisor.removeProcessGroup(name)

    @property
    def _guests(self) -> Path:
        folder = self.run.root / "guests"
        folder.mkdir(exist_ok=True)
        return folder

    def start_one(self, name: str) -> None:
        try:
            with self._server() as server:
                server.supervisor.startProcess(_full(name), False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise Unavailable(f"{name}: {fault.faultString}") from fault

    def stop_one(self, name: str) -> None:
        """Stop one process and wait for its end."""
        try:
            with self._server() as server:
                server.supervisor.stopProcess(_full(name), True)
        except xmlrpc.client.Fault as fault:
            if "NOT_RUNNING" not in fault.faultString:
                raise Unavailable(f"{name}: {fault.faultString}") from fault

    def pid(self, name: str) -> int | None:
        """The process id of one supervised process, while it runs."""
        return next((program.pid for program in self.programs() if program.name == name), None)

    def kill(self, name: str) -> int:
        """kill -9 one process, for tests of what survives it; the process id that it had."""
        pid = self.pid(name)
        if pid is None:
            raise Unavailable(f"{name} does not run")
        os.kill(pid, signal.SIGKILL)
        return pid

    def _server(self) -> xmlrpc.client.ServerProxy:
        address = f"http://{USER}:{self.password}@127.0.0.1:{self.ports['supervisor']}/RPC2"
        return xmlrpc.client.ServerProxy(address)

    def _wait(self, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not self.programs():
            if self.pid_file.pid() is None or time.monotonic() > deadline:
                said = f":\n{tail(self.log)}\n{self.log}"
                raise Unavailable(say("进程监管器没有启动", "the supervisor did not start") + said)
            time.sleep(0.1)

    def _write(self) -> bool:
        text = SETTINGS.format(
            log=_quoted(self.run.log),
            root=_quoted(self.run.root),
            digest=self.run.digest,
            user="user=root\n" if is_root() else "",
            port=self.ports["supervisor"],
            username=USER,
            password=self.password,
            guests=_quoted(self._guests),
        )
        for name in PROCESSES:
            text += PROGRAM.format(
                name=name,
                python=_word(sys.executable),
                env=_word(self.run.env),
                log=_quoted(self.run.log),
                project=_quoted(PROJECT),
            )
        text += GROUP.format(group=GROUP_NAME, names=",".join(PROCESSES))
        return _write_private(self.settings, text)


def _write_private(path: Path, text: str) -> bool:
    """Write a file that only we may read; True when it was another one before."""
    if path.exists() and path.read_text() == text:
        return False
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
    return True


def _full(name: str) -> str:
    """What the supervisor calls a process: ours are one group, a guest is alone in its own."""
    return f"{GROUP_NAME if name in PROCESSES else name}:{name}"


def _quoted(path: Path | str) -> str:
    """A path in a setting: the percent sign is special there."""
    return str(path).replace("%", "%%")


def _word(path: Path | str) -> str:
    """A path as part of a command."""
    escaped = str(path).replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if " " in escaped else escaped
