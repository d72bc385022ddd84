"""What the doors of duty and emergencies take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.grid.schemas import NAME
from shared.contracts.duty import DutyKind
from shared.web.fields import AreaField, Body, Instant, Text

WORDS = 2_000
_DAY = 24 * 60


class OpenPostBody(Body):
    """A place that somebody has to be at."""

    area = AreaField(required=True)
    name = Text(longest=NAME, one_line=True, required=True, metadata={"example": "新迎北路卡点"})
    kind = fields.Enum(DutyKind, by_value=True, required=True)
    since = Instant(load_default=None, allow_none=True, metadata={"description": "default: now"})
    around_the_clock = fields.Boolean(load_default=True, metadata={"description": "else in the planned shifts alone"})
    roll_call_minutes = fields.Integer(load_default=60, strict=True, validate=validate.Range(5, _DAY))
    takeover_minutes = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(5, _DAY),
        metadata={"description": "silent for so long, the tier above takes over"},
    )
    emergency = fields.Boolean(load_default=False, metadata={"description": "it goes when the emergency is over"})


class OpenedPost(Body):
    """The post."""

    post_id = fields.UUID(required=True)
    stream = fields.String(required=True)
    version = fields.Integer(required=True)
    events = fields.Integer(required=True)


class ReasonBody(Body):
    """Why."""

    reason = Text(longest=500, required=True)


class ShiftItem(Body):
    """One shift."""

    person = Text(longest=NAME, one_line=True, required=True, metadata={"example": "gw-0417"})
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class PlanBody(Body):
    """Shifts, all of them or none."""

    shifts = fields.List(fields.Nested(ShiftItem), required=True, validate=validate.Length(1, 100))


class NotesBody(Body):
    """What the next one has to know."""

    notes = Text(longest=WORDS, required=True)


class BoardQuery(Body):
    """Of which area; default: all that the asker serves."""

    area = AreaField(load_default=None)


class GapRow(Body):
    """Nobody is planned to be there."""

    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(allow_none=True)


class NextShift(Body):
    """Who comes next."""

    person = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)


class BoardPost(Body):
    """One post, now and within twelve hours."""

    post_id = fields.UUID(required=True)
    area = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    emergency = fields.Boolean(required=True)
    around_the_clock = fields.Boolean(required=True)
    on_duty = fields.List(fields.String(), required=True)
    next = fields.Nested(NextShift, allow_none=True)
    answered_at = fields.AwareDateTime(allow_none=True)
    silent_since = fields.AwareDateTime(allow_none=True)
    taken_over_by = fields.String(allow_none=True, metadata={"description": "the area that does its work meanwhile"})
    gaps = fields.List(fields.Nested(GapRow), required=True)


class EmergencyRow(Body):
    """One emergency, running or over."""

    area = fields.String(required=True)
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    templates = fields.String(allow_none=True)
    started_at = fields.AwareDateTime(required=True)
    started_by = fields.String(required=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    ended_by = fields.String(allow_none=True)
    end_reason = fields.String(allow_none=True)


class BoardAnswer(Body):
    """Every open post of the area."""

    at = fields.AwareDateTime(required=True)
    area = fields.String(allow_none=True)
    posts = fields.List(fields.Nested(BoardPost), required=True)
    silent = fields.Integer(required=True)
    taken_over = fields.Integer(required=True)
    with_gaps = fields.Integer(required=True)
    emergencies = fields.List(fields.Nested(EmergencyRow), required=True)


class ShiftsQuery(Body):
    """From when to when; the present week when nothing is given."""

    start = Instant(load_default=None)
    end = Instant(load_default=None)


class ShiftRow(Body):
    """One shift, what was handed over at its end, and why it was cancelled if it was."""

    shift_id = fields.UUID(required=True)
    person = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    answered_at = fields.AwareDateTime(allow_none=True)
    notes = fields.String(allow_none=True)
    cancelled = fields.String(allow_none=True)


class ShiftsAnswer(Body):
    """Shifts of one post, by their beginning."""

    shifts = fields.List(fields.Nested(ShiftRow), required=True)


class StartEmergencyBody(Body):
    """Which area goes into emergency mode, what for, and with which set of notice templates."""

    area = AreaField(required=True)
    kind = fields.String(
        required=True,
        validate=validate.Regexp(r"^[a-z][a-z_]{1,29}\Z", error="one word in small letters, such as epidemic"),
        metadata={"example": "epidemic"},
    )
    reason = Text(longest=500, required=True)
    templates = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[a-z][a-z0-9_-]{0,29}\Z"))


class EmergenciesQuery(Body):
    """In which area; those that run, or all."""

    area = AreaField(load_default=None)
    running = fields.Boolean(load_default=True)


class EmergenciesAnswer(Body):
    """Emergencies, the newest first."""

    emergencies = fields.List(fields.Nested(EmergencyRow), required=True)
