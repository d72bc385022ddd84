"""A department's program in a process of its own, to be stopped and killed: counts each event once, in SQLite.

`python -m tests.support.department_program <database> [<seconds per event>]`; it says `started <position>` on stdout.
"""

from __future__ import annotations

import sqlite3
import sys
import time

from wuji_events import Event, Subscriber, inbox


def main(path: str, seconds: float) -> int:
    """Until it is told to stop."""
    subscriber = Subscriber.from_env(ladder=(0.2,))
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    inbox.prepare(connection)
    connection.execute("CREATE TABLE IF NOT EXISTS effects (position integer)")
    connection.execute("CREATE TABLE IF NOT EXISTS calls (position integer)")
    connection.commit()

    @subscriber.on("case.*")
    def heard(event: Event) -> None:
        print(f"started {event.position}", flush=True)
        with connection:
            connection.execute("INSERT INTO calls VALUES (?)", (event.position,))
        with connection:
            if inbox.once(connection, event.id):
                connection.execute("INSERT INTO effects VALUES (?)", (event.position,))
        time.sleep(seconds)

    return subscriber.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0.0))
