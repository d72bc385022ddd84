"""The responsibility matrix and the editions of the rules: what is asked, and what goes out."""

from __future__ import annotations

from marshmallow import fields, validate

from services.dispatch.schemas.words import LimitAnswer, or_none
from shared.contracts.case import Loop
from shared.web.fields import AreaField, Body, Text


class MatrixQuery(Body):
    """Which part of the matrix."""

    area = AreaField(required=True)
    group = Text(
        longest=60,
        one_line=True,
        load_default=None,
        metadata={"description": "a group by code or name", "example": "E-01"},
    )


class MatrixDepartment(Body):
    code = fields.String(required=True)
    name = fields.String(required=True)


class MatrixRow(Body):
    """A kind of issue, and the line that counts for it there; nulls where nobody leads."""

    issue_type = fields.String(required=True)
    group = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    loop = fields.Enum(Loop, by_value=True, required=True)
    rule = or_none(fields.String)
    of = or_none(fields.String, metadata={"description": "what the line says it is about: a code, a group, *"})
    line_area = or_none(fields.String)
    department = or_none(fields.String)
    co_handlers = fields.List(fields.String(), required=True)
    informed = fields.List(fields.String(), required=True)
    automatic = or_none(fields.Boolean)
    legal_basis = or_none(fields.String)
    limit = fields.Nested(LimitAnswer, allow_none=True)


class TroubleRow(Body):
    """Something about the list that somebody should mend."""

    kind = fields.String(required=True, validate=validate.OneOf(["conflict", "gap"]))
    about = fields.String(required=True, metadata={"description": "a line's rule, or an issue type"})
    said = fields.String(required=True)


class MatrixAnswer(Body):
    area = AreaField(required=True)
    edition = fields.Integer(required=True)
    policy = or_none(fields.String)
    departments = fields.List(fields.Nested(MatrixDepartment), required=True)
    rows = fields.List(fields.Nested(MatrixRow), required=True)
    troubles = fields.List(fields.Nested(TroubleRow), required=True)


class PolicyRow(Body):
    """An edition of the rules with a name, and how it stands."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    basis = fields.String(required=True)
    effective_from = fields.Date(required=True)
    since = fields.Integer(
        required=True, metadata={"description": "the place in the log from which lines belong to it"}
    )
    state = fields.String(required=True, validate=validate.OneOf(["to_come", "in_force", "superseded"]))
    lines = fields.Integer(required=True, metadata={"description": "how many lines came with it"})


class PoliciesAnswer(Body):
    edition = fields.Integer(required=True, metadata={"description": "under which cases are filed now"})
    said = fields.String(required=True)
    policies = fields.List(fields.Nested(PolicyRow), required=True)


class ChangeRow(Body):
    """A line that came with a policy."""

    type = fields.String(required=True)
    zh = fields.String(required=True)
    name = fields.String(required=True)
    position = fields.Integer(required=True)


class PolicyAnswer(PolicyRow):
    changes = fields.List(fields.Nested(ChangeRow), required=True)
