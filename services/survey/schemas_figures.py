"""What the doors to figures take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.survey.domain.indicators import BY_CODE, INDICATORS
from services.survey.queries.figures import By, Part
from shared.contracts.report import Source
from shared.web.fields import AreaField, Body, Text

CODE, TITLE, REASON, MOST = 60, 200, 500, 1_000
ROLES = tuple(sorted({found.role for found in INDICATORS if found.role is not None}))


class FiguresQuery(Body):
    """Which figures; without a window, of the last 30 days up to yesterday."""

    area = AreaField(load_default=None)
    first_day = fields.Date(load_default=None)
    last_day = fields.Date(load_default=None)
    by = fields.Enum(By, by_value=True, load_default=By.NOTHING)
    department = Text(longest=CODE, one_line=True, load_default=None)
    issue_type = Text(longest=CODE, one_line=True, load_default=None, metadata={"description": "a code, or its start"})
    source = fields.String(load_default=None, validate=validate.OneOf([source.value for source in Source]))
    role = fields.String(
        load_default=None,
        validate=validate.OneOf(ROLES),
        metadata={"description": "only what tells of this role's work"},
    )
    position = fields.Integer(
        load_default=None, validate=validate.Range(0), metadata={"description": "as of this place in the log"}
    )
    at = fields.AwareDateTime(load_default=None, metadata={"description": "for which instant: what is overdue then"})


class CasesQuery(FiguresQuery):
    """One number of one figure."""

    indicator = fields.String(required=True, validate=validate.OneOf(list(BY_CODE)))
    part = fields.Enum(Part, by_value=True, load_default=Part.NUMERATOR)
    key = Text(longest=CODE, shortest=0, one_line=True, load_default=None, metadata={"description": "only this group"})
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=100, validate=validate.Range(1, MOST))


class PublishBody(Body):
    """A window that has ended, both days included, and how it is grouped."""

    title = Text(longest=TITLE, one_line=True, required=True)
    area = AreaField(required=True)
    by = fields.Enum(By, by_value=True, load_default=By.NOTHING)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)


class RestateBody(Body):
    """Why the figures are announced anew."""

    reason = Text(longest=REASON, required=True)


class AppraisalsQuery(Body):
    """Of which area."""

    area = AreaField(load_default=None)


class AppraisalQuery(Body):
    """Which version; the latest by default."""

    version = fields.Integer(load_default=None, validate=validate.Range(1))


class IndicatorAnswer(Body):
    """One indicator."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    formula = fields.String(required=True)
    formula_en = fields.String(required=True)
    counts = fields.String(required=True)
    window = fields.String(required=True)
    role = fields.String(required=True, allow_none=True)
    is_rate = fields.Boolean(required=True)


class IndicatorsAnswer(Body):
    """Everything that is measured."""

    indicators = fields.List(fields.Nested(IndicatorAnswer), required=True)


class FigureAnswer(Body):
    """One figure: a ratio with what it is made of, or a count."""

    key = fields.String()
    indicator = fields.String(required=True)
    numerator = fields.Integer(required=True)
    denominator = fields.Integer(required=True, allow_none=True)
    ratio = fields.Float(required=True, allow_none=True, metadata={"description": "null where nothing was due"})


class GroupAnswer(Body):
    """The figures of one group."""

    key = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True, allow_none=True, metadata={"description": "0 to 100, as Jinniu weighs them"})
    figures = fields.List(fields.Nested(FigureAnswer), required=True)


class FiguresAnswer(Body):
    """Figures of a window."""

    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    at = fields.AwareDateTime(required=True)
    position = fields.Integer(required=True)
    by = fields.Enum(By, by_value=True, required=True)
    groups = fields.List(fields.Nested(GroupAnswer), required=True)


class CountedAnswer(Body):
    """One counted row."""

    ref = fields.UUID(required=True)
    case_id = fields.UUID(required=True)
    number = fields.String(required=True, allow_none=True)
    area = AreaField(required=True)
    department = fields.String(required=True, allow_none=True)
    issue_type = fields.String(required=True, allow_none=True)
    stage = fields.String(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    done_at = fields.AwareDateTime(required=True, allow_none=True)
    outcome = fields.String(required=True)
    on_time = fields.Boolean(required=True, allow_none=True)
    weight = fields.Integer(required=True)


class CasesAnswer(Body):
    """A page of the rows behind a number."""

    cases = fields.List(fields.Nested(CountedAnswer), required=True)
    next_after = fields.String(required=True, allow_none=True)


class AppraisalRow(Body):
    """One announcement in a list."""

    appraisal_id = fields.UUID(required=True)
    title = fields.String(required=True)
    area = AreaField(required=True)
    by = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    versions = fields.Integer(required=True)
    position = fields.Integer(required=True)
    counted_at = fields.AwareDateTime(required=True)


class AppraisalsAnswer(Body):
    """Announcements."""

    appraisals = fields.List(fields.Nested(AppraisalRow), required=True)


class ChangeAnswer(Body):
    """A figure that differs from the version before."""

    before = fields.Nested(FigureAnswer, required=True, allow_none=True)
    after = fields.Nested(FigureAnswer, required=True, allow_none=True)


class AppraisalAnswer(AppraisalRow):
    """One announcement in one version."""

    version = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True)
    figures = fields.List(fields.Nested(FigureAnswer), required=True)
    changed = fields.List(fields.Nested(ChangeAnswer), required=True)
