"""Compares two AsyncAPI documents and names every change that would break somebody who was made from the older one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.contracts.changes import narrowings

Json = dict[str, Any]


def document_narrowings(before: Json, after: Json) -> list[str]:
    """What the newer document drops or changes; empty when it only adds."""
    return [*_channels(before, after), *_operations(before, after), *_messages(before, after), *_schemas(before, after)]


def _both(before: Json, after: Json, what: str) -> Iterator[tuple[str, Json, Json | None]]:
    for name, found in before[what].items():
        yield name, found, after[what].get(name)


def _channels(before: Json, after: Json) -> Iterator[str]:
    for name, was, now in _both(before, after, "channels"):
        if now is None:
            yield f"channel {name} is gone"
            continue
        if was["address"] != now["address"]:
            yield f"channel {name} has another address"
        if was["bindings"] != now["bindings"]:
            yield f"channel {name} has other bindings"
        for label in was["messages"]:
            if label not in now["messages"]:
                yield f"channel {name} no longer carries {label}"


def _operations(before: Json, after: Json) -> Iterator[str]:
    for name, was, now in _both(before, after, "operations"):
        if now is None:
            yield f"operation {name} is gone"
        elif (was["action"], was["channel"]) != (now["action"], now["channel"]):
            yield f"operation {name} does something else"
        else:
            gone = [one["$ref"] for one in was["messages"] if one not in now["messages"]]
            yield from (f"operation {name} no longer sends {ref.rpartition('/')[2]}" for ref in gone)


def _messages(before: Json, after: Json) -> Iterator[str]:
    for name, was, now in _both(before["components"], after["components"], "messages"):
        if now is None:
            yield f"message {name} is gone"
            continue
        for part in ("name", "contentType", "payload", "correlationId", "bindings"):
            if was.get(part) != now.get(part):
                yield f"message {name} has another {part}"


def _schemas(before: Json, after: Json) -> Iterator[str]:
    for name, was, now in _both(before["components"], after["components"], "schemas"):
        if now is None:
            yield f"schema {name} is gone"
        else:
            yield from (f"schema {name}: {said}" for said in narrowings(was, now))
