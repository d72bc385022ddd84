"""What the account of a subscription may do at the broker: read its own queue, and nothing else at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pika
import pytest
import requests
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker

from shared.rabbitmq.drift import diff
from shared.rabbitmq.partners import Account, Caps, measure, partners_topology, provision
from tests.support.database import fresh_database
from tests.support.partners import Heard, Partners, connection, drain, partners_of
from tests.support.servers import Servers

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def partners(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partners]:
    """Two subscriptions, provided as the courier does it."""
    with (
        fresh_database(servers.database_url) as database,
        partners_of(database, servers, tmp_path_factory.mktemp("partners")) as made,
    ):
        accounts = [Account(name, f"{name}-secret") for name in ("mine", "theirs")]
        staff = {role: f"{made.names.vhost}_{role}" for role in ("courier", "operator")}
        topology = partners_topology(
            accounts, names=made.names, caps=Caps(10, 1), staff=staff, administrator=made.management.user
        )
        provision(topology, made.management)
        made.topology = topology  # type: ignore[attr-defined]
        yield made


def _mine(partners: Partners) -> str:
    return partners.address(partners.names.user("mine"), "mine-secret")


FORBIDDEN: dict[str, Callable[[Any], object]] = {
    "declare a queue": lambda it: it.queue_declare("x", durable=True),
    "declare a queue under its own name": lambda it: it.queue_declare("sub.mine.2", durable=True),
    "declare its own queue anew": lambda it: it.queue_declare("sub.mine", durable=True),
    "declare a queue named by the broker": lambda it: it.queue_declare("", exclusive=True),
    "delete its own queue": lambda it: it.queue_delete("sub.mine"),
    "delete another's queue": lambda it: it.queue_delete("sub.theirs"),
    "purge another's queue": lambda it: it.queue_purge("sub.theirs"),
    "purge what was dropped": lambda it: it.queue_purge("dropped"),
    "bind its own queue": lambda it: it.queue_bind("sub.mine", "dead", "#"),
    "bind its own queue to what the broker has": lambda it: it.queue_bind("sub.mine", "amq.topic", "#"),
    "unbind another's queue": lambda it: it.queue_unbind("sub.theirs.parked", "dead", "rejected"),
    "declare an exchange": lambda it: it.exchange_declare("x", "fanout"),
    "delete an exchange": lambda it: it.exchange_delete("dead"),
    "bind exchanges": lambda it: it.exchange_bind("amq.fanout", "dead"),
    "publish to its own queue": lambda it: it.basic_publish("", "sub.mine", b"{}"),
    "publish to another's queue": lambda it: it.basic_publish("", "sub.theirs", b"{}"),
    "publish to the dead": lambda it: it.basic_publish("dead", "", b"{}"),
    "publish to a topic": lambda it: it.basic_publish("amq.topic", "case.closed", b"{}"),
    "publish to everybody": lambda it: it.basic_publish("amq.fanout", "", b"{}"),
    "read another's queue": lambda it: it.basic_consume("sub.theirs", lambda *_: None),
    "get from another's parked queue": lambda it: it.basic_get("sub.theirs.parked"),
    "get what was dropped": lambda it: it.basic_get("dropped"),
    "read the trace": lambda it: it.queue_bind("sub.mine", "amq.rabbitmq.trace", "#"),
}


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_a_subscriber_may_not(partners: Partners, deed: str) -> None:
    opened = pika.BlockingConnection(pika.URLParameters(_mine(partners)))
    channel = opened.channel()
    channel.confirm_delivery()

    with pytest.raises(ChannelClosedByBroker) as refused:
        FORBIDDEN[deed](channel)

    # 403 ACCESS_REFUSED; 406: the queue is there with other properties, and was not touched.
    assert refused.value.reply_code in (403, 406)
    opened.close()


@pytest.mark.parametrize("vhost", ["%2F", "wuji"])
def test_no_other_virtual_host_lets_it_in(partners: Partners, vhost: str) -> None:
    url = _mine(partners).rpartition("/")[0] + "/" + vhost

    with pytest.raises(AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(url))


@pytest.mark.parametrize("path", ["overview", "queues", "users", "definitions", "vhosts", "connections", "whoami"])
def test_the_management_interface_does_not_know_it(partners: Partners, path: str) -> None:
    base = partners.servers.management_url.rpartition("@")[2]
    login = (partners.names.user("mine"), "mine-secret")
    answer = requests.get(f"http://{base}/api/{path}", auth=login, timeout=10)

    assert answer.status_code == 401


def test_it_reads_refuses_and_acknowledges_its_own(partners: Partners) -> None:
    with connection(partners.staff_url("courier")) as channel:
        channel.confirm_delivery()
        for number in range(3):
            properties = pika.BasicProperties(headers={"ce-id": str(number), "ce-sequence": f"{number:020d}"})
            channel.basic_publish("", "sub.mine", b"{}", properties, mandatory=True)
    heard = drain(_mine(partners), "sub.mine", Heard(), most=2)
    with connection(_mine(partners)) as channel:
        method, _, _ = next(channel.consume("sub.mine"))
        channel.basic_reject(method.delivery_tag, requeue=False)
        channel.cancel()
    with connection(_mine(partners)) as channel:
        parked = next(channel.consume("sub.mine.parked", inactivity_timeout=5))

    assert heard.positions == [0, 1]
    assert parked[1].headers["ce-id"] == "2"
    assert parked[1].headers["x-first-death-reason"] == "rejected"


def test_it_may_open_only_some_connections(partners: Partners) -> None:
    limits = partners.management.call("GET", "user-limits", partners.names.user("mine"))

    assert limits[0]["value"] == {"max-connections": 20, "max-channels": 200}


def test_what_somebody_changed_is_named_and_put_right(partners: Partners) -> None:
    topology = partners.topology  # type: ignore[attr-defined]
    user, vhost = partners.names.user("theirs"), partners.names.vhost
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    partners.management.call("PUT", "permissions", vhost, user, body=everything)
    partners.management.delete("queues", vhost, "sub.theirs.parked")
    wrong = diff(topology, partners.management.definitions())
    done = provision(topology, partners.management)

    assert f'permission of {user}: write is ".*", should be "^$"' in wrong
    assert "queue sub.theirs.parked is missing" in wrong
    assert done.left == ()


def test_counts_belong_to_subscriptions(partners: Partners) -> None:
    from shared.kernel.ids import new_id

    known = new_id()
    found = measure(partners.management, partners.names, {"theirs": known, "nobody": new_id()})

    assert [one.subscription_id for one in found] == [known]
