"""What notify's doors take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.web.fields import AreaField, Body


class NoticesQuery(Body):
    """Which notices."""

    area = AreaField(load_default=None, metadata={"description": "default: the area the asker serves"})
    about = fields.UUID(load_default=None, metadata={"description": "the report or case"})
    state = fields.String(load_default=None, validate=validate.OneOf(["requested", "delivered", "failed"]))
    before = fields.UUID(load_default=None, metadata={"description": "the last notice of the page before"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class NoticeRow(Body):
    """One message to one recipient, and how its delivery stands. Neither text nor address."""

    notice_id = fields.UUID(required=True)
    template = fields.String(required=True)
    recipient_kind = fields.String(required=True)
    recipient = fields.String(required=True, metadata={"description": "the subject's id, or the department's code"})
    channel = fields.String(required=True)
    about = fields.UUID(required=True)
    area = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "requested, delivered or failed"})
    reason = fields.String(allow_none=True)
    requested_at = fields.AwareDateTime(required=True)
    settled_at = fields.AwareDateTime(allow_none=True)
    attempts = fields.Integer(required=True)
    last_error = fields.String(allow_none=True)


class NoticesAnswer(Body):
    """One page of notices, newest first."""

    notices = fields.List(fields.Nested(NoticeRow), required=True)
    next = fields.UUID(allow_none=True, metadata={"description": "send it as `before` for the next page"})


class OutboxQuery(Body):
    """Which captured messages."""

    about = fields.UUID(load_default=None, metadata={"description": "the report or case"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class OutboxMessage(Body):
    """A message as it would have been sent; the address is masked."""

    notice_id = fields.UUID(required=True)
    template = fields.String(required=True)
    recipient = fields.String(required=True)
    address = fields.String(required=True)
    about = fields.UUID(required=True)
    subject = fields.String(required=True)
    body = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class OutboxAnswer(Body):
    """Captured messages, newest first."""

    messages = fields.List(fields.Nested(OutboxMessage), required=True)
