"""Logs, metrics and health."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from shared.kernel.errors import Unavailable
from shared.telemetry import logs, metrics
from shared.telemetry.admin import Admin
from shared.telemetry.health import Health


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, object]]]:
    logs.configure("intake", "json")
    lines: list[dict[str, object]] = []
    yield lines
    logging.getLogger().handlers.clear()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_personal_numbers_are_masked_in_every_value(said: object, capsys: pytest.CaptureFixture[str]) -> None:
    logs.logger("intake").info(
        "request",
        text="请打 138 1234 5678",
        nested={"who": ["53010319900307123X"], "13812345678": 1},
        error=ValueError("call 13812345678"),
    )
    line = capsys.readouterr().err

    assert "1234" not in line.replace(str(json.loads(line)["ts"]), "")
    assert "[电话]" in line
    assert "[证件号]" in line


def test_ids_are_left_as_they_are(said: object, capsys: pytest.CaptureFixture[str]) -> None:
    logs.logger("intake").info("request", case_id="0199f000-0000-7000-8000-a13812345678", position=13812345678)
    (line,) = _lines(capsys)

    assert line["case_id"] == "0199f000-0000-7000-8000-a13812345678"
    assert line["position"] == 13812345678


def test_a_traceback_is_masked_too(said: object, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise KeyError("13812345678")
    except KeyError as error:
        logs.logger("intake").error("request", exc_info=error)
    (line,) = _lines(capsys)

    assert "KeyError" in str(line["traceback"])
    assert "13812345678" not in json.dumps(line)


def test_broken_text_of_strangers_does_not_break_the_line(said: object, capsys: pytest.CaptureFixture[str]) -> None:
    logs.logger("intake").info("request", text="half \ud800 pair\nnew line", body=b"\xff")

    assert len(_lines(capsys)) == 1


def test_lines_of_libraries_have_the_same_form(said: object, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("some.library").warning("call %s", "13812345678")
    (line,) = _lines(capsys)

    assert line["logger"] == "some.library"
    assert line["event"] == "call [电话]"


def test_a_log_that_nobody_reads_does_not_stop_the_service(said: object, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Broken())
    logs.logger("intake").info("request")

    assert metrics.LOG_LINES_LOST._value.get() >= 1


def test_metric_names_have_one_prefix_and_base_units() -> None:
    assert all(name.startswith("wuji_") for name in metrics.DECLARED)
    assert not [name for name in metrics.DECLARED if name.endswith(("_ms", "_milliseconds", "_minutes", "_hours"))]


def test_a_metric_that_nobody_touches_is_not_shown() -> None:
    from prometheus_client import generate_latest

    metrics.DELIVERIES.labels("outbox", "done").inc()
    shown = generate_latest().decode()

    assert 'wuji_deliveries_total{channel="outbox",outcome="done"}' in shown
    assert "wuji_projection_lag_seconds" not in shown


def test_readiness_names_what_is_missing_and_since_when() -> None:
    health = Health()
    trouble: list[str | None] = ["refused: call 13812345678"]
    health.register("database", lambda: trouble[0])
    health.register("broker", lambda: None)
    ready, document = health.report()

    assert not ready
    assert document["dependencies"]["broker"]["ready"] is True
    assert document["dependencies"]["database"]["trouble"] == "refused: call [电话]"
    assert document["dependencies"]["database"]["since"]
    trouble[0] = None
    time.sleep(1.1)
    assert health.report()[0]


def test_a_check_that_raises_or_hangs_is_a_finding_and_costs_bounded_time() -> None:
    health = Health()
    held = threading.Event()

    def broken() -> str | None:
        raise Unavailable("the database is away")

    def hanging() -> str | None:
        held.wait(20)
        return None

    health.register("database", broken)
    health.register("broker", hanging, patience=0.2)
    started = time.monotonic()
    ready, document = health.report()
    took = time.monotonic() - started
    held.set()

    assert not ready
    assert took < 1
    assert "away" in document["dependencies"]["database"]["trouble"]
    assert "0.2 s" in document["dependencies"]["broker"]["trouble"]


def test_a_process_that_starts_or_stops_is_not_ready() -> None:
    health = Health()
    health.starting()
    early = health.report()
    health.started()
    between = health.report()
    health.stopping()
    late = health.report()

    assert (early[0], between[0], late[0]) == (False, True, False)
    assert (early[1]["phase"], late[1]["phase"]) == ("starting", "stopping")
    assert late[1]["since"]


def test_the_admin_port_works_in_plain_processes() -> None:
    health = Health()
    health.register("database", lambda: "away")
    admin = Admin(health, 0)
    url = f"http://127.0.0.1:{admin.port}"
    try:
        live, ready = requests.get(f"{url}/livez", timeout=5), requests.get(f"{url}/readyz?verbose=1", timeout=5)
        shown, head = requests.get(f"{url}/metrics", timeout=5), requests.head(f"{url}/metrics", timeout=5)
        posted = requests.post(f"{url}/metrics", timeout=5)
    finally:
        admin.close()

    assert (live.status_code, ready.status_code) == (200, 503)
    assert ready.json()["dependencies"]["database"]["trouble"] == "away"
    assert "wuji_" in shown.text
    assert (head.status_code, head.text, posted.status_code) == (200, "", 405)


def test_an_admin_port_that_is_taken_is_named() -> None:
    admin = Admin(Health(), 0)
    try:
        with pytest.raises(Unavailable, match=str(admin.port)):
            Admin(Health(), admin.port)
    finally:
        admin.close()
