"""What goes out about one case."""

from __future__ import annotations

from marshmallow import fields

from services.dispatch.schemas.words import LimitAnswer, PlainLimit, or_none
from shared.contracts.case import Loop, ProblemKind, ReturnKind
from shared.contracts.report import Source, Urgency
from shared.contracts.task import Joined
from shared.kernel.case_states import State, Step
from shared.web.fields import AreaField, Body


class ClaimAnswer(Body):
    """A volunteer has the task, until an instant."""

    claim_id = fields.UUID(required=True)
    expires_at = fields.AwareDateTime(required=True)


class TaskAnswer(Body):
    """What one department is asked to do, until when, and why."""

    task_id = fields.UUID(required=True)
    department = fields.String(required=True, metadata={"description": "a code; `volunteers` for the open pool"})
    joined = fields.Enum(Joined, by_value=True, allow_none=True, metadata={"description": "null for the lead"})
    what = fields.String(required=True)
    mandatory = fields.Boolean(required=True, metadata={"description": "whether the case waits for its answer"})
    co_handlers = fields.List(fields.String(), required=True)
    rule = or_none(fields.String, metadata={"description": "the line of the responsibility list; none: by hand"})
    because = fields.String(required=True)
    limit = fields.Nested(LimitAnswer, allow_none=True)
    due_at = or_none(fields.AwareDateTime)
    due_because = fields.String(required=True)
    is_overdue = fields.Boolean(required=True)
    is_signed = fields.Boolean(required=True)
    is_started = fields.Boolean(required=True)
    stages = fields.List(fields.String(), required=True)
    extensions = fields.Integer(required=True)
    claim = fields.Nested(ClaimAnswer, allow_none=True)
    answer = or_none(fields.String)
    evidence = fields.List(fields.String(), required=True)
    on_time = or_none(fields.Boolean)


class ActionAnswer(Body):
    """One action, and whether the asker may take it now; if not, why not."""

    action = fields.String(required=True)
    zh = fields.String(required=True)
    path = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    rule = or_none(fields.String)
    why_not = or_none(fields.String)


class StepAnswer(Body):
    """Who did what last."""

    type = fields.String(required=True)
    zh = fields.String(required=True)
    by = fields.String(required=True)
    role = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class RequestAnswer(Body):
    """What a department asked for, and nobody has decided yet."""

    asked = fields.String(required=True, metadata={"example": "extension.requested"})
    request_id = fields.UUID(required=True)
    task_id = fields.UUID()
    department = fields.String(required=True)
    reason = fields.String(required=True)
    evidence = fields.List(fields.String(), required=True)
    kind = fields.Enum(ReturnKind, by_value=True)
    believed_responsible = fields.String()
    limit = fields.Nested(PlainLimit)
    attempt = fields.Integer()
    needs = fields.String(metadata={"description": "the role that may grant it"})
    review_on = fields.Date()


class WhistleAnswer(Body):
    """A community summoned departments."""

    case_id = fields.UUID(required=True)
    whistle_id = fields.UUID(required=True)
    departments = fields.List(fields.String(), required=True)
    reason = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True)
    due_because = fields.String(required=True)
    awaited = fields.List(fields.String(), required=True)


class SuspensionAnswer(Body):
    """Why the case is put aside, and on which day somebody looks again."""

    reason = fields.String(required=True)
    review_on = fields.Date(required=True)


class TransferAnswer(Body):
    """Who outside of the district has it."""

    case_id = fields.UUID(required=True)
    to = fields.String(required=True)
    reason = fields.String(required=True)
    receipt_due_at = or_none(fields.AwareDateTime)
    receipt = or_none(fields.String)


class DisputeAnswer(Body):
    """Whose it is, is being decided."""

    case_id = fields.UUID(required=True)
    dispute_id = fields.UUID(required=True)
    between = fields.List(fields.String(), required=True)
    question = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True)
    due_because = fields.String(required=True)


class CaseAnswer(Body):
    """A case as it stands."""

    case_id = fields.UUID(required=True)
    number = fields.String(required=True)
    area = AreaField(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    step = fields.Enum(Step, by_value=True, required=True)
    step_zh = fields.String(required=True)
    labels = or_none(fields.String, metadata={"description": "the label set whose words these are"})
    source = fields.Enum(Source, by_value=True, required=True)
    issue_type = fields.String(required=True)
    urgency = fields.Enum(Urgency, by_value=True, required=True)
    loop = fields.Enum(Loop, by_value=True, required=True)
    loop_at_first = fields.Enum(Loop, by_value=True, required=True)
    decided_by = fields.Enum(Loop, by_value=True, required=True, metadata={"description": "whose chief may close it"})
    title = fields.String(required=True)
    words = fields.String(required=True)
    place = or_none(fields.String)
    point = fields.Dict(keys=fields.String(), values=fields.Float(), allow_none=True)
    reported_at = fields.AwareDateTime(required=True)
    edition = or_none(fields.Integer, metadata={"description": "of the rulebook, that the case keeps"})
    policy = or_none(fields.String, metadata={"description": "the policy to which that edition belongs, by its code"})
    rules = or_none(fields.String, metadata={"description": "the same in words: 按《…》办理"})
    is_cleared = fields.Boolean(required=True)
    is_waived = fields.Boolean(required=True, metadata={"description": "the sample did not choose it for a check"})
    believed_responsible = or_none(fields.String)
    adjudicated = or_none(fields.String)
    sponsor = or_none(fields.String, metadata={"description": "the community that sent it up, and follows it"})
    informed = fields.List(fields.String(), required=True, metadata={"description": "departments that were told of it"})
    dispatches = fields.Integer(required=True)
    transfers = fields.Integer(required=True)
    reworks = fields.Integer(required=True)
    closings = fields.Integer(required=True)
    last_step = fields.Nested(StepAnswer, required=True)
    task = fields.Nested(TaskAnswer, allow_none=True, metadata={"description": "the lead's"})
    tasks = fields.List(fields.Nested(TaskAnswer), required=True)
    requests = fields.List(fields.Nested(RequestAnswer), required=True)
    whistles = fields.List(fields.Nested(WhistleAnswer), required=True)
    problem = fields.Enum(ProblemKind, by_value=True, allow_none=True)
    supervised_by = fields.Enum(Loop, by_value=True, allow_none=True)
    suspension = fields.Nested(SuspensionAnswer, allow_none=True)
    transfer = fields.Nested(TransferAnswer, allow_none=True)
    dispute = fields.Nested(DisputeAnswer, allow_none=True)
    merged_into = or_none(fields.UUID)
    actions = fields.List(fields.Nested(ActionAnswer), required=True)
    version = fields.Integer(required=True)
