"""What an operator sees of a running stack: the truth, also when something is broken."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e


def process(stack: RunningStack, name: str) -> dict[str, Any]:
    found = stack.json("status", codes=(0, 4))["processes"]
    return next(one for one in found if one["name"] == name)


def finding(stack: RunningStack, code: str) -> dict[str, Any]:
    (found,) = stack.json("doctor", "--only", code, codes=(0, 4))
    return dict(found)


def settled(stack: RunningStack, quiet: float = 6.0, at_most: float = 120) -> dict[str, int]:
    """How many events of each type there are, once nothing waits in any queue and none was added for some seconds.

    A reaction that found something missing comes again through the retry ladder, a minute later if need be.
    """
    found: dict[str, int] = {}
    started = since = time.monotonic()
    while time.monotonic() - since < quiet and time.monotonic() - started < at_most:
        now = dict(stack.rows("SELECT type, count(*) FROM es.events GROUP BY type ORDER BY type"))
        queues = stack.json("status", codes=(0, 4))["queues"]
        waiting = sum(one["ready"] + one["unacknowledged"] for one in queues if not one["name"].endswith(".parked"))
        if now != found or waiting:
            found, since = now, time.monotonic()
        time.sleep(0.5)
    return found


@dataclass(frozen=True)
class Demonstration:
    """One `wuji demo`."""

    answer: dict[str, Any]
    events: dict[str, int]


def demo(stack: RunningStack) -> dict[str, Any]:
    done = stack.wuji("demo", "-o", "json", timeout=300)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def without_subscriptions(counts: dict[str, int]) -> dict[str, int]:
    return {kind: number for kind, number in counts.items() if not kind.startswith("subscription.")}


@pytest.fixture(scope="module", autouse=True)
def _the_demonstrations_department_goes_home(stack: RunningStack) -> Iterator[None]:
    """It would sign and answer what later tests give to its department."""
    yield
    stack.stack.supervisor.dismiss("demo-department")


def test_status_knows_every_process_queue_and_address(stack: RunningStack) -> None:
    found = stack.json("status")
    names = {one["name"] for one in found["processes"]}

    assert found["well"]
    assert names == {"postgresql", "rabbitmq", "nginx", "supervisor", "intake", "dispatch", "grid", "survey", "notify",
                     "relay", "projector", "courier", "timer"}  # fmt: skip
    assert "projector" in {queue["name"] for queue in found["queues"]}
    assert {one["service"] for one in found["projections"]} == {"intake", "dispatch", "grid", "survey", "notify"}
    assert requests.get(found["urls"]["platform"], timeout=10).status_code == 200


def test_every_address_that_status_lists_answers(stack: RunningStack) -> None:
    found = stack.json("status")["urls"]
    answers = {name: requests.get(url, timeout=10).status_code for name, url in found.items() if "http" in url}

    assert set(answers.values()) <= {200, 401}, answers


def test_status_tells_the_truth_when_a_process_is_killed(stack: RunningStack) -> None:
    before = stack.pid("survey")
    stack.kill("survey")
    down = stack.json("status", codes=(0, 4))
    back = eventually(lambda: process(stack, "survey")["ready"], 60)
    after = stack.pid("survey")

    assert not down["well"] or process(stack, "survey")["pid"] != before
    assert back
    assert after not in (None, before)


def test_status_says_that_a_stopped_process_is_stopped(stack: RunningStack) -> None:
    stack.stop("notify")
    try:
        found = process(stack, "notify")
        code = stack.wuji("status").returncode
    finally:
        stack.start("notify")
        stack.wait_ready()

    assert found["state"] == "stopped"
    assert not found["ready"]
    assert code == 4


def test_doctor_finds_nothing_bad_but_the_missing_data(stack: RunningStack) -> None:
    found = {one["code"]: one for one in stack.json("doctor", codes=(0, 4))}
    bad = {code for code, one in found.items() if one["level"] == "bad"}

    assert bad <= {"WUJI-D033", "WUJI-D034"}, [found[code] for code in bad]


def test_doctor_finds_a_secret_that_others_can_read(stack: RunningStack) -> None:
    path = stack.run.env / "grid.env"
    path.chmod(0o644)
    try:
        found = finding(stack, "WUJI-D004")
    finally:
        path.chmod(0o600)

    assert found["level"] == "bad"
    assert "chmod 600" in found["fix"]


def test_doctor_finds_a_missing_queue_and_topology_puts_it_back(stack: RunningStack) -> None:
    from shared.rabbitmq.management import Management

    management = Management(stack.environment("operator")["RABBITMQ_MANAGEMENT_URL"])
    management.delete("queues", "wuji", "retry.10m")
    found = finding(stack, "WUJI-D023")
    changed = stack.json("topology")["changed"]
    again = finding(stack, "WUJI-D023")

    assert found["level"] == "bad"
    assert "retry.10m" in found["said"]
    assert found["fix"] == "wuji topology"
    assert any("retry.10m" in line for line in changed)
    assert again["level"] == "good"


def test_up_changes_nothing_when_everything_runs(stack: RunningStack) -> None:
    before = {name: stack.pid(name) for name in ("postgresql", "rabbitmq", "nginx", "supervisor", "intake", "relay")}
    done = stack.wuji("up")
    after = {name: stack.pid(name) for name in before}

    assert done.returncode == 0, done.stderr
    assert after == before


def test_nginx_refuses_what_is_too_large_before_a_service_sees_it(stack: RunningStack) -> None:
    answer = requests.post(f"{stack.url}/api/v1/reports", data=b"x" * 2_000_000, timeout=30)

    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_nginx_says_that_a_service_is_away_and_when_to_come_back(stack: RunningStack) -> None:
    stack.stop("survey")
    try:
        answer = stack.call("POST", "/api/v1/feedback/x", {})
    finally:
        stack.start("survey")
        stack.wait_ready()

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert json.loads(answer.text)["status"] == 503


def test_a_token_opens_a_door(stack: RunningStack) -> None:
    made = stack.wuji("token", "--role", "reader").stdout.strip()
    signed_in = requests.get(f"{stack.url}/api/v1/views", headers={"Authorization": f"Bearer {made}"}, timeout=10)
    anonymous = requests.get(f"{stack.url}/api/v1/views", timeout=10)

    assert signed_in.status_code == 200
    assert anonymous.status_code == 401


def test_a_file_of_the_topology_is_written_without_passwords(stack: RunningStack, tmp_path: Any) -> None:
    path = tmp_path / "definitions.json"
    done = stack.wuji("topology", "--write", str(path))
    text = path.read_text()
    secrets = json.loads((stack.run.root / "credentials.json").read_text())

    assert done.returncode == 0
    assert json.loads(text)["queues"]
    assert not any(secrets[name] in text for name in secrets if name.startswith("broker_"))


def test_an_empty_log_verifies(stack: RunningStack) -> None:
    found = stack.json("log", "verify")

    assert found["whole"]


@pytest.fixture(scope="module")
def demonstration(stack: RunningStack) -> Demonstration:
    """What it answered, and what it left behind when everything had come to rest."""
    return Demonstration(demo(stack), settled(stack))


def test_the_demonstration_runs_again_without_doubling_anything_even_after_its_subscription_was_deleted(
    stack: RunningStack, demonstration: Demonstration
) -> None:
    before = demonstration.answer["subscription"]
    stack.json("sub", "delete", before, "--yes")
    again = demo(stack)
    after = again["subscription"]

    assert after != before
    assert eventually(lambda: stack.json("sub", "show", after)["delivered"], 60), "it hears what the first one heard"
    assert without_subscriptions(settled(stack)) == without_subscriptions(demonstration.events)
    assert len(again["view"]["children"]) == 12
    assert again["department_answered"] == 3
    assert all(
        again["view"]["area"]["by_step"].get(step) for step in ("report", "dispatch", "handle", "check", "close")
    )


def test_a_case_and_its_area_can_be_looked_at(stack: RunningStack, demonstration: Demonstration) -> None:
    filed = json.loads(stack.wuji("events", "tail", "--type", "case.filed", "-o", "jsonl").stdout.splitlines()[0])
    number = filed["data"]["number"]
    life = stack.json("case", number)
    view = stack.json("view", "--area", filed["area"].split(".")[0])
    table = stack.wuji("view", "--all").stdout
    types = [event["type"] for event in life["events"]]

    assert types[0] == "report.submitted"
    assert types.index("report.accepted") < types.index("case.filed")
    assert view["area"]["cases"] == sum(child["cases"] for child in view["children"])
    assert "盘龙区" in table


def test_following_events_shows_what_comes(stack: RunningStack) -> None:
    found = stack.json("events", "tail", "--from", "1", "-n", "3")

    assert [event["position"] for event in found] == [1, 2, 3]
