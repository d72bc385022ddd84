"""What the doors of posts and staffing take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.grid.schemas import CODE, GRID_CODE, LIMIT, NAME, AppointmentRow
from shared.contracts.appointment import Post
from shared.web.fields import AreaField, Body, Text

UNIT = 40


class StartAppointmentBody(Body):
    """Somebody takes a post. The person is named by account."""

    person = Text(longest=NAME, one_line=True, required=True, metadata={"example": "gw-0417"})
    post = fields.Enum(Post, by_value=True, required=True)
    area = AreaField(required=True)
    grid = fields.String(load_default=None, allow_none=True, validate=GRID_CODE)
    unit = Text(
        longest=UNIT,
        one_line=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "courtyard, stairwell or household, where the post is for one", "example": "2单元"},
    )
    since = fields.Date(required=True)


class EndAppointmentBody(Body):
    """The last day served, and why."""

    until = fields.Date(required=True)
    reason = Text(longest=500, required=True)


class SucceedBody(Body):
    """Who takes the post, and from which day on."""

    person = Text(longest=NAME, one_line=True, required=True, metadata={"example": "gw-0511"})
    on = fields.Date(required=True, metadata={"description": "the first day of the new one"})
    reason = Text(longest=500, required=True)


class SwapBody(Body):
    """Two who change places, and from which day on."""

    first = fields.UUID(required=True)
    second = fields.UUID(required=True)
    on = fields.Date(required=True, metadata={"description": "the first day at the other's place"})
    reason = Text(longest=500, required=True)


class AppointmentsQuery(Body):
    """Who stands where on a day; today when none is given."""

    on = fields.Date(load_default=None)
    area = AreaField(load_default=None)
    person = Text(longest=NAME, one_line=True, load_default=None)
    post = fields.Enum(Post, by_value=True, load_default=None)
    grid = fields.String(load_default=None, validate=GRID_CODE)


class AppointmentsAnswer(Body):
    """Everybody who stands somewhere on the day."""

    on = fields.Date(required=True)
    appointments = fields.List(fields.Nested(AppointmentRow), required=True)


class ResponsibleQuery(Body):
    """For which area, and on which day; today when none is given."""

    area = AreaField(required=True)
    on = fields.Date(load_default=None, metadata={"example": "2026-05-03"})
    issue_type = Text(
        longest=20,
        one_line=True,
        load_default=None,
        metadata={"description": "who of them goes there for such an issue", "example": "L-10-01"},
    )


class ResponsiblePerson(Body):
    """Somebody who was responsible, and as what."""

    person = fields.String(required=True)
    post = fields.String(required=True)
    name = fields.String(required=True)
    area = fields.String(required=True)
    grid = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    since = fields.Date(required=True)


class ResponsibleTier(Body):
    """One tier above the place, and who stood there for it."""

    tier = fields.String(required=True)
    name = fields.String(required=True)
    area = fields.String(required=True)
    people = fields.List(fields.Nested(ResponsiblePerson), required=True)


class ResponsibleAnswer(Body):
    """Everybody who was responsible for the area on the day, from the district down."""

    area = fields.String(required=True)
    on = fields.Date(required=True)
    grids = fields.List(fields.String(), required=True)
    goes = fields.List(
        fields.Nested(ResponsiblePerson),
        required=True,
        metadata={"description": "who goes there, for the issue type asked"},
    )
    tiers = fields.List(fields.Nested(ResponsibleTier), required=True)


class StaffingQuery(Body):
    """Of which area, on which day; every grid, or those only that lack somebody."""

    area = AreaField(load_default=None)
    on = fields.Date(load_default=None)
    gaps = fields.Boolean(load_default=False, metadata={"description": "only grids that lack somebody"})
    after = fields.String(load_default=None, validate=validate.Length(max=CODE))
    limit = LIMIT


class StaffedGrid(Body):
    """One grid, and who is there for it."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    community = fields.String(required=True)
    households = fields.Integer(required=True)
    size = fields.String(required=True, validate=validate.OneOf(["fits", "small", "large", "unknown"]))
    complete = fields.Boolean(required=True)
    others = fields.Integer(required=True, metadata={"description": "the N of 1+1+1+N"})
    officers = fields.Integer(required=True, metadata={"description": "of four"})
    members = fields.Integer(required=True, metadata={"description": "of six"})
    vacant = fields.List(fields.String(), required=True)
    crowded = fields.List(fields.String(), required=True)
    people = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class Vacancy(Body):
    """A post that grids lack."""

    post = fields.String(required=True)
    name = fields.String(required=True)
    grids = fields.Integer(required=True)


class StaffingAnswer(Body):
    """Whether the area's grids have the people that they are to have."""

    area = fields.String(allow_none=True)
    on = fields.Date(required=True)
    grids = fields.Integer(required=True)
    complete = fields.Integer(required=True)
    without_person = fields.Integer(required=True)
    crowded = fields.Integer(required=True)
    vacant = fields.List(fields.Nested(Vacancy), required=True)
    officers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    members = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    sizes = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    by_grid = fields.List(fields.Nested(StaffedGrid), required=True)
    next = fields.String(allow_none=True)
    definitions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
