"""What Open311's calls take. An empty parameter is as good as none, and unknown ones are nobody's business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates_schema

from services.intake.quick import ISSUE_TYPE, PHONE, PLACE
from shared.web.fields import Instant, Text

LONGEST_DESCRIPTION = 4_000
MOST = 1_000
"""Requests on one page."""
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,60})\](?:\[\])?")
_NOISE = re.compile(r"[().\u2010-\u2015]")


class _Lenient(Schema):
    class Meta:
        unknown = EXCLUDE

    @pre_load
    def without_empties(self, data: Any, **_: Any) -> Any:
        """Leave out what says nothing."""
        return {name: value for name, value in data.items() if value not in ("", None, [""], [])}


class _Commas(fields.List[Any]):
    """A list that comes comma delimited, repeated, or both; at most `most` items."""

    def __init__(self, *, most: int = 200, **options: Any) -> None:
        super().__init__(fields.String(), load_default=None, **options)
        self._most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        given: list[Any] = super()._deserialize(value, attr, data, **kwargs)
        parts = [part.strip() for text in given for part in text.split(",") if part.strip()]
        if len(parts) > self._most:
            raise ValidationError(f"at most {self._most} at once")
        return parts


class _Moment(Instant):
    """A W3C instant; a blank in place of the plus sign, which a careless client left unescaped, is forgiven."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = re.sub(r" (?=\d\d:?\d\d$)", "+", value.strip()) if isinstance(value, str) else value
        found = super()._deserialize(text, attr, data, **kwargs)
        if isinstance(found, datetime) and not 1900 <= found.year <= 9000:
            raise ValidationError("this time is outside of all calendars")
        return found


class JurisdictionQuery(_Lenient):
    """Every call may name the jurisdiction."""

    jurisdiction_id = fields.String(load_default=None, validate=validate.Length(max=100))


class NewRequestQuery(JurisdictionQuery):
    """Some clients send these two in the address, others with the rest."""

    api_key = fields.String(load_default=None, validate=validate.Length(max=200))


class RequestQuery(JurisdictionQuery):
    """One request."""

    extensions = fields.Boolean(load_default=False)


class RequestsQuery(RequestQuery):
    """Which requests."""

    service_request_id = _Commas()
    service_code = _Commas()
    status = _Commas()
    start_date = _Moment(load_default=None)
    end_date = _Moment(load_default=None)
    updated_after = _Moment(load_default=None)
    updated_before = _Moment(load_default=None)
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    page_size = fields.Integer(load_default=MOST, validate=validate.Range(1, MOST))

    @validates_schema
    def knows_the_statuses(self, values: dict[str, Any], **_: Any) -> None:
        """There are two."""
        wrong = [status for status in values.get("status") or () if status not in ("open", "closed")]
        if wrong:
            raise ValidationError(f"{wrong[0][:40]!r} is neither open nor closed", "status")


class UpdatesQuery(JurisdictionQuery):
    """Which updates."""

    service_request_id = _Commas()
    start_date = _Moment(load_default=None)
    end_date = _Moment(load_default=None)
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    page_size = fields.Integer(load_default=MOST, validate=validate.Range(1, MOST))


class NewRequestBody(_Lenient):
    """A request for service, as a form or as JSON with the same names."""

    api_key = fields.String(load_default=None, validate=validate.Length(max=200))
    jurisdiction_id = fields.String(load_default=None, validate=validate.Length(max=100))
    service_code = Text(longest=ISSUE_TYPE, one_line=True, load_default=None)
    lat = fields.Float(load_default=None, validate=validate.Range(-90, 90))
    long = fields.Float(load_default=None, validate=validate.Range(-180, 180))
    address_string = Text(longest=PLACE, load_default=None)
    address_id = Text(longest=40, one_line=True, load_default=None)
    email = fields.Email(load_default=None, validate=validate.Length(max=120))
    first_name = Text(longest=40, one_line=True, load_default=None)
    last_name = Text(longest=40, one_line=True, load_default=None)
    phone = fields.String(load_default=None, validate=validate.Regexp(PHONE, error="a phone number has 6 to 20 digits"))
    description = Text(longest=LONGEST_DESCRIPTION, load_default=None)
    media_url = fields.URL(load_default=None, schemes={"http", "https"}, validate=validate.Length(max=1_000))
    attribute = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), load_default=dict)

    @pre_load
    def gather_attributes(self, data: Any, **_: Any) -> Any:
        """`attribute[code]=value`, `attribute[code][]=value` and {"attribute": {code: value}} all mean the same."""
        given = data.get("attribute")
        found = dict(given) if isinstance(given, Mapping) else {}
        rest = {name: value for name, value in data.items() if name != "attribute"}
        if given is not None and not isinstance(given, Mapping):
            raise ValidationError("send attribute[code]=value", "attribute")
        for name in list(rest):
            if (named := _ATTRIBUTE.fullmatch(name)) is not None:
                found[named[1]] = rest.pop(name)
        repeated = [name for name, value in rest.items() if isinstance(value, list)]
        if repeated:
            raise ValidationError("this is given twice", repeated[0])
        rest["attribute"] = {
            code: value if isinstance(value, list) else [value]
            for code, value in found.items()
            if value not in ("", None)
        }
        return rest

    @pre_load
    def tidy_phone(self, data: Any, **_: Any) -> Any:
        """`(0871) 6555.1234` is a number, too."""
        phone = data.get("phone")
        return {**data, "phone": " ".join(_NOISE.sub(" ", phone).split())} if isinstance(phone, str) else data

    @validates_schema
    def is_whole(self, values: dict[str, Any], **_: Any) -> None:
        """Half a point is none."""
        if (values.get("lat") is None) != (values.get("long") is None):
            raise ValidationError("lat and long go together", "lat")
