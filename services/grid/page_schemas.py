"""What the addresses of grid's pages may say after the question mark."""

from __future__ import annotations

from marshmallow import fields, validate

from services.grid.area_view import SORTS
from services.grid.domain.time import CITY_ZONE
from services.grid.queries.views import DAYS
from shared.kernel.case_states import State, Step
from shared.pages.page import PageQuery
from shared.web.fields import AreaField, Instant, Text


class PastQuery(PageQuery):
    """As of when: an instant with its zone, or `local`, the city's time as a form has it."""

    at = Instant(load_default=None)
    local = fields.NaiveDateTime(load_default=None, timezone=CITY_ZONE)


class LookAtQuery(PastQuery):
    """How the five-level view is to be shown."""

    days = fields.Integer(load_default=DAYS, validate=validate.Range(7, 366))
    sort = fields.String(load_default="name", validate=validate.OneOf(sorted(SORTS)))
    order = fields.String(load_default="asc", validate=validate.OneOf(["asc", "desc"]))


class LiveQuery(PageQuery):
    """Where, the asker's own area when it is left out; and what a page saw last that opens a stream anew."""

    area = AreaField(load_default=None)
    after = fields.Integer(load_default=None, validate=validate.Range(min=0))


class WallQuery(LiveQuery):
    """Which area now, which one the round begins with, and how long each is shown."""

    root = AreaField(load_default=None)
    seconds = fields.Integer(load_default=20, validate=validate.Range(0, 3600))


class CountedQuery(PastQuery):
    """Which cases were counted."""

    step = fields.String(load_default=None, validate=validate.OneOf([step.value for step in Step]))
    state = fields.String(load_default=None, validate=validate.OneOf([state.value for state in State]))
    loop = fields.String(load_default=None, validate=validate.OneOf(["community", "street", "district"]))
    issue_type = Text(longest=40, one_line=True, load_default=None)
    department = Text(longest=60, one_line=True, load_default=None)
    satisfaction = Text(longest=40, one_line=True, load_default=None)
    is_open = fields.Boolean(load_default=None, data_key="open")
    overdue = fields.Boolean(load_default=None)
    on_time = fields.Boolean(load_default=None)
    reported_on = fields.Date(load_default=None)
    closed_on = fields.Date(load_default=None)
    after = fields.UUID(load_default=None)
