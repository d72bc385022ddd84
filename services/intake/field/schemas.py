"""What the doors for work in the field take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.intake.duplicate_schemas import Candidate
from services.intake.photos.fields import Photos
from services.intake.schemas import ReportRow, ToldBody
from shared.web.fields import AreaField, Body, Instant, Text

MOST_ITEMS = 100
CLIENT_ID = r"^[!-~]{1,100}\Z"


class DoneBody(Body):
    """What was done about it at once, with photos of how it was and how it is."""

    answer = Text(longest=2_000, required=True, metadata={"example": "当场清运，地面已冲洗。"})
    before = Photos(at_least=1)
    after = Photos(at_least=1)


class SelfHandledBody(ToldBody):
    """An issue that was found and put right at once: reported and closed in one form."""

    answer = Text(longest=2_000, required=True, metadata={"example": "当场清运，地面已冲洗。"})
    before = Photos(at_least=1)
    after = Photos(at_least=1)


class FieldItem(ToldBody):
    """One report of a batch: what `POST /reports` takes, and what only the device knows."""

    client_id = fields.String(
        required=True, validate=validate.Regexp(CLIENT_ID, error="a client_id is 1 to 100 visible ASCII characters")
    )
    captured_at = Instant(required=True)
    self_handled = fields.Nested(DoneBody, load_default=None, allow_none=True)


class FieldReportsBody(Body):
    """What was gathered, in any order."""

    items = fields.List(
        fields.Dict(keys=fields.String()),
        required=True,
        validate=validate.Length(1, MOST_ITEMS),
        metadata={
            "description": "each with client_id (the device's own name for it, for ever), captured_at, the fields of "
            "POST /reports, and self_handled {answer, before, after} where it was put right at once. Each is judged "
            "by itself: see the results."
        },
    )
    sent_at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "the device's clock while it sends: where it is wrong, captured_at is put right"},
    )


class ItemResult(Body):
    """What became of one item."""

    client_id = fields.String(allow_none=True)
    result = fields.String(
        required=True,
        validate=validate.OneOf(["accepted", "seen_before", "invalid"]),
        metadata={
            "description": "accepted and seen_before: it is stored. invalid: it is not, and will not be as it is"
        },
    )
    report_id = fields.UUID()
    number = fields.String()
    candidates = fields.List(
        fields.Nested(Candidate), metadata={"description": "open reports that may be about the same thing"}
    )
    detail = fields.String(metadata={"description": "why it is invalid"})
    where = fields.String()
    hint = fields.String()
    errors = fields.Dict()


class FieldReportsAnswer(Body):
    """One result for each item, in the order in which they were sent."""

    accepted = fields.Integer(required=True)
    seen_before = fields.Integer(required=True)
    invalid = fields.Integer(required=True)
    items = fields.List(fields.Nested(ItemResult), required=True)


class LooksQuery(Body):
    """Which part of the list."""

    area = AreaField(load_default=None, metadata={"description": "default: the area the asker serves"})
    all = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "true: those that others were asked for, too"},
    )


class LooksAnswer(Body):
    """Reports that somebody is asked to look at, oldest first."""

    reports = fields.List(fields.Nested(ReportRow), required=True)
