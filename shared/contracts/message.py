"""An event as a message on the bus, and back: CloudEvents 1.0 in binary mode, the same for every client library.

The layout is that of the CloudEvents binding for RabbitMQ: attributes are headers named `ce-…`, the body is the
event's JSON. `compose` is for the relay, which passes the stored body on unread; `of` and `parse` are for everybody
who holds or wants an event.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from shared.contracts import catalogue, codec
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.kernel.area import Area
from shared.kernel.errors import Invalid

CONTENT_TYPE = "application/json"
CONTENT_ENCODING = "utf-8"
PERSISTENT = 2
DIGEST = "wuji-digest"
"""Header with the CRC-32 of the body: a body that still fits it needs no second look."""

# Reading a message means knowing every event type, whichever module the reader has imported so far.
catalogue.load()


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to the broker; every header is a string."""

    routing_key: str
    body: bytes
    headers: dict[str, str]
    message_id: str
    """The event's id: the same however often the message is sent."""
    type: str
    correlation_id: str
    app_id: str
    """The service that wrote the event."""
    content_type: str = CONTENT_TYPE
    content_encoding: str = CONTENT_ENCODING
    delivery_mode: int = PERSISTENT


class Stored(NamedTuple):
    """An event's parts as the log stores them, nothing decoded."""

    position: int
    event_id: str
    type: str
    schema_version: int
    stream: str
    version: int
    body: bytes
    area: str
    actor: str
    """JSON text with id, role, and department where there is one."""
    correlation_id: str
    causation_id: str | None
    origin: str
    occurred_at: datetime
    recorded_at: datetime
    traceparent: str | None


def routing_key(event_type: str, area: str) -> str:
    """`case.dispatched.530103.004.-.-.-`: the event type, then the five tiers of the area's path."""
    return f"{event_type}.{area}{'.-' * (4 - area.count('.'))}"


def compose(row: Stored) -> Message:
    """The message of an event as the log stores it."""
    owner = catalogue.OWNERS.get(row.stream.partition("-")[0], "unknown")
    headers = {
        "ce-specversion": "1.0",
        "ce-id": row.event_id,
        "ce-type": f"{row.type}.v{row.schema_version}",
        "ce-source": f"urn:wuji:{owner}",
        "ce-subject": row.stream,
        "ce-time": row.occurred_at.isoformat(),
        "ce-sequence": f"{row.position:020d}",
        "ce-partitionkey": row.correlation_id,
        "ce-streamversion": str(row.version),
        "ce-area": row.area,
        "ce-correlationid": row.correlation_id,
        "ce-origin": row.origin,
        "ce-recordedtime": row.recorded_at.isoformat(),
        "ce-actor": row.actor,
        DIGEST: digest(row.body),
    }
    if row.causation_id is not None:
        headers["ce-causationid"] = row.causation_id
    if row.traceparent is not None:
        headers["ce-traceparent"] = row.traceparent
        headers["traceparent"] = row.traceparent
    key = routing_key(row.type, row.area)
    return Message(key, row.body, headers, row.event_id, row.type, row.correlation_id, owner)


def of(recorded: Recorded[Any]) -> Message:
    """The message of a recorded event. Raises ValueError when it has no position yet: the relay gives it one first."""
    if recorded.position is None:
        raise ValueError(f"event {recorded.event_id} has no position yet")
    actor = {"id": recorded.actor.id, "role": recorded.actor.role, "department": recorded.actor.department}
    return compose(
        Stored(
            position=recorded.position,
            event_id=str(recorded.event_id),
            type=recorded.type,
            schema_version=catalogue.OF_SHAPE[type(recorded.event)].version,
            stream=recorded.stream,
            version=recorded.version,
            body=orjson.dumps(codec.encode(recorded.event)),
            area=recorded.area.path,
            actor=orjson.dumps({key: value for key, value in actor.items() if value is not None}).decode(),
            correlation_id=str(recorded.correlation_id),
            causation_id=None if recorded.causation_id is None else str(recorded.causation_id),
            origin=recorded.origin.value,
            occurred_at=recorded.occurred_at,
            recorded_at=recorded.recorded_at,
            traceparent=recorded.traceparent,
        )
    )


