"""What a dead subscriber with a full queue costs the city: nothing that can be measured, or this says how much.

Rounds of appends by the city go through relay and courier while one healthy subscriber reads, and a second one is
absent (its subscription paused), dead with a full queue, or stuck: connected to its full queue, which then gives
up as many messages as it is given.
Run: python -m tests.benchmarks.slow_subscriber DATABASE_URL AMQP_URL MANAGEMENT_URL [EVENTS] [ROUNDS]
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from services.notify.subscriptions import handlers
from services.notify.subscriptions.domain import Subscription
from tests.benchmarks.figures import Figure, table
from tests.support.appends import adding, found, new_stream
from tests.support.broker import make_vhost
from tests.support.database import Database, fresh_database
from tests.support.partners import OPERATOR, Partners, cause, partners_of, until
from tests.support.relays import published, relay_process
from tests.support.servers import Servers

CAP = 2000
READER = """
import sys, pika
connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.basic_qos(prefetch_count=200)
for method, _, _ in channel.consume(sys.argv[2]):
    if method.delivery_tag % 50 == 0:
        channel.basic_ack(method.delivery_tag, multiple=True)
"""
STUCK = """
import sys, time, pika
connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.basic_qos(prefetch_count=1)
channel.basic_consume(sys.argv[2], lambda *_: None)
while True:
    connection.process_data_events(time_limit=1)
"""
CONDITIONS = ("stuck", "dead", "absent")
SETTLE = 4.0
RESTLESS = 0.15
"""When one condition by itself differs so much from round to round, the machine does something else as well."""
KEPT = {"dead": 0.95, "stuck": 0.9}
"""Of the city's pace. Beside a dead subscriber it is promised; one that is connected and gives its messages up is
worked for, and may cost a little more."""
TAKES = 3
"""Measurements in a row of one condition: their median counts."""


@contextmanager
def reading(partners: Partners, subscription: Subscription, program: str = READER) -> Iterator[None]:
    """A subscriber at work."""
    url, queue = partners.url(subscription), partners.names.queue(subscription.name)
    process = subprocess.Popen([sys.executable, "-c", program, url, queue])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def one_round(database: Database, partners: Partners, events: int, names: tuple[str, ...]) -> tuple[float, float]:
    """Events a second through append and relay, and until the subscriptions have them as well."""
    log, goal = database.log("intake"), published(database) + events
    began = time.perf_counter()
    for _ in range(events // 50):
        stream = new_stream()
        log.append(adding(stream, 0, [found(stream)] * 50))
    until(lambda: published(database) >= goal, 120)
    city = time.perf_counter() - began
    until(lambda: all(partners.standing(name)["position"] >= goal for name in names), 120)
    return events / city, events / (time.perf_counter() - began)


def compare(database: Database, partners: Partners, events: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Condition → figures of each round, the conditions taking turns."""
    healthy, other = partners.subscribe("healthy"), partners.subscribe("other")
    partners.wait_for_queue(other)
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in CONDITIONS}

    def measured(name: str) -> None:
        with contextlib.ExitStack() as stack:
            if name == "absent":
                handlers.pause(partners.log, "other", None, OPERATOR, cause())
            else:
                handlers.resume(partners.log, "other", OPERATOR, cause())
            if name == "stuck":
                stack.enter_context(reading(partners, other, STUCK))
            if name == "dead":
                one_round(database, partners, 2 * CAP, ("healthy",))
                until(lambda: "full" in str(partners.standing("other")["last_error"]), 60)
            if name == "stuck":
                until(lambda: partners.standing("other")["lag_events"] == 0, 60)
            # What the step from one condition to the other has stirred up comes to rest.
            time.sleep(SETTLE)
            takes = [one_round(database, partners, events // TAKES, ("healthy",)) for _ in range(TAKES)]
            figures[name].append((median(rate for rate, _ in takes), median(rate for _, rate in takes)))

    with reading(partners, healthy):
        one_round(database, partners, max(events, 2 * CAP), ("healthy",))
        for number in range(rounds):
            # Each begins in its turn: whatever grows or tires in the course of a round falls on all of them.
            first = number % len(CONDITIONS)
            for name in CONDITIONS[first:] + CONDITIONS[:first]:
                measured(name)
    return figures


def figures(servers: Servers, events: int = 12_000, rounds: int = 5) -> list[Figure]:
    """What the city keeps of its pace beside a dead and beside a stuck subscriber, against none at all."""
    vhost = make_vhost(servers, ())
    with (
        contextlib.ExitStack() as at_the_end,
        tempfile.TemporaryDirectory() as folder,
        fresh_database(servers.database_url) as database,
        partners_of(database, servers, Path(folder), length=CAP) as partners,
        relay_process(database.url("relay"), vhost.url("relay")),
    ):
        at_the_end.callback(vhost.delete)
        courier = partners.start_courier()
        until(lambda: courier.leads)
        measured = compare(database, partners, events, rounds)
        dropped = partners.standing("other")["dropped"]
    for name, rates in measured.items():
        city, healthy = median(rate for rate, _ in rates), median(rate for _, rate in rates)
        told = f"city {city:.0f} events/s, healthy one {healthy:.0f} events/s"
        print(f"  second subscriber {name}: {told}", file=sys.stderr)
    print(f"  dropped by the full queue: {dropped}", file=sys.stderr)
    alone = sorted(rate for rate, _ in measured["absent"])
    if alone[-1] > alone[0] * (1 + RESTLESS):
        print("  the rounds differ by more than what is looked for: measure again on a quiet machine", file=sys.stderr)
    return [_beside(name, measured) for name in KEPT]


def _beside(name: str, measured: dict[str, list[tuple[float, float]]]) -> Figure:
    """Ratios are taken within each round, minutes apart at most, and then their median: the machine's moods cancel."""
    ours, peer = ([rate for rate, _ in measured[one]] for one in (name, "absent"))
    ratios = [one / other for one, other in zip(ours, peer, strict=True)]
    print(f"  {name}, round by round: {' '.join(f'{ratio:.2f}' for ratio in ratios)}", file=sys.stderr)
    what = f"the city beside a {name} subscriber, against none"
    return Figure(what, median(ours), median(peer), "events/s", median(ratios), KEPT[name])


if __name__ == "__main__":
    addresses = Servers(*sys.argv[1:4])
    print(table(figures(addresses, *(int(number) for number in sys.argv[4:6]))))
