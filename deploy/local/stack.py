"""The whole private stack of one run directory: what starts after what, and what is stopped."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deploy.local import backends as backing
from deploy.local import environment, packages, preparation, tls, wishes
from deploy.local.backends import Backends
from deploy.local.credentials import Credentials
from deploy.local.environment import PROCESSES
from deploy.local.nginx import Nginx, tiles_of
from deploy.local.places import RunDir
from deploy.local.ports import Ports
from deploy.local.processes import tail
from deploy.local.progress import Progress, Step
from deploy.local.servers import Servers
from deploy.local.supervisor import Supervisor
from deploy.local.words import say
from shared.kernel.errors import NotFound, Unavailable

READY_WITHIN = 90.0
"""Seconds that our processes may take to become ready, on a slow machine."""
CRASHING_FOR = 12.0
"""Seconds after which a process that keeps ending is not waited for any more."""


@dataclass
class Stack:
    """Everything that one run directory runs."""

    run: RunDir
    ports: Ports
    credentials: Credentials
    backends: Backends
    servers: Servers | None
    """None when the environment names servers that somebody else runs."""
    nginx: Nginx
    supervisor: Supervisor

    @property
    def url(self) -> str:
        """The one origin in front of all services, as people reach it."""
        return self.nginx.url

    @classmethod
    def prepare(cls, run: RunDir, progress: Progress) -> Stack:
        """Everything that must be there before the start: programs, ports, secrets. Starts nothing."""
        run.prepare()
        found = backing.named()
        if found:
            packages.ensure(progress, [packages.NGINX])
        servers = None if found else Servers.of(run, progress)
        return cls.of(run, servers, found)

    @classmethod
    def existing(cls, run: RunDir) -> Stack:
        """The stack that was prepared here before. Raises NotFound when there is none."""
        if not (run.root / "ports.json").exists():
            raise NotFound(
                say(f"这里还没有启动过：{run.root}", f"nothing was ever started here: {run.root}"),
                hint=say("先执行 wuji up 或 make demo", "start it with: wuji up, or make demo"),
            )
        found = backing.named()
        servers = None
        if not found:
            programs = packages.programs()
            servers = Servers(run, _ports(run), Credentials(run.root / "credentials.json"), programs)
        return cls.of(run, servers, found)

    @classmethod
    def of(cls, run: RunDir, servers: Servers | None, found: tuple[str, str, str] | None) -> Stack:
        ports = servers.ports if servers else _ports(run)
        credentials = Credentials(run.root / "credentials.json")
        backends = backing.external(found, credentials) if found else backing.private(_there(servers), credentials)
        web = packages.nginx_program()
        nginx = Nginx(web, run.data.resolve() / "nginx", run.log, run.pids, ports)
        return cls(run, ports, credentials, backends, servers, nginx, Supervisor(run, ports, credentials["supervisor"]))

    def up(self, progress: Progress) -> None:
        """Start what does not run. Safe to repeat; the second time it is quick.

        Raises Invalid for a setting of the operator's that is wrong, before anything is started.
        """
        wished = wishes.wishes(self.run.root)
        if self.servers:
            self.servers.start(progress)
        self.set_up(progress)
        self._free_taken_ports(progress)
        self.nginx.serve(tls.wished(wished, self.run.env))
        self.nginx.tiles = tiles_of(wished)
        changed = environment.write(self.run.env, self.backends, self.ports, self.url, wished)
        with progress.step(say("启动服务", "Start the services")) as step:
            self.supervisor.start(changed=changed)
            self.nginx.start()
            self.nginx.wait()
            self.wait_ready(step)

    def set_up(self, progress: Progress) -> None:
        """Database and broker: migrated, with our accounts, queues and rights."""
        with progress.step(say("数据库结构", "Database schema")) as step:
            if self.servers:
                self.servers.postgres.ensure_database(self.backends.database)
            applied = len(preparation.migrate(self.backends))
            step.detail = say(f"新迁移 {applied}", f"{applied} migrations") if applied else ""
        with progress.step(say("消息拓扑", "Queues and rights")) as step:
            changed = len(preparation.apply_topology(self.backends))
            step.detail = say(f"变更 {changed}", f"{changed} changes") if changed else ""

    def wait_ready(self, step: Step | None = None, seconds: float = READY_WITHIN) -> None:
        """Until every process of ours says that it is ready. Raises Unavailable with the end of a log."""
        started = time.monotonic()
        while waiting := self.not_ready():
            if step:
                step.detail = say("等待", "waiting for") + " " + " ".join(waiting)
            waited = time.monotonic() - started
            hopeless = waiting.keys() & self._crashing() if waited > CRASHING_FOR else set()
            if hopeless or waited > seconds:
                name = next(iter(hopeless or waiting))
                log = self.run.log / f"{name}.log"
                raise Unavailable(
                    say(f"{name} 没有就绪", f"{name} is not ready") + f": {waiting[name]}\n{tail(log)}\n{log}"
                )
            time.sleep(0.25)
        if step:
            step.detail = ""

    def _crashing(self) -> set[str]:
        """Processes that end as soon as they are started."""
        return {program.name for program in self.supervisor.programs() if program.state in ("BACKOFF", "FATAL")}

    def not_ready(self) -> dict[str, str]:
        """Processes that are not ready → why."""
        with ThreadPoolExecutor(max_workers=len(PROCESSES)) as pool:
            answers = pool.map(lambda name: ready(self.ports[f"{name}.admin"]), PROCESSES)
            return {name: why for name, why in zip(PROCESSES, answers, strict=True) if why}

    def down(self, progress: Progress) -> list[str]:
        """Stop what was started from this run directory, and nothing else; the names of what ran."""
        stopped = []
        with progress.step(say("停止", "Stop")) as step:
            step.detail = say("服务", "services")
            stopped += ["supervisor"] if self.supervisor.stop() else []
            stopped += ["nginx"] if self.nginx.stop() else []
            if self.servers:
                step.detail = "RabbitMQ, PostgreSQL"
                stopped += self.servers.stop()
            step.detail = " ".join(stopped)
        return stopped

    def _free_taken_ports(self, progress: Progress) -> None:
        names = ["front", "secure"] if self.nginx.pid_file.pid() is None else []
        if self.supervisor.pid_file.pid() is None:
            names += ["supervisor", *(f"{name}.admin" for name in PROCESSES)]
            names += [f"{name}.http" for name in PROCESSES if f"{name}.http" in self.ports.all()]
        for name, (old, new) in self.ports.renew_taken(names).items():
            progress.line(say(f"端口 {old}({name})被占用，改用 {new}", f"port {old} ({name}) is taken, using {new}"))


def ready(port: int) -> str | None:
    """None when the process on this admin port is ready, else what it says."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3):
            return None
    except urllib.error.HTTPError as error:
        return troubles(error.read(20_000)) or f"HTTP {error.code}"
    except OSError as error:
        return str(getattr(error, "reason", error))


def troubles(body: bytes) -> str:
    """What a process that is not ready says, on one line: `database: connection refused`."""
    try:
        found = json.loads(body)
        lacking = [f"{name}: {one['trouble']}" for name, one in found["dependencies"].items() if not one["ready"]]
    except (ValueError, LookupError, TypeError, AttributeError):
        return " ".join(body.decode(errors="replace").split())
    stopping = [f"stopping since {found['stopping_since']}"] if "stopping_since" in found else []
    return "; ".join(lacking + stopping)


def _ports(run: RunDir) -> Ports:
    return Ports(run.root / "ports.json", run.digest)


def _there(servers: Servers | None) -> Servers:
    if servers is None:
        raise Unavailable("no servers")
    return servers
