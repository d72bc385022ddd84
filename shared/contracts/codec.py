"""Derives everything about a wire shape from its dataclass: encoding, checked decoding, trusted decoding, JSON Schema.

Two decoders come from the one definition. `load` goes through marshmallow, knows nothing for granted, and answers
with every field that is wrong; it is for what arrives from outside the log. `revive` only builds the objects, for
what the log itself hands back, many thousand times a second. A test holds the two equal.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache, partial
from typing import Any, Union
from uuid import UUID

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load

from shared.contracts import catalogue
from shared.kernel.errors import Invalid
from shared.kernel.ids import known_id

Json = Any
"""What `json.loads` may answer."""


def encode(event: object) -> dict[str, Json]:
    """The event's body as plain JSON values; optional fields that are None are left out."""
    shape: type = type(event)
    return typing.cast("dict[str, Json]", _encoder(shape)(event))


def load(name: str, version: int, body: Mapping[str, Json]) -> object:
    """Check and build the event from a body that came from outside the log.

    Old versions are lifted to the current one. Unknown fields are passed over: a newer sender may add some.
    Raises Invalid naming every wrong field, or the unknown type.
    """
    found = catalogue.EVENTS.get((name, version))
    if found is None:
        raise Invalid(f"there is no event type {name} version {version}", where="type")
    try:
        schema_of(found.shape).load(dict(body))
    except ValidationError as error:
        raise Invalid(f"the body of {name} is wrong", errors=_by_field(error)) from error
    current, lifted = _lift(found, dict(body))
    return typing.cast("object", schema_of(current.shape).load(lifted))


def _by_field(error: ValidationError) -> dict[str, object]:
    messages = error.messages
    return dict(messages) if isinstance(messages, dict) else {"_schema": messages}


def revive(name: str, version: int, body: Mapping[str, Json]) -> object:
    """Build the event from a body that the log itself stored: shapes are trusted, old versions are lifted."""
    found = catalogue.EVENTS[name, version]
    if found.upcast is not None:
        found, body = _lift(found, dict(body))
    return _builder(found.shape)(body)


def _lift(found: catalogue.EventType, body: dict[str, Json]) -> tuple[catalogue.EventType, dict[str, Json]]:
    while found.upcast is not None:
        body = found.upcast(body)
        found = catalogue.EVENTS[found.name, found.version + 1]
    return found, body


# --- the shape of one field -------------------------------------------------------------------------------------


def without_none(annotation: Any) -> tuple[Any, bool]:
    """`X | None` → (X, True)."""
    if typing.get_origin(annotation) in (Union, types.UnionType):
        others = [part for part in typing.get_args(annotation) if part is not type(None)]
        if len(others) != 1:
            raise TypeError(f"{annotation} is no wire shape: only `X | None` is")
        return others[0], True
    return annotation, False


def _shape_fields(shape: type) -> list[tuple[str, Any, bool, bool]]:
    """(name, type, may be None, has a default) of every field of a dataclass."""
    hints = typing.get_type_hints(shape)
    found = []
    for field in dataclasses.fields(shape):
        inner, optional = without_none(hints[field.name])
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        found.append((field.name, inner, optional, has_default))
    return found


# --- encoding ---------------------------------------------------------------------------------------------------

_PLAIN = (str, int, float, bool)


def _same(value: Any) -> Any:
    return value


def _encode_value(annotation: Any) -> Callable[[Any], Json]:
    if annotation in _PLAIN:
        return _same
    if annotation is UUID:
        return str
    if annotation in (datetime, date):
        return lambda value: value.isoformat()
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return lambda value: value.value
    if typing.get_origin(annotation) is tuple:
        item = _encode_value(typing.get_args(annotation)[0])
        return lambda values: [item(value) for value in values]
    if typing.get_origin(annotation) is dict:
        return dict
    if dataclasses.is_dataclass(annotation):
        return _encoder(typing.cast("type", annotation))
    raise TypeError(f"{annotation} is no wire shape")


@cache
def _encoder(shape: type) -> Callable[[Any], Json]:
    steps = [(name, _encode_value(inner)) for name, inner, _, _ in _shape_fields(shape)]

    def encode_shape(value: Any) -> Json:
        body = {}
        for name, step in steps:
            found = getattr(value, name)
            if found is not None:
                body[name] = step(found)
        return body

    return encode_shape


# --- trusted decoding -------------------------------------------------------------------------------------------


