"""The whole broker topology as one definitions document, made from the registered reactions.

Publishers and consumers declare nothing: an administrator imports this document (see `apply`), and every process
then has exactly the rights it needs. Queue types are arguments because nothing else can set them; all other queue
properties are policies, so that an operator can change them while messages wait. One document serves RabbitMQ 3.10
and everything newer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from shared.kernel.errors import Invalid
from shared.rabbitmq.names import EVENTS, LADDER, PARKED, PROJECTOR, VHOST, Rung, parked_queue

DELIVERY_LIMIT = 20
"""A message that took its consumer down this often is parked."""
LOOKS = 1_000_000
"""A parked message may be looked at this often: RabbitMQ 4 would otherwise drop it after twenty looks."""

_QUEUE_NAME = re.compile(r"[a-z][a-z_]*\.[a-z][a-z0-9_]*")
_NOTHING = "^$"

Json = dict[str, Any]


class Listening(Protocol):
    """What the topology needs to know of a reaction."""

    @property
    def queue(self) -> str:
        """`<service>.<reaction name>`."""

    @property
    def types(self) -> Sequence[str]:
        """The event types it hears: `case.dispatched`."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction as the topology sees it."""

    queue: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """The document, and what is needed to compare it with a broker."""

    vhost: str
    definitions: Json
    passwords: Mapping[str, str]
    """User name → password; they never leave the process except as salted hashes."""

    def queues(self) -> tuple[str, ...]:
        """The queues that consumers read: no retry queues, no parked ones."""
        bound = {binding["destination"] for binding in self.definitions["bindings"] if binding["source"] == EVENTS}
        return tuple(sorted(bound))

    def write(self, path: Path) -> None:
        """Write the document for `load_definitions`; it holds password hashes, never passwords."""
        path.write_text(json.dumps(self.definitions, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def topology(
    reactions: Iterable[Listening],
    passwords: Mapping[str, str],
    *,
    vhost: str = VHOST,
    prefix: str = "wuji_",
    administrator: str | None = None,
    ladder: tuple[Rung, ...] = LADDER,
) -> Topology:
    """The topology for these reactions.

    `passwords` has one entry for each role that is to get a user (services, `relay`, `projector`, `operator`); users
    are named prefix + role. An administrator that exists already may be given full rights on the vhost.
    Raises Invalid for queue names that the rights could not tell apart, and for a queue that is claimed twice.
    """
    heard = _checked(reactions)
    names = [*heard, PROJECTOR]
    document: Json = {
        "vhosts": [{"name": vhost, "metadata": {"description": "Wuji events", "default_queue_type": "quorum"}}],
        "users": [_user(prefix + role, role, password) for role, password in sorted(passwords.items())],
        "permissions": [_permission(vhost, prefix + role, role, heard, ladder) for role in sorted(passwords)],
        "topic_permissions": _topic_permissions(vhost, prefix, sorted(passwords), ladder),
        "exchanges": [_exchange(vhost, name) for name in (EVENTS, PARKED, *(rung.name for rung in ladder))],
        "queues": [_queue(vhost, name) for name in _all_queues(names, ladder)],
        "bindings": [
            *(_binding(vhost, EVENTS, queue, f"{kind}.#") for queue, types in heard.items() for kind in types),
            _binding(vhost, EVENTS, PROJECTOR, "#"),
            *(_binding(vhost, PARKED, parked_queue(queue), queue) for queue in names),
            *(_binding(vhost, rung.name, rung.name, "#") for rung in ladder),
        ],
        "policies": [
            *(_reaction_policy(vhost, queue) for queue in names),
            *(_rung_policy(vhost, rung) for rung in ladder),
            *(_policy(vhost, parked_queue(queue), {"delivery-limit": LOOKS}) for queue in names),
        ],
    }
    if administrator is not None:
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        document["permissions"].append({"user": administrator, "vhost": vhost, **everything})
    return Topology(vhost, document, {prefix + role: password for role, password in passwords.items()})


def password_hash(password: str, salt: bytes) -> str:
    """RabbitMQ's salted SHA-256: base64 of the four salt bytes followed by the digest."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _checked(reactions: Iterable[Listening]) -> dict[str, tuple[str, ...]]:
    heard: dict[str, tuple[str, ...]] = {}
    for reaction in reactions:
        if not _QUEUE_NAME.fullmatch(reaction.queue) or reaction.queue.endswith(".parked"):
            raise Invalid(f"{reaction.queue!r} is no queue name of the form service.reaction", where="queue")
        if reaction.queue in heard:
            raise Invalid(f"two reactions are called {reaction.queue}", where="queue")
        if not reaction.types:
            raise Invalid(f"{reaction.queue} hears no event type", where=reaction.queue)
        heard[reaction.queue] = tuple(sorted(reaction.types))
    return dict(sorted(heard.items()))


def _all_queues(names: Sequence[str], ladder: tuple[Rung, ...]) -> list[str]:
    return [*names, *(parked_queue(name) for name in names), *(rung.name for rung in ladder)]


_COUNTERS = {"operator": ["monitoring"], "notify": ["management"]}
"""The operator's tools count messages and connections over HTTP; notify counts messages, for its page of operations,
with no more rights than it has anyway. Nobody else may use the management interface."""


def _user(name: str, role: str, password: str) -> Json:
    # The salt comes from the password so that the same configuration always writes the same document.
    salt = hashlib.sha256(f"{name}\x1f{password}".encode()).digest()[:4]
    return {
        "name": name,
        "password_hash": password_hash(password, salt),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": _COUNTERS.get(role, []),
        "limits": {},
    }


def _one_of(names: Iterable[str]) -> str:
    escaped = [re.escape(name) for name in names]
    return f"^({'|'.join(escaped)})$" if escaped else _NOTHING


def _permission(
    vhost: str, user: str, role: str, heard: Mapping[str, tuple[str, ...]], ladder: tuple[Rung, ...]
) -> Json:
    again = [rung.name for rung in ladder]
    write, read = {
        "relay": ([EVENTS], []),
        "projector": ([PARKED], [PROJECTOR]),
        "courier": ([], []),
        "operator": ([PARKED, "amq.default"], [parked_queue(queue) for queue in (*heard, PROJECTOR)]),
    }.get(role, ([*again, PARKED], [queue for queue in heard if queue.partition(".")[0] == role]))
    return {"user": user, "vhost": vhost, "configure": _NOTHING, "write": _one_of(write), "read": _one_of(read)}


def _topic_permissions(vhost: str, prefix: str, roles: Sequence[str], ladder: tuple[Rung, ...]) -> list[Json]:
    """A service may send messages round again, or park them, only under the names of its own queues."""
    return [
        {"user": prefix + role, "vhost": vhost, "exchange": exchange, "write": f"^{role}(\\.|$)", "read": _NOTHING}
        for role in roles
        if role not in ("relay", "operator", "courier")
        for exchange in (PARKED, *(rung.name for rung in ladder))
    ]


def _exchange(vhost: str, name: str) -> Json:
    return {
        "name": name,
        "vhost": vhost,
        "type": "topic",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(vhost: str, name: str) -> Json:
    return {
        "name": name,
        "vhost": vhost,
        "durable": True,
        "auto_delete": False,
        "arguments": {"x-queue-type": "quorum"},
    }


def _binding(vhost: str, source: str, queue: str, key: str) -> Json:
    return {
        "source": source,
        "vhost": vhost,
        "destination": queue,
        "destination_type": "queue",
        "routing_key": key,
        "arguments": {},
    }


def _policy(vhost: str, queue: str, definition: Json) -> Json:
    return {
        "name": queue,
        "vhost": vhost,
        "pattern": _one_of([queue]),
        "apply-to": "queues",
        "priority": 1,
        "definition": definition,
    }


# At-least-once dead lettering keeps a message in its queue until the next queue has confirmed it, and it works only
# together with reject-publish.
_SAFELY = {"dead-letter-strategy": "at-least-once", "overflow": "reject-publish"}


def _reaction_policy(vhost: str, queue: str) -> Json:
    parking = {"dead-letter-exchange": PARKED, "dead-letter-routing-key": queue, "delivery-limit": DELIVERY_LIMIT}
    return _policy(vhost, queue, {**parking, **_SAFELY})


def _rung_policy(vhost: str, rung: Rung) -> Json:
    # Without a dead-letter routing key the message keeps its own, which is the name of the queue to return to.
    waiting = {"dead-letter-exchange": "", "message-ttl": int(rung.seconds * 1000)}
    return _policy(vhost, rung.name, {**waiting, **_SAFELY})
