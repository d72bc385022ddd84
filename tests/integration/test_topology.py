"""The topology on a real broker: imported twice it changes nothing, drift is named, and no user can do too much."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker, ProbableAccessDeniedError

from shared.kernel.errors import Forbidden, Invalid, Unavailable
from shared.rabbitmq.drift import Applied, apply, diff
from shared.rabbitmq.management import Management
from shared.rabbitmq.names import LADDER, parked_queue
from shared.rabbitmq.topology import Reaction, topology
from tests.support.broker import Vhost

pytestmark = pytest.mark.integration


@contextmanager
def channel(url: str) -> Iterator[BlockingChannel]:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        opened = connection.channel()
        opened.confirm_delivery()
        yield opened
    finally:
        connection.close()


def differences(vhost: Vhost) -> list[str]:
    return diff(vhost.topology, vhost.management.definitions())


def test_importing_again_changes_nothing(vhost: Vhost) -> None:
    before = vhost.management.definitions()

    assert apply(vhost.topology, vhost.management) == Applied((), ())
    assert vhost.management.definitions() == before
    assert differences(vhost) == []


def test_what_was_taken_away_is_named_and_put_back(vhost: Vhost) -> None:
    vhost.management.delete("queues", vhost.name, "grid.request_check")
    vhost.management.delete("policies", vhost.name, "retry.5s")
    vhost.management.delete("permissions", vhost.name, f"{vhost.name}_grid")
    wrong = differences(vhost)

    assert "queue grid.request_check is missing" in wrong
    assert "binding events → queue grid.request_check by case.sent_to_check.# is missing" in wrong
    assert "policy retry.5s is missing" in wrong
    assert f"permission of {vhost.name}_grid is missing" in wrong
    assert apply(vhost.topology, vhost.management) == Applied(tuple(wrong), ())
    assert differences(vhost) == []


def test_what_nobody_asked_for_is_named_and_left_alone(vhost: Vhost) -> None:
    with channel(vhost.admin_url) as admin:
        admin.queue_declare("forgotten", durable=True)
        admin.queue_bind("dispatch.file_report", "events", "#")
    wrong = differences(vhost)

    assert wrong == [
        "queue forgotten belongs to no reaction; look for messages in it before you delete it",
        "binding events → queue dispatch.file_report by # is unknown",
    ]
    assert apply(vhost.topology, vhost.management) == Applied((), tuple(wrong))


def test_changed_passwords_rights_and_policies_are_named_and_put_right(vhost: Vhost) -> None:
    user = f"{vhost.name}_intake"
    vhost.management.call("PUT", "users", user, body={"password": "other", "tags": "administrator"})
    rights = {"configure": ".*", "write": ".*", "read": ".*"}
    vhost.management.call("PUT", "permissions", vhost.name, user, body=rights)
    policy = {"pattern": "^x$", "definition": {"message-ttl": 1}, "apply-to": "queues", "priority": 0}
    vhost.management.call("PUT", "policies", vhost.name, "projector", body=policy)
    wrong = differences(vhost)

    assert f"user {user} has another password than the configuration says" in wrong
    assert f'user {user}: the tags are ["administrator"], should be []' in wrong
    assert f'permission of {user}: configure is ".*", should be "^$"' in wrong
    assert any(line.startswith("policy projector: definition is") for line in wrong)
    assert apply(vhost.topology, vhost.management).left == ()


def test_queues_are_quorum_queues_even_when_somebody_else_declares_them(vhost: Vhost) -> None:
    with channel(vhost.admin_url) as admin:
        admin.queue_declare("by_hand", durable=True)
    kinds = {queue["name"]: queue["arguments"].get("x-queue-type") for queue in _queues(vhost)}

    assert set(kinds.values()) == {"quorum"}


def _queues(vhost: Vhost) -> list[dict[str, Any]]:
    return [queue for queue in vhost.management.definitions()["queues"] if queue["vhost"] == vhost.name]


def test_the_document_holds_no_password(vhost: Vhost, tmp_path: Path) -> None:
    path = tmp_path / "definitions.json"
    vhost.topology.write(path)
    text = path.read_text(encoding="utf-8")

    assert json.loads(text) == vhost.topology.definitions
    assert not any(password in text for password in vhost.passwords.values())


FORBIDDEN: dict[str, Callable[[BlockingChannel], object]] = {
    "publish to events": lambda it: it.basic_publish("events", "case.closed.-.-.-.-.-", b"{}"),
    "publish to the default exchange": lambda it: it.basic_publish("", "grid.request_check", b"{}"),
    "send another's message round": lambda it: it.basic_publish("retry.5s", "grid.request_check", b"{}"),
    "park for another": lambda it: it.basic_publish("parked", "grid.request_check", b"{}"),
    "declare a queue": lambda it: it.queue_declare("mine", durable=True),
    "declare a queue of its own name": lambda it: it.queue_declare("dispatch.new", durable=True),
    "declare an exchange": lambda it: it.exchange_declare("mine", "topic"),
    "bind": lambda it: it.queue_bind("dispatch.file_report", "events", "#"),
    "delete its queue": lambda it: it.queue_delete("dispatch.file_report"),
    "delete an exchange": lambda it: it.exchange_delete("events"),
    "read another's queue": lambda it: it.basic_get("grid.request_check"),
    "consume another's queue": lambda it: it.basic_consume("grid.request_check", lambda *_: None),
    "purge another's queue": lambda it: it.queue_purge("grid.request_check"),
    "read the projector's queue": lambda it: it.basic_get("projector"),
    "read its parked messages": lambda it: it.basic_get("dispatch.file_report.parked"),
    "read the retry queue": lambda it: it.basic_get("retry.5s"),
}


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_a_service_may_not(vhost: Vhost, deed: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(vhost.url("dispatch")))
    opened = connection.channel()
    opened.confirm_delivery()

    with pytest.raises(ChannelClosedByBroker) as refused:
        FORBIDDEN[deed](opened)

    assert refused.value.reply_code == 403
    connection.close()


def test_a_service_may_read_its_queue_send_round_and_park(vhost: Vhost) -> None:
    with channel(vhost.url("dispatch")) as service:
        assert service.basic_get("dispatch.file_report") == (None, None, None)
        for rung in LADDER:
            service.basic_publish(rung.name, "dispatch.file_report", b"{}", mandatory=True)
        service.basic_publish("parked", "dispatch.file_report", b"{}", mandatory=True)
    with channel(vhost.url("operator")) as operator:
        assert operator.basic_get(parked_queue("dispatch.file_report"))[2] == b"{}"


@pytest.mark.parametrize(
    ("role", "deed"),
    [
        ("relay", lambda it: it.basic_get("projector")),
        ("relay", lambda it: it.basic_publish("parked", "projector", b"{}")),
        ("projector", lambda it: it.basic_publish("events", "case.closed.-.-.-.-.-", b"{}")),
        ("projector", lambda it: it.basic_get("dispatch.file_report")),
        ("operator", lambda it: it.basic_publish("events", "case.closed.-.-.-.-.-", b"{}")),
        ("operator", lambda it: it.basic_get("dispatch.file_report")),
        ("operator", lambda it: it.queue_delete("dispatch.file_report.parked")),
    ],
)
def test_no_other_user_may_do_more_than_its_work(
    vhost: Vhost, role: str, deed: Callable[[BlockingChannel], object]
) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(vhost.url(role)))
    opened = connection.channel()
    opened.confirm_delivery()

    with pytest.raises(ChannelClosedByBroker) as refused:
        deed(opened)

    assert refused.value.reply_code == 403
    connection.close()


def test_a_user_enters_no_other_virtual_host(vhost: Vhost) -> None:
    elsewhere = urlsplit(vhost.url("dispatch"))._replace(path="/%2F").geturl()

    with pytest.raises(ProbableAccessDeniedError):
        pika.BlockingConnection(pika.URLParameters(elsewhere))


def test_a_user_without_rights_is_told_so(vhost: Vhost) -> None:
    base = urlsplit(vhost.servers.management_url)
    host = base.netloc.rpartition("@")[2]
    stranger = Management(f"http://{vhost.name}_dispatch:{vhost.passwords['dispatch']}@{host}")

    with pytest.raises(Forbidden, match="does not let"):
        stranger.definitions()


def test_a_broker_that_is_away_is_named() -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1 does not answer .* rabbitmq_management enabled"):
        Management("http://guest:guest@127.0.0.1:1").definitions()


@pytest.mark.parametrize("address", ["", "127.0.0.1:15672", "amqp://x", "http://"])
def test_a_wrong_address_is_named(address: str) -> None:
    with pytest.raises(Invalid, match="management interface is wrong"):
        Management(address)


def test_reactions_that_rights_could_not_tell_apart_are_refused() -> None:
    good = Reaction("dispatch.file_report", ("report.accepted",))
    for queue in ("file_report", "dispatch.file.report", "Dispatch.file", "dispatch.x.parked", ".*", ""):
        with pytest.raises(Invalid, match="no queue name"):
            topology([replace(good, queue=queue)], {})
    with pytest.raises(Invalid, match="two reactions"):
        topology([good, good], {})
    with pytest.raises(Invalid, match="hears no event"):
        topology([replace(good, types=())], {})
