"""What the doors of visits take and give, as HTTP bodies."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.grid.schemas import CODE, GRID_CODE, LIMIT, NAME
from shared.contracts.feedback import Satisfaction
from shared.contracts.visit import VisitOutcome
from shared.web.fields import AreaField, Body, Instant, PointField, Text

MOST = 200
"""Visits in one request."""
WORDS = 2_000
_HOUSEHOLD = validate.Regexp(
    r"^[0-9A-Za-z][0-9A-Za-z#/_-]{0,39}\Z",
    error="a household is named by its number, such as 3-1-201: letters and digits, never a person's name",
)


class VisitItem(Body):
    """One visit, as the device kept it."""

    client_id = Text(longest=64, one_line=True, required=True, metadata={"description": "the device's own name for it"})
    captured_at = Instant(required=True, metadata={"description": "when it was, in the field"})
    area = AreaField(required=True, tiers=(3, 4, 5))
    grid = fields.String(load_default=None, allow_none=True, validate=GRID_CODE)
    household = fields.String(required=True, validate=_HOUSEHOLD, metadata={"example": "3-1-201"})
    met = fields.Boolean(required=True)
    outcome = fields.Enum(VisitOutcome, by_value=True, load_default=VisitOutcome.NOTHING)
    words = Text(longest=WORDS, shortest=0, load_default="")
    report_id = fields.UUID(load_default=None, allow_none=True)
    point = PointField(load_default=None, allow_none=True)


class FieldVisitsBody(Body):
    """Everything that a device kept while it was offline. Each is judged by itself."""

    sent_at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "what the device's clock says now: when it is wrong, its times are put right by that"},
    )

    visits = fields.List(
        fields.Dict(),
        required=True,
        validate=validate.Length(1, MOST),
        metadata={"description": "each of them as for `/api/v1/visits`"},
    )


class FieldResult(Body):
    """What became of one visit."""

    client_id = fields.String(allow_none=True)
    outcome = fields.String(required=True, validate=validate.OneOf(["stored", "repeated", "refused"]))
    visit_id = fields.UUID(allow_none=True)
    status = fields.Integer(required=True, metadata={"description": "as an answer to it alone would have had"})
    problem = fields.Dict(allow_none=True, metadata={"description": "why it was refused; may it be sent again?"})


class FieldAnswer(Body):
    """What became of each, in the order in which they were sent."""

    stored = fields.Integer(required=True)
    repeated = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    results = fields.List(fields.Nested(FieldResult), required=True)


class VisitKept(Body):
    """The visit, and whether it is new."""

    visit_id = fields.UUID(required=True)
    repeated = fields.Boolean(required=True)


class ReplyBody(Body):
    """What the household is told."""

    words = Text(longest=WORDS, required=True)


class RatingBody(Body):
    """What the household thinks of it."""

    satisfaction = fields.Enum(Satisfaction, by_value=True, required=True)
    words = Text(longest=WORDS, shortest=0, load_default="")


class VisitsQuery(Body):
    """Which visits; newest first."""

    area = AreaField(load_default=None)
    grid = fields.String(load_default=None, validate=GRID_CODE)
    visitor = Text(longest=NAME, one_line=True, load_default=None)
    waiting = fields.Boolean(load_default=None, metadata={"description": "an answer is owed and has not come"})
    after = fields.UUID(load_default=None)
    limit = LIMIT


class VisitRow(Body):
    """One visit."""

    visit_id = fields.UUID(required=True)
    area = fields.String(required=True)
    grid = fields.String(allow_none=True)
    household = fields.String(required=True)
    day = fields.Date(required=True)
    visited_at = fields.AwareDateTime(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    visitor = fields.String(required=True)
    met = fields.Boolean(required=True)
    outcome = fields.String(required=True)
    words = fields.String(required=True)
    report_id = fields.UUID(allow_none=True)
    reply_due_at = fields.AwareDateTime(allow_none=True)
    replied_at = fields.AwareDateTime(allow_none=True)
    reply = fields.String(allow_none=True)
    on_time = fields.Boolean(allow_none=True)
    satisfaction = fields.String(allow_none=True)


class VisitsAnswer(Body):
    """One page of visits."""

    visits = fields.List(fields.Nested(VisitRow), required=True)
    next = fields.UUID(allow_none=True)


class RatesQuery(Body):
    """Of which area or grid, from which day to which, both included; the present month when none is given."""

    area = AreaField(load_default=None)
    grid = fields.String(load_default=None, validate=validate.Length(max=CODE))
    first = fields.Date(load_default=None)
    last = fields.Date(load_default=None)

    @validates_schema
    def in_order(self, values: dict[str, Any], **_: Any) -> None:
        first, last = values["first"], values["last"]
        if isinstance(first, date) and isinstance(last, date) and first > last:
            raise ValidationError("the first day comes after the last", "first")


class RateRow(Body):
    """The figures of one grid, or of all."""

    grid = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    households = fields.Integer(required=True)
    visits = fields.Integer(required=True)
    met = fields.Integer(required=True)
    households_visited = fields.Integer(required=True)
    households_met = fields.Integer(required=True)
    handled_on_site = fields.Integer(required=True)
    reported = fields.Integer(required=True)
    replies_owed = fields.Integer(required=True)
    replies_on_time = fields.Integer(required=True)
    replies_overdue = fields.Integer(required=True)
    ratings = fields.Integer(required=True)
    satisfied = fields.Integer(required=True)
    met_share = fields.Float(allow_none=True)
    coverage = fields.Float(allow_none=True)
    met_coverage = fields.Float(allow_none=True)
    reply_share = fields.Float(allow_none=True)
    satisfied_share = fields.Float(allow_none=True)


class RatesAnswer(Body):
    """Visits of the area, grid by grid and together, by the day in the field."""

    area = fields.String(allow_none=True)
    first = fields.Date(required=True)
    last = fields.Date(required=True)
    all = fields.Nested(RateRow, required=True)
    by_grid = fields.List(fields.Nested(RateRow), required=True)
    definitions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
