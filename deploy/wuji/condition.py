"""What is really going on: asks every process, the broker and the database, and believes no file.

Nothing here raises because something is down: that it is down is the answer.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from deploy.local.credentials import SERVICES
from deploy.local.ports import listens
from deploy.local.processes import PidFile
from deploy.local.stack import Stack
from deploy.local.words import say
from deploy.wuji.access import Access

T = TypeVar("T")


@dataclass(frozen=True)
class Process:
    """One process, server or service."""

    name: str
    state: str
    """running, stopped, starting, external, unreachable, or what the supervisor calls it."""
    ready: bool
    pid: int | None = None
    port: int | None = None
    seconds: int | None = None
    """How long it has been up."""
    why: str = ""
    """Why it is not ready."""


@dataclass(frozen=True)
class Queue:
    """One queue of ours."""

    name: str
    ready: int
    unacknowledged: int
    consumers: int


@dataclass(frozen=True)
class Projected:
    """One projection's place."""

    service: str
    name: str
    position: int
    behind: int
    """Positions that it has not taken yet."""
    lag_seconds: float
    """Age of the oldest event that it has not taken; 0 when it has all."""
    poisoned: int


@dataclass
class Condition:
    """All of it. A part that could not be asked is None, and `unknown` says why."""

    processes: list[Process] = field(default_factory=list)
    queues: list[Queue] | None = None
    relay: dict[str, Any] | None = None
    projections: list[Projected] | None = None
    subscriptions: list[dict[str, Any]] | None = None
    """Where each subscription stands: name, position, lag_events, lag_seconds, unacked, parked, dropped."""
    unknown: dict[str, str] = field(default_factory=dict)

    @property
    def parked(self) -> int:
        return sum(queue.ready + queue.unacknowledged for queue in self.queues or () if queue.name.endswith(".parked"))

    @property
    def well(self) -> bool:
        """Everything runs, is ready and could be asked."""
        return not self.unknown and all(process.ready for process in self.processes)


def condition(stack: Stack, access: Access) -> Condition:
    """Ask everything, at the same time."""
    found = Condition()
    with ThreadPoolExecutor(max_workers=6) as pool:
        servers, ours = pool.submit(server_processes, stack), pool.submit(our_processes, stack)
        queues = pool.submit(attempt, found, "rabbitmq", lambda: our_queues(access, stack.backends.vhost))
        relay = pool.submit(attempt, found, "relay", lambda: relay_standing(access))
        projections = pool.submit(attempt, found, "projections", lambda: projected(access))
        subscriptions = pool.submit(attempt, found, "subscriptions", lambda: subscribed(access))
        found.processes = [*servers.result(), *ours.result()]
        found.queues, found.relay, found.projections = queues.result(), relay.result(), projections.result()
        found.subscriptions = subscriptions.result()
    return found


def attempt(found: Condition, part: str, ask: Callable[[], T]) -> T | None:
    """The answer, or None with the reason noted."""
    import psycopg2

    from shared.kernel.errors import WujiError

    try:
        return ask()
    except (WujiError, psycopg2.Error, OSError) as error:
        found.unknown[part] = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return None


def server_processes(stack: Stack) -> list[Process]:
    """PostgreSQL, RabbitMQ, nginx and the supervisor."""
    found = []
    if stack.servers:
        postgres, rabbitmq = stack.servers.postgres, stack.servers.rabbitmq
        found += [own("postgresql", postgres.pid_file, postgres.port)]
        found += [own("rabbitmq", rabbitmq.pid_file, rabbitmq.ports["amqp"])]
    else:
        found += [external("postgresql", stack.backends.admin_database_url, 5432)]
        found += [external("rabbitmq", stack.backends.admin_amqp_url, 5672)]
    found += [own("nginx", stack.nginx.pid_file, stack.ports["front"])]
    return [*found, own("supervisor", stack.supervisor.pid_file, stack.ports["supervisor"])]


def own(name: str, pid_file: PidFile, port: int) -> Process:
    """A server that we started."""
    pid = pid_file.pid()
    if pid is None:
        return Process(name, "stopped", ready=False, port=port, why=say("没有运行", "not running"))
    if listens(port):
        return Process(name, "running", ready=True, pid=pid, port=port, seconds=uptime(pid))
    why = say(f"端口 {port} 不应答", f"port {port} does not answer")
    return Process(name, "running", ready=False, pid=pid, port=port, seconds=uptime(pid), why=why)


