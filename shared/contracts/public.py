"""What departments get of an event: public types only, without internal fields, in the version they asked for.

A type is public when its declaration says so, and a field goes out unless it is marked `Internal`. The account behind
an event stays inside too: departments see in which role and for which department somebody acted.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any

import orjson

from shared.contracts import catalogue, codec
from shared.contracts.catalogue import EventType
from shared.contracts.envelope import Recorded
from shared.contracts.message import Message, Stored, compose
from shared.contracts.shapes import INTERNAL
from shared.kernel.clock import utc_now
from shared.kernel.errors import Invalid

DATASCHEMA = "ce-dataschema"
ROUTING_KEY = "ce-routingkey"
"""On the way to a subscription's own queue, the broker's routing key is the queue's name."""
DEPRECATED = "ce-deprecatedsince"
"""On messages of a superseded version: since when there is a newer one, `2026-09-01`."""
SUNSET = "ce-sunset"
"""On messages of a superseded version: the first day on which it is not published any more."""
REPLAY = "ce-replay"
"""On messages that are sent once more from the log: the replay's id."""

_PREFIX = "ce-"


def public_types() -> dict[str, EventType]:
    """The newest version of every type that departments may receive, by name."""
    return {name: found for name, found in sorted(catalogue.load().items()) if found.public}


def is_public(event_type: str) -> bool:
    """Whether departments may receive events of this type; False for an unknown one."""
    found = catalogue.CURRENT.get(event_type)
    return found is not None and found.public


def versions_on(name: str, day: date | None = None) -> tuple[EventType, ...]:
    """The versions of a public type that can be asked for on a day (today), newest first.

    Empty when the type is not public.
    """
    if not is_public(name):
        return ()
    kept = [catalogue.CURRENT[name]]
    while (found := catalogue.EVENTS.get((name, kept[-1].version - 1))) is not None and _is_kept(
        found, day or _today()
    ):
        kept.append(found)
    return tuple(kept)


def _today() -> date:
    return utc_now().date()


def _is_kept(found: EventType, day: date) -> bool:
    return found.public and found.downcast is not None and found.sunset is not None and day < found.sunset


@cache
def internal_fields(shape: type) -> frozenset[str]:
    """The fields of an event that stay inside. Raises TypeError for a mark on a field that may not be absent."""
    found = set()
    for name, annotation in typing.get_type_hints(shape, include_extras=True).items():
        if INTERNAL in getattr(annotation, "__metadata__", ()):
            found.add(name)
    if stuck := found & set(codec.json_schema(shape)["required"]):
        raise TypeError(f"{shape.__name__}: internal, but always there: {', '.join(sorted(stuck))}")
    return frozenset(found & {field.name for field in dataclasses.fields(shape)})


def public_schema(shape: type) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the body that departments get."""
    described = codec.json_schema(shape)
    for name in internal_fields(shape):
        described["properties"].pop(name)
    return described


def public_body(recorded: Recorded[Any]) -> dict[str, Any]:
    """The event's body in its newest version, as JSON values, without internal fields.

    Raises Invalid when the type is not public.
    """
    found = _public(recorded.type)
    return _without(codec.encode(recorded.event), internal_fields(found.shape))


def public_message(
    stored: Stored, *, version: int | None = None, on: date | None = None, replay: str | None = None
) -> Message:
    """The message that departments get for an event as the log stores it.

    `version`: the one that the subscriber asked for; it gets the nearest newer one that is published on the day `on`
    (today). `replay`: the replay's id, for a message that is sent once more.
    Raises Invalid when the type is not public.
    """
    chosen = _chosen(stored.type, version, on)
    hidden = internal_fields(chosen.shape)
    body = stored.body
    if chosen.version != stored.schema_version or hidden:
        body = orjson.dumps(_without(_in_version(orjson.loads(body), stored, chosen), hidden))
    made = compose(stored._replace(schema_version=chosen.version, body=body, actor=_role(stored.actor)))
    headers = made.headers  # Nobody else has them yet; a copy for each of a million messages would tell.
    headers[DATASCHEMA] = schema_id(chosen)
    headers[ROUTING_KEY] = made.routing_key
    if chosen.deprecated_since is not None and chosen.sunset is not None:
        headers[DEPRECATED] = chosen.deprecated_since.isoformat()
        headers[SUNSET] = chosen.sunset.isoformat()
    if replay is not None:
        headers[REPLAY] = replay
    return made


def cloud_event(message: Message) -> dict[str, Any]:
    """A public message as CloudEvents JSON, for HTTP: the attributes beside `data`."""
    found: dict[str, Any] = {
        name.removeprefix(_PREFIX): value for name, value in message.headers.items() if name.startswith(_PREFIX)
    }
    found["datacontenttype"] = message.content_type
    found["data"] = orjson.loads(message.body)
    return found


def schema_id(found: EventType) -> str:
    """The name of a version's schema: `urn:wuji:schema:case.filed:1`. It needs no network to be resolved."""
    return f"urn:wuji:schema:{found.name}:{found.version}"


def _public(name: str) -> EventType:
    if not is_public(name):
        raise Invalid(f"{name} is not a public event type", where="type")
    return catalogue.CURRENT[name]


def _chosen(name: str, version: int | None, on: date | None) -> EventType:
    newest = _public(name)
    if version is None or version >= newest.version:
        return newest
    kept = versions_on(name, on)
    return next((found for found in reversed(kept) if found.version >= version), newest)


def _in_version(body: dict[str, Any], stored: Stored, chosen: EventType) -> dict[str, Any]:
    """The body lifted, or taken down, step by step."""
    found = catalogue.EVENTS[stored.type, stored.schema_version]
    while found.version < chosen.version and found.upcast is not None:
        body = found.upcast(body)
        found = catalogue.EVENTS[found.name, found.version + 1]
    while found.version > chosen.version:
        found = catalogue.EVENTS[found.name, found.version - 1]
        if found.downcast is None:
            raise TypeError(f"there is no way down to {found.name} version {found.version}")
        body = found.downcast(body)
    return body


def _without(body: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in hidden}


@lru_cache(maxsize=4096)
def _role(actor: str) -> str:
    """The actor without the account: `{"role": "dispatcher", "department": "urban"}`; a service keeps its name."""
    values = orjson.loads(actor)
    kept = {name: values[name] for name in ("role", "department") if values.get(name) is not None}
    if kept.get("role") == "service":
        kept["id"] = values["id"]
    return orjson.dumps(kept).decode()
