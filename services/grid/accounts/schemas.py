"""What comes in about accounts, and what goes out."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.security.permission import ROLES
from shared.web.fields import AreaField, Body, Text

_PEOPLE = sorted(ROLES - {"subscriber"})


class PostBody(Body):
    """What somebody is, and where."""

    role = fields.String(required=True, validate=validate.OneOf(_PEOPLE))
    area = AreaField(load_default=None, allow_none=True)
    department = Text(longest=60, one_line=True, load_default=None, allow_none=True)


class CreateAccountBody(PostBody):
    """A new account."""

    account = Text(longest=63, one_line=True, required=True)
    name = Text(longest=60, one_line=True, load_default=None, allow_none=True)


class DisableBody(Body):
    """Why."""

    reason = Text(longest=500, required=True)


class Nothing(Body):
    """A form without fields of its own."""

    renew = fields.String(load_default=None)


class OneTimePassword(Body):
    """A password to be typed once."""

    account = fields.String(required=True)
    password = fields.String(required=True)


class AccountRow(Body):
    """One account."""

    account = fields.String(required=True)
    role = fields.String(required=True)
    area = fields.String(allow_none=True)
    department = fields.String(allow_none=True)
    enabled = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    locked_until = fields.AwareDateTime(allow_none=True)
    signed_in_at = fields.AwareDateTime(allow_none=True)
    must_change = fields.Boolean(required=True)


class AccountsAnswer(Body):
    """All accounts."""

    accounts = fields.List(fields.Nested(AccountRow), required=True)


class LogInForm(Body):
    """What somebody types to sign in."""

    account = fields.String(required=True, validate=validate.Length(max=100))
    password = fields.String(required=True, validate=validate.Length(max=300))
    next = fields.String(load_default="/", validate=validate.Length(max=2000))


class PasswordForm(Body):
    """Another password, twice."""

    old = fields.String(load_default="", validate=validate.Length(max=300))
    new = fields.String(required=True, validate=validate.Length(max=300))
    again = fields.String(required=True, validate=validate.Length(max=300))
    next = fields.String(load_default="/", validate=validate.Length(max=2000))


class NextQuery(Body):
    """Where to go on afterwards."""

    next = fields.String(load_default="/", validate=validate.Length(max=2000))
    lang = fields.String(load_default=None)


class LogInQuery(NextQuery):
    """Who is about to sign in, if that was chosen from a list."""

    account = Text(longest=63, one_line=True, shortest=0, load_default="")


class LookQuery(NextQuery):
    """How somebody wants to see the pages from now on."""

    senior = fields.String(load_default=None, validate=validate.OneOf(["0", "1"]))
    theme = fields.String(load_default=None, validate=validate.OneOf(["light", "dark"]))
