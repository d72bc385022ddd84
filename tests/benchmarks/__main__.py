"""`make bench`: every figure that the project promises, each beside its peer or its limit, in one run.

Servers are private ones, made for the run and deleted after it. Name parts to run only those; `--quick` uses smaller
amounts, for a look and not for a claim; `--full` adds what takes many minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.environment import PROCESSES
from deploy.local.places import RunDir
from deploy.local.progress import Progress
from deploy.local.servers import Servers as PrivateServers
from tests.benchmarks import (
    append,
    clocks,
    http,
    indicators,
    latency,
    pages,
    past,
    projection,
    relay,
    replay,
    slow_subscriber,
    views,
)
from tests.benchmarks.figures import Figure
from tests.support.servers import POSTGRES_FOR_TESTS, Servers
from tests.support.stack import eventually, started

STREET, KIND = "530103.004.001", "E-01-02"
MEMORY_LIMIT = 800
CASES = 200_000
"""Cases that the pages are opened with, when nobody says otherwise."""


def _append(servers: Servers, quick: bool) -> list[Figure]:
    return append.run(servers.database_url, 1.0 if quick else 4.0)


def _relay(servers: Servers, quick: bool) -> list[Figure]:
    return relay.figures(servers, rounds=2 if quick else 5)


def _projection(servers: Servers, quick: bool) -> list[Figure]:
    return projection.run(servers, 50_000 if quick else 1_000_000)


def _http(servers: Servers, quick: bool) -> list[Figure]:
    return [http.reports(servers.database_url, 2.0 if quick else 5.0)]


def _views(servers: Servers, quick: bool) -> list[Figure]:
    return views.run(servers, 50_000 if quick else 1_000_000)


def _past(servers: Servers, quick: bool) -> list[Figure]:
    return past.run(servers, 5_000 if quick else 83_000)


def _replay(servers: Servers, quick: bool) -> list[Figure]:
    return replay.figures(servers, 10_000 if quick else 100_000, rounds=1 if quick else 3)


def _million(servers: Servers, _quick: bool) -> list[Figure]:
    return replay.figures(servers, 1_000_000, rounds=1)


def _subscribers(servers: Servers, quick: bool) -> list[Figure]:
    return slow_subscriber.figures(servers, 6_000 if quick else 12_000, rounds=1 if quick else 5)


def _clocks(servers: Servers, quick: bool) -> list[Figure]:
    return clocks.run(servers, quick)


def _indicators(servers: Servers, quick: bool) -> list[Figure]:
    return indicators.run(servers, 5_000 if quick else indicators.CASES)


def _pages(servers: Servers, quick: bool) -> list[Figure]:
    return pages.run(servers, 20_000 if quick else CASES)


PARTS: dict[str, Callable[[Servers, bool], list[Figure]]] = {
    "append": _append,
    "relay": _relay,
    "projection": _projection,
    "http": _http,
    "views": _views,
    "past": _past,
    "replay": _replay,
    "subscribers": _subscribers,
    "clocks": _clocks,
    "indicators": _indicators,
    "pages": _pages,
}
FULL: dict[str, Callable[[Servers, bool], list[Figure]]] = {"million": _million}
"""What takes long and is measured when it is named, or with `--full`."""


def _whole(quick: bool) -> list[Figure]:
    """What only the whole stack can show: from the report to the view, and the memory of our processes."""
    with tempfile.TemporaryDirectory(prefix="wuji-bench-") as folder, started(Path(folder) / "run") as stack:
        done = stack.wuji("import", "reference")
        if done.returncode:
            raise RuntimeError(done.stderr)
        eventually(lambda: stack.rows("SELECT count(*) > 100 FROM intake.issue_types", role="intake")[0][0], 60)
        found = latency.run(
            stack.url, stack.environment("operator")["DATABASE_URL_GRID"], STREET, KIND, 5 if quick else 30
        )
        megabytes = sum(_resident(stack.pid(name)) for name in PROCESSES)
        return [
            *found,
            Figure("memory of our processes together", megabytes, MEMORY_LIMIT, "MB", MEMORY_LIMIT / megabytes, 1),
        ]


def _resident(pid: int | None) -> float:
    """Megabytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def _servers() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="wuji-bench-") as folder, Progress() as progress:
        os.chmod(folder, 0o755)
        private = PrivateServers.of(RunDir(Path(folder) / "run"), progress)
        private.start(progress, postgres_settings=POSTGRES_FOR_TESTS)
        try:
            yield Servers(private.postgres.url(), private.rabbitmq.amqp_url("%2F"), private.rabbitmq.management_url())
        finally:
            private.stop()


def _show(figures: list[Figure], console: Console) -> None:
    shown = Table(
        title=f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    for heading in ("what", "ours", "peer or limit", "unit", "ratio", "at least", ""):
        shown.add_column(heading, justify="left" if heading in ("what", "unit", "") else "right")
    for one in figures:
        values = (f"{one.ours:,.0f}", f"{one.peer:,.0f}", one.unit, f"{one.ratio:.2f}", f"{one.target:.2f}")
        shown.add_row(one.what, *values, "reached" if one.reached else "[red]missed[/red]")
    console.print(shown)


def main() -> int:
    """Run the parts that are asked for; 0 when every figure reached its target, 3 when some did not."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, *FULL, "whole", []], help="default: all")
    parser.add_argument("--quick", action="store_true", help="smaller amounts")
    parser.add_argument("--full", action="store_true", help="also a million events replayed")
    parser.add_argument("--cases", type=int, help=f"cases that the pages are opened with; {CASES:,} if left out")
    asked = parser.parse_args()
    measured = {**PARTS, **FULL}
    if asked.cases:
        measured["pages"] = lambda servers, _quick: pages.run(servers, asked.cases)
    parts = asked.parts or [*PARTS, *(FULL if asked.full else ()), "whole"]
    console = Console(width=150 if not sys.stdout.isatty() else None)
    figures: list[Figure] = []
    if set(parts) & set(measured):
        with _servers() as servers:
            for name in (part for part in parts if part in measured):
                began = time.monotonic()
                print(f"… {name}", file=sys.stderr, flush=True)
                found = measured[name](servers, asked.quick)
                figures += found
                print("\n".join(map(str, found)), f"({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    if "whole" in parts:
        figures += _whole(asked.quick)
    _show(figures, console)
    return 0 if all(one.reached for one in figures) else 3


if __name__ == "__main__":
    sys.exit(main())
