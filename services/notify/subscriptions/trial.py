"""Test events: an example of a public type comes the way of every event, to the one subscription that asked for it.

The request is an event in the subscription's own stream. When the courier, or the pull feed, comes to its position it
sends the example instead: it has that position, the request's id, and the header `ce-test`.
"""

from __future__ import annotations

import dataclasses
from functools import cache

import orjson

from shared.contracts import catalogue, headers, public
from shared.contracts.history import versions
from shared.contracts.message import Message, Stored
from shared.contracts.subscription import Filter
from shared.kernel.errors import Invalid

REQUEST = "subscription.test_requested"
TEST = "ce-test"
_AREA = next(header.example for header in headers.HEADERS if header.name == "ce-area")


def checked_type(event_type: str) -> str:
    """The type, when departments may receive it. Raises Invalid."""
    if not public.is_public(event_type):
        raise Invalid(
            f"{event_type[:60]!r} is no public event type", where="type", hint=", ".join(public.public_types())
        )
    return event_type


def is_test(stored: Stored, stream: str | None) -> bool:
    """Whether this is a request for a test event in the subscription's own stream."""
    return stored.type == REQUEST and stored.stream == stream


def test_message(stored: Stored, wanted: Filter) -> Message:
    """The example that a request asks for, where the subscription listens."""
    event_type = orjson.loads(stored.body)["type"]
    about = stored.event_id
    example = stored._replace(
        type=event_type,
        schema_version=catalogue.CURRENT[event_type].version,
        stream=f"{catalogue.CURRENT[event_type].category}-{about}",
        version=1,
        body=_example(event_type),
        area=wanted.areas[0] if wanted.areas else _AREA,
        correlation_id=about,
        causation_id=None,
    )
    message = public.public_message(example)
    return dataclasses.replace(message, headers=message.headers | {TEST: "true"})


@cache
def _example(event_type: str) -> bytes:
    return orjson.dumps(versions(event_type)[0].example)
