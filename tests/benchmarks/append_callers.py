"""Sixteen callers of one process that append one event each, and again as soon as they are answered.

Ours are green threads, as in every service of ours (shared/entrypoints). The peer's are plain threads, each with a
connection of its own from the package's pool, as its documentation has it. Either is a process that waits for the word:
it reads how many seconds to work from its input, and answers the calls that it made and how long they took.

Run: python -m tests.benchmarks.append_callers ours|peer DATABASE_URL
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and sys.argv[1] == "ours":
    import warnings

    warnings.simplefilter("ignore")
    import eventlet

    eventlet.monkey_patch()

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg2 import extensions

from shared.contracts.envelope import Actor
from shared.contracts.report import ReportSubmitted, Source, Urgency
from shared.kernel.area import Area
from shared.kernel.ids import new_id
from shared.ports import Append, Happening

CALLERS = 16
WORDS = "小区门口的路灯坏了好几天,晚上黑乎乎的,老人孩子出门都不方便,希望尽快派人来修。" * 3
AREA = Area("530103.004.012.003.00007")
ACTOR = Actor("resident", "resident")


class Callers:
    """The process, as who measures sees it."""

    def __init__(self, contender: str, url: str) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.append_callers", contender, url]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.appended = 0

    def rate(self, seconds: float) -> float:
        """Appends a second, measured for so long."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        calls, spent = self._process.stdout.readline().split()
        self.appended += int(calls)
        return int(calls) / float(spent)

    def close(self) -> None:
        """Let it end by itself."""
        self._process.communicate("", timeout=30)


@contextmanager
def callers(contender: str, url: str) -> Iterator[Callers]:
    """Such a process, warm: it has made its connections and its first appends."""
    found = Callers(contender, url)
    try:
        found.rate(0.5)
        yield found
    finally:
        found.close()


def one_append(events: int = 1) -> Append:
    """A new stream with that many reports in it."""
    reported = [_submitted() for _ in range(events)]
    now = datetime.now(UTC)
    return Append(
        stream=f"report-{reported[0].report_id}",
        expected=0,
        happenings=tuple(Happening(found, now) for found in reported),
        area=AREA,
        actor=ACTOR,
        correlation_id=reported[0].report_id,
    )


def _submitted() -> ReportSubmitted:
    return ReportSubmitted(
        report_id=new_id(), number="20260503-530103-000001", source=Source.RESIDENT, subject_id=new_id(),
        issue_type="E-01-02", urgency=Urgency.NORMAL, title="路灯不亮", words=WORDS, place="金辰街道青松路",
        point=None, external_number=None,
    )  # fmt: skip


def _ours(url: str) -> Callable[[], object]:
    from shared.postgres import PostgresLog

    log = PostgresLog(url, green=True)
    return lambda: log.append(one_append())


def _peer(url: str) -> Callable[[], object]:
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, event

    class Report(Aggregate):
        """The same fields."""

        @event("Submitted")
        def __init__(
            self, number: str, source: str, subject_id: str, issue_type: str, urgency: str, title: str, words: str,
            place: str, area: str, actor: str,
        ) -> None:  # fmt: skip
            self.number, self.source, self.subject_id, self.issue_type = number, source, subject_id, issue_type
            self.urgency, self.title, self.words, self.place = urgency, title, words, place
            self.area, self.actor = area, actor

    def report() -> Report:
        return Report(
            number="20260503-530103-000001", source="resident", subject_id=str(new_id()), issue_type="E-01-02",
            urgency="normal", title="路灯不亮", words=WORDS, place="金辰街道青松路", area=AREA.path, actor="resident",
        )  # fmt: skip

    known = extensions.parse_dsn(url)
    application: Application[Any] = Application(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": known["dbname"],
            "POSTGRES_HOST": known.get("host", ""),
            "POSTGRES_PORT": known.get("port", "5432"),
            "POSTGRES_USER": known.get("user", ""),
            "POSTGRES_PASSWORD": known.get("password", "none"),
            "POSTGRES_POOL_SIZE": str(CALLERS),
            "POSTGRES_MAX_OVERFLOW": "4",
        }
    )
    return lambda: application.save(report())


def _work(once: Callable[[], object], seconds: float) -> tuple[int, float]:
    done, errors = [0] * CALLERS, []
    stop_at = time.perf_counter() + seconds

    def call(index: int) -> None:
        try:
            while time.perf_counter() < stop_at:
                once()
                done[index] += 1
        except Exception as error:  # noqa: BLE001 (raised below)
            errors.append(error)

    began = time.perf_counter()
    threads = [threading.Thread(target=call, args=(index,)) for index in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return sum(done), time.perf_counter() - began


def main(contender: str, url: str) -> None:
    """Work whenever told to, until the input ends."""
    once = (_ours if contender == "ours" else _peer)(url)
    for line in sys.stdin:
        calls, spent = _work(once, float(line))
        print(calls, spent, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
