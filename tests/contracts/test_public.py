"""Departments get public types only, without what stays inside, and nobody becomes public by accident."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import jsonschema
import pytest

from shared.contracts import catalogue, codec, message, public
from shared.kernel.errors import Invalid
from tests.contracts.test_message import recorded

catalogue.load()
PUBLIC = sorted(public.public_types())
INTERNAL_CATEGORIES = {
    "subject", "photo", "appointment", "account", "duty", "visit", "volunteer", "flag", "notice", "subscription"
}  # fmt: skip
INTERNAL_TYPES = {"area.bounded", "area.unbounded", "burden.reserved", "burden.freed"}
"""Our own bookkeeping in categories that are public otherwise: outlines of a size that no queue should carry, and what
is booked before a demand that everybody then hears of."""
PERSONAL = {"subject_id", "subject", "person", "phone", "email", "contact", "recipient", "account", "address", "sealed"}


def stored(name: str = "case.filed", **changes: Any) -> message.Stored:
    found = recorded(name)
    parts: dict[str, Any] = {
        "position": found.position,
        "event_id": str(found.event_id),
        "type": name,
        "schema_version": catalogue.CURRENT[name].version,
        "stream": found.stream,
        "version": found.version,
        "body": message.of(found).body,
        "area": found.area.path,
        "actor": '{"id": "user-7", "role": "dispatcher", "department": "urban"}',
        "correlation_id": str(found.correlation_id),
        "causation_id": str(found.causation_id),
        "origin": "live",
        "occurred_at": found.occurred_at,
        "recorded_at": found.recorded_at,
        "traceparent": found.traceparent,
    }
    return message.Stored(**{**parts, **changes})


def test_what_is_about_people_and_our_own_letters_is_not_public() -> None:
    kept = [found for found in catalogue.CURRENT.values() if not found.public]
    inside = {found.category for found in kept if found.name not in INTERNAL_TYPES}
    outside = {found.category for found in catalogue.CURRENT.values() if found.public}

    assert {found.name for found in kept} >= INTERNAL_TYPES
    assert inside <= INTERNAL_CATEGORIES
    assert not outside & INTERNAL_CATEGORIES


@pytest.mark.parametrize("name", PUBLIC)
def test_no_field_that_goes_out_names_a_person(name: str) -> None:
    assert not set(public.public_schema(catalogue.CURRENT[name].shape)["properties"]) & PERSONAL


@pytest.mark.parametrize("name", PUBLIC)
def test_a_message_and_a_body_say_the_same_and_satisfy_the_public_schema(name: str) -> None:
    sent = public.public_message(stored(name))

    assert json.loads(sent.body) == public.public_body(recorded(name))
    jsonschema.validate(json.loads(sent.body), public.public_schema(catalogue.CURRENT[name].shape))
    assert sent.headers["ce-dataschema"] == f"urn:wuji:schema:{name}:1"


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_body_still_satisfies_the_event_itself(name: str) -> None:
    body = public.public_body(recorded(name))

    assert codec.load(name, catalogue.CURRENT[name].version, body) is not None


def test_neither_the_subject_nor_the_account_goes_out() -> None:
    sent = public.public_message(stored())

    assert "subject_id" in json.loads(stored().body)
    assert "subject_id" not in json.loads(sent.body)
    assert json.loads(sent.headers["ce-actor"]) == {"role": "dispatcher", "department": "urban"}
    assert "user-7" not in str(sent)


def test_a_service_keeps_its_name() -> None:
    sent = public.public_message(stored(actor='{"id": "grid", "role": "service"}'))

    assert json.loads(sent.headers["ce-actor"]) == {"id": "grid", "role": "service"}


def test_everything_else_is_as_on_the_inside() -> None:
    inside, outside = message.compose(stored()), public.public_message(stored())
    same = set(inside.headers) - {"ce-actor", message.DIGEST}

    assert {name: outside.headers[name] for name in same} == {name: inside.headers[name] for name in same}
    assert outside.headers[message.DIGEST] == message.digest(outside.body)
    assert dataclasses.replace(outside, body=b"", headers={}) == dataclasses.replace(inside, body=b"", headers={})


def test_a_replay_is_marked() -> None:
    assert public.public_message(stored(), replay="r-1").headers["ce-replay"] == "r-1"
    assert "ce-replay" not in public.public_message(stored()).headers


@pytest.mark.parametrize("name", ["notice.requested", "subject.erased", "appointment.started", "case.vanished"])
def test_what_is_not_public_is_refused(name: str) -> None:
    event = stored()._replace(type=name)

    assert not public.is_public(name)
    with pytest.raises(Invalid, match="not a public event type"):
        public.public_message(event)


def test_over_http_a_message_is_a_cloud_event_in_json() -> None:
    found = public.cloud_event(public.public_message(stored()))

    assert found["specversion"] == "1.0"
    assert found["type"] == "case.filed.v1"
    assert found["datacontenttype"] == "application/json"
    assert found["data"] == public.public_body(recorded("case.filed"))
    assert all(name.isalnum() and name == name.lower() for name in found)
