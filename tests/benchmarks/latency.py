"""From the report over HTTP to the district view: how long until a report that was answered 201 is counted there.

Reports are sent at a steady rate through nginx; beside that one watcher reads the case rows that the view is made of
(a row and its counters are written in one transaction). Client and watcher share the machine with everything else.
"""

from __future__ import annotations

import http.client
import itertools
import json
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psycopg2

from tests.benchmarks.figures import Figure

CALLERS = 16


@dataclass
class Latencies:
    """Milliseconds from sending a report to seeing it: in the answer, and in the view."""

    answered: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    missing: int = 0

    def percentile(self, values: list[float], share: int) -> float:
        """The value that so many percent stay below."""
        return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def measure(api_url: str, database_url: str, rate: int, seconds: int, area: str, issue_type: str) -> Latencies:
    """Send `rate` reports a second for so many seconds and follow each into the view."""
    sent: dict[str, float] = {}
    found = Latencies()
    seen: dict[str, float] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(database_url, seen, stop))
    watcher.start()
    ticks = _ticks(rate, seconds)
    lock = threading.Lock()

    def call() -> None:
        connection = http.client.HTTPConnection(urlsplit(api_url).netloc, timeout=10)
        while True:
            with lock:
                due = next(ticks, None)
            if due is None:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            began = time.monotonic()
            report_id = _report(connection, area, issue_type)
            found.answered.append((time.monotonic() - began) * 1000)
            sent[report_id] = began

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not sent.keys() <= seen.keys():
        time.sleep(0.05)
    stop.set()
    watcher.join()
    found.seen = [(seen[report] - began) * 1000 for report, began in sent.items() if report in seen]
    found.missing = len(sent.keys() - seen.keys())
    return found


def _ticks(rate: int, seconds: int) -> Iterator[float]:
    start = time.monotonic() + 0.5
    return (start + number / rate for number in itertools.islice(itertools.count(), rate * seconds))


def _report(connection: http.client.HTTPConnection, area: str, issue_type: str) -> str:
    body = {"title": "路灯不亮", "words": "路口的路灯三天不亮。", "area": area, "issue_type": issue_type}
    connection.request("POST", "/api/v1/reports", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    if answer.status != 201:
        raise RuntimeError(f"the door answered {answer.status}: {content}")
    return str(content["report_id"])


def _watch(database_url: str, seen: dict[str, float], stop: threading.Event) -> None:
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(position), 0) FROM grid.cases")
        position = cursor.fetchall()[0][0]
        while not stop.is_set():
            cursor.execute(
                "SELECT case_id::text, position FROM grid.cases WHERE position > %s ORDER BY position", [position]
            )
            now = time.monotonic()
            for case_id, position in cursor.fetchall():  # noqa: B007  # the last one is where we go on
                seen.setdefault(case_id, now)
            time.sleep(0.003)
    connection.close()


def run(api_url: str, database_url: str, area: str, issue_type: str, seconds: int = 30) -> list[Figure]:
    """p50 and p99 at 100 reports a second, after five seconds of warming up."""
    measure(api_url, database_url, 100, 5, area, issue_type)
    found = measure(api_url, database_url, 100, seconds, area, issue_type)
    if found.missing:
        raise RuntimeError(f"{found.missing} reports were answered 201 and never seen in the view")
    return [_within(found, 50, 50), _within(found, 99, 250)]


def _within(found: Latencies, share: int, limit: float) -> Figure:
    took = found.percentile(found.seen, share)
    return Figure(f"report to district view at 100 a second, p{share}", took, limit, "ms", limit / took, 1)
