"""The virtual host of the departments: per subscription one queue, one account that reads it, and nothing else.

    courier ──default exchange──▶ sub.<name> ──▶ account sub-<name>
                                      │ full: the oldest go        ┌─▶ dropped (the courier counts them, by position)
                                      └ refused, or tried too often ┴─▶ sub.<name>.parked

Accounts may configure nothing and write nothing. What a queue gives up goes to the exchange `dead`, which tells by the
reason where it belongs. The courier brings the broker to this shape; nobody else has the rights to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from shared.kernel.errors import NotFound
from shared.rabbitmq.drift import Applied, apply
from shared.rabbitmq.management import Management
from shared.rabbitmq.names import VHOST
from shared.rabbitmq.topology import DELIVERY_LIMIT, LOOKS, Json, Topology, password_hash

PARTNERS = "partners"
DEAD = "dead"
"""Exchange that tells by the reason what becomes of a message that a queue gave up."""
DROPPED = "dropped"
"""What full queues threw away, until the courier has counted it."""
_CONNECTIONS, _CHANNELS = 20, 200
_NOTHING = "^$"
_REPLAY_KEPT = 7 * 86_400_000
"""Milliseconds."""


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called in one virtual host; accounts are the broker's, so another host's carry its name."""

    vhost: str = PARTNERS

    @classmethod
    def of_url(cls, url: str) -> Names:
        """Those of the virtual host that an address names."""
        return cls(unquote(urlsplit(url).path[1:]) or PARTNERS)

    @classmethod
    def beside(cls, vhost: str) -> Names:
        """Those that belong to the city's own virtual host."""
        return cls(PARTNERS if vhost == VHOST else f"{vhost}.{PARTNERS}")

    def user(self, name: str) -> str:
        return f"sub-{name}" if self.vhost == PARTNERS else f"{self.vhost}.sub-{name}"

    def queue(self, name: str) -> str:
        return f"sub.{name}"

    def parked(self, name: str) -> str:
        return f"sub.{name}.parked"

    def name_of(self, queue: str) -> str | None:
        """The subscription whose queue (not: parked queue) this is."""
        name = queue.removeprefix("sub.")
        return name if name != queue and "." not in name else None


@dataclass(frozen=True, slots=True)
class Account:
    """One subscription's name and the password of its account."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Caps:
    """What a queue holds before it throws away the oldest."""

    length: int = 100_000
    megabytes: int = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """What the broker says about a subscription's queues."""

    subscription_id: UUID
    ready: int
    unacked: int
    consumers: int
    parked: int


def partners_topology(
    accounts: Iterable[Account], *, names: Names, caps: Caps, staff: Mapping[str, str], administrator: str
) -> Topology:
    """The whole virtual host as a definitions document.

    `staff` maps `courier` and `operator`, where they exist, to their account names.
    """
    everybody = sorted(accounts, key=lambda account: account.name)
    vhost = names.vhost
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    document: Json = {
        "vhosts": [{"name": vhost, "metadata": {"description": "departments", "default_queue_type": "quorum"}}],
        "users": [_user(names.user(one.name), one.password) for one in everybody],
        "permissions": [
            {"user": administrator, "vhost": vhost, **everything},
            *(_staff(vhost, role, user) for role, user in sorted(staff.items())),
            *(_reader(names, one.name) for one in everybody),
        ],
        "topic_permissions": [],
        "exchanges": [_dead(vhost)],
        "queues": [
            # It only holds what is to be counted: a quorum's care would cost more than the counts are worth.
            _queue(vhost, DROPPED, {"x-queue-type": "classic"}),
            *(_queue(vhost, names.queue(one.name), {"x-single-active-consumer": True}) for one in everybody),
            *(_queue(vhost, names.parked(one.name), {}) for one in everybody),
        ],
        "bindings": [
            _binding(vhost, DROPPED, "maxlen", {}),
            *(
                _binding(vhost, names.parked(one.name), reason, {"x-first-death-queue": names.queue(one.name)})
                for one in everybody
                for reason in ("rejected", "delivery_limit")
            ),
        ],
        "policies": [
            _policy(vhost, DROPPED, {"max-length-bytes": caps.megabytes << 20, "overflow": "drop-head"}),
            *(_policy(vhost, names.queue(one.name), _caps(caps)) for one in everybody),
            *(_policy(vhost, names.parked(one.name), _parked(caps)) for one in everybody),
        ],
    }
    return Topology(vhost, document, {names.user(one.name): one.password for one in everybody})


