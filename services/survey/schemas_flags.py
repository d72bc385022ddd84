"""What the doors to flags take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.contracts.flag import Suspicion
from shared.web.fields import AreaField, Body, Text

WORDS = 1_000


class FlagsQuery(Body):
    """Which flags; all of the asker's area by default."""

    area = AreaField(load_default=None)
    suspicion = fields.Enum(Suspicion, by_value=True, load_default=None)
    settled = fields.Boolean(load_default=None)
    case_id = fields.UUID(load_default=None)
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class SettleBody(Body):
    """What was found."""

    founded = fields.Boolean(required=True, truthy={True}, falsy={False})
    words = Text(longest=WORDS, required=True)


class FlagAnswer(Body):
    """One flag."""

    flag_id = fields.UUID(required=True)
    case_id = fields.UUID(required=True)
    area = AreaField(required=True)
    suspicion = fields.String(required=True)
    suspicion_zh = fields.String(required=True)
    because = fields.String(required=True)
    department = fields.String(required=True, allow_none=True)
    raised_at = fields.AwareDateTime(required=True)
    founded = fields.Boolean(required=True, allow_none=True)
    words = fields.String(required=True, allow_none=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)


class FlagsAnswer(Body):
    """A page of flags, newest first."""

    flags = fields.List(fields.Nested(FlagAnswer), required=True)
    next_after = fields.String(required=True, allow_none=True)
