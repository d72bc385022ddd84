"""What the doors of checks take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.grid.schemas import LIMIT, NAME
from shared.web.fields import AreaField, Body, Text

FINDINGS, MOST_PHOTOS = 2_000, 9
PHOTO = r"^photo:[0-9a-f]{64}\Z"


class FindingsBody(Body):
    """What was seen on site."""

    findings = Text(longest=FINDINGS, required=True, metadata={"example": "路灯已亮，现场已清理。"})
    photos = fields.List(
        fields.String(validate=validate.Regexp(PHOTO, error="a photo is named photo:<sha256>")),
        load_default=list,
        validate=validate.Length(max=MOST_PHOTOS),
        metadata={"description": "taken on site; sent to /api/v1/photos first"},
    )


class FailBody(FindingsBody):
    """What was seen on site, and which tasks have to go again; all of them, unless some are named."""

    task_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=20))


class AssignCheckBody(Body):
    """Who is to look instead, and why."""

    person = Text(longest=NAME, one_line=True, required=True, metadata={"example": "jdy-530103004"})
    reason = Text(longest=500, required=True)


class ChecksQuery(Body):
    """Checks that wait, oldest first; with `pending=false` those that have their answer."""

    area = AreaField(load_default=None, metadata={"description": "default: the area the asker serves"})
    pending = fields.Boolean(load_default=True)
    mine = fields.Boolean(load_default=False, metadata={"description": "only those that the asker was named for"})
    person = Text(longest=NAME, one_line=True, load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(["check", "spot"]))
    after = fields.UUID(load_default=None)
    limit = LIMIT


class CheckRow(Body):
    """One check and the case that it is about."""

    check_id = fields.UUID(required=True)
    case_id = fields.UUID(required=True)
    area = fields.String(required=True)
    kind = fields.String(
        required=True, metadata={"description": "`check` of what was handled, `spot` of what was closed"}
    )
    department = fields.String(allow_none=True, metadata={"description": "handled the case, and may not check it"})
    co_handlers = fields.List(fields.String(), required=True, metadata={"description": "helped, and may not either"})
    assigned_to = fields.String(allow_none=True)
    attempt = fields.Integer(required=True)
    requested_at = fields.AwareDateTime(required=True)
    outcome = fields.String(allow_none=True)
    findings = fields.String(allow_none=True)
    checked_by = fields.String(allow_none=True)
    checked_at = fields.AwareDateTime(allow_none=True)
    number = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    issue_type = fields.String(allow_none=True)


class ChecksAnswer(Body):
    """One page of checks."""

    checks = fields.List(fields.Nested(CheckRow), required=True)
    next = fields.UUID(allow_none=True)


class AreaQuery(Body):
    """In which area; default: all that the asker serves."""

    area = AreaField(load_default=None)


class Waiting(Body):
    """How many checks wait for one person."""

    person = fields.String(allow_none=True, metadata={"description": "none: nobody was named"})
    pending = fields.Integer(required=True)
    oldest = fields.AwareDateTime(required=True)


class WaitingAnswer(Body):
    """Whom checks wait for."""

    waiting = fields.List(fields.Nested(Waiting), required=True)


class SpotCheckBody(Body):
    """Which closed case is looked at once more, and why this one."""

    case_id = fields.UUID(required=True)
    reason = Text(longest=500, required=True, metadata={"example": "电话回访时有疑问"})


class DrawBody(Body):
    """How many cases are drawn, from which area, closed within how many days."""

    area = AreaField(required=True)
    count = fields.Integer(required=True, strict=True, validate=validate.Range(1, 50))
    days = fields.Integer(load_default=30, strict=True, validate=validate.Range(1, 366))
    seed = Text(
        longest=40,
        one_line=True,
        required=True,
        metadata={"description": "the same seed draws the same", "example": "2026-W47"},
    )


class DrawnAnswer(Body):
    """The spot checks that were drawn."""

    checks = fields.List(fields.UUID(), required=True)
    refused = fields.List(fields.Dict(), required=True, metadata={"description": "cases that may not be, and why"})
