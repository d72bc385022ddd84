"""What the doors for programs' keys take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.web.fields import Body


class NameBody(Body):
    """The name of a program, by which its key is known and revoked."""

    name = fields.String(
        required=True, validate=validate.Regexp(r"^[a-z0-9][a-z0-9-]{1,39}\Z", error="2 to 40 of a-z, 0-9 and hyphens")
    )


class MadeKey(Body):
    """A new key, which is not shown again."""

    key_id = fields.UUID(required=True)
    name = fields.String(required=True)
    key = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class ApiKeyRow(Body):
    """A key on the list, without the key."""

    key_id = fields.UUID(required=True)
    name = fields.String(required=True)
    created_by = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(allow_none=True)


class ApiKeysAnswer(Body):
    """Every key there ever was."""

    keys = fields.List(fields.Nested(ApiKeyRow), required=True)


class Revoked(Body):
    """Which program or system it was."""

    name = fields.String(required=True)
