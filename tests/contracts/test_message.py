"""An event survives the bus unchanged; anything else is refused with a reason, and with nothing worse."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from cloudevents.core.bindings import rabbitmq
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import catalogue, codec, message
from shared.contracts.envelope import Actor, Origin, Recorded
from shared.kernel.area import Area
from shared.kernel.errors import Invalid
from tests.support.examples import all_examples

EXAMPLES = all_examples()
AT = datetime(2026, 5, 3, 9, 0, 0, 123456, tzinfo=UTC)


def recorded(name: str = "case.dispatched", **changes: Any) -> Recorded[Any]:
    parts: dict[str, Any] = {
        "event": EXAMPLES[name],
        "event_id": UUID("0190b0a0-0000-7000-8000-000000000001"),
        "stream": f"{catalogue.CURRENT[name].category}-0190b0a0-0000-7000-8000-000000000002",
        "version": 4,
        "position": 812,
        "type": name,
        "area": Area("530103.004.012.003.00007"),
        "actor": Actor("user-7", "dispatcher", "urban"),
        "correlation_id": UUID("0190b0a0-0000-7000-8000-000000000002"),
        "causation_id": UUID("0190b0a0-0000-7000-8000-000000000003"),
        "origin": Origin.LIVE,
        "occurred_at": AT,
        "recorded_at": AT + timedelta(seconds=2),
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    return Recorded(**{**parts, **changes})


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_event_comes_back_equal(name: str) -> None:
    sent = message.of(recorded(name))

    assert message.parse(sent.body, sent.headers) == recorded(name)


def test_what_may_be_absent_may_be_absent() -> None:
    bare = recorded(
        area=Area("530103"),
        actor=Actor.service("grid"),
        causation_id=None,
        traceparent=None,
        origin=Origin.IMPORT,
        occurred_at=AT.astimezone(timezone(timedelta(hours=8))),
    )
    sent = message.of(bare)

    assert message.parse(sent.body, sent.headers) == bare
    assert sent.routing_key == "case.dispatched.530103.-.-.-.-"


def test_a_street_and_a_kind_of_event_can_be_subscribed_to() -> None:
    assert message.routing_key("case.dispatched", "530103.004") == "case.dispatched.530103.004.-.-.-"
    assert message.of(recorded()).routing_key == "case.dispatched.530103.004.012.003.00007"


def test_the_cloudevents_package_understands_our_messages() -> None:
    sent = message.of(recorded())
    event = rabbitmq.from_binary_event(rabbitmq.RabbitMQMessage(sent.headers, sent.content_type, sent.body))

    assert event.get_type() == "case.dispatched.v1"
    assert event.get_source() == "urn:wuji:dispatch"
    assert event.get_subject() == recorded().stream
    assert event.get_time() == AT
    assert event.get_extension("sequence") == "00000000000000000812"
    assert event.get_data() == codec.encode(EXAMPLES["case.dispatched"])


def test_an_event_without_a_position_is_not_for_the_bus() -> None:
    with pytest.raises(ValueError, match="no position"):
        message.of(recorded(position=None))


@pytest.mark.parametrize(
    ("header", "value", "says"),
    [
        ("ce-id", None, "no header ce-id"),
        ("ce-id", "7", "not a UUID"),
        ("ce-id", 7, "is a int"),
        ("ce-type", "case.dispatched", "no event type with its version"),
        ("ce-type", "case.vanished.v1", "no event type case.vanished version 1"),
        ("ce-type", "case.dispatched.v9", "no event type case.dispatched version 9"),
        ("ce-type", "case.dispatched.v" + "9" * 5000, "no event type with its version"),
        ("ce-subject", "report-1", "belongs to a stream case-"),
        ("ce-sequence", "-1", "not a whole number"),
        ("ce-sequence", "１２", "not a whole number"),
        ("ce-streamversion", "9" * 30, "not a whole number"),
        ("ce-area", "530103.4", "is no area"),
        ("ce-origin", "dream", "not live or import"),
        ("ce-time", "yesterday", "not a time"),
        ("ce-time", "2026-05-03T09:00:00", "without its zone"),
        ("ce-actor", "nobody", "no JSON"),
        ("ce-actor", "[]", "needs an id and a role"),
        ("ce-actor", '{"id": 1, "role": "x"}', "needs an id and a role"),
        ("ce-causationid", "x", "not a UUID"),
    ],
)
def test_a_wrong_header_is_named(header: str, value: object, says: str) -> None:
    sent = message.of(recorded())

    with pytest.raises(Invalid, match=says) as caught:
        message.parse(sent.body, {**sent.headers, header: value})

    assert caught.value.where in (header, None)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        ('{"words": "路灯"}'.encode("gb18030"), "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "JSON list, not an object"),
        (b"null", "JSON NoneType, not an object"),
        (b"{}", "the body of case.dispatched is wrong"),
    ],
)
def test_a_wrong_body_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        message.parse(body, message.of(recorded()).headers)


def test_a_message_in_another_format_is_refused() -> None:
    sent = message.of(recorded())

    with pytest.raises(Invalid, match="content type"):
        message.parse(sent.body, sent.headers, content_type="application/cloudevents+json")
    with pytest.raises(Invalid, match="content encoding"):
        message.parse(sent.body, sent.headers, content_encoding="gzip")
    with pytest.raises(Invalid, match="no header"):
        message.parse(sent.body, None)


def test_a_damaged_body_is_checked_field_by_field() -> None:
    sent = message.of(recorded())
    body = sent.body.replace(b'"attempt":', b'"attempt":"', 1).replace(b'"attempt":"1', b'"attempt":"1"', 1)

    with pytest.raises(Invalid) as caught:
        message.parse(body, sent.headers)

    assert set(caught.value.errors) == {"attempt"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def refuses_or_reads(body: bytes, headers: dict[str, object]) -> None:
    with contextlib.suppress(Invalid):
        message.parse(body, headers)


def test_an_intact_body_is_read_without_the_full_check() -> None:
    sent = message.of(recorded())
    body = sent.body.replace(b'"attempt":1', b'"attempt":true', 1)
    fitting = {**sent.headers, message.DIGEST: message.digest(body)}

    assert message.parse(body, fitting).event.attempt is True
    with pytest.raises(Invalid):
        message.parse(body, sent.headers)


@given(st.data())
def test_no_field_of_any_event_can_do_worse_than_be_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(EXAMPLES)))
    sent = message.of(recorded(name))
    values = json.loads(sent.body)
    field = data.draw(st.sampled_from([*sorted(values), "unheard_of"]))
    body = json.dumps({**values, field: data.draw(JSON)}).encode()
    fitting = data.draw(st.booleans())
    headers: dict[str, object] = {**sent.headers}
    if fitting:
        headers[message.DIGEST] = message.digest(body)

    refuses_or_reads(body, headers)


@given(st.data())
def test_no_header_can_do_worse_than_be_refused(data: st.DataObject) -> None:
    sent = message.of(recorded())
    name = data.draw(st.sampled_from(sorted(sent.headers)))
    value = data.draw(st.none() | st.text() | st.integers() | st.binary() | st.lists(st.text()) | JSON.map(json.dumps))

    refuses_or_reads(sent.body, {**sent.headers, name: value})


@given(st.data())
def test_no_damage_to_the_bytes_can_do_worse_than_be_refused(data: st.DataObject) -> None:
    sent = message.of(recorded(data.draw(st.sampled_from(sorted(EXAMPLES)))))
    at = data.draw(st.integers(0, len(sent.body) - 1))
    cut = data.draw(st.integers(0, 3))
    body = sent.body[:at] + data.draw(st.binary(max_size=3)) + sent.body[at + cut :]

    refuses_or_reads(body, dict(sent.headers))
