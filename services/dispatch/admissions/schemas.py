"""What the doors of admissions and demands take and give, as HTTP bodies."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from services.dispatch.admissions.demand import Outcome
from services.dispatch.admissions.domain import State
from shared.contracts.admission import DemandKind
from shared.web.fields import AreaField, Body, Instant, Text

LINE, REASON, WORDS, CODE = 200, 2_000, 5_000, 60
MOST = 500
"""Areas in one application, communities in one demand."""
MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"


def or_none(field: type[fields.Field[Any]], **options: Any) -> fields.Field[Any]:
    return field(allow_none=True, **options)


def _lines(most: int, **options: Any) -> fields.List[Any]:
    return fields.List(Text(longest=LINE, one_line=True), validate=validate.Length(max=most), **options)


def _kinds(**options: Any) -> fields.List[Any]:
    return fields.List(fields.Enum(DemandKind, by_value=True), validate=validate.Length(max=len(DemandKind)), **options)


# --- what comes in ----------------------------------------------------------------------------------------------


class FormBody(Body):
    """A form or standing record, with what is to be filled in."""

    form = Text(longest=LINE, one_line=True, required=True)
    to_fill = _lines(100, required=True, data_key="fields")


class DraftBody(Body):
    """What a department wants of communities."""

    matter = Text(longest=LINE, one_line=True, required=True)
    legal_basis = Text(longest=REASON, required=True)
    scope = fields.List(AreaField(tiers=(1, 2, 3)), required=True, validate=validate.Length(1, MOST))
    kinds = _kinds(required=True)
    valid_from = Instant(required=True)
    valid_until = Instant(required=True)
    forms = fields.List(fields.Nested(FormBody), load_default=list, validate=validate.Length(max=50))
    funding = Text(longest=REASON, required=True, metadata={"description": "费随事转: the money that goes along"})
    headcount = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1000))
    already_known = Text(longest=REASON, load_default=None, allow_none=True)


class ApproveBody(Body):
    """All of it, or less; on short notice with a reason."""

    scope = fields.List(
        AreaField(tiers=(1, 2, 3)), load_default=None, allow_none=True, validate=validate.Length(1, MOST)
    )
    valid_from = Instant(load_default=None, allow_none=True)
    valid_until = Instant(load_default=None, allow_none=True)
    reason = Text(longest=REASON, load_default=None, allow_none=True)


class ReasonBody(Body):
    """Why."""

    reason = Text(longest=REASON, required=True)


class AdmissionsQuery(Body):
    """Which admissions, the newest first."""

    department = Text(longest=CODE, one_line=True, load_default=None)
    state = fields.List(fields.Enum(State, by_value=True), load_default=list)
    area = AreaField(load_default=None, metadata={"description": "those that hold somewhere there"})
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class DemandBody(Body):
    """What a department asks, and of whom: communities, or wider areas for every community in them."""

    kind = fields.Enum(DemandKind, by_value=True, required=True)
    matter = Text(longest=LINE, one_line=True, required=True)
    what = Text(longest=WORDS, required=True)
    areas = fields.List(AreaField(tiers=(1, 2, 3)), required=True, validate=validate.Length(1, MOST))
    form = Text(longest=LINE, one_line=True, load_default=None, allow_none=True)
    due_at = Instant(load_default=None, allow_none=True)
    allowed = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "the demand that was refused for the cap, and that a leader has allowed"},
    )


class FilledBody(Body):
    """One field, filled in."""

    field = Text(longest=LINE, one_line=True, required=True)
    text = Text(longest=REASON, shortest=0, required=True)


class AnswerBody(Body):
    """What a community did."""

    community = AreaField(tiers=(3,), required=True)
    answer = Text(longest=WORDS, required=True)
    filled = fields.List(fields.Nested(FilledBody), load_default=list, validate=validate.Length(max=100))
    evidence = fields.List(Text(longest=300, one_line=True), load_default=list, validate=validate.Length(max=20))


class DeclineBody(ReasonBody):
    """Why a community refuses."""

    community = AreaField(tiers=(3,), required=True)


class DemandsQuery(Body):
    """Which demands, the newest first."""

    department = Text(longest=CODE, one_line=True, load_default=None)
    area = AreaField(load_default=None, metadata={"description": "those that ask a community there"})
    blocked = fields.Boolean(load_default=None, metadata={"description": "only those refused for want of an admission"})
    after = Text(longest=100, one_line=True, load_default=None, metadata={"description": "what `next_after` said"})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))


# --- what goes out ----------------------------------------------------------------------------------------------


class FormAnswer(Body):
    form = fields.String(required=True)
    to_fill = fields.List(fields.String(), required=True, data_key="fields")


class AdmissionAnswer(Body):
    """An admission as it stands."""

    admission_id = fields.UUID(required=True)
    department = fields.String(required=True)
    matter = fields.String(required=True)
    legal_basis = fields.String(required=True)
    scope = fields.List(AreaField(), required=True)
    kinds = _kinds(required=True)
    valid_from = fields.AwareDateTime(required=True)
    valid_until = fields.AwareDateTime(required=True)
    forms = fields.List(fields.Nested(FormAnswer), required=True)
    funding = fields.String(required=True)
    headcount = fields.Integer(required=True)
    already_known = or_none(fields.String)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    decide_by = or_none(fields.AwareDateTime)
    is_short_notice = fields.Boolean(required=True)
    reason = or_none(fields.String)


class AdmissionRow(Body):
    """One admission in the register."""

    admission_id = fields.UUID(required=True)
    department = fields.String(required=True)
    matter = fields.String(required=True)
    scope = fields.List(AreaField(), required=True)
    kinds = _kinds(required=True)
    valid_from = fields.AwareDateTime(required=True)
    valid_until = fields.AwareDateTime(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    state_zh = fields.String(required=True)
    decide_by = or_none(fields.AwareDateTime)
    is_short_notice = fields.Boolean(required=True)
    reason = or_none(fields.String)
    drafted_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)


class AdmissionsAnswer(Body):
    admissions = fields.List(fields.Nested(AdmissionRow), required=True)
    next_after = or_none(fields.String, metadata={"description": "send as `after` for the next page"})


class FilledAnswer(Body):
    field = fields.String(required=True)
    text = fields.String(required=True)


class PartAnswer(Body):
    """The demand in one community."""

    community = AreaField(required=True)
    admission_id = fields.UUID(required=True)
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    outcome_zh = fields.String(required=True)
    words = or_none(fields.String)
    filled = fields.List(fields.Nested(FilledAnswer), required=True)
    evidence = fields.List(fields.String(), required=True)
    on_time = or_none(fields.Boolean)


class DemandAnswer(Body):
    """A demand as it stands: to a community, its own part; to everybody else who may look, all of them."""

    demand_id = fields.UUID(required=True)
    department = fields.String(required=True)
    kind = fields.Enum(DemandKind, by_value=True, required=True)
    matter = fields.String(required=True)
    what = or_none(fields.String)
    form = or_none(fields.String)
    to_fill = fields.List(fields.String(), required=True, data_key="fields")
    due_at = or_none(fields.AwareDateTime)
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    outcome_zh = fields.String(required=True)
    missing = fields.List(AreaField(), required=True, metadata={"description": "communities without an admission"})
    over = fields.List(AreaField(), required=True, metadata={"description": "communities beyond their cap"})
    allowed_because = or_none(fields.String, metadata={"description": "why a leader lets it pass the cap"})
    parts = fields.List(fields.Nested(PartAnswer), required=True)


class DemandRow(Body):
    """One demand in the register."""

    demand_id = fields.UUID(required=True)
    department = fields.String(required=True)
    kind = fields.Enum(DemandKind, by_value=True, required=True)
    matter = fields.String(required=True)
    is_blocked = fields.Boolean(required=True)
    rule = or_none(fields.String, metadata={"description": "why it was refused: admission.missing, burden_cap"})
    missing = fields.List(AreaField(), required=True)
    over = fields.List(AreaField(), required=True)
    reason = or_none(fields.String)
    allowed_because = or_none(fields.String)
    due_at = or_none(fields.AwareDateTime)
    made_at = fields.AwareDateTime(required=True)
    asked = fields.Integer(required=True)
    open = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    declined = fields.Integer(required=True)


class DemandsAnswer(Body):
    demands = fields.List(fields.Nested(DemandRow), required=True)
    next_after = or_none(fields.String, metadata={"description": "send as `after` for the next page"})
