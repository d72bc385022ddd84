"""How fast stored events reach a queue, confirmed: the whole relay against a bare pika loop with windowed confirms.

The relay numbers, reads, composes, publishes, waits and moves its cursor. The peer only publishes messages that were
composed beforehand, of the same bytes with the same headers, into the same quorum queue, in windows of the same size.
Run: python -m tests.benchmarks.relay DATABASE_URL AMQP_URL MANAGEMENT_URL [EVENTS]
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pika
from pika.adapters.select_connection import IOLoop

from shared.contracts.message import Message, compose
from shared.postgres.sequencer import Sequencer
from shared.relay.relay import Pace, Relay
from tests.benchmarks.figures import Figure, side_by_side, table
from tests.support.appends import adding, found, new_stream
from tests.support.broker import Vhost, make_vhost
from tests.support.database import Database, fresh_database
from tests.support.servers import Servers

WINDOW = Pace().window
WORDS = "小区门口的路灯坏了好几天,晚上黑乎乎的,老人孩子出门都不方便,希望尽快派人来修。" * 4


def _stored(database: Database, events: int) -> None:
    """So many more events in the log, without positions."""
    log = database.log("intake")
    for _ in range(events // 500):
        stream = new_stream()
        log.append(adding(stream, 0, [found(stream, WORDS)] * 500))


def _published(database: Database) -> int:
    ((position,),) = database.query("SELECT position FROM es.relay_cursor")
    return int(position)


def relay_rate(database: Database, vhost: Vhost, events: int) -> float:
    """Events a second that a relay takes from the log into the queue."""
    _stored(database, events)
    goal = _published(database) + events
    relay = Relay(database.url("relay"), vhost.url("relay"))
    thread = threading.Thread(target=relay.run)
    with database.connection("admin") as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        thread.start()
        position = 0
        while position < goal:
            time.sleep(0.01)
            cursor.execute("SELECT position FROM es.relay_cursor")
            (position,) = cursor.fetchone()
        took = time.perf_counter() - began
    relay.stop()
    thread.join()
    _empty(vhost, events)
    return events / took


class BarePika:
    """Publishes windows, each when the one before it is confirmed; nothing else."""

    def __init__(self, url: str, messages: list[Message]) -> None:
        self._messages = [(message.routing_key, message.body, _properties(message)) for message in messages]
        self._loop = IOLoop()
        self._sent = 0
        self._confirmed = 0
        self.began = self.ended = 0.0
        self._connection = pika.SelectConnection(
            pika.URLParameters(url), on_open_callback=self._opened, custom_ioloop=self._loop
        )
        self._channel: Any = None

    def run(self) -> float:
        """Messages a second."""
        self._loop.start()
        return len(self._messages) / (self.ended - self.began)

    def _opened(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._ready)

    def _ready(self, channel: Any) -> None:
        self._channel = channel
        channel.confirm_delivery(self._answered, callback=lambda _frame: self._window())

    def _window(self) -> None:
        self.began = self.began or time.perf_counter()
        for key, body, properties in self._messages[self._sent : self._sent + WINDOW]:
            self._channel.basic_publish("events", key, body, properties, mandatory=True)
            self._sent += 1

    def _answered(self, frame: Any) -> None:
        # Tags count from 1, and the broker answers in order here: the highest answered tag tells how many are safe.
        self._confirmed = max(self._confirmed, frame.method.delivery_tag)
        if self._confirmed == len(self._messages):
            self.ended = time.perf_counter()
            self._connection.close()
            self._loop.stop()
        elif self._confirmed == self._sent:
            self._window()


def _properties(message: Message) -> Any:
    return pika.BasicProperties(
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers=message.headers,
        delivery_mode=2,
        correlation_id=message.correlation_id,
        message_id=message.message_id,
        type=message.type,
        app_id=message.app_id,
    )


def bare_rate(database: Database, vhost: Vhost, events: int) -> float:
    """Events a second that a bare loop publishes."""
    sequencer = Sequencer(database.url("relay"), name="relay")
    messages = [compose(row) for row in sequencer.window(0, events)]
    sequencer.close()
    rate = BarePika(vhost.url("relay"), messages).run()
    _empty(vhost, events)
    return rate


def _empty(vhost: Vhost, expected: int) -> None:
    """Throw the queue's messages away, after making sure that they are all there."""
    connection = pika.BlockingConnection(pika.URLParameters(vhost.admin_url))
    channel = connection.channel()
    there = channel.queue_declare("projector", passive=True).method.message_count
    channel.queue_purge("projector")
    connection.close()
    if there != expected:
        raise AssertionError(f"{there} messages are in the queue, {expected} were published")


def figures(servers: Servers, events: int = 10_000, rounds: int = 5) -> list[Figure]:
    """The relay's row of the table."""
    vhost = make_vhost(servers, ())
    try:
        with fresh_database(servers.database_url) as database:
            figure = side_by_side(
                "relay, confirmed publishes",
                lambda: relay_rate(database, vhost, events),
                lambda: bare_rate(database, vhost, events),
                unit="events/s",
                target=0.5,
                rounds=rounds,
            )
    finally:
        vhost.delete()
    return [figure]


if __name__ == "__main__":
    addresses = Servers(*sys.argv[1:4])
    print(table(figures(addresses, int(sys.argv[4]) if len(sys.argv) > 4 else 10_000)))
