"""Poisoned messages on every queue of the city: each is parked as it came, or passed over, and nobody dies of it."""

from __future__ import annotations

import pika
import pytest
import requests

from tests.support.city import City
from tests.support.ledger import messages
from tests.support.stack import RunningStack, eventually

pytestmark = pytest.mark.e2e

PROCESSES = ("intake", "dispatch", "grid", "survey", "notify", "relay", "projector")
POISONS = (
    (b"\xff\xfe\x00 no text at all", {}),
    (b'{"case_id": ', {"ce-type": "case.closed.v1"}),
    (b'{"case_id": "not an id", "answer": 7}', {"ce-type": "case.closed.v1", "ce-id": "x", "ce-sequence": "-1"}),
    (b"[" * 20_000, {"ce-type": ["a", "list"], "ce-id": {"a": "table"}}),
)


def _queues(stack: RunningStack) -> list[str]:
    """Every queue that a process of ours reads."""
    operator = stack.environment("operator")
    answer = requests.get(operator["RABBITMQ_MANAGEMENT_URL"] + "/api/queues/wuji", timeout=10)
    answer.raise_for_status()
    names = [queue["name"] for queue in answer.json()]
    return [name for name in names if not name.endswith(".parked") and not name.startswith("retry")]


def test_poison_on_every_queue_is_parked_verbatim_and_every_process_lives(panlong: RunningStack) -> None:
    queues = _queues(panlong)
    # The projector only listens for positions: what it cannot read it passes over, and reads the log.
    reactions = [name for name in queues if "." in name]
    pids = {name: panlong.pid(name) for name in PROCESSES}
    before = messages(panlong)
    connection = pika.BlockingConnection(pika.URLParameters(panlong.environment("operator")["WUJI_ADMIN_AMQP_URL"]))
    channel = connection.channel()
    channel.confirm_delivery()
    for queue in queues:
        for body, headers in POISONS:
            channel.basic_publish("", queue, body, pika.BasicProperties(headers=headers), mandatory=True)

    def parked() -> bool:
        now = messages(panlong)
        return all(now[f"{name}.parked"] - before[f"{name}.parked"] == len(POISONS) for name in reactions)

    assert len(reactions) >= 8
    assert eventually(parked, 60), {name: messages(panlong)[f"{name}.parked"] for name in reactions}
    for queue in reactions:
        found = set()
        for _ in range(messages(panlong)[f"{queue}.parked"]):
            _, _, body = channel.basic_get(f"{queue}.parked", auto_ack=True)
            found.add(body)
        assert {body for body, _ in POISONS} <= found
    connection.close()
    assert eventually(lambda: all(messages(panlong)[queue] == 0 for queue in queues), 30)
    assert {name: panlong.pid(name) for name in PROCESSES} == pids
    panlong.wait_ready()
    assert City(panlong).to_closed("毒消息之后")