def provision(topology: Topology, management: Management, over: Iterable[str] = ()) -> Applied:
    """Bring the broker to the shape, and take away what belongs to subscriptions that are over."""
    names = Names(topology.vhost)
    applied = apply(topology, management)
    for name in over:
        management.delete("users", names.user(name))
        for queue in (names.queue(name), names.parked(name)):
            management.delete("queues", topology.vhost, queue)
            management.delete("policies", topology.vhost, queue)
        beside = f"{names.queue(name)}.replay."
        for one in management.queues(topology.vhost):
            if one["name"].startswith(beside):
                management.delete("queues", topology.vhost, one["name"])
    return applied


def provide_replay(management: Management, names: Names, name: str, suffix: str) -> str:
    """The queue beside a subscription's own that one replay goes into: made if it is missing; its name.

    It is no part of the shape: the broker takes it away when nobody has used it for a week.
    """
    queue = f"{names.queue(name)}.{suffix}"
    arguments = {"x-queue-type": "quorum", "x-expires": _REPLAY_KEPT, "x-delivery-limit": DELIVERY_LIMIT}
    body = {"durable": True, "auto_delete": False, "arguments": arguments}
    management.call("PUT", "queues", names.vhost, queue, body=body)
    return queue


def depth(management: Management, names: Names, queue: str) -> int:
    """Messages in a queue, some seconds old."""
    try:
        return _count(management.call("GET", "queues", names.vhost, queue), "messages")
    except NotFound:
        return 0


def measure(management: Management, names: Names, ids: Mapping[str, UUID]) -> list[Measured]:
    """What the broker says about the queues of these subscriptions (name → id); some seconds old."""
    queues = {one["name"]: one for one in management.queues(names.vhost)}
    found = []
    for name, subscription_id in ids.items():
        queue, parked = queues.get(names.queue(name)), queues.get(names.parked(name), {})
        if queue is not None:
            found.append(
                Measured(
                    subscription_id,
                    ready=_count(queue, "messages_ready"),
                    unacked=_count(queue, "messages_unacknowledged"),
                    consumers=_count(queue, "consumers"),
                    parked=_count(parked, "messages"),
                )
            )
    return found


def _count(queue: Mapping[str, Any], name: str) -> int:
    return int(queue.get(name) or 0)


def _user(name: str, password: str) -> Json:
    salt = hashlib.sha256(f"{name}\x1f{password}".encode()).digest()[:4]
    return {
        "name": name,
        "password_hash": password_hash(password, salt),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": [],
        "limits": {"max-connections": _CONNECTIONS, "max-channels": _CHANNELS},
    }


def _reader(names: Names, name: str) -> Json:
    read = f"^{re.escape(names.queue(name))}(\\.parked|\\.replay\\.[0-9a-f]{{8}})?$"
    user = names.user(name)
    return {"user": user, "vhost": names.vhost, "configure": _NOTHING, "write": _NOTHING, "read": read}


def _staff(vhost: str, role: str, user: str) -> Json:
    """Both may send parked messages back to their queues; only the courier sees what was dropped."""
    parked = r"sub\.[a-z0-9-]+\.parked"
    read = f"^({DROPPED}|{parked})$" if role == "courier" else f"^{parked}$"
    return {"user": user, "vhost": vhost, "configure": _NOTHING, "write": r"^amq\.default$", "read": read}


def _dead(vhost: str) -> Json:
    kind = {"type": "headers", "durable": True, "auto_delete": False, "internal": False}
    return {"name": DEAD, "vhost": vhost, **kind, "arguments": {}}


def _queue(vhost: str, name: str, more: Json) -> Json:
    arguments = {"x-queue-type": "quorum", **more}
    return {"name": name, "vhost": vhost, "durable": True, "auto_delete": False, "arguments": arguments}


def _binding(vhost: str, queue: str, reason: str, more: Mapping[str, str]) -> Json:
    # A headers exchange looks at no routing key; it tells two bindings of one queue apart for whoever compares them.
    return {
        "source": DEAD,
        "vhost": vhost,
        "destination": queue,
        "destination_type": "queue",
        "routing_key": reason,
        "arguments": {"x-match": "all-with-x", "x-first-death-reason": reason, **more},
    }


def _caps(caps: Caps) -> Json:
    return {
        "max-length": caps.length,
        "max-length-bytes": caps.megabytes << 20,
        # Never reject-publish: a full queue must not make the courier wait.
        "overflow": "drop-head",
        "delivery-limit": DELIVERY_LIMIT,
        "dead-letter-exchange": DEAD,
    }


def _parked(caps: Caps) -> Json:
    return {"delivery-limit": LOOKS, "max-length-bytes": caps.megabytes << 20, "overflow": "drop-head"}


def _policy(vhost: str, queue: str, definition: Json) -> Json:
    return {
        "name": queue,
        "vhost": vhost,
        "pattern": f"^{re.escape(queue)}$",
        "apply-to": "queues",
        "priority": 1,
        "definition": definition,
    }
