"""What `wuji sub` understands, and the samples that it prints."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.wuji.sub import body_of, split, start_of
from deploy.wuji.sub_samples import samples
from services.notify.subscriptions.schemas import CreateBody

MADE: dict[str, Any] = {
    "name": "orders",
    "token": "a.b.c",
    "filter": {"types": ["case.dispatched"]},
    "connection": {"url": "amqp://sub-orders:secret@127.0.0.1:5672/partners", "queue": "sub.orders"},
}


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("now", {}),
        ("1200", {"position": 1200}),
        ("2026-05-01T00:00:00+08:00", {"time": "2026-05-01T00:00:00+08:00"}),
    ],
)
def test_a_start_is_now_a_position_or_a_time(text: str, start: dict[str, Any]) -> None:
    assert start_of(text) == start


def test_lists_may_be_written_with_chinese_commas() -> None:
    assert split("case.*，task.signed, ") == ["case.*", "task.signed"]
    assert split("") == []


def test_what_the_command_sends_is_what_the_door_takes() -> None:
    given = {
        "name": "orders",
        "department": None,
        "delivery": None,
        "endpoint": None,
        "types": ("case.*",),
        "areas": ("530103.004",),
        "issue_types": (),
        "handled_by": ("sanitation",),
        "start": "5",
    }

    assert CreateBody().load(body_of(given))["start"] == {"position": 5, "time": None}


def test_the_samples_name_the_subscription_and_the_python_ones_are_python() -> None:
    found = samples(MADE, "http://wuji.example")

    assert {"python", "pika", "java"} <= found.keys()
    assert "sub.orders" in found["java"]
    assert "secret@127.0.0.1" in found["pika"]
    for language in ("python", "pika"):
        compile(found[language], language, "exec")


def test_whoever_has_no_queue_gets_a_sample_without_one() -> None:
    found = samples({**MADE, "connection": None, "delivery": "pull"}, "http://wuji.example")

    assert "a.b.c" in "".join(found.values())
