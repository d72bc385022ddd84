"""A mapping: where in another system's messages everything stands that a report is made of.

It is written as TOML by the city, checked when it is registered, and kept with the system. Paths go through objects by
name and through lists by number: `order.callers[0].phone`.
"""

from __future__ import annotations

import re
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from services.intake.inbound.paths import PATH
from shared.contracts.report import Source, Urgency
from shared.kernel.area import Area
from shared.kernel.errors import Invalid

NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
_SOURCES = (Source.HOTLINE.value, Source.DEVICE.value, Source.MEDIA.value, Source.SUPERIOR.value)


class _Strict(Schema):
    class Meta:
        unknown = RAISE


def _path(**more: Any) -> fields.String:
    return fields.String(validate=validate.Regexp(PATH, error="a path looks like order.callers[0].phone"), **more)


def _paths(**more: Any) -> fields.List[Any]:
    return fields.List(_path(), validate=validate.Length(1, 5), **more)


def _table() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class SystemPart(_Strict):
    """[system]"""

    name = fields.String(required=True, validate=validate.Regexp(NAME.pattern + r"\Z", error="a-z, 0-9 and hyphens"))
    title = fields.String(required=True, validate=validate.Length(1, 80))
    source = fields.String(required=True, validate=validate.OneOf(_SOURCES))


class FieldsPart(_Strict):
    """[fields]"""

    external_number = _path(required=True)
    title = _paths(required=True)
    words = _paths(load_default=list)
    place = _path(load_default=None)


class ReporterPart(_Strict):
    """[reporter]"""

    name = _path(load_default=None)
    phone = _path(load_default=None)
    email = _path(load_default=None)


class PointPart(_Strict):
    """[point]"""

    lat = _path(required=True)
    lon = _path(required=True)


class LookupPart(_Strict):
    """[issue_type], [area], [urgency]"""

    path = _path(load_default=None)
    table = _table()
    otherwise = fields.String(load_default=None)

    @validates_schema
    def says_something(self, values: dict[str, Any], **_: Any) -> None:
        """Without a path there must be an answer for all."""
        if values["path"] is None and values["otherwise"] is None:
            raise ValidationError("give path, otherwise, or both")


class Mapping(_Strict):
    """The whole file."""

    system = fields.Nested(SystemPart, required=True)
    fields_ = fields.Nested(FieldsPart, required=True, data_key="fields", attribute="fields")
    reporter = fields.Nested(ReporterPart, load_default=None, allow_none=True)
    point = fields.Nested(PointPart, load_default=None, allow_none=True)
    issue_type = fields.Nested(LookupPart, required=True)
    area = fields.Nested(LookupPart, load_default=None, allow_none=True)
    urgency = fields.Nested(LookupPart, load_default=None, allow_none=True)

    @validates_schema
    def finds_a_place(self, values: dict[str, Any], **_: Any) -> None:
        """A report without an area is none; and what a table leads to must exist as a word."""
        if values["area"] is None and values["point"] is None and values["fields"]["place"] is None:
            raise ValidationError("say where: [area], [point] or fields.place", "area")
        for code in _outcomes(values["urgency"]):
            if code not in {urgency.value for urgency in Urgency}:
                raise ValidationError(f"{code!r} is none of normal, urgent, critical", "urgency")
        for code in _outcomes(values["area"]):
            try:
                Area.parse(code)
            except Invalid as error:
                raise ValidationError(str(error), "area") from error


def checked(given: Any) -> dict[str, Any]:
    """The mapping with its defaults. Raises Invalid naming every setting that is wrong."""
    try:
        found: dict[str, Any] = Mapping().load(given)
    except ValidationError as error:
        raise Invalid("the mapping is wrong", where="mapping", errors=dict(error.messages_dict)) from error
    return found


def _outcomes(part: dict[str, Any] | None) -> list[str]:
    if part is None:
        return []
    return [*part["table"].values(), *([] if part["otherwise"] is None else [part["otherwise"]])]
