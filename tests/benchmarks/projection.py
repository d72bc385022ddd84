"""How fast events become the rows of the five views: from the bus, and from the log in a rebuild.

Peers (tests.benchmarks.peers): a stock nameko `event_handler` with one transaction per message, and the projection
runner of the `eventsourcing` package; both do the same upserts as ours. The peers get fewer events than we do, and
rates are compared; their tables are therefore smaller, which is to their advantage.

Run: python -m tests.benchmarks.projection DATABASE_URL AMQP_URL MANAGEMENT_URL [EVENTS]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import pika

from services.grid.projections.cases import CASES
from shared.contracts import message
from shared.contracts.envelope import Recorded
from shared.projections.bus import Bus
from shared.projections.process import Projector, connect_as
from shared.projections.reading import PostgresFeed
from shared.projections.rebuild import rebuild
from shared.projections.runner import Runner
from shared.projections.track import Run
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.peers import QUEUE, payload, runner_peer
from tests.support.broker import make_vhost
from tests.support.database import Database, fresh_database
from tests.support.lives import lives
from tests.support.logs import fill
from tests.support.servers import Servers

EVENTS_PER_CASE = 12.1
OURS_ON_BUS, PEERS_ON_BUS, PEERS_IN_LOG = 30_000, 3_000, 3_000
SECONDS_FOR_A_MILLION = 60


class _NoLog(PostgresFeed):
    """What is measured comes over the bus: the log has nothing."""

    def read(self, _connection: Any, after: int, *_: Any) -> Run:
        return Run(after, after, ())


def from_the_bus(servers: Servers) -> Figure:
    """Messages a second from a filled queue into the rows."""
    events = list(islice(lives(int(OURS_ON_BUS / EVENTS_PER_CASE) + 200), OURS_ON_BUS))
    vhost = make_vhost(servers, ())
    try:
        with fresh_database(servers.database_url) as database:
            _publish(vhost.admin_url, "projector", map(_ours, events))
            ours = len(events) / _drain(database, vhost.url("projector"), len(events))
        with fresh_database(servers.database_url) as database:
            peer = _nameko(database, vhost.admin_url, events[:PEERS_ON_BUS])
    finally:
        vhost.delete()
    return Figure("bus to five-level rows, against nameko", ours, peer, "events/s", ours / peer, 10)


def _ours(recorded: Recorded[Any]) -> tuple[bytes, dict[str, Any]]:
    made = message.of(recorded)
    return made.body, made.headers


def _publish(url: str, queue: str, messages: Iterable[tuple[bytes, dict[str, Any]]]) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare(queue, passive=True)
    for body, headers in messages:
        properties = pika.BasicProperties(headers=headers, content_type="application/json", delivery_mode=2)
        channel.basic_publish("", queue, body, properties)
    connection.close()


def _drain(database: Database, amqp_url: str, until: int) -> float:
    """Seconds from the first turn to the last row."""
    runner = Runner((CASES,), connect_as({"grid": database.url("grid")}), _NoLog())
    projector = Projector(runner, lambda: Bus(amqp_url, "projector"))
    runner.open()
    projector.leads = True
    began = time.perf_counter()
    while runner.lowest < until:
        projector.step()
    seconds = time.perf_counter() - began
    projector.stop()
    projector.run()
    return seconds


def _nameko(database: Database, amqp_url: str, events: Sequence[Recorded[Any]]) -> float:
    """Messages a second of the stock service: its queue is filled while it is down, then it is started."""
    database.query(f"SET search_path TO grid; {CASES.tables}", role="grid")
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    channel.exchange_declare("wuji.events", "topic", durable=True)
    channel.queue_declare(QUEUE, durable=True)
    connection.close()
    _publish(amqp_url, QUEUE, ((json.dumps(payload(recorded)).encode(), {}) for recorded in events))
    arguments = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.peers", amqp_url, database.url("grid")]
    process = subprocess.Popen(arguments)
    try:
        return _rate(lambda: _position(database), len(events))
    finally:
        process.terminate()
        process.wait(20)


def _position(database: Database) -> int:
    [(position,)] = database.query("SELECT coalesce(max(position), 0) FROM grid.cases")
    return int(position)


def _rate(position: Callable[[], int], last: int) -> float:
    """Positions a second between the first that is seen and nine tenths of the way: start and stop do not count."""
    while (first := position()) == 0:
        time.sleep(0.02)
    began = time.perf_counter()
    while (now := position()) < last * 0.9:
        time.sleep(0.1)
    return (now - first) / (time.perf_counter() - began)


def from_the_log(servers: Servers, events: int = 1_000_000) -> list[Figure]:
    """Events a second of a rebuild, and how long a million takes."""
    with fresh_database(servers.database_url) as database:
        stored = fill(database, lives(int(events / EVENTS_PER_CASE)))
        began = time.perf_counter()
        rebuild(CASES, connect_as({"grid": database.url("grid")}))
        seconds = time.perf_counter() - began
    few = list(islice(lives(int(PEERS_IN_LOG / EVENTS_PER_CASE) + 50), PEERS_IN_LOG))
    with fresh_database(servers.database_url) as database:
        start, stop = runner_peer(database, few)
        began = time.perf_counter()
        start()
        peer = len(few) / (time.perf_counter() - began)
        stop()
    ours = stored / seconds
    return [
        Figure("rebuild, against the eventsourcing package's runner", ours, peer, "events/s", ours / peer, 10),
        Figure(
            "rebuild of 1 million events, seconds under 60",
            1_000_000 / ours,
            SECONDS_FOR_A_MILLION,
            "s",
            SECONDS_FOR_A_MILLION / (1_000_000 / ours),
            1,
        ),
    ]


def run(servers: Servers, events: int = 1_000_000) -> list[Figure]:
    """All figures of this module."""
    return [from_the_bus(servers), *from_the_log(servers, events)]


if __name__ == "__main__":
    found = Servers(*sys.argv[1:4])
    print(table(run(found, int(sys.argv[4]) if len(sys.argv) > 4 else 1_000_000)))
