"""Where somebody is reached, as it comes in."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.web.fields import Body

_PHONE = r"\+?[0-9][0-9 -]{4,18}[0-9]"


class ContactBody(Body):
    """A number, a mailbox, both; with neither nothing is kept any more."""

    phone = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(_PHONE, error="a phone number has 6 to 20 digits"),
    )
    mail = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=120))