def _build_value(annotation: Any) -> Callable[[Json], Any]:
    if annotation in _PLAIN:
        return _same
    if annotation is UUID:
        return known_id
    if annotation in (datetime, date):
        return typing.cast("Callable[[Json], Any]", annotation.fromisoformat)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {member.value: member for member in annotation}.__getitem__
    if typing.get_origin(annotation) is tuple:
        item = _build_value(typing.get_args(annotation)[0])
        return lambda values: tuple([item(value) for value in values])
    if typing.get_origin(annotation) is dict:
        return dict
    return _builder(annotation)


@cache
def _builder(shape: type) -> Callable[[Mapping[str, Json]], Any]:
    plain = [(name, _build_value(inner)) for name, inner, _, _ in _shape_fields(shape)]
    converted = {name: step for name, step in plain if step is not _same}
    known = frozenset(name for name, _ in plain)
    absent: dict[str, Any] = dict.fromkeys(_optional_without_default(shape))

    def build(body: Mapping[str, Json]) -> Any:
        arguments = absent.copy()
        for name, value in body.items():
            if name in known and value is not None:
                step = converted.get(name)
                arguments[name] = value if step is None else step(value)
        return shape(**arguments)

    return build


@cache
def _optional_without_default(shape: type) -> tuple[str, ...]:
    return tuple(name for name, _, optional, has_default in _shape_fields(shape) if optional and not has_default)


# --- checked decoding -------------------------------------------------------------------------------------------


def _zoned(value: datetime) -> None:
    if value.tzinfo is None:
        raise ValidationError("a time needs its zone, for example 2026-05-03T09:00:00+08:00")


_SIMPLE_FIELDS: dict[Any, Callable[..., fields.Field[Any]]] = {
    str: fields.String,
    UUID: fields.UUID,
    date: fields.Date,
    float: fields.Float,
    bool: partial(fields.Boolean, truthy={True}, falsy={False}),
    int: partial(fields.Integer, strict=True),
    datetime: partial(fields.DateTime, format="iso", validate=_zoned),
}


def _field(annotation: Any, **options: Any) -> fields.Field[Any]:
    if annotation in _SIMPLE_FIELDS:
        return _SIMPLE_FIELDS[annotation](**options)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return fields.Enum(annotation, by_value=True, **options)
    if typing.get_origin(annotation) is tuple:
        return _Tuple(_field(typing.get_args(annotation)[0]), **options)
    if typing.get_origin(annotation) is dict:
        return fields.Dict(keys=fields.String(), values=fields.String(), **options)
    return fields.Nested(schema_of(annotation), **options)


class _Tuple(fields.List[Any]):
    """A list on the wire, a tuple in the frozen dataclass."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return tuple(super()._deserialize(value, attr, data, **kwargs))


@cache
def schema_of(shape: type) -> Schema:
    """The marshmallow schema of an event (or of a dataclass inside one); loading answers the dataclass."""
    members: dict[str, Any] = {}
    for name, inner, optional, has_default in _shape_fields(shape):
        may_be_absent = optional or has_default
        members[name] = _field(inner, required=not may_be_absent, allow_none=may_be_absent)

    def make(_self: Schema, values: dict[str, Any], **_: Any) -> Any:
        told = {name: value for name, value in values.items() if value is not None}
        return shape(**(dict.fromkeys(_optional_without_default(shape)) | told))

    members["make"] = post_load(make)
    members["Meta"] = type("Meta", (), {"unknown": EXCLUDE})
    return typing.cast("Schema", type(f"{shape.__name__}Schema", (Schema,), members)())


# --- JSON Schema ------------------------------------------------------------------------------------------------


def json_schema(shape: type) -> dict[str, Json]:
    """JSON Schema (draft 2020-12) of an event's body, for documents and for the compatibility test."""
    properties, required = {}, []
    for name, inner, optional, has_default in _shape_fields(shape):
        properties[name] = _json_type(inner)
        if not (optional or has_default):
            required.append(name)
    described: dict[str, Json] = {"type": "object", "properties": properties, "required": required}
    if shape.__doc__ and not shape.__doc__.startswith(shape.__name__ + "("):
        described["description"] = shape.__doc__.strip().splitlines()[0]
    return described


def _json_type(annotation: Any) -> dict[str, Json]:
    plain = {
        str: {"type": "string"},
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: {"type": "number"},
        UUID: {"type": "string", "format": "uuid"},
        datetime: {"type": "string", "format": "date-time"},
        date: {"type": "string", "format": "date"},
    }
    if annotation in plain:
        return dict(plain[annotation])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"type": "string", "enum": [member.value for member in annotation]}
    if typing.get_origin(annotation) is tuple:
        return {"type": "array", "items": _json_type(typing.get_args(annotation)[0])}
    if typing.get_origin(annotation) is dict:
        return {"type": "object", "additionalProperties": {"type": "string"}}
    return json_schema(annotation)
