"""Fields that come again in many bodies: codes, texts with reasons, references, limits."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from shared.contracts.shapes import Unit
from shared.kernel.working_time import MOST
from shared.web.fields import Body, Text

CODE, REASON, ANSWER, EVIDENCE = 60, 2_000, 5_000, 20


def code(**options: Any) -> Text:
    """A code of the rulebook, on one line."""
    return Text(longest=CODE, one_line=True, **options)


def reason(**options: Any) -> Text:
    """Words that somebody else will read."""
    return Text(longest=REASON, **{"required": True, **options})


def or_none(field: type[fields.Field[Any]], **options: Any) -> fields.Field[Any]:
    """A field that may be null."""
    return field(allow_none=True, **options)


def evidence_field() -> fields.Field[Any]:
    """References to photos and papers."""
    reference = Text(longest=300, one_line=True, metadata={"description": "such as photo:<sha256>"})
    return fields.List(reference, load_default=list, validate=validate.Length(max=EVIDENCE))


def task_field() -> fields.Field[Any]:
    """Which task is meant."""
    told = {"description": "which task, where the department has several of the case"}
    return fields.UUID(load_default=None, allow_none=True, metadata=told)


class LimitBody(Body):
    """How long something may take."""

    amount = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST))
    unit = fields.Enum(Unit, by_value=True, required=True)


class PlainLimit(Body):
    """How long something may take, as it was said."""

    amount = fields.Integer(required=True)
    unit = fields.Enum(Unit, by_value=True, required=True)


class LimitAnswer(Body):
    """How long something may take."""

    amount = fields.Integer(required=True)
    unit = fields.Enum(Unit, by_value=True, required=True)
    zh = fields.String(required=True, metadata={"example": "5 工作时"})
