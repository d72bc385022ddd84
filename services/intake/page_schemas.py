"""What the addresses and the forms of intake's pages may say."""

from __future__ import annotations

from marshmallow import fields, validate

from services.intake.quick import ISSUE_TYPE, NAME, PLACE, WORDS
from shared.pages.page import PageQuery
from shared.web.fields import AreaField, Body, Text

MOST_PHOTOS = 3


class ReportQuery(PageQuery):
    """What is known already: a QR code on the door says where."""

    area = AreaField(load_default=None)


class PlacesQuery(PageQuery):
    """What lies in an area, to choose from."""

    area = AreaField(load_default=None)


class HereQuery(PageQuery):
    """Where the device is."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))


class ReportForm(Body):
    """What somebody told so far; what is missing is told in the page, not refused here."""

    issue_type = Text(longest=ISSUE_TYPE, shortest=0, one_line=True, load_default="")
    words = Text(longest=WORDS, shortest=0, load_default="")
    area = Text(longest=24, shortest=0, one_line=True, load_default="")
    place = Text(longest=PLACE, shortest=0, one_line=True, load_default="")
    lat = Text(longest=20, shortest=0, one_line=True, load_default="")
    lon = Text(longest=20, shortest=0, one_line=True, load_default="")
    accuracy = Text(longest=20, shortest=0, one_line=True, load_default="")
    name = Text(longest=NAME, shortest=0, one_line=True, load_default="")
    phone = fields.String(load_default="", validate=validate.Length(max=30))
    openly = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))
    same_as = fields.String(load_default="", validate=validate.Length(max=40))
    key = fields.String(load_default="", validate=validate.Regexp(r"^[0-9a-f-]{0,40}\Z"))
    photos = Text(longest=75 * MOST_PHOTOS, shortest=0, one_line=True, load_default="")


class TrackQuery(PageQuery):
    """The reporter's proof."""

    secret = fields.String(load_default="", validate=validate.Length(max=100))
    new = fields.Boolean(load_default=False)


class AppealForm(Body):
    """Why a refusal is not accepted."""

    secret = fields.String(load_default="", validate=validate.Length(max=100))
    reason = Text(longest=WORDS, shortest=0, load_default="")
