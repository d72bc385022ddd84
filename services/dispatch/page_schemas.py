"""What the addresses and forms of dispatch's pages may say."""

from __future__ import annotations

from marshmallow import fields, validate

from services.dispatch.case_forms import several
from services.dispatch.queries.queues import QUEUES
from shared.contracts.case import Loop
from shared.pages.page import PageQuery
from shared.web.fields import Body, Text

_QUEUES = sorted({queue.name for found in QUEUES.values() for queue in found})


def _text(longest: int = 60) -> Text:
    return Text(longest=longest, shortest=0, load_default="")


class WorkQuery(PageQuery):
    """Which part of the work list. A filter that is left empty does not matter."""

    view = fields.String(load_default="mine", validate=validate.OneOf(["mine", "all"]))
    queue = fields.String(load_default="", validate=validate.OneOf(["", *_QUEUES]))
    area = _text(30)
    issue_type = _text()
    department = _text()
    loop = fields.String(load_default="", validate=validate.OneOf(["", *(loop.value for loop in Loop)]))
    late = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))
    after = _text(100)


class BulkQuery(PageQuery):
    """The cases that were ticked."""

    case_id = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=90))


class BulkForm(Body):
    """The same cases, to be dispatched now."""

    case_id = several(required=True)
    key = _text(100)


class CasePageQuery(PageQuery):
    """Which action has just been done, to say so; and which case has just been merged into this one."""

    done = _text()
    merged = fields.UUID(load_default=None)


class CaseForm(Body):
    """Every field that a form of the case page may have."""

    key = _text(100)
    task_id = _text()
    department = _text()
    co_handlers = several(load_default=list)
    between = several(load_default=list)
    departments = several(load_default=list)
    with_tasks = _text()
    reason = _text(2_000)
    words = _text(2_000)
    what = _text(2_000)
    question = _text(2_000)
    answer = _text(5_000)
    evidence = _text(2_000)
    stage = _text()
    kind = _text()
    believed_responsible = _text()
    amount = _text(10)
    unit = _text()
    review_on = _text()
    part_1 = _text()
    part_2 = _text()
    part_3 = _text()
    what_1 = _text(2_000)
    what_2 = _text(2_000)
    what_3 = _text(2_000)
    to = _text()
    admission_id = _text()
    receipt = _text()
    into = _text()
    reason_code = _text()
    claim_hours = _text(10)
