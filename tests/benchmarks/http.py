"""How fast the report door is: stored, committed and answered, against a stock nameko door that only returns 201.

Both run in processes of their own and are called by 32 keep-alive clients in another.
Run: python -m tests.benchmarks.http DATABASE_URL [SECONDS]
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.intake.projections import PROJECTIONS
from shared.security import tokens
from tests.benchmarks.figures import Figure, side_by_side
from tests.support import panlong
from tests.support.database import Database, fresh_database
from tests.support.process import Service, free_port, wait_for
from tests.support.projected import project

CLIENTS = 32
REPORT = {
    "title": "楼下飞线充电",
    "words": "三栋楼下有人从五楼拉线给电动车充电,很危险,请尽快处理,联系电话 13888886666。",
    "issue_type": "E-01-02",
    "area": "530103.004.012.003.00007",
    "place": "3 栋 1 单元",
    "point": {"lat": 25.0700, "lon": 102.7302},
    "contact": {"name": "王大妈", "phone": "13888886666"},
}


def reports(admin_url: str, seconds: float, rounds: int = 5) -> Figure:
    """Reports a second, 201 after commit, against the bare door."""
    with fresh_database(admin_url) as database, _intake(database) as intake, _bare() as bare:
        _post(intake, "/api/v1/reports", 2)
        _post(bare, "/reports", 2)
        stored = _reports(database)
        answered = 0.0

        def ours() -> float:
            nonlocal answered
            found = _post(intake, "/api/v1/reports", seconds)
            answered += found["statuses"]["201"]
            return float(found["rate"])

        figure = side_by_side(
            "report over HTTP, 201 after commit",
            ours,
            lambda: float(_post(bare, "/reports", seconds)["rate"]),
            unit="requests/s",
            target=0.5,
            rounds=rounds,
        )
        # Each round may leave one request per client stored but unheard.
        if not answered <= _reports(database) - stored <= answered + rounds * CLIENTS:
            raise AssertionError(f"{answered} reports were answered, {_reports(database) - stored} are stored")
        return figure


def _reports(database: Database) -> int:
    ((count,),) = database.query("SELECT count(*) FROM es.events WHERE type = 'report.submitted'")
    return int(count)


def _post(port: int, path: str, seconds: float) -> dict[str, float | dict[str, int]]:
    command = [sys.executable, "-m", "tests.benchmarks.http_client", str(port), path, str(seconds), str(CLIENTS)]
    body = json.dumps(REPORT, ensure_ascii=False).encode()
    done = subprocess.run(command, input=body, capture_output=True, check=True, timeout=seconds + 30)
    found: dict[str, float | dict[str, int]] = json.loads(done.stdout)
    if set(found["statuses"]) != {"201"}:  # type: ignore[arg-type]  # this one is the dictionary
        raise AssertionError(f"{path} answered {found['statuses']}")
    print(f"  {path}: {found['rate']:.0f}/s, p50 {found['p50']:.1f} ms, p99 {found['p99']:.1f} ms", file=sys.stderr)
    return found


@contextmanager
def _intake(database: Database) -> Iterator[int]:
    """The real service on the real database; its port."""
    panlong.settle(database)
    project(database, PROJECTIONS)
    with tempfile.TemporaryDirectory() as folder:
        service = Service(
            "tests.support.real_service",
            Path(folder),
            {
                "WUJI_TEST_SERVICE": "intake",
                "DATABASE_URL": database.url("intake"),
                "WUJI_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
                "WUJI_LINK_KEY": base64.b64encode(os.urandom(32)).decode(),
                "WUJI_TOKEN_PUBLIC_KEY": tokens.public_part(tokens.new_key()),
                "WUJI_PUBLIC_URL": "http://127.0.0.1",
            },
        ).start()
        try:
            yield service.http_port
        finally:
            service.stop(signal.SIGTERM)


@contextmanager
def _bare() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", "tests.benchmarks.bare_door", str(port)])
    try:
        wait_for(lambda: _listens(port), 20)
        yield port
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    print(reports(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 5.0))
