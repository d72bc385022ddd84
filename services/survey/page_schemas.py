"""What the addresses and the forms of survey's pages may say."""

from __future__ import annotations

from marshmallow import fields, validate

from services.survey.domain.indicators import BY_CODE
from services.survey.queries.figures import By, Part
from services.survey.schemas import TOKEN, WORDS
from services.survey.schemas_figures import CODE, ROLES
from shared.contracts.feedback import Satisfaction
from shared.contracts.flag import Suspicion
from shared.pages.page import PageQuery
from shared.web.fields import AreaField, Body, Text


class QuestionQuery(PageQuery):
    """The secret of the link."""

    token = Text(longest=TOKEN, one_line=True, required=True)


class QuestionForm(Body):
    """What the reporter chose; whatever was not chosen is told in the page, not refused here."""

    token = Text(longest=TOKEN, one_line=True, required=True)
    resolved = fields.String(load_default="", validate=validate.OneOf(["", "yes", "no"]))
    satisfaction = fields.String(load_default="", validate=validate.OneOf(["", *(one.value for one in Satisfaction)]))
    words = Text(longest=WORDS, shortest=0, load_default="")
    again = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))


class AssessmentQuery(PageQuery):
    """Which figures are looked at."""

    area = AreaField(load_default=None)
    first_day = fields.Date(load_default=None)
    last_day = fields.Date(load_default=None)
    by = fields.Enum(By, by_value=True, load_default=By.STREET)
    role = fields.String(load_default=None, validate=validate.OneOf(ROLES))


class BehindQuery(AssessmentQuery):
    """Which number is opened."""

    indicator = fields.String(required=True, validate=validate.OneOf(list(BY_CODE)))
    part = fields.Enum(Part, by_value=True, load_default=Part.NUMERATOR)
    key = Text(longest=CODE, shortest=0, one_line=True, load_default=None)
    after = Text(longest=100, one_line=True, load_default=None)


class FlagsQuery(PageQuery):
    """Which flags."""

    suspicion = fields.Enum(Suspicion, by_value=True, load_default=None)
    settled = fields.Boolean(load_default=False)
    after = Text(longest=100, one_line=True, load_default=None)
