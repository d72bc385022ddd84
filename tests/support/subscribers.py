"""Three departments' programs, one for each kind of delivery, as processes to be killed: each keeps what it got.

`python -m tests.support.subscribers queue|webhook|feed <database>`, with settings in the environment. What an event
brings about is one row in `effects`; `heard` has a row for every time that it came.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from standardwebhooks import Webhook, WebhookVerificationError
from wuji_events import Event, Subscriber, inbox

_PAGE = 500


def opened(path: str) -> sqlite3.Connection:
    """The program's own database."""
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    inbox.prepare(connection)
    connection.execute("CREATE TABLE IF NOT EXISTS heard (event_id text)")
    connection.execute("CREATE TABLE IF NOT EXISTS effects (event_id text)")
    connection.execute("CREATE TABLE IF NOT EXISTS cursor (position text)")
    connection.commit()
    return connection


def act_on(connection: sqlite3.Connection, event_id: str) -> None:
    """What a careful program does: the event's id and its effect in one transaction."""
    with connection:
        connection.execute("INSERT INTO heard VALUES (?)", (event_id,))
        if inbox.once(connection, event_id):
            connection.execute("INSERT INTO effects VALUES (?)", (event_id,))


def queue(connection: sqlite3.Connection) -> int:
    """The package's subscriber."""
    subscriber = Subscriber.from_env(ladder=(0.2,))

    @subscriber.on("*")
    def heard(event: Event) -> None:
        act_on(connection, event.id)

    return subscriber.run()


def webhook(connection: sqlite3.Connection) -> int:
    """A server that verifies each call by a library of Standard Webhooks."""
    verifier, one_at_a_time = Webhook(os.environ["SECRET"]), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            try:
                verifier.verify(body, {name.lower(): value for name, value in self.headers.items()})
                with one_at_a_time:
                    act_on(connection, self.headers["webhook-id"])
                self.send_response(204)
            except WebhookVerificationError:
                self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
    return 0


def feed(connection: sqlite3.Connection) -> int:
    """Asks, and keeps the cursor together with the effects: no inbox is needed."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {os.environ['WUJI_EVENTS_TOKEN']}"
    while True:
        found = connection.execute("SELECT max(position) FROM cursor").fetchone()[0]
        query = {"limit": _PAGE, "wait": 5} | ({} if found is None else {"after": int(found)})
        try:
            answer = session.get(f"{os.environ['WUJI_EVENTS_API']}/api/v1/events", params=query, timeout=40)
            answer.raise_for_status()
            events, reached = answer.json(), int(answer.headers["Wuji-Cursor"])
        except (requests.RequestException, ValueError):
            time.sleep(0.3)
            continue
        rows = [(event["id"],) for event in events]
        with connection:
            connection.executemany("INSERT INTO heard VALUES (?)", rows)
            connection.executemany("INSERT INTO effects VALUES (?)", rows)
            connection.execute("DELETE FROM cursor")
            connection.execute("INSERT INTO cursor VALUES (?)", (f"{reached:020d}",))


PROGRAMS: dict[str, Callable[[sqlite3.Connection], int]] = {"queue": queue, "webhook": webhook, "feed": feed}

if __name__ == "__main__":
    sys.exit(PROGRAMS[sys.argv[1]](opened(sys.argv[2])))
