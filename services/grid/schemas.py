"""What grid's doors take and give, as HTTP bodies."""

from __future__ import annotations

from marshmallow import fields, validate

from services.grid.queries.views import DAYS
from shared.kernel.case_states import State
from shared.web.fields import AreaField, Body, Instant, PointField, Text

NAME, CODE = 80, 40
LIMIT = fields.Integer(load_default=50, strict=False, validate=validate.Range(1, 200))
AS_OF = fields.AwareDateTime(metadata={"description": "the past moment asked for with `at`; left out of the present"})
GRID_CODE = validate.Regexp(r"^[0-9A-Za-z][0-9A-Za-z_-]{0,39}\Z", error="a grid's code is up to 40 letters and digits")


class CreateAreaBody(Body):
    """A new area; its path says under which one it lies."""

    path = AreaField(required=True)
    name = Text(longest=NAME, one_line=True, required=True, metadata={"example": "青云街道"})
    kind = Text(longest=20, one_line=True, required=True, metadata={"example": "街道"})
    centre = PointField(load_default=None, allow_none=True)


class RenameAreaBody(Body):
    """Another name."""

    name = Text(longest=NAME, one_line=True, required=True)


class DrawGridBody(Body):
    """A grid inside one community."""

    code = fields.String(required=True, validate=GRID_CODE, metadata={"example": "G-530103004012-03"})
    name = Text(longest=NAME, one_line=True, required=True)
    community = AreaField(required=True, tiers=(3,))
    covers = fields.List(AreaField(tiers=(4, 5)), load_default=list, validate=validate.Length(max=500))
    households = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 100_000))


class Done(Body):
    """What a command did: the version the stream has now; 0 events when there was nothing left to do."""

    stream = fields.String(required=True)
    version = fields.Integer(required=True)
    events = fields.Integer(required=True)
    warnings = fields.List(fields.String(), metadata={"description": "what is allowed, and should be looked at"})


def past_moment() -> Instant:
    """The field `at`: a moment that is past."""
    meaning = "a past moment: answers what the system had recorded by then; now when left out"
    return Instant(load_default=None, metadata={"description": meaning, "example": "2026-05-03T09:00:00+08:00"})


class ViewQuery(Body):
    """As of when, and how many days are shown one by one."""

    at = past_moment()
    days = fields.Integer(load_default=DAYS, validate=validate.Range(1, 366))


class CaseListQuery(Body):
    """Which cases of the area; newest first."""

    at = past_moment()
    state = fields.Enum(State, by_value=True, load_default=None)
    issue_type = Text(longest=20, one_line=True, load_default=None)
    department = Text(longest=CODE, one_line=True, load_default=None)
    open = fields.Boolean(load_default=None)
    overdue = fields.Boolean(load_default=None)
    after = fields.UUID(load_default=None, metadata={"description": "the last case of the page before"})
    limit = LIMIT


class GridsQuery(Body):
    """Grids of an area, by code."""

    area = AreaField(load_default=None)
    after = fields.String(load_default=None, validate=validate.Length(max=CODE))
    limit = LIMIT


class AreaRow(Body):
    """One area."""

    path = fields.String(required=True)
    code = fields.String(required=True)
    tier = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    centre = fields.Dict(allow_none=True)


class AreaAnswer(AreaRow):
    """One area, what it lies in and what lies in it."""

    lineage = fields.List(fields.Nested(AreaRow), required=True)
    children = fields.List(fields.Nested(AreaRow), required=True)


class AreasAnswer(Body):
    """All districts."""

    areas = fields.List(fields.Nested(AreaRow), required=True)


