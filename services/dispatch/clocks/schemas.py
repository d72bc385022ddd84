"""What the doors of clocks and escalations take and give, as HTTP bodies."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from shared.contracts.clock import Rung, Stage
from shared.web.fields import AreaField, Body, Text


def _maybe(field: type[fields.Field[Any]], **options: Any) -> fields.Field[Any]:
    return field(required=True, allow_none=True, **options)


class AcknowledgeBody(Body):
    """What will be done about it."""

    words = Text(longest=2_000, required=True)


class EscalationsQuery(Body):
    """Which escalations, the newest first: those that nobody has acknowledged yet."""

    area = AreaField(load_default=None, metadata={"description": "left out: the asker's own"})
    rung = fields.Enum(Rung, by_value=True, load_default=None)
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class EscalationAnswer(Body):
    """One rung that was climbed."""

    escalation_id = fields.UUID(required=True)
    clock_id = fields.UUID(required=True)
    case_id = fields.UUID(required=True)
    rung = fields.String(required=True)
    rung_zh = fields.String(required=True)
    stage = fields.String(required=True)
    department = _maybe(fields.String)
    target_area = fields.String(required=True)
    target_post = _maybe(fields.String)
    because = fields.String(required=True)
    due_at = fields.DateTime(required=True)
    is_acknowledged = fields.Boolean(required=True)


class EscalationsAnswer(Body):
    escalations = fields.List(fields.Nested(EscalationAnswer), required=True)
    next_after = _maybe(fields.String)


class ClockAnswer(Body):
    """One time limit, where it stands, and why it is due when it is."""

    clock_id = fields.UUID(required=True)
    stage = fields.Enum(Stage, by_value=True, required=True)
    stage_zh = fields.String(required=True)
    task_id = _maybe(fields.UUID)
    department = _maybe(fields.String)
    condition = _maybe(fields.String)
    loop = _maybe(fields.String)
    state = fields.String(required=True, metadata={"enum": ["running", "paused", "stopped"]})
    started_at = fields.DateTime(required=True)
    due_at = fields.DateTime(required=True)
    warn_at = _maybe(fields.DateTime)
    because = fields.String(required=True)
    day_and_night = fields.Boolean(required=True)
    minutes_used = fields.Integer(required=True, metadata={"description": "counted minutes until now"})
    minutes_left = fields.Integer(
        required=True, metadata={"description": "counted minutes from now to the due instant"}
    )
    is_overdue = fields.Boolean(required=True)
    stopped_at = _maybe(fields.DateTime)
    on_time = _maybe(fields.Boolean)
    fulfilled = _maybe(fields.Boolean)
    next_rung = _maybe(fields.String)
    next_at = _maybe(fields.DateTime)
    escalations = fields.List(fields.Nested(EscalationAnswer), required=True)


class ClocksAnswer(Body):
    case_id = fields.UUID(required=True)
    clocks = fields.List(fields.Nested(ClockAnswer), required=True)
