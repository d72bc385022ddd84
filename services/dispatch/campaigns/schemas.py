"""What the doors of campaigns take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.dispatch.campaigns.domain import State
from services.dispatch.campaigns.queries import DAYS
from services.dispatch.schemas.words import or_none
from shared.web.fields import AreaField, Body, Text

LINE, REASON, WORDS, CODE = 200, 2_000, 5_000, 60


class OpenCampaignBody(Body):
    """What is to be reached, where, in which kinds of issue, in which days."""

    title = Text(longest=LINE, one_line=True, required=True)
    purpose = Text(longest=REASON, required=True)
    area = AreaField(required=True)
    issue_types = fields.List(
        Text(longest=CODE, one_line=True),
        required=True,
        validate=validate.Length(1, 50),
        metadata={"description": "codes, or how codes begin: `E-01` means the whole group"},
    )
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True, metadata={"description": "the last day that belongs to it"})
    lead = Text(longest=CODE, one_line=True, required=True, metadata={"description": "the department that leads"})
    target = Text(longest=REASON, required=True)


class ExtendBody(Body):
    """To which day, and why."""

    last_day = fields.Date(required=True)
    reason = Text(longest=REASON, required=True)


class EndBody(Body):
    """What came of it."""

    summary = Text(longest=WORDS, required=True)


class CampaignQuery(Body):
    """How far before and after is looked."""

    days = fields.Integer(load_default=DAYS, validate=validate.Range(1, 366))


class CampaignsQuery(Body):
    """Which campaigns, the newest first."""

    area = AreaField(load_default=None)
    state = fields.Enum(State, by_value=True, load_default=None)
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class CampaignRow(Body):
    """One campaign in the register."""

    campaign_id = fields.UUID(required=True)
    title = fields.String(required=True)
    area = AreaField(required=True)
    issue_types = fields.List(fields.String(), required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True, metadata={"description": "the first instant that is not in it"})
    lead = fields.String(required=True)
    extensions = fields.Integer(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)


class CampaignsAnswer(Body):
    campaigns = fields.List(fields.Nested(CampaignRow), required=True)
    next_after = or_none(fields.String, metadata={"description": "send as `after` for the next page"})


class ExtensionAnswer(Body):
    until = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)


class CasesAnswer(Body):
    reported = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    open = fields.Integer(required=True)
    overdue = fields.Integer(required=True)


class RemediesCounted(Body):
    opened = fields.Integer(required=True)
    cleared = fields.Integer(required=True)
    overdue = fields.Integer(required=True)


class RemediesByKind(Body):
    hidden_danger = fields.Nested(RemediesCounted, required=True)
    root_cause = fields.Nested(RemediesCounted, required=True)


class WindowAnswer(Body):
    """What came back in some days."""

    recurred = fields.Integer(required=True)
    reported = fields.Integer(required=True)
    rate = or_none(fields.Float, metadata={"description": "recurred / reported"})
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    days_passed = fields.Integer(required=True)


class RecurrenceAnswer(Body):
    before = fields.Nested(WindowAnswer, required=True)
    during = fields.Nested(WindowAnswer, required=True)
    after = fields.Nested(WindowAnswer, required=True)


class FiguresAnswer(Body):
    cases = fields.Nested(CasesAnswer, required=True)
    remedies = fields.Nested(RemediesByKind, required=True)
    days = fields.Integer(required=True, metadata={"description": "how many days before and after are looked at"})
    recurrence = fields.Nested(RecurrenceAnswer, required=True)


class CampaignActionAnswer(Body):
    action = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    why_not = or_none(fields.String)


class CampaignAnswer(Body):
    """A campaign as it stands, with its figures."""

    campaign_id = fields.UUID(required=True)
    title = fields.String(required=True)
    purpose = fields.String(required=True)
    area = AreaField(required=True)
    issue_types = fields.List(fields.String(), required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    lead = fields.String(required=True)
    target = fields.String(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    summary = or_none(fields.String)
    opened_by = fields.String(required=True)
    extensions = fields.List(fields.Nested(ExtensionAnswer), required=True)
    figures = fields.Nested(FiguresAnswer, required=True)
    actions = fields.List(fields.Nested(CampaignActionAnswer), required=True)
