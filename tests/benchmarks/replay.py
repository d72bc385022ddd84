"""How fast the log replays into a shadow queue, confirmed: a courier process against the relay on the same events.

The replay reads, matches, composes the public message, marks it, publishes, waits for the confirms and moves its
cursor. At least half the relay's rate is promised, for a million events too (`--full`).
Run: python -m tests.benchmarks.replay DATABASE_URL AMQP_URL MANAGEMENT_URL [EVENTS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pika

from services.notify.subscriptions import handlers, replays
from services.notify.subscriptions.handlers import Start
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.relay import WORDS, relay_rate
from tests.support.appends import adding, found, new_stream
from tests.support.broker import make_vhost
from tests.support.database import Database, fresh_database
from tests.support.partners import OPERATOR, Partners, cause, partners_of, until
from tests.support.servers import Servers

NAME = "bench"
_CHUNK = 500
_RELAYED = 20_000


def _filled(database: Database, events: int) -> None:
    log = database.log("intake")
    for _ in range(events // _CHUNK):
        stream = new_stream()
        log.append(adding(stream, 0, [found(stream, WORDS)] * _CHUNK))
    database.settle(600)


def replay_rate(partners: Partners, events: int) -> float:
    """Events a second, by the clock of the database, from the first window to the last confirm."""
    wish = replays.Wish(from_position=1, to_position=events)
    replay_id, _ = replays.request(partners.log, partners.rows, NAME, wish, OPERATOR, cause())
    subscription = handlers.load(partners.log, NAME, OPERATOR)

    def there() -> bool:
        return bool(replays.one(partners.rows, subscription, replay_id)["state"] == "done")

    began = time.perf_counter()
    until(there, 600 + events / 500)
    took = time.perf_counter() - began
    row = replays.one(partners.rows, subscription, replay_id)
    if row["delivered"] != events:
        raise AssertionError(f"{row['delivered']} of {events} were delivered")
    _empty(partners, row["queue"], events)
    return events / took


def _empty(partners: Partners, queue: str, expected: int) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(partners.admin_url))
    channel = connection.channel()
    there = channel.queue_declare(queue, passive=True).method.message_count
    channel.queue_delete(queue)
    connection.close()
    if there != expected:
        raise AssertionError(f"{there} messages are in the queue, {expected} were replayed")


def figures(servers: Servers, events: int = 100_000, rounds: int = 3) -> list[Figure]:
    """The replay's row of the table. Relay and replay take turns, so that what else the machine does falls on both."""
    relayed, replayed = list[float](), list[float]()
    vhost = make_vhost(servers, ())
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            fresh_database(servers.database_url) as database,
            fresh_database(servers.database_url) as city,
        ):
            _filled(database, events)
            settings = {"WUJI_REPLAY_DEPTH": "1000000"}
            with partners_of(database, servers, Path(folder), settings=settings) as partners:
                partners.subscribe(NAME, types=["report.verified"], start=Start())
                courier = partners.start_courier()
                until(lambda: courier.leads, 60, otherwise=courier.log.read_text)
                for _ in range(rounds):
                    relayed.append(relay_rate(city, vhost, min(events, _RELAYED)))
                    replayed.append(replay_rate(partners, events))
                relayed.append(relay_rate(city, vhost, min(events, _RELAYED)))
                courier.end()
    finally:
        vhost.delete()
    ours, peer = median(replayed), median(relayed)
    return [Figure(f"replay of {events:,} events, against the relay", ours, peer, "events/s", ours / peer, 0.5)]


if __name__ == "__main__":
    addresses = Servers(*sys.argv[1:4])
    print(table(figures(addresses, int(sys.argv[4]) if len(sys.argv) > 4 else 100_000)))
