"""What the doors of the open pool, of disputes and of whistles take and give."""

from __future__ import annotations

from marshmallow import fields, validate

from services.dispatch.domain.pool import LONGEST_CLAIM
from services.dispatch.schemas.words import ANSWER, REASON, code, or_none
from shared.contracts.report import Urgency
from shared.kernel.case_states import State
from shared.web.fields import AreaField, Body, Text


class OfferBody(Body):
    """What is to be done, and for how long whoever claims it has it."""

    what = Text(longest=REASON, required=True)
    claim_hours = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, LONGEST_CLAIM),
        metadata={"description": "left out: what the area's rules say"},
    )


class PoolQuery(Body):
    """Which tasks of the pool; free ones, unless one's own are asked for."""

    area = AreaField(load_default=None)
    mine = fields.Boolean(load_default=False, metadata={"description": "what the asker has claimed"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class DisputeBody(Body):
    """Who disagrees, and about what."""

    between = fields.List(code(), required=True, validate=validate.Length(2, 10))
    question = Text(longest=REASON, required=True)


class AdjudicateBody(Body):
    """Whose it is, and why."""

    department = code(required=True)
    reason = Text(longest=REASON, required=True)


class WhistleBody(Body):
    """Who is to come, and why; with a task of the case each, where they are to help at once."""

    departments = fields.List(code(), required=True, validate=validate.Length(1, 20))
    reason = Text(longest=REASON, required=True)
    with_tasks = fields.Boolean(load_default=False)


class ReportInBody(Body):
    """What a summoned department will do."""

    answer = Text(longest=ANSWER, required=True)


# --- what goes out ----------------------------------------------------------------------------------------------


class PoolRow(Body):
    """One task of the pool."""

    case_id = fields.UUID(required=True)
    task_id = fields.UUID(required=True)
    number = fields.String(required=True)
    area = AreaField(required=True)
    issue_type = fields.String(required=True)
    urgency = fields.Enum(Urgency, by_value=True, required=True)
    title = fields.String(required=True)
    place = or_none(fields.String)
    what = fields.String(required=True)
    claim_hours = fields.Integer(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    due_at = or_none(fields.AwareDateTime)
    offered_at = fields.AwareDateTime(required=True)
    expires_at = or_none(fields.AwareDateTime, metadata={"description": "of a claimed one"})


class PoolAnswer(Body):
    tasks = fields.List(fields.Nested(PoolRow), required=True)


class LabelAnswer(Body):
    of = fields.String(required=True, metadata={"description": "a step, a state or an event type"})
    zh = fields.String(required=True)


class LabelSetAnswer(Body):
    """Another vocabulary for the same machine."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    labels = fields.List(fields.Nested(LabelAnswer), required=True)
    chosen_by = fields.List(AreaField(), required=True, metadata={"description": "areas that speak by it"})


class LabelSetsAnswer(Body):
    label_sets = fields.List(fields.Nested(LabelSetAnswer), required=True)
