"""A field of HTTP bodies: references to photos."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

MOST = 9
_REFERENCE = r"^photo:[0-9a-f]{64}\Z"


class Photos(fields.List[Any]):
    """Up to nine references, none twice; loads to a tuple. `at_least` makes it required."""

    def __init__(self, *, at_least: int = 0, **options: Any) -> None:
        one = fields.String(validate=validate.Regexp(_REFERENCE, error="a photo is named photo:<sha256>"))
        given = {"required": True} if at_least else {"load_default": ()}
        metadata = {"uniqueItems": True, **options.pop("metadata", {})}
        super().__init__(
            one, validate=validate.Length(min=at_least or None, max=MOST), metadata=metadata, **given, **options
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = tuple(super()._deserialize(value, attr, data, **kwargs))
        if len(set(found)) != len(found):
            raise ValidationError("the same photo is named twice")
        return found
