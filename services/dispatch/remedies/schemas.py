"""What the doors of remedies take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.dispatch.remedies.domain import State
from services.dispatch.schemas.words import evidence_field, or_none
from shared.contracts.remedy import RemedyKind, Severity
from shared.web.fields import AreaField, Body, PointField, Text

LINE, REASON, WORDS, CODE = 200, 2_000, 5_000, 60
MOST_CASES = 200


class OpenBody(Body):
    """What was found; a root cause names a case at least."""

    kind = fields.Enum(RemedyKind, by_value=True, required=True)
    severity = fields.Enum(Severity, by_value=True, load_default=Severity.GENERAL)
    issue_type = Text(longest=CODE, one_line=True, required=True)
    title = Text(longest=LINE, one_line=True, required=True)
    words = Text(longest=WORDS, required=True)
    area = AreaField(required=True)
    place = Text(longest=LINE, one_line=True, load_default=None, allow_none=True)
    point = PointField(load_default=None, allow_none=True)
    photos = evidence_field()
    case_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MOST_CASES))


class PlanBody(Body):
    """五落实: who, what, with which money, by when, and what keeps people safe until then."""

    department = Text(longest=CODE, one_line=True, required=True)
    measures = Text(longest=WORDS, required=True)
    funding = Text(longest=REASON, required=True)
    due_on = fields.Date(required=True, metadata={"description": "the last day on which it is still in time"})
    interim = Text(longest=REASON, required=True)


class RectifiedBody(Body):
    """What was done, and how it looks now."""

    words = Text(longest=WORDS, required=True)
    photos = evidence_field()


class ReinspectionBody(Body):
    """What somebody from outside saw."""

    passed = fields.Boolean(required=True)
    findings = Text(longest=REASON, required=True)
    photos = evidence_field()


class ClearBody(Body):
    """A word along, if wanted."""

    words = Text(longest=REASON, load_default=None, allow_none=True)


class WithdrawBody(Body):
    """Why it is none."""

    reason = Text(longest=REASON, required=True)


class LinkBody(Body):
    """Another case that has to do with it."""

    case_id = fields.UUID(required=True)


class RemediesQuery(Body):
    """Which remedies, the newest first."""

    kind = fields.Enum(RemedyKind, by_value=True, load_default=None)
    severity = fields.Enum(Severity, by_value=True, load_default=None)
    state = fields.List(fields.Enum(State, by_value=True), load_default=list)
    open = fields.Boolean(load_default=None, metadata={"description": "only those that wait for somebody, or only not"})
    overdue = fields.Boolean(load_default=None)
    department = Text(longest=CODE, one_line=True, load_default=None)
    area = AreaField(load_default=None)
    issue_type = Text(longest=CODE, one_line=True, load_default=None, metadata={"description": "or how codes begin"})
    case_id = fields.UUID(load_default=None, metadata={"description": "those that have to do with this case"})
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class PlanAnswer(Body):
    plan = fields.Integer(required=True)
    department = fields.String(required=True)
    measures = fields.String(required=True)
    funding = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True)
    interim = fields.String(required=True)


class StepAnswer(Body):
    """One thing that happened to it."""

    event = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    role = fields.String(required=True)
    department = or_none(fields.String)
    said = fields.Dict(required=True)


class ActionAnswer(Body):
    """Something that somebody might do, and why this asker may not."""

    action = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    why_not = or_none(fields.String)


class RemedyRow(Body):
    """One remedy in the register."""

    remedy_id = fields.UUID(required=True)
    kind = fields.Enum(RemedyKind, by_value=True, required=True)
    severity = fields.Enum(Severity, by_value=True, required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    area = AreaField(required=True)
    place = or_none(fields.String)
    issue_type = fields.String(required=True)
    title = fields.String(required=True)
    department = or_none(fields.String)
    due_at = or_none(fields.AwareDateTime)
    is_overdue = fields.Boolean(required=True)
    plans = fields.Integer(required=True)
    failures = fields.Integer(required=True)
    relapses = fields.Integer(required=True)
    cases = fields.Integer(required=True)
    opened_at = fields.AwareDateTime(required=True)
    cleared_at = or_none(fields.AwareDateTime)
    changed_at = fields.AwareDateTime(required=True)


class RemediesAnswer(Body):
    remedies = fields.List(fields.Nested(RemedyRow), required=True)
    next_after = or_none(fields.String, metadata={"description": "send as `after` for the next page"})


class RemedyAnswer(Body):
    """A remedy as it stands, with its whole life."""

    remedy_id = fields.UUID(required=True)
    kind = fields.Enum(RemedyKind, by_value=True, required=True)
    severity = fields.Enum(Severity, by_value=True, required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    area = AreaField(required=True)
    issue_type = fields.String(required=True)
    title = fields.String(required=True)
    words = fields.String(required=True)
    place = or_none(fields.String)
    point = or_none(PointField)
    photos = fields.List(fields.String(), required=True)
    case_ids = fields.List(fields.UUID(), required=True)
    times = or_none(fields.Integer)
    department = or_none(fields.String)
    plan = fields.Nested(PlanAnswer, allow_none=True)
    is_overdue = fields.Boolean(required=True)
    failures = fields.Integer(required=True)
    relapses = fields.Integer(required=True)
    opened_at = fields.AwareDateTime(required=True)
    life = fields.List(fields.Nested(StepAnswer), required=True)
    actions = fields.List(fields.Nested(ActionAnswer), required=True)