def parse(
    body: bytes | str,
    headers: Mapping[str, object] | None,
    *,
    content_type: str | None = CONTENT_TYPE,
    content_encoding: str | None = CONTENT_ENCODING,
) -> Recorded[Any]:
    """The event that a message carries, lifted to the newest version of its type.

    Raises Invalid, and nothing else, for a message that is not one of ours or was damaged on the way.
    """
    if content_type is not None and content_type.partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise Invalid(f"the content type is {content_type[:80]!r}, not {CONTENT_TYPE}", where="content_type")
    if content_encoding and content_encoding.lower() not in ("utf-8", "utf8"):
        raise Invalid(f"the content encoding is {content_encoding[:80]!r}, not utf-8", where="content_encoding")
    found = headers or {}
    name, schema_version = _type(_text(found, "ce-type"))
    stream = _stream(_text(found, "ce-subject"), name, schema_version)
    causation = found.get("ce-causationid")
    trace = found.get("traceparent")
    return Recorded(
        event=_event(name, schema_version, body, found.get(DIGEST)),
        event_id=_uuid(found, "ce-id"),
        stream=stream,
        version=_number(found, "ce-streamversion"),
        position=_number(found, "ce-sequence"),
        type=name,
        area=Area.parse(_text(found, "ce-area")),
        actor=_actor(_text(found, "ce-actor")),
        correlation_id=_uuid(found, "ce-correlationid"),
        causation_id=None if causation is None else _uuid(found, "ce-causationid"),
        origin=_origin(_text(found, "ce-origin")),
        occurred_at=_instant(found, "ce-time"),
        recorded_at=_instant(found, "ce-recordedtime"),
        traceparent=trace if isinstance(trace, str) else None,
    )


def digest(body: bytes) -> str:
    """What the header `wuji-digest` holds for this body."""
    return f"{zlib.crc32(body):08x}"


def _event(name: str, schema_version: int, body: bytes | str, stated: object) -> object:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is no JSON: {error}", where="body") from error
    if not isinstance(values, dict):
        raise Invalid(f"the body is a JSON {type(values).__name__}, not an object", where="body")
    if stated != digest(raw):
        return codec.load(name, schema_version, values)
    try:
        return codec.revive(name, schema_version, values)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # An intact body of a shape we do not know comes from a newer sender: the full check says what is wrong.
        return codec.load(name, schema_version, values)


def _text(headers: Mapping[str, object], name: str) -> str:
    value = headers.get(name)
    if value is None:
        raise Invalid(f"the message has no header {name}", where=name)
    if not isinstance(value, str):
        raise Invalid(f"the header {name} is a {type(value).__name__}, not a text", where=name)
    return value


def _type(text: str) -> tuple[str, int]:
    name, mark, number = text.rpartition(".v")
    if not mark or not (number.isascii() and number.isdigit()) or len(number) > 4:
        raise Invalid(f"{text[:80]!r} is no event type with its version, such as case.filed.v1", where="ce-type")
    if (name, int(number)) not in catalogue.EVENTS:
        raise Invalid(f"there is no event type {name[:80]} version {int(number)}", where="ce-type")
    return name, int(number)


def _stream(text: str, name: str, schema_version: int) -> str:
    category = catalogue.EVENTS[name, schema_version].category
    if text.partition("-")[0] != category or len(text) <= len(category) + 1:
        raise Invalid(f"{name} belongs to a stream {category}-…, not to {text[:80]!r}", where="ce-subject")
    return text


def _number(headers: Mapping[str, object], name: str) -> int:
    text = _text(headers, name)
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise Invalid(f"the header {name} is {text[:40]!r}, not a whole number", where=name)
    return int(text)


def _uuid(headers: Mapping[str, object], name: str) -> UUID:
    text = _text(headers, name)
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(f"the header {name} is {text[:80]!r}, not a UUID", where=name) from error


def _instant(headers: Mapping[str, object], name: str) -> datetime:
    text = _text(headers, name)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"the header {name} is {text[:80]!r}, not a time", where=name) from error
    if instant.tzinfo is None:
        raise Invalid(f"the header {name} is {text[:80]!r}, a time without its zone", where=name)
    return instant


def _origin(text: str) -> Origin:
    try:
        return Origin(text)
    except ValueError as error:
        raise Invalid(f"the origin is {text[:40]!r}, not live or import", where="ce-origin") from error


def _actor(text: str) -> Actor:
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the header ce-actor is no JSON: {error}", where="ce-actor") from error
    parts = values if isinstance(values, dict) else {}
    identity, role, department = parts.get("id"), parts.get("role"), parts.get("department")
    if not (isinstance(identity, str) and isinstance(role, str) and isinstance(department, str | None)):
        raise Invalid("the header ce-actor needs an id and a role", where="ce-actor")
    return Actor(identity, role, department)
