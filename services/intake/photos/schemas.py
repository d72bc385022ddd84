"""What the doors of photos take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from shared.photos import Size
from shared.web.fields import AreaField, Body


class TakenQuery(Body):
    """Where the photo belongs."""

    area = AreaField(
        load_default=None,
        metadata={"description": "default: the area that the asker serves; for a resident the district"},
    )


class PhotoReceipt(Body):
    """How the photo is named from now on."""

    reference = fields.String(required=True, metadata={"example": "photo:" + "6f" * 32})
    sha256 = fields.String(required=True)
    size = fields.Integer(required=True, metadata={"description": "bytes as it is kept"})
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class LookQuery(Body):
    """How large, and the reporter's proof; staff send their token instead."""

    size = fields.Enum(Size, by_value=True, load_default=Size.FULL)
    secret = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))