class GridRow(Body):
    """One grid."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    community = fields.String(required=True)
    covers = fields.List(fields.String(), required=True)
    households = fields.Integer(required=True)


class GridsAnswer(Body):
    """One page of grids."""

    grids = fields.List(fields.Nested(GridRow), required=True)
    next = fields.String(allow_none=True)


class AppointmentRow(Body):
    """One appointment."""

    appointment_id = fields.UUID(required=True)
    person = fields.String(required=True)
    post = fields.String(required=True)
    area = fields.String(required=True)
    grid = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    since = fields.Date(required=True)
    until = fields.Date(allow_none=True)


class Handling(Body):
    """How long it took from report to handled, by the clock on the wall."""

    handled = fields.Integer(required=True)
    median_seconds = fields.Integer(allow_none=True, metadata={"description": "exact to 2 %"})
    p90_seconds = fields.Integer(allow_none=True, metadata={"description": "exact to 2 %"})


class FiguresRow(Body):
    """All figures of one area and everything in it."""

    path = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    tier = fields.String(required=True)
    cases = fields.Integer(required=True)
    open = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    with_limit = fields.Integer(required=True)
    on_time = fields.Integer(required=True)
    late = fields.Integer(required=True)
    on_time_share = fields.Float(allow_none=True)
    by_step = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    by_step_median_seconds = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(allow_none=True),
        allow_none=True,
        metadata={"description": "of the area itself; exact to 5 %"},
    )
    by_state = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    solved_by_loop = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    solved_share_by_loop = fields.Dict(keys=fields.String(), values=fields.Float(allow_none=True), required=True)
    solved_in_grid = fields.Integer(required=True)
    solved_in_grid_share = fields.Float(allow_none=True)
    suspended = fields.Integer(required=True)
    problems = fields.Integer(required=True)
    problems_settled = fields.Integer(required=True)
    overdue_by_stage = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        allow_none=True,
        metadata={"description": "none for a moment that is past"},
    )
    handling = fields.Nested(Handling, required=True)
    satisfaction = fields.Dict(required=True)
    by_issue_type = fields.List(fields.Dict(), required=True)
    by_department = fields.List(fields.Dict(), required=True)
    by_day = fields.List(fields.Dict(), required=True)


class ViewAnswer(Body):
    """An area and each of its children, all of one moment."""

    area = fields.Nested(FiguresRow, required=True)
    children = fields.List(fields.Nested(FiguresRow), required=True)
    at = fields.AwareDateTime(required=True)
    as_of = AS_OF
    position = fields.Integer(required=True, metadata={"description": "how far in the log the figures go"})
    behind = fields.Integer(required=True, metadata={"description": "events that are not in them yet"})
    definitions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class DistrictsView(Body):
    """Every district."""

    areas = fields.List(fields.Nested(FiguresRow), required=True)
    at = fields.AwareDateTime(required=True)
    as_of = AS_OF
    position = fields.Integer(required=True)
    behind = fields.Integer(required=True)
    definitions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class CaseRow(Body):
    """One case in a list."""

    case_id = fields.UUID(required=True)
    number = fields.String(allow_none=True)
    area = fields.String(required=True)
    state = fields.String(required=True)
    step = fields.String(required=True)
    source = fields.String(allow_none=True)
    issue_type = fields.String(allow_none=True)
    urgency = fields.String(allow_none=True)
    loop = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    department = fields.String(allow_none=True)
    reported_at = fields.AwareDateTime(required=True)
    filed_at = fields.AwareDateTime(allow_none=True)
    dispatched_at = fields.AwareDateTime(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    handled_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    on_time = fields.Boolean(allow_none=True)
    overdue = fields.Boolean(required=True)
    attempt = fields.Integer(required=True)
    reworks = fields.Integer(required=True)
    satisfaction = fields.String(allow_none=True)
    resolved = fields.Boolean(allow_none=True)


class CaseListAnswer(Body):
    """One page of cases."""

    as_of = AS_OF
    position = fields.Integer(metadata={"description": "how far in the log it goes; only with `at`"})
    cases = fields.List(fields.Nested(CaseRow), required=True)
    next = fields.UUID(allow_none=True)


class TimelineEntry(Body):
    """One thing that happened."""

    event_id = fields.UUID(required=True)
    type = fields.String(required=True)
    stream = fields.String(required=True)
    version = fields.Integer(required=True)
    position = fields.Integer(allow_none=True)
    area = fields.String(required=True)
    actor = fields.Dict(required=True)
    caused_by = fields.UUID(allow_none=True, metadata={"description": "the event of this timeline that it answers"})
    origin = fields.String(required=True)
    occurred_at = fields.AwareDateTime(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    data = fields.Dict(required=True)


class TimelineAnswer(Body):
    """Everything that happened to one case, across all services, in order."""

    case_id = fields.UUID(required=True)
    events = fields.List(fields.Nested(TimelineEntry), required=True)
