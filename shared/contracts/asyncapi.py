"""The AsyncAPI 3.0 document of everything that departments can hear, made from the catalogue.

It describes the virtual host `partners`: the queue of a subscription is the channel, each event type is an operation,
each of its versions a message. AMQP bindings are those of version 0.3.0.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from shared.contracts import catalogue, described, headers, history, public, words
from shared.contracts.history import Version
from shared.contracts.message import CONTENT_ENCODING, CONTENT_TYPE, PERSISTENT, routing_key

ASYNCAPI = "3.0.0"
BINDING = "0.3.0"
VHOST = "partners"
QUEUE = "sub.{subscription}"
CHANNEL = "subscription"
Json = dict[str, Any]

TIERS: tuple[tuple[str, str, str, str], ...] = (
    ("district", "区/县", "District, 6 digits.", "530103"),
    ("street", "街道/镇", "Street or town, 3 digits, or `-`.", "003"),
    ("community", "社区/村", "Community or village, 3 digits, or `-`.", "007"),
    ("group", "居民小组", "Residents' group, 3 digits, or `-`.", "-"),
    ("building", "楼栋", "Building, 5 digits, or `-`.", "-"),
)
"""The five segments behind the event type in a routing key: name, Chinese name, meaning, example."""

INTRODUCTION = """\
Every public event of the five services, as a department receives it: CloudEvents 1.0 in binary mode over AMQP 0-9-1. \
Attributes are headers named `ce-…`, the body is the event's JSON.

Each subscription has a queue of its own, which its filter fills. Header `ce-routingkey` is the event type followed by \
the five tiers of the area, `-` where a tier does not apply: `case.dispatched.530103.003.007.-.-`. Delivery is at \
least once and in order within a stream: remember `ce-id`. Unknown fields are to be passed over. No message names a \
person.
"""


def document() -> Json:
    """The whole document as JSON values."""
    types = public.public_types()
    return {
        "asyncapi": ASYNCAPI,
        "id": "urn:wuji:events",
        "info": {
            "title": "Wuji 五级: public events",
            "version": _version(),
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0"},
            "tags": [{"name": name, "description": said[1]} for name, said in _categories()],
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"partners": _server()},
        "channels": {CHANNEL: _channel(), "parked": _parked()},
        "operations": {f"send_{_id(name)}": _operation(name) for name in types},
        "components": {
            "messages": {_message_id(one): _message(one) for name in types for one in history.versions(name)},
            "schemas": {"headers": headers.schema(), **_schemas()},
            "securitySchemes": {
                "subscription": {
                    "type": "userPassword",
                    "description": "A user for each subscription, who can read its own queue and nothing else.",
                }
            },
        },
    }


def _version() -> str:
    try:
        return version("wuji")
    except PackageNotFoundError:
        return "0"


def _categories() -> list[tuple[str, tuple[str, str]]]:
    used = {found.category for found in public.public_types().values()}
    return [(name, said) for name, said in words.CATEGORIES.items() if name in used]


def _server() -> Json:
    return {
        "host": "{host}:{port}",
        "pathname": f"/{VHOST}",
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": "The municipality's broker; `wuji sub` prints the address that is yours.",
        "variables": {"host": {"default": "localhost"}, "port": {"default": "5672"}},
        "security": [{"$ref": "#/components/securitySchemes/subscription"}],
    }


def _channel() -> Json:
    every = [one for name in public.public_types() for one in history.versions(name)]
    return {
        "address": QUEUE,
        "title": "订阅的队列 the subscription's queue",
        "summary": "Everything that the subscription's filter wants, in the order of the log.",
        "messages": {_message_id(one): {"$ref": f"#/components/messages/{_message_id(one)}"} for one in every},
        "parameters": _PARAMETERS,
        "bindings": _queue(QUEUE),
    }


def _parked() -> Json:
    return {
        "address": f"{QUEUE}.parked",
        "title": "搁置的消息 parked messages",
        "summary": "What the subscriber rejected or could not handle, until somebody looks.",
        "messages": {
            name: {"$ref": f"#/channels/{CHANNEL}/messages/{name}"}
            for name in (_message_id(one) for kind in public.public_types() for one in history.versions(kind))
        },
        "parameters": _PARAMETERS,
        "bindings": _queue(f"{QUEUE}.parked"),
    }


_PARAMETERS: Json = {"subscription": {"description": "The subscription's name.", "examples": ["sanitation"]}}


def _queue(name: str) -> Json:
    queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False, "vhost": VHOST}
    return {"amqp": {"is": "queue", "queue": queue, "bindingVersion": BINDING}}


def _operation(name: str) -> Json:
    found = catalogue.CURRENT[name]
    service = catalogue.OWNERS[found.category]
    channel = f"#/channels/{CHANNEL}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "title": f"{words.TYPES.get(name, name)} {name}",
        "summary": described.summary(found.shape),
        "description": f"Written by {service} ({words.SERVICES[service]}).",
        "tags": [{"name": found.category}],
        "messages": [{"$ref": f"{channel}/messages/{_message_id(one)}"} for one in history.versions(name)],
        "bindings": {"amqp": {"deliveryMode": PERSISTENT, "mandatory": True, "bindingVersion": BINDING}},
    }


def _message(one: Version) -> Json:
    name = f"{one.type.name}.{one.label}"
    found: Json = {
        "name": name,
        "title": f"{words.TYPES.get(one.type.name, one.type.name)} {name}",
        "summary": described.summary(one.type.shape),
        "contentType": CONTENT_TYPE,
        "headers": {
            "type": "object",
            "allOf": [
                {"$ref": "#/components/schemas/headers"},
                {"type": "object", "properties": {"ce-type": {"type": "string", "const": name}}},
            ],
        },
        "payload": {"$ref": f"#/components/schemas/{_message_id(one)}"},
        "correlationId": {"description": "The issue.", "location": "$message.header#/ce-correlationid"},
        "bindings": {
            "amqp": {"contentEncoding": CONTENT_ENCODING, "messageType": one.type.name, "bindingVersion": BINDING}
        },
        "examples": [{"name": "example", "headers": example_headers(one), "payload": one.example}],
    }
    if one.type.deprecated_since is not None and one.type.sunset is not None:
        found["x-deprecated-since"] = one.type.deprecated_since.isoformat()
        found["x-sunset"] = one.type.sunset.isoformat()
    return found


def example_headers(one: Version) -> dict[str, str]:
    """The headers that go with a version's example."""
    found = {header.name: header.example for header in headers.HEADERS if header.always}
    found["ce-type"] = f"{one.type.name}.{one.label}"
    found["ce-routingkey"] = routing_key(one.type.name, found["ce-area"])
    found["ce-source"] = f"urn:wuji:{catalogue.OWNERS[one.type.category]}"
    found["ce-dataschema"] = public.schema_id(one.type)
    if one.type.category not in ("case", "report"):
        found["ce-subject"] = f"{one.type.category}-{_OTHER_STREAMS.get(one.type.category, found['ce-id'])}"
    else:
        found["ce-subject"] = f"{one.type.category}-{found['ce-correlationid']}"
    return found


_OTHER_STREAMS = {"area": "530103.003.007", "grid": "530103003007001", "rulebook": "issue_type-E-01-02"}


def _schemas() -> Json:
    return {
        _message_id(one): described.payload(one.type)
        for name in public.public_types()
        for one in history.versions(name)
    }


def _id(name: str) -> str:
    return name.replace(".", "_")


def _message_id(one: Version) -> str:
    return f"{_id(one.type.name)}_{one.label}"
