"""What intake's doors take and give, as HTTP bodies."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.intake import quick
from services.intake.photos.fields import Photos
from services.intake.quick import ISSUE_TYPE, NAME, PHONE, PLACE, TITLE, WORDS
from services.intake.reasons import reasons
from shared.contracts.report import Source, Urgency
from shared.web.fields import AreaField, Body, PointField, Text

ACCOUNT = r"^[\w.@-]{1,80}\Z"


class ContactBody(Body):
    """How to reach the reporter. It is sealed, and no event carries it."""

    name = Text(longest=NAME, one_line=True, load_default=None, allow_none=True)
    phone = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(PHONE, error="a phone number has 6 to 20 digits"),
    )
    email = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=120))

    @validates_schema
    def is_a_contact(self, values: dict[str, Any], **_: Any) -> None:
        """A contact that reaches nobody is left out instead."""
        if not any(values.values()):
            raise ValidationError("give a name, a phone or a mail address, or leave the contact out")


class ToldBody(Body):
    """An issue in the words of whoever tells of it."""

    title = Text(longest=TITLE, one_line=True, required=True, metadata={"example": "文艺路口垃圾堆了三天"})
    words = Text(longest=WORDS, required=True, metadata={"example": "垃圾桶三天没有清运，味道很大。"})
    issue_type = Text(longest=ISSUE_TYPE, one_line=True, required=True, metadata={"example": "E-01-02"})
    area = AreaField(
        load_default=None,
        allow_none=True,
        metadata={"description": "may be left out where a point is given: the report is placed by it"},
    )
    place = Text(longest=PLACE, load_default=None, allow_none=True)
    point = PointField(load_default=None, allow_none=True)
    contact = fields.Nested(ContactBody, load_default=None, allow_none=True)
    urgency = fields.Enum(Urgency, by_value=True, load_default=Urgency.NORMAL)
    source = fields.Enum(
        Source,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "only for accounts that serve several desks; otherwise the account says it"},
    )
    external_number = Text(
        longest=100,
        one_line=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "the number that the reporting desk knows it by; told twice, it is the same report"},
    )

    photos = Photos(metadata={"description": "taken by the reporter; sent to /api/v1/photos first"})
    openly = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "whether neighbours may see what it is about and how far it is; never who told"},
    )

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def is_somewhere(self, _values: dict[str, Any], said: Any, **_: Any) -> None:
        """A report lies in an area, said or found."""
        if isinstance(said, dict) and said.get("area") is None and said.get("point") is None:
            raise ValidationError("give an area, or a point that it can be told from", "area")


class SubmitReportBody(ToldBody):
    """An issue, as residents and desks tell it."""

    def load(self, data: Any, **options: Any) -> Any:
        """The body, checked: at once when it is plainly right, field by field otherwise. Raises ValidationError."""
        found = quick.read(data) if type(data) is dict and not options else None
        return super().load(data, **options) if found is None else found


class ReportReceipt(Body):
    """What the reporter keeps."""

    report_id = fields.UUID(required=True)
    number = fields.String(required=True, metadata={"example": "20260503530103000017"})
    secret = fields.String(required=True, metadata={"description": "shows the way to this report's progress"})
    tracking_url = fields.String(required=True)
    reported_at = fields.AwareDateTime(required=True)


class ProgressQuery(Body):
    """The reporter's proof; staff send their token instead."""

    secret = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))


class Sentence(Body):
    """One milestone in plain words."""

    at = fields.AwareDateTime(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ProgressAnswer(Body):
    """How far a report is."""

    report_id = fields.UUID(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    reported_at = fields.AwareDateTime(required=True)
    state = fields.String(required=True)
    state_zh = fields.String(required=True)
    step = fields.String(required=True)
    step_zh = fields.String(required=True)
    followed_under = fields.String(allow_none=True, metadata={"description": "number of the report it was merged into"})
    steps = fields.List(fields.Nested(Sentence), required=True)
    report = fields.Dict(metadata={"description": "for staff: the report itself, words masked"})
    recurs = fields.List(
        fields.Dict(), metadata={"description": "for staff: the same issue in the same place, closed not long before"}
    )


class WaitingQuery(Body):
    """Which part of the work list."""

    area = AreaField(load_default=None, metadata={"description": "default: the area the asker serves"})
    issue_type = Text(longest=20, one_line=True, load_default=None)
    after = fields.UUID(load_default=None, metadata={"description": "the last report of the page before"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class ReportRow(Body):
    """A report on the work list, words masked."""

    report_id = fields.UUID(required=True)
    number = fields.String(required=True)
    area = fields.String(required=True)
    state = fields.String(required=True)
    found = fields.Boolean(allow_none=True, metadata={"description": "what was seen on site; null: nobody was there"})
    source = fields.String(required=True)
    issue_type = fields.String(required=True)
    urgency = fields.String(required=True)
    title = fields.String(required=True)
    words = fields.String(required=True)
    place = fields.String(allow_none=True)
    lat = fields.Float(allow_none=True)
    lon = fields.Float(allow_none=True)
    subject_id = fields.UUID(allow_none=True)
    merged_into = fields.UUID(allow_none=True)
    photos = fields.List(fields.String(), required=True)
    appealed = fields.Boolean(required=True, metadata={"description": "it was refused, and the reporter objected"})
    assignee = fields.String(allow_none=True, metadata={"description": "who was asked to look"})
    reported_at = fields.AwareDateTime(required=True)


class WaitingAnswer(Body):
    """One page of the work list."""

    reports = fields.List(fields.Nested(ReportRow), required=True)
    next = fields.UUID(allow_none=True, metadata={"description": "send it as `after` for the next page"})


class VerifiedBody(Body):
    """What was seen on site."""

    found = fields.Boolean(required=True, truthy={True}, falsy={False})
    findings = Text(longest=2_000, required=True)
    photos = Photos()


class VerificationQuery(Body):
    """Who is to look."""

    assignee = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(ACCOUNT, error="an account has 1 to 80 of letters, digits and . _ @ -"),
        metadata={"description": "an account; left out, it is whoever serves the place"},
    )


class AppealBody(Body):
    """Why the refusal is wrong; the secret is that of the receipt."""

    secret = fields.String(required=True, validate=validate.Length(max=100))
    reason = Text(longest=2_000, required=True)


class RejectBody(Body):
    """Why the report is refused; the code is one the city knows."""

    reason_code = fields.String(required=True, validate=validate.OneOf(sorted(reasons())))
    words = Text(longest=1_000, load_default=None, allow_none=True)


class MergeBody(Body):
    """The report that stays."""

    into = fields.UUID(required=True)


class EraseBody(Body):
    """Why the person is erased, for the record."""

    reason = Text(longest=500, required=True)


class Done(Body):
    """What a command did: the version the stream has now; 0 events when there was nothing left to do."""

    stream = fields.String(required=True)
    version = fields.Integer(required=True)
    events = fields.Integer(required=True)


class OriginalWords(Body):
    """What the reporter said and who they are, in clear. Every reading is recorded."""

    title = fields.String()
    words = fields.String()
    place = fields.String()
    name = fields.String()
    phone = fields.String()
    email = fields.String()


class ReasonRow(Body):
    """One reason for refusing a report."""

    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ReasonsAnswer(Body):
    """Every reason the city knows."""

    reasons = fields.List(fields.Nested(ReasonRow), required=True)
