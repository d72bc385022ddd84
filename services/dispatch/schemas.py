"""What dispatch's doors take and give, as HTTP bodies."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from shared.contracts.case import Loop, ReturnKind
from shared.contracts.report import Source, Urgency
from shared.contracts.shapes import Unit
from shared.kernel.case_states import State, Step
from shared.web.fields import AreaField, Body, Text

CODE, REASON, ANSWER, EVIDENCE = 60, 2_000, 5_000, 20


def _code(**options: Any) -> Text:
    return Text(longest=CODE, one_line=True, **options)


def _or_none(field: type[fields.Field[Any]], **options: Any) -> fields.Field[Any]:
    return field(allow_none=True, **options)


def _evidence() -> fields.Field[Any]:
    reference = Text(longest=300, one_line=True, metadata={"description": "such as photo:<sha256>"})
    return fields.List(reference, load_default=list, validate=validate.Length(max=EVIDENCE))


def _task() -> fields.Field[Any]:
    told = {"description": "which task, where the department has several of the case"}
    return fields.UUID(load_default=None, allow_none=True, metadata=told)


# --- what comes in ----------------------------------------------------------------------------------------------


class DispatchBody(Body):
    """Take the proposal of the responsibility list (say nothing), or name a department and why."""

    department = _code(load_default=None, allow_none=True, metadata={"description": "left out: take the proposal"})
    co_handlers = fields.List(_code(), load_default=list, validate=validate.Length(max=20))
    reason = Text(longest=REASON, load_default=None, allow_none=True)

    @validates_schema
    def is_explained(self, values: dict[str, Any], **_: Any) -> None:
        """A choice by hand is explained; the proposal explains itself."""
        if values["department"] is not None and values["reason"] is None:
            raise ValidationError("say why this department", "reason")
        if values["department"] is None and values["co_handlers"]:
            raise ValidationError("co-handlers go with a department chosen by hand", "co_handlers")
        named = [values["department"], *values["co_handlers"]]
        if len(set(named)) < len(named):
            raise ValidationError("every department is named once", "co_handlers")


class ReturnBody(Body):
    """Why the task is given back, and whose it is."""

    kind = fields.Enum(ReturnKind, by_value=True, required=True)
    reason = Text(longest=REASON, required=True)
    believed_responsible = _code(load_default=None, allow_none=True)
    evidence = _evidence()
    task_id = _task()


class ReasonBody(Body):
    """Why."""

    reason = Text(longest=REASON, required=True)


class RespondBody(Body):
    """What the department did, with references to photos and papers."""

    answer = Text(longest=ANSWER, required=True)
    evidence = _evidence()


class CloseBody(Body):
    """What the reporter is told."""

    answer = Text(longest=ANSWER, required=True)


class ReopenBody(Body):
    """Why the case comes back."""

    reason = Text(longest=REASON, required=True)


class WorkListQuery(Body):
    """Which cases; open ones, unless a state is asked for."""

    department = _code(load_default=None, metadata={"description": "a code; `mine` for the asker's own"})
    state = fields.List(fields.Enum(State, by_value=True), load_default=list)
    area = AreaField(load_default=None)
    overdue = fields.Boolean(load_default=None)
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class ExplainQuery(Body):
    """An issue type in a place."""

    issue_type = _code(required=True, metadata={"example": "E-01-02"})
    area = AreaField(required=True)


# --- what goes out ----------------------------------------------------------------------------------------------


class LimitAnswer(Body):
    """How long something may take."""

    amount = fields.Integer(required=True)
    unit = fields.Enum(Unit, by_value=True, required=True)
    zh = fields.String(required=True, metadata={"example": "5 工作时"})


class TaskAnswer(Body):
    """What the lead department is asked to do, until when, and why."""

    task_id = fields.UUID(required=True)
    department = fields.String(required=True)
    co_handlers = fields.List(fields.String(), required=True)
    rule = _or_none(fields.String, metadata={"description": "the line of the responsibility list; none: by hand"})
    because = fields.String(required=True)
    limit = fields.Nested(LimitAnswer, allow_none=True)
    due_at = _or_none(fields.AwareDateTime)
    due_because = fields.String(required=True)
    is_overdue = fields.Boolean(required=True)
    answer = _or_none(fields.String)
    on_time = _or_none(fields.Boolean)


class ActionAnswer(Body):
    """One action, and whether the asker may take it now; if not, why not."""

    action = fields.String(required=True)
    zh = fields.String(required=True)
    path = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    rule = _or_none(fields.String)
    why_not = _or_none(fields.String)


class StepAnswer(Body):
    """Who did what last."""

    type = fields.String(required=True)
    by = fields.String(required=True)
    role = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class CaseAnswer(Body):
    """A case as it stands."""

    case_id = fields.UUID(required=True)
    number = fields.String(required=True)
    area = AreaField(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    step = fields.Enum(Step, by_value=True, required=True)
    source = fields.Enum(Source, by_value=True, required=True)
    issue_type = fields.String(required=True)
    urgency = fields.Enum(Urgency, by_value=True, required=True)
    loop = fields.Enum(Loop, by_value=True, required=True)
    title = fields.String(required=True)
    words = fields.String(required=True)
    place = _or_none(fields.String)
    point = fields.Dict(keys=fields.String(), values=fields.Float(), allow_none=True)
    reported_at = fields.AwareDateTime(required=True)
    is_cleared = fields.Boolean(required=True)
    believed_responsible = _or_none(fields.String)
    dispatches = fields.Integer(required=True)
    reworks = fields.Integer(required=True)
    closings = fields.Integer(required=True)
    last_step = fields.Nested(StepAnswer, required=True)
    task = fields.Nested(TaskAnswer, allow_none=True)
    actions = fields.List(fields.Nested(ActionAnswer), required=True)
    version = fields.Integer(required=True)


class WorkListRow(Body):
    """One case in the work list."""

    case_id = fields.UUID(required=True)
    number = fields.String(required=True)
    area = AreaField(required=True)
    issue_type = fields.String(required=True)
    urgency = fields.Enum(Urgency, by_value=True, required=True)
    loop = fields.Enum(Loop, by_value=True, required=True)
    title = fields.String(required=True)
    place = _or_none(fields.String)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    is_cleared = fields.Boolean(required=True)
    is_overdue = fields.Boolean(required=True)
    department = _or_none(fields.String)
    attempt = fields.Integer(required=True)
    reworks = fields.Integer(required=True)
    due_at = _or_none(fields.AwareDateTime)
    answered_at = _or_none(fields.AwareDateTime)
    reported_at = fields.AwareDateTime(required=True)
    filed_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)


class WorkListAnswer(Body):
    """A page of the work list, nearest due time first."""

    cases = fields.List(fields.Nested(WorkListRow), required=True)
    next_after = _or_none(fields.String, metadata={"description": "send as `after` for the next page"})
    area = _or_none(fields.String, metadata={"description": "the area that the page is limited to"})


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
    rule = _or_none(fields.String)
    department = _or_none(fields.String)
    department_name = fields.String()
    co_handlers = fields.List(fields.String())
    automatic = fields.Boolean()
    because = fields.String(required=True)
    limit = fields.Nested(LimitAnswer, allow_none=True)
    due_at = _or_none(fields.AwareDateTime)
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
