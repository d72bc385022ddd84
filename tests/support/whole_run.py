"""A run of many events over the whole stack, with a subscriber of each kind, and a hand that kills everything."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg2

from shared.contracts import catalogue
from shared.contracts.envelope import Origin, Recorded
from shared.kernel.errors import Conflict, Unavailable
from shared.kernel.ids import derived_id, new_id
from shared.ports import Append, Happening
from shared.postgres import PostgresLog
from tests.support.lives import lives
from tests.support.process import free_port
from tests.support.stack import RunningStack, eventually

ROOT = Path(__file__).parents[2]
CATEGORIES = ("report", "case", "task", "feedback")
STREETS = tuple(f"530103.{number:03d}" for number in range(1, 12))
"""All but one: what happens in the twelfth must not arrive."""
FILTER = {"types": [f"{one}.*" for one in CATEGORIES], "areas": list(STREETS)}
EVENTS_PER_CASE = 12.1
_AT_ONCE = 40


@dataclass
class Writer:
    """Puts ready-made lives of cases into the log, so many events a second, whatever is down meanwhile."""

    url: str
    events: int
    per_second: float
    written: int = 0
    _errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        self._thread.start()
        yield self
        self._thread.join()
        if self._errors:
            raise self._errors[0]

    @property
    def is_busy(self) -> bool:
        return self._thread.is_alive()

    def _work(self) -> None:
        run, log, began = new_id(), PostgresLog(self.url), time.monotonic()
        made = lives(int(self.events / EVENTS_PER_CASE) + 200, seed=run.int % 1_000_003)
        try:
            while batch := [_append(one, run) for one in islice(made, min(_AT_ONCE, self.events - self.written))]:
                self._store(log, batch)
                self.written += len(batch)
                time.sleep(max(0.0, began + self.written / self.per_second - time.monotonic()))
        except BaseException as error:  # noqa: BLE001 # raised again in the test's own thread
            self._errors.append(error)
        finally:
            log.close()

    @staticmethod
    def _store(log: PostgresLog, waiting: Sequence[Append]) -> None:
        """Until all are stored: keys make the second time harmless."""
        deadline = time.monotonic() + 120
        while waiting:
            answers = log.bulk_append(waiting)
            failed = [(one, said) for one, said in zip(waiting, answers, strict=True) if isinstance(said, Exception)]
            for _, error in failed:
                if not isinstance(error, (Unavailable, Conflict)) or time.monotonic() > deadline:
                    raise error
            waiting = [one for one, _ in failed]
            if waiting:
                time.sleep(0.2)


def _append(recorded: Recorded[Any], run: Any) -> Append:
    """The event as an import brings it: told of this run alone."""
    category, _, key = recorded.stream.partition("-")
    event_id = derived_id(run, recorded.event_id)
    return Append(
        stream=f"{category}-{derived_id(run, key)}",
        expected=recorded.version - 1,
        happenings=(Happening(recorded.event, recorded.occurred_at, event_id),),
        area=recorded.area,
        actor=recorded.actor,
        correlation_id=derived_id(run, recorded.correlation_id),
        idempotency_key=f"run:{event_id}",
        origin=Origin.IMPORT,
    )


@dataclass
class Program:
    """One department's program."""

    kind: str
    folder: Path
    environment: dict[str, str]
    kills: int = 0

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.support.subscribers", self.kind, str(self.database)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WUJI_")}
        with (self.folder / f"{self.kind}.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**kept, **self.environment}, stdout=log, stderr=subprocess.STDOUT
            )

    def kill_and_start(self) -> None:
        """kill -9, as the machine does it when the memory runs out."""
        assert self.process.poll() is None, (self.folder / f"{self.kind}.log").read_text()[-2000:]
        self.stop()
        self.kills += 1
        self.start()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def database(self) -> Path:
        return self.folder / f"{self.kind}.sqlite"

    def found(self, table: str) -> Counter[str]:
        """Event id → how often."""
        with sqlite3.connect(self.database, timeout=30) as connection:
            return Counter(one for (one,) in connection.execute(f"SELECT event_id FROM {table}"))

    def count(self) -> int:
        with sqlite3.connect(self.database, timeout=30) as connection:
            there = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'effects'").fetchone()[0]
            return int(connection.execute("SELECT count(*) FROM effects").fetchone()[0]) if there else 0