def external(name: str, url: str, default: int) -> Process:
    """A server that somebody else runs."""
    parts = urlsplit(url)
    port = parts.port or default
    try:
        socket.create_connection((parts.hostname or "", port), timeout=2).close()
    except OSError as error:
        return Process(name, "unreachable", ready=False, port=port, why=f"{parts.hostname}:{port} {error}")
    return Process(name, "external", ready=True, port=port)


def our_processes(stack: Stack) -> list[Process]:
    """What the supervisor runs: its word for the state, the process's own word for being ready."""
    from deploy.local.environment import PROCESSES

    waiting = stack.not_ready()
    supervised = {program.name: program for program in stack.supervisor.programs()}
    found = []
    for name in PROCESSES:
        port, program, why = stack.ports[f"{name}.admin"], supervised.get(name), waiting.get(name, "")
        if program is None:
            # Without its supervisor a process may still live: then it answers on its port.
            state = "stopped" if why else "unsupervised"
            found.append(Process(name, state, ready=False, port=port, why=why or say("无监管", "nobody restarts it")))
            continue
        running = program.state == "RUNNING"
        seconds = uptime(program.pid) if program.pid else None
        reason = why if running else f"{program.said} {why}".strip()
        found.append(Process(name, program.state.lower(), running and not why, program.pid, port, seconds, reason))
    return found


def uptime(pid: int) -> int | None:
    """Seconds since the process started."""
    import os

    try:
        with open(f"/proc/{pid}/stat") as stat:
            ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError):
        return None
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))


def our_queues(access: Access, vhost: str) -> list[Queue]:
    """Every queue with its counts, which the broker refreshes every few seconds."""
    return [
        Queue(
            one["name"],
            int(one.get("messages_ready", 0)),
            int(one.get("messages_unacknowledged", 0)),
            int(one.get("consumers", 0)),
        )
        for one in access.management.queues(vhost)
    ]


def relay_standing(access: Access) -> dict[str, Any]:
    """How far numbering and publishing are."""
    from shared.postgres.sequencer import Sequencer

    sequencer = Sequencer(access.database_url("relay"))
    try:
        standing = sequencer.standing()
    finally:
        sequencer.close()
    return {
        "head": standing.head,
        "published": standing.published,
        "waiting": standing.depth,
        "oldest_seconds": round(standing.oldest_age, 1),
    }


def projected(access: Access) -> list[Projected]:
    """Every projection's place, from its watermark: true even while the projector is down."""
    found: list[Projected] = []
    for service in SERVICES:
        with access.database(service) as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{service}.watermarks",))
            if not cursor.fetchone()[0]:
                continue
            cursor.execute(
                "WITH head AS (SELECT coalesce(max(position), 0) AS position FROM es.feed) "
                "SELECT w.projection, w.position, head.position - w.position, "
                "       coalesce(extract(epoch FROM clock_timestamp() - next.recorded_at), 0)::float, "
                "       (SELECT count(*) FROM poisoned p WHERE p.projection = w.projection) "
                "FROM watermarks w CROSS JOIN head LEFT JOIN es.feed next ON next.position = w.position + 1 "
                "ORDER BY w.projection"
            )
            found += [
                Projected(service, name, position, max(behind, 0), round(max(lag, 0.0), 1), poisoned)
                for name, position, behind, lag, poisoned in cursor.fetchall()
            ]
    return found


SUBSCRIPTION = ("name", "position", "lag_events", "lag_seconds", "ready", "unacked", "dropped", "parked", "last_error")


def subscribed(access: Access) -> list[dict[str, Any]]:
    """Where the subscriptions stand, from their tables: true even while the courier is down."""
    from services.notify.subscriptions.places import standings
    from shared.postgres.rows import PostgresRows

    rows = PostgresRows(access.database_url("notify"))
    try:
        return [{name: row[name] for name in SUBSCRIPTION} for row in standings(rows)]
    finally:
        rows.close()
