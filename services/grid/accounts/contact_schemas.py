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
        validate=validate.Regexp(rf"{_PHONE}\Z", error="a phone number has 6 to 20 digits"),
    )
    mail = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=120))


class ContactForm(Body):
    """The same as a form: what is left empty is not kept."""

    phone = fields.String(
        load_default="",
        validate=validate.Regexp(rf"(?:{_PHONE})?\Z", error="电话为 6 到 20 位 / a phone number has 6 to 20 digits"),
    )
    mail = fields.String(
        load_default="",
        validate=[
            validate.Length(max=120),
            validate.Regexp(r"(?:[^@\s]+@[^@\s]+\.[^@\s]+)?\Z", error="不是邮箱 / this is no mail address"),
        ],
    )
