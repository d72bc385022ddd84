"""What survey's doors take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.survey.domain.feedback import Standing
from shared.contracts.feedback import Satisfaction
from shared.web.fields import AreaField, Body, Text

TOKEN, WORDS = 100, 2_000


class LinkQuery(Body):
    """The secret of the link."""

    token = Text(longest=TOKEN, one_line=True, required=True)


class AnswerBody(Body):
    """What the reporter says."""

    token = Text(longest=TOKEN, one_line=True, required=True)
    resolved = fields.Boolean(required=True, truthy={True}, falsy={False})
    satisfaction = fields.Enum(Satisfaction, by_value=True, required=True)
    words = Text(longest=WORDS, shortest=0, load_default="")
    wants_reopening = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class FeedbackQuery(Body):
    """Which feedback; all of the asker's area by default."""

    area = AreaField(load_default=None)
    satisfaction = fields.Enum(Satisfaction, by_value=True, load_default=None)
    answered = fields.Boolean(load_default=None)
    case_id = fields.UUID(load_default=None)
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class ChoiceAnswer(Body):
    """One answer to choose."""

    value = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class QuestionAnswer(Body):
    """One question."""

    name = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    required = fields.Boolean(required=True)
    choices = fields.List(fields.Nested(ChoiceAnswer))


class AboutAnswer(Body):
    """What was reported, and how it was answered."""

    title = fields.String(allow_none=True)
    place = fields.String(allow_none=True)
    reported_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    answer = fields.String(allow_none=True)


class InvitationAnswer(Body):
    """What the holder of a link is asked."""

    feedback_id = fields.UUID(required=True)
    standing = fields.Enum(Standing, by_value=True, required=True)
    number = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    about = fields.Nested(AboutAnswer, required=True)
    questions = fields.List(fields.Nested(QuestionAnswer), required=True)


class FeedbackRow(Body):
    """One question, and its answer when there is one."""

    feedback_id = fields.UUID(required=True)
    case_id = fields.UUID(required=True)
    number = fields.String(required=True)
    area = AreaField(required=True)
    attempt = fields.Integer(required=True)
    invited_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    answered_at = fields.AwareDateTime(allow_none=True)
    resolved = fields.Boolean(allow_none=True)
    satisfaction = fields.Enum(Satisfaction, by_value=True, allow_none=True)
    words = fields.String(allow_none=True)
    wants_reopening = fields.Boolean(allow_none=True)


class FeedbackAnswer(Body):
    """A page of feedback, newest question first."""

    feedback = fields.List(fields.Nested(FeedbackRow), required=True)
    next_after = fields.String(allow_none=True, metadata={"description": "send as `after` for the next page"})
