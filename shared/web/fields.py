"""Fields of HTTP bodies that know this platform: areas, points, bounded text, zoned times.

They load to the objects that the domain speaks (`Area`, `Point`), and describe themselves in OpenAPI.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from shared.contracts.shapes import Point
from shared.kernel.area import Area
from shared.kernel.errors import Invalid

AREA_PATTERN = r"^[0-9]{6}(\.[0-9]{3}(\.[0-9]{3}(\.[0-9]{3}(\.[0-9]{5})?)?)?)?$"
# As it stands in a character class, for us and for whoever reads the OpenAPI document.
_NOT_IN_TEXT = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff"
_CONTROL = re.compile(f"[{_NOT_IN_TEXT}\\ud800-\\udfff]")


class Body(Schema):
    """Base of all bodies and queries: a field that nobody declared is refused by name."""

    class Meta:
        unknown = RAISE


class Text(fields.String):
    """A text of 1 to `longest` characters that is not blank and has no control characters (line breaks are fine)."""

    def __init__(self, *, longest: int, shortest: int = 1, one_line: bool = False, **options: Any) -> None:
        checks = [validate.Length(min=shortest, max=longest), *_given(options.pop("validate", None))]
        never = _NOT_IN_TEXT + (r"\n\r" if one_line else "")
        pattern = f"^[^{never}]*$" if shortest == 0 else f"^[^{never}]*[^{never}\\s][^{never}]*$"
        metadata = {"pattern": pattern, **options.pop("metadata", {})}
        super().__init__(validate=checks, metadata=metadata, **options)
        self._blank_is_fine = shortest == 0
        self._one_line = one_line

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if (found := _CONTROL.search(text)) is not None:
            raise ValidationError(f"the character U+{ord(found.group()):04X} is not allowed in a text")
        if self._one_line and ("\n" in text or "\r" in text):
            raise ValidationError("this is to be one line")
        if not self._blank_is_fine and not text.strip():
            raise ValidationError("this must not be blank")
        return text


class AreaField(fields.String):
    """An area path or national code; loads to `Area`. `tiers` names the tiers that will do, such as (2, 3)."""

    def __init__(self, *, tiers: tuple[int, ...] = (), **options: Any) -> None:
        example = {"description": "area path, 530103.004.012.003.00007, or national code", "example": "530103.004"}
        super().__init__(metadata={"maxLength": 24, **example, **options.pop("metadata", {})}, **options)
        self._tiers = tiers

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            area = Area.parse(text)
        except Invalid as error:
            raise ValidationError(f"{error}" if error.hint is None else f"{error}; {error.hint}") from error
        if self._tiers and area.tier not in self._tiers:
            names = " or ".join(_TIER_NAMES[tier] for tier in self._tiers)
            raise ValidationError(f"{area} is a {area.tier.label}; this needs a {names}")
        return area

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(None if value is None else str(value), attr, obj, **kwargs)


_TIER_NAMES = {1: "district", 2: "street", 3: "community", 4: "group", 5: "building"}


class Number(fields.Float):
    """A JSON number: text that looks like one is not."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class _PointSchema(Body):
    lat = Number(required=True, validate=validate.Range(-90, 90), metadata={"description": "WGS-84 degrees"})
    lon = Number(required=True, validate=validate.Range(-180, 180), metadata={"description": "WGS-84 degrees"})
    accuracy = Number(
        load_default=None, allow_none=True, validate=validate.Range(0, 100_000), metadata={"description": "metres"}
    )

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Point:
        return Point(**values)


class PointField(fields.Nested):
    """A position `{"lat": 25.04, "lon": 102.73, "accuracy": 12.5}`; loads to `Point`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(_PointSchema, **options)


class Instant(fields.DateTime):
    """A time with its zone, as ISO 8601; loads to the same instant in UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid", input=value, obj_type="datetime")
        instant = super()._deserialize(value, attr, data, **kwargs)
        if not isinstance(instant, datetime) or instant.tzinfo is None:
            raise ValidationError("a time needs its zone, for example 2026-05-03T09:00:00+08:00")
        try:
            return instant.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError("this time is outside of all calendars") from error


def _given(found: Any) -> list[Any]:
    if found is None:
        return []
    return list(found) if isinstance(found, list | tuple) else [found]
