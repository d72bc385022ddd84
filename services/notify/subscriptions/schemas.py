"""What the doors of subscriptions take and give, as HTTP bodies."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from services.notify.subscriptions.domain import LONGEST_NAME
from services.notify.subscriptions.matching import MOST
from shared.contracts.subscription import DeliveryKind
from shared.web.fields import Body, Instant, Text

_DEPARTMENT = validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$", error="a department's code is like sanitation")


def _texts(longest: int, **metadata: object) -> fields.List[Any]:
    return fields.List(
        Text(longest=longest, one_line=True), load_default=list, validate=validate.Length(max=MOST), metadata=metadata
    )


class FilterBody(Body):
    """Which events. An empty list asks for nothing in particular."""

    types = _texts(80, description="event types or patterns: case.dispatched, case.*, *; case.filed.v1 for a version")
    areas = _texts(24, description="area paths: 530103.004 and everything in it")
    issue_types = _texts(20, description="issue types: E-01 and everything below it")
    departments = _texts(40, description="departments that the case was given to, as lead or co-handler")


class StartBody(Body):
    """From where; neither: from now on."""

    position = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(min=1), metadata={"example": 1}
    )
    time = Instant(load_default=None, allow_none=True, metadata={"description": "everything recorded from then on"})


class CreateBody(Body):
    """A new subscription."""

    name = Text(
        required=True, longest=LONGEST_NAME, one_line=True, metadata={"description": "a-z, 0-9 and single hyphens"}
    )
    department = fields.String(
        load_default=None, allow_none=True, validate=_DEPARTMENT, metadata={"description": "default: the asker's"}
    )
    delivery = fields.Enum(DeliveryKind, by_value=True, load_default=DeliveryKind.AMQP)
    filter = fields.Nested(FilterBody, load_default=dict)
    start = fields.Nested(StartBody, load_default=dict)
    endpoint = Text(
        load_default=None, allow_none=True, longest=2000, one_line=True, metadata={"description": "of a webhook"}
    )


class ReasonBody(Body):
    """Why."""

    reason = Text(load_default=None, allow_none=True, longest=300)


class TokenBody(Body):
    """How long the token is to be good."""

    days = fields.Integer(load_default=365, strict=True, validate=validate.Range(1, 3650))


class ConnectionBody(Body):
    """How a program reaches its queue. The password is shown to whoever manages the subscription."""

    url = fields.String(required=True)
    user = fields.String(required=True)
    password = fields.String(required=True)
    vhost = fields.String(required=True)
    queue = fields.String(required=True)
    parked_queue = fields.String(required=True)


class SubscriptionRow(Body):
    """A subscription, and where it stands."""

    name = fields.String(required=True)
    subscription_id = fields.UUID(required=True)
    department = fields.String(allow_none=True)
    delivery = fields.String(required=True, metadata={"description": "amqp, webhook or pull"})
    filter = fields.Nested(FilterBody, required=True)
    routing_keys = fields.List(fields.String(), required=True)
    endpoint = fields.String(allow_none=True)
    state = fields.String(required=True, metadata={"description": "active, paused, disabled or deleted"})
    reason = fields.String(allow_none=True)
    position = fields.Integer(allow_none=True, metadata={"description": "everything up to here was delivered"})
    head = fields.Integer(allow_none=True, metadata={"description": "the last position of the log"})
    lag_events = fields.Integer(allow_none=True)
    lag_seconds = fields.Float(allow_none=True)
    delivered = fields.Integer(allow_none=True)
    delivered_at = fields.AwareDateTime(allow_none=True)
    queue_depth = fields.Integer(allow_none=True, metadata={"description": "messages that wait in its queue"})
    unacked = fields.Integer(allow_none=True)
    consumers = fields.Integer(allow_none=True)
    parked = fields.Integer(allow_none=True)
    measured_at = fields.AwareDateTime(allow_none=True, metadata={"description": "when the queue was looked at"})
    dropped = fields.Integer(allow_none=True, metadata={"description": "given up by the full queue"})
    dropped_from = fields.Integer(allow_none=True, metadata={"description": "position of the first dropped event"})
    dropped_to = fields.Integer(allow_none=True, metadata={"description": "position of the last dropped event"})
    last_error = fields.String(allow_none=True)
    last_error_at = fields.AwareDateTime(allow_none=True)


class CreatedAnswer(SubscriptionRow):
    """A subscription with everything that its program needs."""

    connection = fields.Nested(ConnectionBody, allow_none=True)
    token = fields.String(required=True, metadata={"description": "reads this subscription and nothing else"})
    signing_secret = fields.String(
        allow_none=True, metadata={"description": "of a webhook: verifies its calls (Standard Webhooks)"}
    )


class SubscriptionsAnswer(Body):
    """All that the asker may see, by name."""

    subscriptions = fields.List(fields.Nested(SubscriptionRow), required=True)


class TokenAnswer(Body):
    """A bearer token."""

    token = fields.String(required=True)
    days = fields.Integer(required=True)
