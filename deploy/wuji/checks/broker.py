"""Checks of the broker: reachable, able, no alarm, and with exactly our topology."""

from __future__ import annotations

import time

from deploy.local import preparation
from deploy.local.words import say
from deploy.wuji.checks import Check, Found, Patient, bad, good, warning
from deploy.wuji.condition import our_queues

SHOWN = 5
STATISTICS_ARE_OLD = 8.0
"""Seconds."""


def reachable(patient: Patient) -> Found:
    overview = patient.access.management.call("GET", "overview")
    version = str(overview.get("rabbitmq_version", "0"))
    number = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if number < (3, 10):
        return bad(f"RabbitMQ {version}", say("需要 3.10 或更新", "3.10 or newer is needed"))
    return good(f"RabbitMQ {version}, Erlang {overview.get('erlang_version', '?')}")


def alarms(patient: Patient) -> Found:
    raised = [
        f"{node['name']}: {kind}"
        for node in patient.access.management.call("GET", "nodes")
        for kind, key in (("memory", "mem_alarm"), ("disk", "disk_free_alarm"))
        if node.get(key)
    ]
    if raised:
        return bad(", ".join(raised), say("告警期间不收消息:腾出内存或磁盘", "it takes no messages: make room"))
    return good(say("无告警", "no alarm"))


def drift(patient: Patient) -> Found:
    from shared.rabbitmq.drift import diff

    differences = diff(preparation.wanted(patient.stack.backends), patient.access.management.definitions())
    if differences:
        more = f" (+{len(differences) - SHOWN})" if len(differences) > SHOWN else ""
        return bad("; ".join(differences[:SHOWN]) + more, "wuji topology")
    return good(say("与代码一致", "as the code says"))


def consumers(patient: Patient) -> Found:
    """The broker's counts are some seconds old: what seems unread is looked at once more."""
    deadline = time.monotonic() + STATISTICS_ARE_OLD
    while silent := unread(patient):
        if time.monotonic() > deadline:
            return bad(say("无人消费:", "nobody reads ") + ", ".join(silent), "wuji status; wuji up")
        time.sleep(1)
    return good(say("每个队列都有人消费", "every queue is read"))


def unread(patient: Patient) -> list[str]:
    """Queues that somebody should read and nobody does."""
    return [
        queue.name
        for queue in our_queues(patient.access, patient.stack.backends.vhost)
        if not queue.consumers and not queue.name.startswith("retry.") and not queue.name.endswith(".parked")
    ]


def parked(patient: Patient) -> Found:
    from deploy.wuji.parked import parked_counts

    waiting = parked_counts(patient.access)
    if waiting:
        said = ", ".join(f"{queue}: {count}" for queue, count in waiting.items())
        return warning(said, "wuji parked list")
    return good(say("没有搁置的消息", "nothing is parked"))


CHECKS = (
    Check("WUJI-D021", "消息服务器", "broker", reachable),
    Check("WUJI-D022", "消息服务器告警", "broker alarms", alarms),
    Check("WUJI-D023", "消息拓扑", "topology", drift),
    Check("WUJI-D024", "队列消费者", "consumers", consumers),
    Check("WUJI-D025", "搁置消息", "parked messages", parked),
)