@dataclass
class Run:
    """The subscribers of one run, from now on."""

    stack: RunningStack
    folder: Path
    programs: dict[str, Program] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)

    def subscribe(self) -> None:
        """One of each kind, and the first event they are to get."""
        self.name = f"run-{new_id().hex[:12]}"
        self.after = int(self.stack.rows("SELECT coalesce(max(position), 0) FROM es.feed")[0][0])
        start = {"position": self.after + 1}
        port = free_port()
        made = {
            "queue": self._made("amqp", start),
            "webhook": self._made("webhook", start, endpoint=f"http://127.0.0.1:{port}/events"),
            "feed": self._made("pull", start),
        }
        settings = {
            "queue": {"WUJI_EVENTS_URL": made["queue"]["connection"]["url"]},
            "webhook": {"SECRET": str(made["webhook"]["signing_secret"]), "PORT": str(port)},
            "feed": {"WUJI_EVENTS_TOKEN": made["feed"]["token"], "WUJI_EVENTS_API": self.stack.url},
        }
        settings["queue"]["WUJI_EVENTS_SUBSCRIPTION"] = made["queue"]["name"]
        for kind, values in settings.items():
            self.programs[kind] = Program(kind, self.folder, values)
            self.programs[kind].start()

    def close(self) -> None:
        for program in self.programs.values():
            program.stop()
        for delivery in ("amqp", "webhook", "pull"):
            self.stack.call("DELETE", f"/api/v1/subscriptions/{self.name}-{delivery}", role="operator")

    def _made(self, delivery: str, start: dict[str, int], **more: str) -> dict[str, Any]:
        body = {"name": f"{self.name}-{delivery}", "delivery": delivery, "filter": FILTER, "start": start, **more}
        answer = self.stack.call("POST", "/api/v1/subscriptions", body, role="operator")
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def hurt(self, victim: str) -> None:
        """Kill one of them; what nobody starts again by itself is started again."""
        self.killed[victim] += 1
        if victim in self.programs:
            self.programs[victim].kill_and_start()
        elif victim == "connections":
            self._cut_connections()
        else:
            assert eventually(lambda: self.stack.pid(victim), 30), f"{victim} does not run"
            self.stack.kill(victim)
            if victim in ("rabbitmq", "postgresql"):
                time.sleep(0.5)
                self.stack.start(victim)

    def _cut_connections(self) -> None:
        """Every connection to PostgreSQL, whoever has it."""
        connection = psycopg2.connect(self.stack.environment("operator")["WUJI_ADMIN_DATABASE_URL"])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        finally:
            connection.close()

    def wanted(self) -> set[str]:
        """Ids of the events that the filter takes in, asked of the log itself."""
        public = [one.name for one in catalogue.CURRENT.values() if one.public]
        types = [name for name in public if name.partition(".")[0] in CATEGORIES]
        rows = self.stack.rows(
            "SELECT e.event_id::text FROM es.feed f JOIN es.events e USING (txid, seq)"
            " WHERE f.position > %s AND e.type = ANY(%s) AND left(e.area, 10) = ANY(%s)",
            (self.after, types, list(STREETS)),
        )
        return {one for (one,) in rows}

    def has_all(self, wanted: int) -> bool:
        return all(program.count() >= wanted for program in self.programs.values())

    def standing(self) -> dict[str, Any]:
        """For a message of failure."""
        rows = {
            delivery: self.stack.call("GET", f"/api/v1/subscriptions/{self.name}-{delivery}", role="operator").json()
            for delivery in ("amqp", "webhook", "pull")
        }
        kept = ("position", "head", "queue_depth", "unacked", "parked", "dropped", "last_error", "state")
        return {
            **{kind: program.count() for kind, program in self.programs.items()},
            **{delivery: {name: row.get(name) for name in kept} for delivery, row in rows.items()},
        }
