"""A subscription's queue without the platform around it: the departments' virtual host with one account in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pika

from shared.rabbitmq.management import Management
from shared.rabbitmq.partners import Account, Caps, Names, partners_topology, provision
from tests.support.servers import Servers

NAME = "sanitation"


@dataclass
class DepartmentQueue:
    """`sub.sanitation`, its account, and the courier's place."""

    names: Names
    management: Management
    servers: Servers

    @property
    def url(self) -> str:
        """Of the subscription's own account."""
        return self._address(self.names.user(NAME), "secret")

    @property
    def queue(self) -> str:
        return self.names.queue(NAME)

    @property
    def parked(self) -> str:
        return self.names.parked(NAME)

    def send(self, *numbers: int, type: str = "case.dispatched", issue: str | None = None, **headers: str) -> list[str]:
        """One event per number, which is its position; of an issue of its own unless one is named. Their ids."""
        ids = []
        with self.channel() as channel:
            channel.confirm_delivery()
            for number in numbers:
                ids.append(str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.names.vhost}-{number}")))
                about = issue or ids[-1]
                found = {
                    "ce-id": ids[-1],
                    "ce-type": f"{type}.v1",
                    "ce-subject": f"case-{about}",
                    "ce-area": "530103.004.012",
                    "ce-sequence": f"{number:020d}",
                    "ce-time": "2026-05-03T01:30:00+00:00",
                    "ce-correlationid": about,
                    **headers,
                }
                properties = pika.BasicProperties(headers=found, delivery_mode=2, content_type="application/json")
                channel.basic_publish("", self.queue, json.dumps({"number": number}).encode(), properties)
        return ids

    def parked_events(self) -> list[str]:
        """Ids of what is parked; it stays there."""
        with self.channel() as channel:
            found = []
            while (got := channel.basic_get(self.parked))[0] is not None:
                found.append(got[1].headers["ce-id"])
            return found

    def count(self, queue: str | None = None) -> int:
        """Messages that are ready."""
        with self.channel() as channel:
            return int(channel.queue_declare(queue or self.queue, passive=True).method.message_count)

    def cut_connections(self) -> int:
        """Close every connection of the subscriber from the broker's side; how many there were."""
        user = self.names.user(NAME)
        found = [one for one in self.management.call("GET", "connections") if one.get("user") == user]
        for one in found:
            self.management.delete("connections", one["name"])
        return len(found)

    @contextmanager
    def channel(self) -> Iterator[Any]:
        parts = urlsplit(self.servers.amqp_url)
        connection = pika.BlockingConnection(
            pika.URLParameters(self._address(parts.username or "guest", parts.password or "guest"))
        )
        try:
            yield connection.channel()
        finally:
            connection.close()

    def _address(self, user: str, password: str) -> str:
        parts = urlsplit(self.servers.amqp_url)
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
        return urlunsplit((parts.scheme, netloc, "/" + quote(self.names.vhost, safe=""), "", ""))


@contextmanager
def department_queue(servers: Servers) -> Iterator[DepartmentQueue]:
    """The queue; gone at the end."""
    names = Names(f"test_{uuid.uuid1().hex}.partners")
    management = Management(servers.management_url)
    administrator = urlsplit(servers.amqp_url).username or "guest"
    made = partners_topology([Account(NAME, "secret")], names=names, caps=Caps(), staff={}, administrator=administrator)
    provision(made, management)
    try:
        yield DepartmentQueue(names, management, servers)
    finally:
        management.delete("vhosts", names.vhost)
        management.delete("users", names.user(NAME))
