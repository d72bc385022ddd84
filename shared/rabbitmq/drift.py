"""Compares a broker with the topology it should have, and puts right what can be put right without losing anything."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.rabbitmq.management import Management
from shared.rabbitmq.topology import Json, Topology, password_hash


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did."""

    changed: tuple[str, ...]
    """The differences that are gone now; empty when the broker was right already."""
    left: tuple[str, ...]
    """Those that only a person may settle: a queue that nobody reads any more may still hold messages."""


def apply(topology: Topology, management: Management) -> Applied:
    """Bring the broker to the topology. Adds and corrects; never removes anything."""
    before = diff(topology, management.definitions())
    if not before:
        return Applied((), ())
    # An import makes a missing virtual host but leaves the properties of an existing one as they are.
    management.put_vhost(topology.vhost, "quorum")
    management.load(topology.definitions)
    after = diff(topology, management.definitions())
    return Applied(tuple(line for line in before if line not in after), tuple(after))


def diff(topology: Topology, live: Json) -> list[str]:
    """Every difference between the topology and a broker's definitions, as sentences; empty when there is none.

    `live` is what `Management.definitions()` answers. What belongs to other virtual hosts is passed over.
    """
    wanted = topology.definitions
    if topology.vhost not in {vhost["name"] for vhost in live.get("vhosts", ())}:
        return [f"the virtual host {topology.vhost} is missing"]
    mine = {kind: _of_vhost(live.get(kind, ()), topology.vhost) for kind in _KINDS}
    lines = [*_vhost(topology, live), *_users(topology, live)]
    for kind, rules in _KINDS.items():
        lines += _compare(rules, _keyed(rules, wanted[kind]), _keyed(rules, mine[kind]))
    return lines


@dataclass(frozen=True, slots=True)
class _Rules:
    """How to name one kind of thing, and what of it matters."""

    called: str
    key: Callable[[Json], tuple[str, ...]]
    compared: tuple[str, ...]
    extra: str


_KINDS: Mapping[str, _Rules] = {
    "exchanges": _Rules(
        "exchange {}",
        lambda it: (it["name"],),
        ("type", "durable", "auto_delete", "internal", "arguments"),
        "is unknown",
    ),
    "queues": _Rules(
        "queue {}",
        lambda it: (it["name"],),
        ("durable", "auto_delete", "arguments"),
        "belongs to no reaction; look for messages in it before you delete it",
    ),
    "bindings": _Rules(
        "binding {} → {} {} by {}",
        lambda it: (it["source"], it["destination_type"], it["destination"], it["routing_key"]),
        ("arguments",),
        "is unknown",
    ),
    "policies": _Rules(
        "policy {}", lambda it: (it["name"],), ("pattern", "apply-to", "definition", "priority"), "is unknown"
    ),
    "permissions": _Rules(
        "permission of {}", lambda it: (it["user"],), ("configure", "write", "read"), "was not given by the topology"
    ),
    "topic_permissions": _Rules(
        "topic permission of {} on {}",
        lambda it: (it["user"], it["exchange"]),
        ("write", "read"),
        "was not given by the topology",
    ),
}


def _of_vhost(things: Any, vhost: str) -> list[Json]:
    return [thing for thing in things if thing.get("vhost") == vhost]


def _keyed(rules: _Rules, things: list[Json]) -> dict[tuple[str, ...], Json]:
    return {rules.key(thing): thing for thing in things}


def _compare(rules: _Rules, wanted: Mapping[tuple[str, ...], Json], live: Mapping[tuple[str, ...], Json]) -> list[str]:
    lines = []
    for key, thing in wanted.items():
        name = rules.called.format(*key)
        found = live.get(key)
        if found is None:
            lines.append(f"{name} is missing")
            continue
        for field in rules.compared:
            if found.get(field) != thing[field]:
                lines.append(f"{name}: {field} is {_short(found.get(field))}, should be {_short(thing[field])}")
    lines += [f"{rules.called.format(*key)} {rules.extra}" for key in live if key not in wanted]
    return lines


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _vhost(topology: Topology, live: Json) -> list[str]:
    found = next(vhost for vhost in live["vhosts"] if vhost["name"] == topology.vhost)
    kind = found.get("default_queue_type") or found.get("metadata", {}).get("default_queue_type")
    if kind == "quorum":
        return []
    return [f"virtual host {topology.vhost}: the default queue type is {_short(kind)}, should be quorum"]


def _users(topology: Topology, live: Json) -> list[str]:
    found = {user["name"]: user for user in live.get("users", ())}
    lines = []
    for wanted in topology.definitions["users"]:
        name = wanted["name"]
        user = found.get(name)
        if user is None:
            lines.append(f"user {name} is missing")
            continue
        if not _fits(topology.passwords[name], user):
            lines.append(f"user {name} has another password than the configuration says")
        if sorted(_tags(user)) != sorted(wanted["tags"]):
            lines.append(f"user {name}: the tags are {_short(_tags(user))}, should be {_short(wanted['tags'])}")
    return lines


def _tags(user: Json) -> list[str]:
    tags = user.get("tags", [])
    # Brokers before 3.8.10 and some exports write the tags as one text with commas.
    return [tag for tag in tags.split(",") if tag] if isinstance(tags, str) else list(tags)


def _fits(password: str, user: Json) -> bool:
    if user.get("hashing_algorithm", "rabbit_password_hashing_sha256") != "rabbit_password_hashing_sha256":
        return False
    stored = str(user.get("password_hash", ""))
    salt = base64.b64decode(stored)[:4]
    return hmac.compare_digest(password_hash(password, salt).encode(), stored.encode())
