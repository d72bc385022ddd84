"""Test events: only who asked gets one, at the request's place, as an example that satisfies the published schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from services.notify.subscriptions.domain import stream_of
from services.notify.subscriptions.selection import select
from services.notify.subscriptions.trial import REQUEST, checked_type
from shared.contracts import catalogue, public
from shared.contracts.message import Stored
from shared.contracts.subscription import Filter
from shared.kernel.errors import Invalid
from shared.kernel.ids import derived_id

CLOSED_IN_WENYI = Filter(types=("case.closed",), areas=("530103.004.012",), issue_types=(), departments=())
AT = datetime(2026, 5, 3, 1, 30, tzinfo=UTC)


class NoRows:
    """Nothing may be asked for: this filter needs no facts."""

    def query(self, *_: Any) -> list[dict[str, Any]]:
        raise AssertionError("the log was asked")


def stored(position: int, event_type: str, stream: str, body: dict[str, Any]) -> Stored:
    return Stored(
        position=position,
        event_id=str(derived_id("event", position)),
        type=event_type,
        schema_version=1,
        stream=stream,
        version=2,
        body=json.dumps(body).encode(),
        area="530103.004.012",
        actor='{"id": "o.ma", "role": "operator"}',
        correlation_id=str(derived_id("case", 1)),
        causation_id=None,
        origin="live",
        occurred_at=AT,
        recorded_at=AT,
        traceparent=None,
    )


def window(event_type: str) -> list[Stored]:
    closed = {"case_id": str(derived_id("case", 1)), "answer": "已处理。", "attempt": 1}
    return [
        stored(1, "case.closed", f"case-{derived_id('case', 1)}", closed),
        stored(2, REQUEST, stream_of("mine"), {"subscription_id": str(derived_id("s", 1)), "type": event_type}),
        stored(3, "case.closed", f"case-{derived_id('case', 1)}", closed),
    ]


@pytest.mark.parametrize("event_type", sorted(public.public_types()))
def test_an_example_of_every_public_type_comes_at_its_place(event_type: str) -> None:
    messages = select(CLOSED_IN_WENYI, NoRows(), window(event_type), stream=stream_of("mine"))  # type: ignore[arg-type]
    found = messages[1]

    assert [int(message.headers["ce-sequence"]) for message in messages] == [1, 2, 3]
    assert [message.headers.get("ce-test") for message in messages] == [None, "true", None]
    assert found.type == event_type
    assert found.headers["ce-area"] == "530103.004.012"
    jsonschema.validate(json.loads(found.body), public.public_schema(catalogue.CURRENT[event_type].shape))


def test_nobody_else_gets_it() -> None:
    others = select(CLOSED_IN_WENYI, NoRows(), window("case.closed"), stream=stream_of("another"))  # type: ignore[arg-type]
    everything = Filter(types=(), areas=(), issue_types=(), departments=())
    greedy = select(everything, NoRows(), window("case.closed"), stream=stream_of("another"))  # type: ignore[arg-type]

    assert [int(message.headers["ce-sequence"]) for message in others] == [1, 3]
    assert [int(message.headers["ce-sequence"]) for message in greedy] == [1, 3]


@pytest.mark.parametrize("event_type", ["notice.sent", "subscription.created", "nothing", "case.*"])
def test_what_departments_never_get_cannot_be_tried(event_type: str) -> None:
    with pytest.raises(Invalid, match="public event type"):
        checked_type(event_type)
