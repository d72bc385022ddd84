"""What comes in and goes out about the burden of communities: the meter, what was or would be asked."""

from __future__ import annotations

from marshmallow import fields, validate

from services.dispatch.admissions.schemas import CODE, LINE, MONTH, REASON, ReasonBody, or_none
from shared.contracts.admission import DemandKind
from shared.contracts.demand import Channel, Settled
from shared.web.fields import AreaField, Body, Text


class OutsideBody(Body):
    """What somebody asked of a community by another way."""

    community = AreaField(tiers=(3,), required=True)
    department = Text(longest=CODE, one_line=True, load_default=None, allow_none=True)
    asked_by = Text(longest=LINE, one_line=True, required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    kind = fields.Enum(DemandKind, by_value=True, required=True)
    what = Text(longest=REASON, required=True)
    to_fill = fields.Integer(load_default=0, strict=True, data_key="fields", validate=validate.Range(0, 1000))
    asked_on = fields.Date(required=True)
    evidence = fields.List(Text(longest=300, one_line=True), load_default=list, validate=validate.Length(max=20))


class SettleBody(ReasonBody):
    """What a leader decides about it."""

    outcome = fields.Enum(Settled, by_value=True, required=True)
    admission_id = fields.UUID(load_default=None, allow_none=True)


class OutsideQuery(Body):
    """Which of them, the newest first."""

    area = AreaField(load_default=None)
    open = fields.Boolean(load_default=None, metadata={"description": "only those that nobody has settled, or has"})
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class BurdenQuery(Body):
    """Whose burden, from which month to which."""

    area = AreaField(load_default=None, metadata={"description": "left out: the asker's own"})
    from_month = fields.String(load_default=None, validate=validate.Regexp(MONTH), metadata={"example": "2026-05"})
    to_month = fields.String(load_default=None, validate=validate.Regexp(MONTH), metadata={"example": "2026-05"})


class CapAnswer(Body):
    """How much may be asked in a month; null for any number."""

    area = AreaField(required=True)
    requests = or_none(fields.Integer)
    most_to_fill = or_none(fields.Integer, data_key="fields")
    meetings = or_none(fields.Integer)


class BurdenRow(Body):
    """What one community was asked for in one month."""

    community = AreaField(required=True)
    name = or_none(fields.String)
    month = fields.String(required=True, metadata={"example": "2026-05"})
    requests = fields.Integer(required=True)
    to_fill = fields.Integer(
        required=True, data_key="fields", metadata={"description": "fields of forms that were to be filled in"}
    )
    meetings = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    declined = fields.Integer(required=True)
    outside = fields.Integer(required=True, metadata={"description": "of the requests: told of as made outside"})
    departments = fields.Integer(required=True, metadata={"description": "how many departments asked"})
    cap = fields.Nested(CapAnswer, required=True, allow_none=True)


class BurdenAnswer(Body):
    area = or_none(fields.String)
    from_month = fields.String(required=True)
    to_month = fields.String(required=True)
    burdens = fields.List(fields.Nested(BurdenRow), required=True)


class LoadAnswer(Body):
    requests = fields.Integer(required=True)
    to_fill = fields.Integer(required=True, data_key="fields")
    meetings = fields.Integer(required=True)


class WouldBeRow(Body):
    """A community, and whether it may be asked."""

    community = AreaField(required=True)
    admission_id = or_none(fields.UUID)
    used = fields.Nested(LoadAnswer, required=True)
    cap = fields.Nested(CapAnswer, required=True, allow_none=True)
    over = fields.List(fields.String(), required=True, metadata={"description": "what would be more than the cap"})


class KnownRow(Body):
    """A field that the community has filled in for somebody."""

    community = AreaField(required=True)
    field = fields.String(required=True)
    department = fields.String(required=True)
    demand_id = fields.UUID(required=True)
    answered_at = fields.AwareDateTime(required=True)


class PreviewAnswer(Body):
    month = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    communities = fields.List(fields.Nested(WouldBeRow), required=True)
    known = fields.List(fields.Nested(KnownRow), required=True)


class OutsideRow(Body):
    """What a community told of, and what was decided."""

    demand_id = fields.UUID(required=True)
    community = AreaField(required=True)
    name = or_none(fields.String)
    department = or_none(fields.String)
    asked_by = fields.String(required=True)
    channel = fields.Enum(Channel, by_value=True, required=True)
    kind = fields.Enum(DemandKind, by_value=True, required=True)
    what = fields.String(required=True)
    to_fill = fields.Integer(required=True, data_key="fields")
    asked_on = fields.Date(required=True)
    evidence = fields.List(fields.String(), required=True)
    outcome = fields.Enum(Settled, by_value=True, allow_none=True)
    admission_id = or_none(fields.UUID)
    reason = or_none(fields.String)
    reported_at = or_none(fields.AwareDateTime)
    settled_at = or_none(fields.AwareDateTime)


class OutsideAnswer(Body):
    outside = fields.List(fields.Nested(OutsideRow), required=True)
    next_after = or_none(fields.String, metadata={"description": "send as `after` for the next page"})
