"""What comes in at the doors of one case."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.dispatch.schemas.words import (
    ANSWER,
    REASON,
    LimitBody,
    code,
    evidence_field,
    reason,
    task_field,
)
from shared.contracts.case import Loop, ReturnKind
from shared.web.fields import Body, Text


class CaseQuery(Body):
    """In whose words."""

    labels = code(load_default=None, metadata={"description": "a label set; left out: the one that the area chose"})


class DispatchBody(Body):
    """Take the proposal of the responsibility list (say nothing), or name a department and why."""

    department = code(load_default=None, allow_none=True, metadata={"description": "left out: take the proposal"})
    co_handlers = fields.List(code(), load_default=list, validate=validate.Length(max=20))
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
    believed_responsible = code(load_default=None, allow_none=True)
    evidence = evidence_field()
    task_id = task_field()


class CaseReasonBody(Body):
    """Why."""

    reason = Text(longest=REASON, required=True)


class RespondBody(Body):
    """What the department did, with references to photos and papers."""

    answer = Text(longest=ANSWER, required=True)
    evidence = evidence_field()
    task_id = task_field()


class CloseBody(Body):
    """What the reporter is told."""

    answer = Text(longest=ANSWER, required=True)


class ReopenBody(Body):
    """Why the case comes back."""

    reason = Text(longest=REASON, required=True)


class TaskQuery(Body):
    """Which task, where the department has several."""

    task_id = task_field()


class StageBody(Body):
    """A closing condition that is met on the way, by its code in the rulebook."""

    stage = code(required=True, metadata={"example": "stop_work"})
    words = reason()
    task_id = task_field()


class ExtensionBody(Body):
    """How much more time, counted from the present due instant, and why."""

    limit = fields.Nested(LimitBody, required=True)
    reason = reason()
    evidence = evidence_field()
    task_id = task_field()


class SuspensionBody(Body):
    """Why it cannot be done now, and on which day somebody looks again."""

    reason = reason()
    review_on = fields.Date(required=True)
    evidence = evidence_field()


class PartBody(Body):
    """A department, and what it is to do."""

    department = code(required=True)
    what = reason()
    mandatory = fields.Boolean(load_default=True, metadata={"description": "whether the case waits for its answer"})


class SplitBody(Body):
    """How the work is divided, and why."""

    reason = reason()
    parts = fields.List(fields.Nested(PartBody), required=True, validate=validate.Length(1, 20))


class RaiseBody(Body):
    """Why the tier below cannot solve it."""

    reason = reason()
    to = fields.Enum(Loop, by_value=True, load_default=None, allow_none=True)


class LowerBody(Body):
    """Under which admission the case goes down, and why."""

    reason = reason()
    to = fields.Enum(Loop, by_value=True, required=True)
    admission_id = fields.UUID(required=True)


class TransferBody(Body):
    """Who outside of the district takes it, and until when a receipt is expected."""

    to = code(required=True, metadata={"example": "kunming-12345"})
    reason = reason()
    receipt_due_at = fields.AwareDateTime(load_default=None, allow_none=True)


class ReceiptBody(Body):
    """The number under which the other side has it."""

    receipt = code(required=True)


class MergeCaseBody(Body):
    """The earlier case that it is the same as."""

    into = fields.UUID(required=True)


class RejectCaseBody(Body):
    """Why there is nothing to handle."""

    reason_code = code(required=True, metadata={"example": "nothing_to_do"})
    reason = reason()
