"""The work list and the rulebook: what is asked, and what goes out."""

from __future__ import annotations

from marshmallow import fields, validate

from services.dispatch.schemas.words import LimitAnswer, code, or_none
from shared.contracts.case import Loop, ProblemKind
from shared.contracts.report import Urgency
from shared.contracts.task import Joined
from shared.kernel.case_states import State
from shared.web.fields import AreaField, Body, Text


class WorkListQuery(Body):
    """Which cases; open ones, unless a state is asked for."""

    department = code(load_default=None, metadata={"description": "a code; `mine` for the asker's own"})
    state = fields.List(fields.Enum(State, by_value=True), load_default=list)
    area = AreaField(load_default=None)
    loop = fields.Enum(Loop, by_value=True, load_default=None)
    problem = fields.Boolean(load_default=False, metadata={"description": "only problem cases"})
    asked = fields.Boolean(load_default=False, metadata={"description": "only where a request waits for a decision"})
    overdue = fields.Boolean(load_default=None)
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class ExplainQuery(Body):
    """An issue type in a place."""

    issue_type = code(required=True, metadata={"example": "E-01-02"})
    area = AreaField(required=True)


class WorkListRow(Body):
    """One case in the work list."""

    case_id = fields.UUID(required=True)
    number = fields.String(required=True)
    area = AreaField(required=True)
    issue_type = fields.String(required=True)
    urgency = fields.Enum(Urgency, by_value=True, required=True)
    loop = fields.Enum(Loop, by_value=True, required=True)
    title = fields.String(required=True)
    place = or_none(fields.String)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    is_cleared = fields.Boolean(required=True)
    is_waived = fields.Boolean(required=True)
    is_overdue = fields.Boolean(required=True)
    is_disputed = fields.Boolean(required=True)
    problem = fields.Enum(ProblemKind, by_value=True, allow_none=True)
    supervised_by = fields.Enum(Loop, by_value=True, allow_none=True)
    suspended_until = or_none(fields.Date)
    transferred_to = or_none(fields.String)
    merged_into = or_none(fields.UUID)
    awaited = fields.Integer(required=True, metadata={"description": "mandatory tasks that are not answered yet"})
    requests = fields.List(fields.String(), required=True, metadata={"description": "what waits for a decision"})
    task_id = or_none(fields.UUID, metadata={"description": "of a department's list: the task"})
    joined = fields.Enum(Joined, by_value=True, allow_none=True)
    department = or_none(fields.String)
    attempt = fields.Integer(required=True)
    reworks = fields.Integer(required=True)
    due_at = or_none(fields.AwareDateTime)
    answered_at = or_none(fields.AwareDateTime)
    reported_at = fields.AwareDateTime(required=True)
    filed_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)


class WorkListAnswer(Body):
    """A page of the work list, nearest due time first."""

    cases = fields.List(fields.Nested(WorkListRow), required=True)
    next_after = or_none(fields.String, metadata={"description": "send as `after` for the next page"})
    area = or_none(fields.String, metadata={"description": "the area that the page is limited to"})


class DepartmentRow(Body):
    """A department that handles cases."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)


class DepartmentsAnswer(Body):
    departments = fields.List(fields.Nested(DepartmentRow), required=True)


class IssueTypeRow(Body):
    """A kind of issue."""

    code = fields.String(required=True)
    group = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    loop = fields.Enum(Loop, by_value=True, required=True)
    limit = fields.Nested(LimitAnswer, allow_none=True)
    needs_verification = fields.Boolean(required=True)
    keywords = fields.List(fields.String(), required=True)


class IssueTypesAnswer(Body):
    issue_types = fields.List(fields.Nested(IssueTypeRow), required=True)


class ResponsibilityRow(Body):
    """A line of the responsibility list."""

    rule = fields.String(required=True)
    issue_type = fields.String(required=True)
    area = AreaField(required=True)
    department = fields.String(required=True)
    co_handlers = fields.List(fields.String(), required=True)
    informed = fields.List(fields.String(), required=True)
    legal_basis = fields.String()
    limit = fields.Nested(LimitAnswer, allow_none=True)
    automatic = fields.Boolean(required=True)


class ResponsibilitiesAnswer(Body):
    responsibilities = fields.List(fields.Nested(ResponsibilityRow), required=True)


class BeatenRow(Body):
    """A line that holds too, but is less specific."""

    rule = fields.String(required=True)
    area = AreaField(required=True)
    issue_type = fields.String(required=True)
    department = fields.String(required=True)


class ExplainAnswer(Body):
    """Which line would choose the department now, and why."""

    issue_type = fields.String(required=True)
    area = AreaField(required=True)
    is_known = fields.Boolean(required=True, metadata={"description": "whether there is such an issue type"})
    rule = or_none(fields.String)
    department = or_none(fields.String)
    department_name = fields.String()
    co_handlers = fields.List(fields.String())
    informed = fields.List(fields.String())
    legal_basis = or_none(fields.String)
    automatic = fields.Boolean()
    because = fields.String(required=True)
    limit = fields.Nested(LimitAnswer, allow_none=True)
    due_at = or_none(fields.AwareDateTime)
    due_because = fields.String()
    beaten = fields.List(fields.Nested(BeatenRow), required=True)


class CalendarRow(Body):
    """The working calendar of one year."""

    year = fields.Integer(required=True)
    version = fields.Integer(required=True)
    zone = fields.String(required=True)
    windows = fields.List(fields.String(), required=True)
    half_day_windows = fields.List(fields.String(), required=True)
    cutoff = fields.String(required=True)
    holidays = fields.List(fields.Date(), required=True)
    swap_days = fields.List(fields.Date(), required=True)
    half_days = fields.List(fields.Date(), required=True)


class CalendarAnswer(Body):
    calendars = fields.List(fields.Nested(CalendarRow), required=True)
